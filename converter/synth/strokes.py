"""A parametric plate alphabet drawn with strokes.

Embossing dies differ from country to country and maker to maker, and hardly any is available as a free font. Each
glyph here is a few strokes on a grid of 8 by 8; width, weight and rounding of the corners are drawn per plate, and
several glyphs have variants, so that no two "dies" look the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Points are two digits, x then y, on a grid of 0..8. A stroke starting with "-" keeps sharp corners, with "~" its
# inner corners are rounded, with "o" it is also closed. Variants are separated by "|".
_GLYPHS: dict[str, str] = {
    "0": "o 00 80 88 08",
    "1": "- 22 50 58|- 50 58 ; - 22 50|- 40 48|- 13 50 58 ; - 28 88|~ 12 32 50 58",
    "2": "~ 02 00 80 84 07 08 ; - 08 88|~ 02 00 80 84 04 08 88|~ 02 00 80 83 08 88|- 08 88 ; ~ 01 00 80 83 08",
    "3": "~ 02 00 80 84 34 ; ~ 34 84 88 08 06|- 00 80 43 ; ~ 43 83 88 08 06|~ 00 80 84 24 ; ~ 24 84 88 08"
    "|~ 01 00 70 74 44 ; ~ 44 84 88 08 07",
    "4": "- 68 60 06 86|- 20 05 85 ; - 63 68|- 50 05 85 ; - 62 68|- 68 60 05 85|- 00 05 85 ; - 63 68",
    "5": "- 80 00 03 ; ~ 03 83 88 08 06|- 80 10 04 ; ~ 04 03 83 88 08 07|- 80 00 ; ~ 00 04 84 88 08 06",
    "6": "o 04 84 88 08 ; ~ 82 80 00 06|o 03 83 88 08 ; - 60 05|o 04 84 88 08 ; ~ 80 00 06|o 03 83 88 08 ; ~ 70 02 06",
    "7": "- 00 80 38|- 00 80 83 48|- 02 00 80 28|~ 00 80 82 38|- 00 80 58",
    "8": "o 00 80 84 04 ; o 04 84 88 08|o 10 70 74 14 ; o 04 84 88 08|o 00 80 83 03 ; o 03 83 88 08",
    "9": "o 00 80 84 04 ; ~ 82 88 08 06|o 00 80 85 05 ; - 84 28|o 00 80 84 04 ; ~ 82 88 08|o 00 80 85 05 ; ~ 82 86 18",
    "A": "- 08 40 88 ; - 25 65|- 08 30 50 88 ; - 15 75|~ 08 03 20 60 83 88 ; - 05 85|- 08 40 88 ; - 16 76"
    "|~ 08 00 80 88 ; - 05 85",
    "B": "- 00 08 ; ~ 00 70 74 04 ; ~ 04 84 88 08|- 00 08 ; ~ 00 80 84 04 ; ~ 04 84 88 08",
    "C": "~ 83 80 00 08 88 85|~ 82 80 00 08 88 86|~ 81 80 00 08 88 87",
    "D": "- 00 08 ; ~ 00 80 88 08|- 10 18 ; ~ 00 80 88 08",
    "E": "- 80 00 08 88 ; - 04 64|- 80 00 08 88 ; - 04 84|- 80 00 08 88 ; - 04 54",
    "F": "- 80 00 08 ; - 04 64|- 80 00 08 ; - 04 84|- 80 00 08 ; - 05 65",
    "G": "~ 82 80 00 08 88 84 54|~ 82 80 00 08 88 85 65|~ 83 80 00 08 88 85 55|~ 82 80 00 08 88 ; - 54 84 88",
    "H": "- 00 08 ; - 80 88 ; - 04 84",
    "I": "- 40 48|- 40 48|- 40 48 ; - 10 70 ; - 18 78",
    "J": "~ 80 88 08 05|~ 80 88 08 06 ; - 30 80|~ 60 68 08 06|~ 80 88 08",
    "K": "- 00 08 ; - 80 04 ; - 23 88|- 00 08 ; - 80 05 ; - 33 88|- 00 08 ; - 80 04 88",
    "L": "- 00 08 88",
    "M": "- 08 00 45 80 88|- 08 00 48 80 88|- 08 00 44 80 88|- 08 10 47 70 88",
    "N": "- 08 00 88 80",
    "O": "o 00 80 88 08",
    "P": "- 00 08 ; ~ 00 80 84 04|- 00 08 ; ~ 00 80 85 05",
    "Q": "o 00 80 88 08 ; - 55 88|o 00 80 88 08 ; - 66 89|o 00 80 88 08 ; - 46 79|o 00 80 87 07 ; - 57 88",
    "R": "- 00 08 ; ~ 00 80 84 04 ; - 44 88|- 00 08 ; ~ 00 80 84 04 ; - 34 88|- 00 08 ; ~ 00 80 85 05 ; ~ 35 75 88",
    "S": "~ 82 80 00 04 84 88 08 06|~ 82 80 00 03 85 88 08 06|~ 81 80 00 04 84 88 08 07",
    "T": "- 00 80 ; - 40 48",
    "U": "~ 00 08 88 80",
    "V": "- 00 48 80|- 00 38 58 80",
    "W": "- 00 28 42 68 80|- 00 28 40 68 80|- 00 18 44 78 80|- 00 08 44 88 80",
    "X": "- 00 88 ; - 80 08",
    "Y": "- 00 44 80 ; - 44 48|- 00 43 80 ; - 43 48|- 00 45 80 ; - 45 48|~ 00 04 84 80 ; - 44 48",
    "Z": "- 00 80 08 88",
}
EXTENDED = 0.12
"""How often an alphabet is extended, as sign painters like it: the letters up to a little wider than high."""
_NARROW = {"1": 0.7, "I": 0.45, "M": 1.15, "W": 1.25, "J": 0.9}


@dataclass(frozen=True, slots=True)
class Die:
    """One alphabet: proportions, and which variant of each glyph.

    ``width`` and ``weight`` are fractions of the height; ``radius`` is in units of the grid, 0 keeps every corner
    sharp, 4 makes an ellipse of an O; ``slashed_zero`` draws a bar through 0;
    ``wide_o`` widens the letter O against the digit.
    """

    width: float
    weight: float
    radius: float
    variants: tuple[int, ...]
    slashed_zero: bool
    wide_o: float = 1.0

    @classmethod
    def random(cls, rng: random.Random) -> Die:
        """Draw proportions between those of a narrow and of a wide plate alphabet, or of an extended one."""
        return cls(
            width=rng.uniform(0.72, 1.1) if rng.random() < EXTENDED else rng.uniform(0.36, 0.72),
            weight=rng.uniform(0.09, 0.19),
            radius=rng.choice((1.6, 2.2, 2.8, 3.4, 4.0)) * rng.uniform(0.85, 1.1),
            variants=tuple(rng.randrange(60) for _ in _GLYPHS),
            slashed_zero=rng.random() < 0.04,
            wide_o=rng.choice((1.0, rng.uniform(1.05, 1.35))),
        )

    def glyph(self, character: str, height: int) -> NDArray[np.uint8]:
        """Return the mask (uint8, 0 or 255 with soft edges) of *character*, *height* pixels high."""
        scale = 4
        index = list(_GLYPHS).index(character)
        variants = _GLYPHS[character].split("|")
        strokes = variants[self.variants[index] % len(variants)].split(";")
        weight = self.weight * height * scale
        narrow = _NARROW.get(character, 1.0)
        if character == "I" and len(strokes) > 1:
            narrow = 0.8
        if character == "O":
            narrow = self.wide_o
        inner_w = max(self.width * narrow * height * scale - weight, 1.0)
        inner_h = height * scale - weight
        mask = np.zeros((height * scale, int(inner_w + weight) + 2), np.uint8)
        if self.slashed_zero and character == "0":
            strokes = [*strokes, "- 62 26"]
        for stroke in strokes:
            kind, *points = stroke.split()
            path = np.array([(int(p[0]), min(int(p[1]), 8)) for p in points], np.float32)
            if kind != "-":
                path = _rounded(path, self.radius, closed=kind == "o")
            pixels = path / 8 * (inner_w, inner_h) + weight / 2
            cv2.polylines(
                mask, [np.round(pixels).astype(np.int32)], kind == "o", (255,), max(1, round(weight)), cv2.LINE_AA
            )
        width = max(1, mask.shape[1] // scale)
        return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _rounded(path: NDArray[np.float32], radius: float, *, closed: bool) -> NDArray[np.float32]:
    """Replace each corner by a quadratic curve that begins *radius* before it and ends *radius* after it."""
    count = len(path)
    out: list[NDArray[np.float32]] = []
    for i in range(count):
        corner = path[i]
        if not closed and i in (0, count - 1):
            out.append(corner)
            continue
        before, after = path[i - 1], path[(i + 1) % count]
        reach = [min(radius, float(np.linalg.norm(p - corner)) / 2) for p in (before, after)]
        start, end = (
            corner + (p - corner) / max(float(np.linalg.norm(p - corner)), 1e-6) * r
            for p, r in zip((before, after), reach, strict=True)
        )
        out.extend((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end for t in np.linspace(0, 1, 7))
    return np.array(out, np.float32)
