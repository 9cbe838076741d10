"""Write a plate's characters: lines, blocks and groups of another size, and what stands between them."""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.synth import decorations, regional
from converter.synth.canvas import Grey
from converter.synth.fonts import FontShelf, Typeface
from converter.synth.layouts import Layout

OUTLINED, SHADOWED = 0.02, 0.04
"""How often characters are contours only, and how often they cast a shadow, as owners like it."""
LARGE_NUMBER = 0.15
"""How often a last group of digits is written larger than what stands before or above it."""
BARRED = 0.3
"""How often a line parts the two small rows of a block."""
_WIDTHS = {"-": 0.34, "=": 0.36, ".": 0.2, "^": 0.2, "#": 0.32, "~": 1.3, "(": 0.25, ")": 0.25}
"""Widths in heights of a line."""


@dataclass(frozen=True, slots=True)
class Inks:
    """Tones, 0 to 255, of the ground, of the characters and of a strip at the side (None: any)."""

    paper: float
    ink: float
    band: float | None = None

    @classmethod
    def draw(cls, layout: Layout, rng: random.Random) -> Inks:
        """Draw two greys of 0 to 255, at least 60 apart."""
        dark, light = rng.uniform(5, 100), rng.uniform(130, 250)
        if light - dark < 60:
            light = dark + 60
        return cls(dark, light) if rng.random() < layout.inverse else cls(light, dark)

    def blend(self, share: float) -> float:
        """Return a grey between the two: 0 is the ground, 1 the characters; further out is allowed."""
        return self.paper + (self.ink - self.paper) * share


def write(canvas: Grey, lines: list[str], box: tuple[float, float, float, float], layout: Layout, inks: Inks,
          shelf: FontShelf, rng: random.Random) -> tuple[float, float, float, float]:  # fmt: skip
    """Write *lines*, one to three, into *box* (x0, y0, x1, y1) of *canvas*; return the box of the characters."""
    face = shelf.draw(rng, layout.font)
    gap, space = rng.uniform(0.05, 0.24), rng.uniform(0.2, 0.6)
    stretch = rng.uniform(0.8, 1.15)
    between = (box[3] - box[1]) * rng.uniform(0.06, 0.14)
    large = rng.random() < LARGE_NUMBER
    shares = [1 / len(lines)] * len(lines)
    if len(lines) == 2:
        first = rng.uniform(0.26, 0.38) if large and lines[1].isdigit() else rng.uniform(0.38, 0.5)
        shares = [first, 1 - first]
    room = box[3] - box[1] - between * (len(lines) - 1)
    ink_mask = np.zeros(canvas.shape, np.uint8)
    extents = []
    top = box[1]
    for row, line in enumerate(lines):
        high = max(8, round(room * shares[row]))
        one_size = not large or (row == 0 and len(lines) == 2)
        parts = divided(line, (box[0], top, box[2], top + high), rng, one_size=one_size)
        if line.startswith("{") and rng.random() < BARRED:
            _bar(ink_mask, parts[0][1], parts[1][1])
        for text, at in parts:
            extents.append(_write_line(canvas, ink_mask, text, at, face, (gap, space, stretch), inks, shelf, rng))
        top += high + between
    if rng.random() < 0.6:  # worn or flatted embossing: a light and a dark rim
        mask = ink_mask.astype(np.float32)
        canvas += (np.roll(mask, 1, (0, 1)) - np.roll(mask, -1, (0, 1))) / 255 * rng.uniform(-28, 28)
    dice = rng.random()
    if dice < OUTLINED:
        ink_mask = _outlined(ink_mask, room / len(lines), rng)
    elif dice < OUTLINED + SHADOWED:
        _shade(canvas, ink_mask, room / len(lines), inks, rng)
    alpha = ink_mask.astype(np.float32) / 255
    if rng.random() < 0.15:  # paint come off
        wear = cv2.resize(np.random.default_rng(rng.getrandbits(32)).random((9, 24), np.float32), canvas.shape[::-1])
        alpha *= np.clip((wear - 0.2) * 4, 0.35, 1)
    canvas += (inks.ink - canvas) * alpha
    array = np.array(extents)
    low, high_ = array[:, :2].min(axis=0), array[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high_[0]), float(high_[1])


