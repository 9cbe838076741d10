"""More looks at a crop that was read twice and is doubted still: a little closer, a little wider.

What a blot, a frame's edge or the rim of a strip makes of a character depends on where the network's cells fall, the
text itself does not. So the same crop is cut a little differently, and the text that all looks together find likeliest
is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.identify import log_likelihoods

LOOKS = ((0.0, 0.05), (-0.04, 0.0), (0.0, -0.06))
"""Shares of a crop's width and height that are cut off at each side; where negative, the edge's pixels are repeated.

Chosen, with the confidence from which nothing is looked at again, on drawn Italian plates and the measured crops."""


def looks(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """The crop *grey* (uint8, H x W) cut by each of :data:`LOOKS`: uint8, H x W each of its own."""
    return tuple(_cut(grey, x, y) for x, y in LOOKS)


def likeliest(texts: Sequence[str], outputs: Sequence[NDArray[np.float32]]) -> str:
    """The one of *texts* with the largest mean likelihood under *outputs* (T, 37), the first of them if two have it."""
    totals = np.logaddexp.reduce([log_likelihoods(output, texts) for output in outputs], axis=0)
    return texts[int(totals.argmax())]


def _cut(grey: NDArray[np.uint8], x: float, y: float) -> NDArray[np.uint8]:
    rows, columns = round(y * grey.shape[0]), round(x * grey.shape[1])
    above, beside = max(-rows, 0), max(-columns, 0)
    grown = cv2.copyMakeBorder(grey, above, above, beside, beside, cv2.BORDER_REPLICATE)
    top, left = max(rows, 0), max(columns, 0)
    return np.asarray(grown[top : grown.shape[0] - top, left : grown.shape[1] - left], np.uint8)
