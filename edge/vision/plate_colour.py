"""Which colours a plate has: yellow ground, red characters, or neither."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.identify import Colour

SMALL = (96, 24)
"""Columns and rows of the picture that is looked at."""
MIDDLE = slice(4, 20), slice(16, 88)
"""Its part without frame, country strip and what lies around a loose crop."""
INK_PERCENTILE, PAPER_PERCENTILE = 18, 70
"""The darkest pixels are taken for characters, the brightest for ground."""
YELLOW_EXCESS = 0.42
"""How far blue has to lie behind red and green on yellow ground, as a share of the brightest channel."""
RED_EXCESS = 0.2
"""How far red has to lie ahead in the characters, beyond what it is ahead in the ground, as a share of the ground's
brightest channel. The difference leaves a cast of the camera out: of 546 Romanian plates under a strong pink cast, of
the training photos, four are taken for red."""
CONTRAST_MIN = 25.0
"""Brightness of the ground over that of the characters, of 255: below, there is nothing to tell them apart by."""
GREY_CHROMA = 0.12
"""A picture without any pixel of a larger share of colour was taken without colours."""
_DARK = 8.0
"""Added to brightness before a share of it is taken: black has no colour."""


def plate_colour(crop: NDArray[np.uint8]) -> Colour:
    """The colours of the plate that fills *crop*: uint8, RGB (H, W, 3) or grey (H, W)."""
    if crop.ndim != 3:
        return Colour.UNKNOWN
    small = cv2.resize(crop, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
    chroma = np.ptp(small, axis=2) / (small.max(axis=2) + _DARK)
    if float(np.percentile(chroma, 97)) < GREY_CHROMA:
        return Colour.UNKNOWN
    middle = small[MIDDLE]
    light = middle.mean(axis=2)
    dark, bright = np.percentile(light, (INK_PERCENTILE, PAPER_PERCENTILE))
    ink, paper = (np.median(middle[part], axis=0) for part in (light <= dark, light >= bright))
    scale = float(paper.max()) + _DARK
    if ((paper[0] + paper[1]) / 2 - paper[2]) / scale > YELLOW_EXCESS:
        return Colour.YELLOW
    ahead, cast = ((float(tone[0]) - float(tone[1] + tone[2]) / 2) / scale for tone in (ink, paper))
    if bright - dark > CONTRAST_MIN and ahead - max(cast, 0.0) > RED_EXCESS:
        return Colour.RED
    return Colour.OTHER