def divided(line: str, box: tuple[float, float, float, float], rng: random.Random, *, one_size: bool
            ) -> list[tuple[str, tuple[float, float, float, float]]]:  # fmt: skip
    """Return *line* in parts of one size each and the box (x0, y0, x1, y1) of each within *box*.

    A block of two small rows stands left of the rest; unless all is of *one_size*, a last group of digits is larger.
    """
    x0, y0, x1, y1 = box
    high = y1 - y0
    if line.startswith("{"):
        block, rest = line[1:].split("}")
        upper, lower = block.split("|")
        middle = x0 + max(len(upper), len(lower)) * high * rng.uniform(0.24, 0.36)
        small = high * rng.uniform(0.4, 0.47)
        return [
            (upper, (x0, y0, middle, y0 + small)),
            (lower, (x0, y1 - small, middle, y1)),
            (rest, (middle + high * rng.uniform(0.15, 0.4), y0, x1, y1)),
        ]
    head, _, tail = line.rpartition(" ")
    if one_size or not head or not tail.isdigit():
        return [(line, box)]
    shrink = rng.uniform(0.55, 0.8)
    middle = x1 - (x1 - x0) * min(len(tail) / len(line) * rng.uniform(1.1, 1.4), 0.7)
    top = y0 + high * (1 - shrink) * rng.choice((0.5, 0.5, 1.0))
    return [(head, (x0, top, middle - high * 0.1, top + high * shrink)), (tail, (middle, y0, x1, y1))]


