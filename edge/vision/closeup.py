"""A proposed box cut out of the photo with some of its surroundings, always of one size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.model import Box

Margins = tuple[float, float]
"""What a close-up shows on each side of a box, as a share of the box's width and height."""
PADDING = 114
"""Grey where the close-up reaches beyond the photo."""


def frame_of(box: Box, margins: Margins) -> Box:
    """The part of the photo that the close-up of ``box`` shows, in the photo's pixels; it may reach beyond."""
    beside, above = margins[0] * max(box.width, 1.0), margins[1] * max(box.height, 1.0)
    width, height = max(box.width, 1.0) + 2 * beside, max(box.height, 1.0) + 2 * above
    x1, y1 = box.x1 - beside, box.y1 - above
    return Box(x1, y1, x1 + width, y1 + height)


def edges_of(margins: Margins) -> tuple[float, float, float, float]:
    """Left, top, right and bottom edge of the box itself in its close-up, as fractions."""
    left, top = (margin / (1 + 2 * margin) for margin in margins)
    return left, top, 1 - left, 1 - top


def close_up(image: NDArray[np.uint8], frame: Box, width: int, height: int) -> NDArray[np.uint8]:
    """The frame of ``image`` (H, W, 3), stretched to (height, width, 3)."""
    x0, y0 = max(int(np.floor(frame.x1)) - 1, 0), max(int(np.floor(frame.y1)) - 1, 0)
    x1, y1 = min(int(np.ceil(frame.x2)) + 1, image.shape[1]), min(int(np.ceil(frame.y2)) + 1, image.shape[0])
    part = image[y0:y1, x0:x1]
    if part.size == 0:
        return np.full((height, width, 3), PADDING, np.uint8)
    shrink_x, shrink_y = max(frame.width / width / 1.5, 1.0), max(frame.height / height / 1.5, 1.0)
    if shrink_x > 1 or shrink_y > 1:  # warpAffine does not average: shrink first, by area.
        size = (max(round(part.shape[1] / shrink_x), 1), max(round(part.shape[0] / shrink_y), 1))
        small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        shrink_x, shrink_y = part.shape[1] / small.shape[1], part.shape[0] / small.shape[0]
        part = small
    to_x, to_y = width / frame.width, height / frame.height
    # From the part's pixel centres to the close-up's: 0.5 is the centre of the first pixel.
    scale_x, scale_y = shrink_x * to_x, shrink_y * to_y
    matrix = np.array(
        [
            [scale_x, 0.0, 0.5 * scale_x + (x0 - frame.x1) * to_x - 0.5],
            [0.0, scale_y, 0.5 * scale_y + (y0 - frame.y1) * to_y - 0.5],
        ]
    )
    grey = (PADDING, PADDING, PADDING)
    return np.asarray(cv2.warpAffine(part, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=grey), np.uint8)
