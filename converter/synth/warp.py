"""Photos and boxes under affine maps: 2x3 matrices from pixels of the photo to pixels of the canvas."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.labels import Photo, PlateBox

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]


def transformed(box: PlateBox, matrix: Matrix) -> PlateBox:
    """Return the box around *box* after the affine map.

    After a small turn the middles of its sides bound the plate better than its corners do.
    """
    cx, cy = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    middles = np.array([(box.x1, cy, 1), (box.x2, cy, 1), (cx, box.y1, 1), (cx, box.y2, 1)]).T
    x, y = matrix @ middles
    return PlateBox(float(x.min()), float(y.min()), float(x.max()), float(y.max()))


def warped(image: Pixels, matrix: Matrix, width: int, height: int) -> tuple[Pixels, NDArray[np.float32]]:
    """Return *image* after the affine map, (height, width, 3), black outside, and its coverage, 0 to 1."""
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    if scale < 0.6:  # warpAffine does not average: shrink first, by area.
        shrunk = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        back = np.diag([image.shape[1] / shrunk.shape[1], image.shape[0] / shrunk.shape[0], 1.0])
        image, matrix = shrunk, (np.vstack([matrix, (0, 0, 1)]) @ back)[:2]
    layer = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
    alpha = cv2.warpAffine(np.ones(image.shape[:2], np.float32), matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(layer, np.uint8), np.asarray(alpha, np.float32)


def covers(matrix: Matrix, photo: Photo, width: int, height: int) -> bool:
    """Whether *photo* fills a tile of *width* x *height* pixels after the map."""
    corners = np.array([(0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)], np.float64).T
    x, y = (np.linalg.inv(np.vstack([matrix, (0, 0, 1)])) @ corners)[:2]
    return bool(x.min() >= -1 and y.min() >= -1 and x.max() <= photo.width + 1 and y.max() <= photo.height + 1)