def _write_line(canvas: Grey, ink: NDArray[np.uint8], line: str, box: tuple[float, float, float, float], face: Typeface,
                spacing: tuple[float, float, float], inks: Inks, shelf: FontShelf, rng: random.Random
                ) -> tuple[float, float, float, float]:  # fmt: skip
    """Write one line into the mask *ink*, its stickers into *canvas*; return the box of its characters."""
    gap, space, stretch = spacing
    high = round(box[3] - box[1])
    items: list[tuple[str, float]] = []
    for symbol in line:
        if symbol.isalnum():
            glyph = face.glyph(symbol)
            items.append((symbol, glyph.shape[1] / glyph.shape[0] * high * stretch))
        else:
            badge = rng.uniform(0.3, 0.75)
            part = {" ": space, "_": space / 2, "*": badge, "&": 0.25 + badge, **_WIDTHS}[symbol]
            items.append((symbol, part * high))
    room = box[2] - box[0]
    total = sum(w for _, w in items) + gap * high * (len(items) - 1)
    factor = min(1.0, room / total) if total > room else rng.choice((1.0, min(room / total, 1.25)))
    slack = room - total * factor
    extra = slack / max(len(items) - 1, 1) * rng.choice((0.0, 0.0, 0.5, 0.9)) if slack > 0 else 0.0
    extra = min(extra, high * 0.4)
    x = box[0] + (slack - extra * (len(items) - 1)) * rng.choice((0.5, 0.5, 0.5, 0.1, 0.9))
    left, right = box[2], box[0]
    for symbol, natural in items:
        width = max(2, round(natural * factor))
        middle = box[1] + high / 2
        if symbol.isalnum():
            mask = cv2.resize(face.glyph(symbol), (width, high), interpolation=cv2.INTER_AREA)
            _put(ink, np.asarray(mask, np.uint8), x, box[1])
            left, right = min(left, x), max(right, x + width)
        elif symbol in "-=":
            thick = max(2, round(high * rng.uniform(0.07, 0.14)))
            _put(ink, np.full((thick, max(2, round(width * 0.8))), 255, np.uint8), x + width * 0.1, middle - thick / 2)
            if symbol == "=":  # the seal above the dash
                size = max(4, round(high * rng.uniform(0.22, 0.34)))
                picture, mask_ = decorations.emblem(size, rng, inks.blend, ("circle",))
                _blend(canvas, picture, mask_, x + (width - size) / 2, middle - size - thick)
        elif symbol == "^":
            size = max(4, round(high * rng.uniform(0.13, 0.22)))
            picture, mask_ = regional.seal(size, inks.blend(rng.uniform(0.3, 0.8)), inks.blend(rng.uniform(0.0, 0.15)))
            wide = (round(size * rng.uniform(1.0, 1.5)), size)
            picture, mask_ = np.asarray(cv2.resize(picture, wide)), np.asarray(cv2.resize(mask_, wide))
            _blend(canvas, picture, mask_, x + (width - size) / 2, middle - size * rng.uniform(0.4, 0.7))
        elif symbol == "#":
            regional.inset(canvas, (x, box[1], x + width, box[3]), inks.ink, shelf, rng)
        elif symbol == ".":
            side = max(2, round(high * rng.uniform(0.1, 0.2)))
            _put(ink, np.full((side, side), 255, np.uint8), x + width / 2 - side / 2, middle - side / 2)
        elif symbol in "()":
            bracket = np.zeros((high, width), np.uint8)
            thick = max(1, min(round(high * rng.uniform(0.05, 0.12)), width // 3))
            centre, axes = (width if symbol == "(" else 0, high // 2), (max(width - thick, 1), round(high * 0.48))
            cv2.ellipse(bracket, centre, axes, 0, 0, 360, (255,), thick)
            _put(ink, bracket, x, box[1])
        elif symbol == "*" and rng.random() < 0.85:
            size = max(4, min(round(high * rng.uniform(0.35, 1.0)), round(width * rng.choice((1, 1, 2)))))
            picture, mask_ = decorations.emblem(size, rng, inks.blend)
            picture, mask_ = picture[:, :width], mask_[:, :width]
            _blend(canvas, picture, mask_, x, middle - size / 2)
        elif symbol == "&":
            size = max(8, round(high * rng.uniform(0.6, 0.9)))
            picture, mask_ = decorations.arms(size, rng, inks.blend, shelf)
            _blend(canvas, picture, mask_, x + (width - picture.shape[1]) / 2, middle - size * rng.uniform(0.4, 0.5))
        elif symbol == "~":
            tall = max(6, round(high * 0.75))
            mask = cv2.resize(shelf.tunis(tall, rng), (width, tall))
            _put(ink, np.asarray(mask, np.uint8), x, box[1] + high * 0.1)
        x += width + gap * high * factor + extra
    return left, box[1], right, box[3]


def _outlined(ink: NDArray[np.uint8], high: float, rng: random.Random) -> NDArray[np.uint8]:
    """Return the contours of the mask *ink*, whose characters are *high*; what is inside keeps a little of it."""
    reach = max(3, round(high * rng.uniform(0.03, 0.06)) | 1)
    wide = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.asarray(np.clip(wide - ink * rng.uniform(0.6, 1.0), 0, 255), np.uint8)


def _shade(canvas: Grey, ink: NDArray[np.uint8], high: float, inks: Inks, rng: random.Random) -> None:
    """Paint the shadow of the mask *ink* aside of it into *canvas*."""
    aside = [round(high * rng.uniform(0.03, 0.09)) * rng.choice((-1, 1)) for _ in range(2)]
    alpha = np.roll(ink, aside, (0, 1)).astype(np.float32) / 255
    canvas += (inks.blend(rng.choice((rng.uniform(0.3, 0.7), -0.3))) - canvas) * alpha


def _bar(ink: NDArray[np.uint8], upper: tuple[float, float, float, float], lower: tuple[float, float, float, float]
         ) -> None:  # fmt: skip
    """Draw a line between two rows into the mask *ink*, as wide as they are."""
    thick = max(1, round((lower[1] - upper[3]) / 3))
    line = np.full((thick, round(upper[2] - upper[0])), 255, np.uint8)
    _put(ink, line, upper[0], (upper[3] + lower[1] - thick) / 2)


def _put(ink: NDArray[np.uint8], mask: NDArray[np.uint8], x: float, y: float) -> None:
    left, top = max(0, round(x)), max(0, round(y))
    region = ink[top : top + mask.shape[0], left : left + mask.shape[1]]
    np.maximum(region, mask[: region.shape[0], : region.shape[1]], out=region)


def _blend(canvas: Grey, picture: Grey, mask: NDArray[np.uint8], x: float, y: float) -> None:
    left, top = max(0, round(x)), max(0, round(y))
    region = canvas[top : top + mask.shape[0], left : left + mask.shape[1]]
    rows, columns = region.shape
    region += (picture[:rows, :columns] - region) * (mask[:rows, :columns].astype(np.float32) / 255)
