"""What only plates of one country bear: Italy's stamp and strip, Austria's lines."""

from __future__ import annotations

import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.synth.canvas import Grey
from converter.synth.decorations import caption
from converter.synth.fonts import FontShelf
from converter.synth.provinces import PROVINCES


def seal(size: int, ink: float, ground: float) -> tuple[Grey, NDArray[np.uint8]]:
    """Return picture and mask of the Republic's stamp between two groups of an Italian plate, *size* pixels high."""
    picture = np.full((size, size), ground, np.float32)
    mask = np.zeros((size, size), np.uint8)
    _ring(mask, size, size / 2, 255, -1)
    _ring(picture, size, size * 0.42, ink, max(1, size // 10))
    _ring(picture, size, size * 0.2, ink, max(1, size // 7))
    return picture, mask


def inset(canvas: Grey, box: tuple[float, float, float, float], ink: float, shelf: FontShelf, rng: random.Random
          ) -> None:  # fmt: skip
    """Draw the narrow strip between two groups of an Italian plate of 1994 to 1999 into *box*: I, flag, province."""
    x0, y0, x1, y1 = box
    high = y1 - y0
    ground = rng.uniform(25, 150)
    canvas[max(0, round(y0 - high * 0.12)) : round(y1 + high * 0.12), max(0, round(x0)) : round(x1)] = ground
    pale = ground + rng.uniform(50, 110)
    caption(canvas, "I", (x0, y0 + high * 0.2, x1, y0 + high * 0.42), pale, shelf, rng)
    for k in range(3):
        left = x0 + (x1 - x0) * (0.2 + 0.2 * k)
        canvas[round(y0 + high * 0.52) : round(y0 + high * 0.64), round(left) : round(left + (x1 - x0) * 0.2)] = (
            rng.uniform(30, 230)
        )
    caption(canvas, rng.choice(PROVINCES), (x0, y0 + high * 0.78, x1, y0 + high * 0.98), pale, shelf, rng)


def rails(canvas: Grey, ink: float, rng: random.Random) -> None:
    """Draw two thin lines along the head and two along the foot, as on Austrian plates."""
    height = canvas.shape[0]
    thick = max(1, round(height * rng.uniform(0.012, 0.025)))
    for first in (rng.uniform(0.005, 0.03), rng.uniform(0.04, 0.075)):
        for top in (round(height * first), round(height * (1 - first)) - thick):
            canvas[max(top, 0) : top + thick] = ink


def _ring(picture: NDArray[Any], size: int, radius: float, grey: float, thickness: int) -> None:
    middle = round((size - 1) / 2)
    cv2.circle(picture, (middle, middle), max(1, round(radius)), (grey,), thickness, cv2.LINE_AA)
