"""National alphabets, drawn with strokes after photos of real plates.

Where :mod:`.strokes` draws dies of nobody in particular, an alphabet here keeps the shapes that one country's law
prescribes: what tells its G from its C, its 3 from its 8. Only the proportions vary, by what the plates differ in
(narrow on a short front plate, wide on a long rear one), and each maker's dies vary a little around the drawing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Points are "x,y" on a grid of 0..8, the lines of their strokes' middles. A stroke that begins with "-" keeps sharp
# corners, with "~" its inner corners are rounded, with "o" it is also closed. Variants are separated by "|".
_ITALIAN: dict[str, str] = {
    "0": "o 0,0 8,0 8,8 0,8",
    "1": "- 2.6,1.9 5.2,0 5.2,8|- 2.2,1.7 4.6,0 4.6,8",
    "2": "~ 0,2.3 0,0 8,0 8,3.4 0.2,8 ; - 0.2,8 8,8",
    "3": "- 0.3,0 7.6,0 3.2,3.4 ; ~ 3.2,3.4 8,3.4 8,8 0,8 0,6.2|- 0.3,0 7.6,0 3.4,3.2 ; ~ 3.4,3.2 8,3.2 8,8 0,8 0,6.4",
    "4": "- 5.4,0 0.2,6.6 8,6.6 ; - 5.4,5 5.4,8|- 6.4,0 0.2,6.6 8,6.6 ; - 5.2,5 5.2,8",
    "5": "- 7.4,0 1.1,0 0.6,3.6 ; ~ 0.6,3.6 2.5,3 8,3 8,8 0,8 0,6.3",
    "6": "o 0,3.2 8,3.2 8,8 0,8 ; ~ 0,5.6 0,0 7.4,0 7.4,1.5|o 0,3.2 8,3.2 8,8 0,8 ; ~ 0,5.6 0,2.6 2.4,0 6.8,0",
    "7": "- 0,0 8,0 2.6,8|- 0,0 8,0 3,8",
    "8": "o 0.5,0 7.5,0 7.5,3.6 0.5,3.6 ; o 0,3.6 8,3.6 8,8 0,8",
    "9": "o 0,0 8,0 8,4.8 0,4.8 ; ~ 8,2.4 8,8 0.6,8 0.6,6.5|o 0,0 8,0 8,4.8 0,4.8 ; ~ 8,2.4 8,5.4 5.6,8 1.2,8",
    "A": "- 0,8 3.3,0 4.7,0 8,8 ; - 1.2,5.8 6.8,5.8",
    "B": "- 0,0 0,8 ; ~ 0,0 7.3,0 7.3,3.7 0,3.7 ; ~ 0,3.7 8,3.7 8,8 0,8",
    "C": "~ 8,2.2 8,0 0,0 0,8 8,8 8,5.8|~ 8,1.9 8,0 0,0 0,8 8,8 8,6.1",
    "D": "- 0,0 0,8 ; ~ 0,0 8,0 8,8 0,8",
    "E": "- 7.8,0 0,0 0,8 7.8,8 ; - 0,3.9 6,3.9",
    "F": "- 7.8,0 0,0 0,8 ; - 0,4.4 5.7,4.4|- 7.8,0 0,0 0,8 ; - 0,4 6,4",
    "G": "~ 8,2.1 8,0 0,0 0,8 8,8 8,6.2 ; - 8,6.2 4.6,6.2|~ 8,2.1 8,0 0,0 0,8 8,8 8,5.8 ; - 8,5.8 4.2,5.8"
    "|~ 8,2 8,0 0,0 0,8 8,8 8,6.3 ; - 8,6.3 4.6,6.3|~ 8,1.9 8,0 0,0 0,8 8,8 8,6.1 ; - 8,6.1 5.2,6.2"
    "|~ 8,2.3 8,0 0,0 0,8 8,8 8,6.4 ; - 8,6.4 4.4,6.4",
    "H": "- 0,0 0,8 ; - 8,0 8,8 ; - 0,3.9 8,3.9",
    "I": "- 4,0 4,8",
    "J": "~ 7,0 7,8 0.4,8 0.4,6.3|~ 6.4,0 6.4,8 0.8,8 0.8,6.5",
    "K": "- 0,0 0,8 ; - 7.6,0 0,5 ; - 2.7,3.3 8,8",
    "L": "- 0,0 0,8 7.8,8",
    "M": "- 0,8 0.6,0 4,4 7.4,0 8,8|- 0,8 0,0 4,4.2 8,0 8,8|- 0,8 0.4,0 4,3.4 7.6,0 8,8",
    "N": "- 0,8 0,0 8,8 8,0",
    "O": "o 0,0 8,0 8,8 0,8",
    "P": "- 0,0 0,8 ; ~ 0,0 8,0 8,4.6 0,4.6",
    "Q": "o 0,0 8,0 8,8 0,8 ; - 5,5.4 8.2,8.2",
    "R": "- 0,0 0,8 ; ~ 0,0 8,0 8,4.2 0,4.2 ; - 3.8,4.2 8,8",
    "S": "~ 7.8,2 7.8,0 0.2,0 0.2,3.4 8,4.6 8,8 0,8 0,6",
    "T": "- 0,0 8,0 ; - 4,0 4,8",
    "U": "~ 0,0 0,8 8,8 8,0",
    "V": "- 0,0 3.6,8 4.4,8 8,0",
    "W": "- 0,0 1.7,8 4,4.3 6.3,8 8,0|- 0,0 1.5,8 4,4.7 6.5,8 8,0|- 0,0 1.8,8 4,3.6 6.2,8 8,0",
    "X": "- 0.2,0 7.8,8 ; - 7.8,0 0.2,8",
    "Y": "- 0,0 4,4.3 8,0 ; - 4,4.3 4,8",
    "Z": "- 0.3,0 7.8,0 0,8 8,8",
}
_GRID, _FINE = 8.0, 4
"""Units of the grid, and how many times finer than wanted a mask is drawn."""
_WOBBLE = 0.12
"""Deviation of the points of one maker's dies from the drawing, in units of the grid."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Glyphs, and the ranges of their proportions.

    ``width``, ``weight`` and ``radius`` (of the rounded corners' reach) are fractions of the height; all glyphs are
    equally wide.
    """

    glyphs: Mapping[str, str]
    width: tuple[float, float]
    weight: tuple[float, float]
    radius: tuple[float, float] = (0.17, 0.3)

    def draw(self, rng: random.Random) -> NationalDie:
        """Draw the dies of one maker."""
        return NationalDie(
            self.glyphs, rng.uniform(*self.width), rng.uniform(*self.weight), rng.uniform(*self.radius),
            rng.getrandbits(32),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class NationalDie:
    """An alphabet with its proportions drawn; *seed* decides on variants and on the wobble."""

    glyphs: Mapping[str, str]
    width: float
    weight: float
    radius: float
    seed: int

    def glyph(self, character: str, height: int) -> NDArray[np.uint8]:
        """Return the mask (uint8, 0 or 255 with soft edges) of *character*, *height* pixels high."""
        rng = random.Random(f"{self.seed}{character}")  # noqa: S311
        fine = height * _FINE
        weight = max(1, round(self.weight * fine))
        room = np.array((max(self.width * fine - weight, 1.0), fine - weight))
        mask = np.zeros((fine, round(self.width * fine) + 1), np.uint8)
        # What lies on one line goes on lying there, and what reaches an edge of the die goes on reaching it.
        moved = {("x", 0.0): 0.0, ("x", _GRID): _GRID, ("y", 0.0): 0.0, ("y", _GRID): _GRID}
        for stroke in rng.choice(self.glyphs[character].split("|")).split(";"):
            kind, *places = stroke.split()
            points = []
            for place in places:
                keys = [(axis, float(part)) for axis, part in zip("xy", place.split(","), strict=True)]
                points.append([moved.setdefault(key, key[1] + rng.gauss(0, _WOBBLE)) for key in keys])
            path = np.array(points) / _GRID * room
            if kind != "-":
                path = _rounded(path, self.radius * fine, closed=kind == "o")
            pixels = np.round((path + weight / 2) * 16).astype(np.int32)
            cv2.polylines(mask, [pixels], kind == "o", (255,), weight, cv2.LINE_AA, shift=4)
        return np.asarray(cv2.resize(mask, (max(1, round(self.width * height)), height), interpolation=cv2.INTER_AREA))


def _rounded(path: NDArray[np.float64], reach: float, *, closed: bool) -> NDArray[np.float64]:
    """Replace each corner of *path* (pixels) by a curve from *reach* before it to *reach* after it.

    The curve reaches at most from the middle of one side to the middle of the next.
    """
    out: list[NDArray[np.float64]] = []
    last = len(path) - 1
    for i, corner in enumerate(path):
        if not closed and i in (0, last):
            out.append(corner)
            continue
        ends = []
        for neighbour, is_end in ((path[i - 1], i == 1), (path[(i + 1) % len(path)], i == last - 1)):
            side = float(np.linalg.norm(neighbour - corner))
            free = side if is_end and not closed else side / 2
            ends.append(corner + (neighbour - corner) / max(side, 1e-6) * min(reach, free))
        # A cubic with these handles is a circle's quarter where the corner is square.
        handles = [end + (corner - end) * 0.5523 for end in ends]
        for t in np.linspace(0, 1, 9):
            weights = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
            out.append(sum(w * p for w, p in zip(weights, (ends[0], *handles, ends[1]), strict=True)))
    return np.array(out)


ALPHABETS: dict[str, Alphabet] = {
    "I front": Alphabet(_ITALIAN, (0.41, 0.52), (0.08, 0.12)),
    "I rear": Alphabet(_ITALIAN, (0.49, 0.65), (0.1, 0.145)),
}
"""By the name that a layout gives as its font."""
