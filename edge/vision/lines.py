"""Plates of three lines: the reader's network sees two rows of cells, so that the line between them is lost.

The lines are found in the rows' profile of edges and laid out one after the other, as a plate of one line.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

THREE_LINES_ASPECT_MAX = 1.6
"""Crops wider than this times their height hold no three lines."""
HEIGHT_MIN_PX = 24
"""Crops lower than this, in pixels, hold no three lines that can be read."""
LINES = 3
PROFILE_ROWS, PROFILE_COLUMNS = 72, 96
"""Size of the picture in which the lines are looked for."""
SIDE = 0.12
"""Share of the width left out on either side: frames and country strips have edges in every row."""
EDGES_MIN = 2.0
"""Mean step from pixel to pixel, of 255, in the rows of a line: less is an empty surface."""
VALLEY = 0.62
"""The most edges in the gap between two lines, as a share of those of the weaker line."""
HEIGHTS_RATIO_MAX = 2.2
"""The highest of three lines over the lowest one."""
MARGIN = 0.25
"""What is cut above and below a line beside its own rows, as a share of its height."""
LINE_HEIGHT_PX = 48


def may_have_three_lines(grey: NDArray[np.uint8]) -> bool:
    """Whether a crop (H x W) is high enough for three lines."""
    height, width = grey.shape
    return bool(width <= THREE_LINES_ASPECT_MAX * height and height >= HEIGHT_MIN_PX)


def three_lines(grey: NDArray[np.uint8]) -> tuple[slice, ...] | None:
    """The rows of each of three lines in a level crop (uint8, H x W); None where there are not three."""
    if not may_have_three_lines(grey):
        return None
    height = grey.shape[0]
    small = cv2.resize(grey, (PROFILE_COLUMNS, PROFILE_ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)
    inner = small[:, round(SIDE * PROFILE_COLUMNS) : round((1 - SIDE) * PROFILE_COLUMNS)]
    edges = np.abs(np.diff(inner, axis=1))
    means = np.minimum(edges, np.percentile(edges, 95)).mean(axis=1)
    profile = np.convolve(np.pad(means, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    gaps = _gaps(profile) if profile.max() > EDGES_MIN else None
    if gaps is None:
        return None
    first, second = gaps
    bounds = ((0, first), (first, second), (second, PROFILE_ROWS))
    rows = [_line(profile, top, bottom) for top, bottom in bounds]
    heights = [bottom - top for top, bottom in rows]
    if max(heights) > HEIGHTS_RATIO_MAX * min(heights):
        return None
    scale = height / PROFILE_ROWS
    found = []
    for top, bottom in rows:
        slack = MARGIN * (bottom - top)
        found.append(slice(max(0, round((top - slack) * scale)), min(height, round((bottom + slack) * scale) + 1)))
    return tuple(found)


def in_one_line(grey: NDArray[np.uint8], lines: tuple[slice, ...]) -> NDArray[np.uint8]:
    """The *lines* of a crop one after the other: uint8, :data:`LINE_HEIGHT_PX` high."""
    cut = []
    for rows in lines:
        line = grey[rows]
        size = (max(1, round(line.shape[1] * LINE_HEIGHT_PX / line.shape[0])), LINE_HEIGHT_PX)
        cut.append(cv2.resize(line, size, interpolation=cv2.INTER_LINEAR))
    return np.asarray(np.hstack(cut), np.uint8)


def _gaps(profile: NDArray[np.float64]) -> tuple[int, int] | None:
    """The rows of the two gaps between three lines, where the *profile* has three hills."""
    third = len(profile) / LINES
    above, below = np.maximum.accumulate(profile), np.maximum.accumulate(profile[::-1])[::-1]
    best, found = VALLEY, None
    for first in range(round(0.55 * third), round(1.45 * third)):
        seconds = np.arange(round(first + 0.6 * third), min(round(first + 1.5 * third), round(2.5 * third)))
        if not len(seconds):
            continue
        middle = np.maximum.accumulate(profile[first:])[seconds - first - 1]
        upper = profile[first] / np.maximum(np.minimum(above[first - 1], middle), 1e-6)
        lower = profile[seconds] / np.maximum(np.minimum(middle, below[seconds]), 1e-6)
        depths = np.maximum(upper, lower)
        place = int(np.argmin(depths))
        if depths[place] < best:
            best, found = float(depths[place]), (first, int(seconds[place]))
    return found


def _line(profile: NDArray[np.float64], top: int, bottom: int) -> tuple[int, int]:
    """The rows from *top* to *bottom* in which a line's edges are."""
    part = profile[top:bottom]
    rows = np.flatnonzero(part > 0.5 * part.max())
    return top + int(rows[0]), top + int(rows[-1]) + 1
