"""From a photo and a box to the reader's canvas: one grey picture of fixed size, deskewed where that helps."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edge.model import Box

CANVAS_SHAPE = (64, 192)
"""Rows and columns of what the network reads; the proportions of the crop are not kept."""
MIN_SKEW, MIN_LEAN = 0.05, 0.12
"""Tangents of the skew and of the lean from which a crop is deskewed."""
_SKEWS = np.array(sorted(np.arange(-18, 19) * 0.025, key=abs))
_STEEP_SKEWS = np.array(sorted(np.arange(-28, 29) * 0.05, key=abs))
_LEANS = np.array(sorted(np.arange(-14, 15) * 0.04, key=abs))
"""Tangents that are tried; the level and the upright one first, so that they win where all are alike."""
NARROW = 0.7
"""Width over height below which a crop holds no plate of two lines, but one from far aside whose line falls steeply."""
_ROWS, _COLUMNS = 32, (24, 96)
"""Rows, and the least and the most columns, of the picture in which skew and lean are looked for."""
MAX_SIDE_PX = 1024
"""Longer sides of a crop are shrunk to this: many times what the canvas shows."""


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
    crop = cut_colour(image, box, margin_x, margin_y)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) if crop.ndim == 3 else crop, np.uint8)


def cut_colour(image: NDArray[np.uint8], box: Box, margin_x: float = 0.0, margin_y: float = 0.0) -> NDArray[np.uint8]:
    """Return what :func:`cut` does, in the colours of *image*."""
    rows, columns = image.shape[:2]
    grow_x, grow_y = box.width * margin_x, box.height * margin_y
    x1 = min(max(0, round(box.x1 - grow_x)), columns - 1)
    y1 = min(max(0, round(box.y1 - grow_y)), rows - 1)
    x2 = min(max(x1 + 1, round(box.x2 + grow_x)), columns)
    y2 = min(max(y1 + 1, round(box.y2 + grow_y)), rows)
    return image[y1:y2, x1:x2]


def skew(grey: NDArray[np.uint8]) -> float:
    """The tangent of the angle by which the lines of a crop (uint8, H x W) fall to the right.

    It is between -0.45 and 0.45, in a crop less wide than :data:`NARROW` times its height between -1.4 and 1.4; 0 for a
    crop that is flatter, higher or smaller than a plate's can be.
    """
    if (small := _shrunk(grey)) is None:
        return 0.0
    (height, width), (rows, columns) = grey.shape, small.shape
    edges = np.abs(np.diff(small, axis=0))
    tangents = _SKEWS if width >= NARROW * height else _STEEP_SKEWS
    return _sharpest(edges, tangents, (rows / height) / (columns / width), 0.3)


def lean(grey: NDArray[np.uint8]) -> float:
    """The tangent of the lean of a crop's strokes (uint8, H x W), between -0.56 and 0.56.

    The lean is the angle by which the strokes' feet stand to the right of their heads; the crop's lines are level.
    0 for a crop that is flatter, higher or smaller than a plate's can be.
    """
    if (small := _shrunk(grey)) is None:
        return 0.0
    (height, width), (rows, columns) = grey.shape, small.shape
    edges = np.abs(np.diff(small, axis=1)).T
    return _sharpest(edges, _LEANS, (columns / width) / (rows / height), 0.6)


def _shrunk(grey: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """The small picture in which tilts are looked for, if *grey* can be a plate."""
    height, width = grey.shape
    if height < 8 or not 0.35 * height < width < 12 * height:
        return None
    columns = min(max(round(width * _ROWS / height), _COLUMNS[0]), _COLUMNS[1])
    return cv2.resize(grey, (columns, _ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)


def _sharpest(edges: NDArray[np.float32], tangents: NDArray[np.float64], steepness: float, min_share: float) -> float:
    """The one of *tangents* along which *edges* (lines, places) fall into few lines.

    Along the right one the edges of characters and plate meet: the one whose profile of edges has the largest squared
    steps is taken (Postl, 1986, "Detection of linear oblique structures and skew scan in digitized documents").
    *steepness* is the fall in lines from place to place for a tangent of 1. Lines that reach over a smaller share of
    the places than *min_share* count less.
    """
    lines, places = edges.shape
    edges = np.minimum(edges, np.percentile(edges, 97))  # a lamp's or a bumper's edge must not outvote the characters
    fall = np.rint(np.outer(tangents * steepness, np.arange(places) - places / 2)).astype(np.int64)
    room = int(np.abs(fall).max())
    length = lines + 2 * room
    # Every place, and whether it reaches a line at all, slid by every fall; then the places of each tangent are added.
    beside = ((0, 0), (2 * room, 2 * room))
    slid = sliding_window_view(np.pad(edges.T, beside), length, axis=1)
    reached = sliding_window_view(np.pad(np.ones(lines, np.float32), beside[1]), length)
    sums = slid[np.arange(places), room + fall].sum(axis=1)
    counts = reached[room + fall].sum(axis=1)
    # Lines that only a corner of the crop reaches would have the profile's largest steps.
    profiles = sums / np.maximum(counts, min_share * places)
    return float(tangents[int(np.argmax((np.diff(profiles, axis=1) ** 2).sum(axis=1)))])


def deskewed(grey: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return the crop (uint8, H x W) sheared until its lines are level and its strokes upright.

    The rows and columns that the tilt had added are cut off, and a crop longer than 1,024 pixels is shrunk to that.
    None where the lines are level already and the strokes upright.
    """
    if (scale := MAX_SIDE_PX / max(grey.shape)) < 1:
        size = (math.ceil(grey.shape[1] * scale), math.ceil(grey.shape[0] * scale))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    level = grey if abs(fall := skew(grey)) < MIN_SKEW else _sheared(grey, fall)
    if abs(aside := lean(level)) < MIN_LEAN:
        return None if level is grey else level
    return np.ascontiguousarray(_sheared(np.ascontiguousarray(level.T), aside).T)


def _sheared(grey: NDArray[np.uint8], fall: float) -> NDArray[np.uint8]:
    """*grey* sheared by the tangent *fall* of its lines, without the rows that the tilt had added."""
    height, width = grey.shape
    shear = np.array([[1, 0, 0], [-fall, 1, fall * width / 2]], np.float32)
    level = cv2.warpAffine(grey, shear, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # A tight box around a tilted plate is higher than the plate by its width times the tangent; a little is left over.
    kept = max(height - 0.85 * width * abs(fall), 0.2 * height if abs(fall) > 0.5 else 0.35 * height)
    top, bottom = round((height - kept) / 2), round((height + kept) / 2)
    return np.asarray(level[top:bottom], np.uint8)
