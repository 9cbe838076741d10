"""From a photo and a box to the reader's canvas: one grey picture of fixed size, contrast stretched."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.model import Box

CANVAS_SHAPE = (64, 192)
"""Rows and columns of what the network reads; the proportions of the crop are not kept."""


def to_canvas(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale a grey crop (uint8, H x W, at least 1 x 1) to :data:`CANVAS_SHAPE` and stretch its contrast.

    The darkest and lightest hundredth of the pixels become 0 and 255, so that a plate at night looks like one by day.
    """
    rows, columns = CANVAS_SHAPE
    # Shrinking needs averaging, enlarging needs interpolation; a squeezed crop may need one of each.
    for axis, size in ((1, columns), (0, rows)):
        method = cv2.INTER_AREA if grey.shape[axis] > size else cv2.INTER_LINEAR
        target = (size, grey.shape[0]) if axis == 1 else (grey.shape[1], size)
        grey = np.asarray(cv2.resize(grey, target, interpolation=method), np.uint8)
    histogram = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    low, high = (int(np.searchsorted(histogram, share * grey.size)) for share in (0.01, 0.99))
    levels = (np.arange(256, dtype=np.float32) - low) * (255 / max(high - low, 16))
    return np.asarray(np.clip(levels, 0, 255).astype(np.uint8)[grey], np.uint8)


def cut(image: NDArray[np.uint8], box: Box, margin_x: float, margin_y: float) -> NDArray[np.uint8]:
    """Return the grey crop (uint8, at least 1 x 1) of *box* with a margin of that share of its sides around it.

    *image* is RGB (H, W, 3) or grey (H, W); what lies outside of the photo is left out.
    """
    rows, columns = image.shape[:2]
    grow_x, grow_y = box.width * margin_x, box.height * margin_y
    x1 = min(max(0, round(box.x1 - grow_x)), columns - 1)
    y1 = min(max(0, round(box.y1 - grow_y)), rows - 1)
    x2 = min(max(x1 + 1, round(box.x2 + grow_x)), columns)
    y2 = min(max(y1 + 1, round(box.y2 + grow_y)), rows)
    crop = image[y1:y2, x1:x2]
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) if crop.ndim == 3 else crop, np.uint8)
