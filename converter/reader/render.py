"""Draw plates: a layout, an alphabet and a text become a grey picture of a plate in its surroundings.

The result is a *base picture* of fixed size in which the plate fills the same rectangle whatever its true proportions
are; :mod:`.augment` sees it through a camera.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from . import furniture
from .fonts import FontShelf, Typeface
from .furniture import Grey
from .layouts import LAYOUTS, Layout, choose, fill

BASE_SHAPE = (112, 320)
"""Rows and columns of a base picture."""
PLATE_BOX = (32, 16, 288, 96)
"""Where the plate is in a base picture: x0, y0, x1, y1."""
MARKED = 0.25
"""How often a European plate has something that is no text on either side, beside the strips."""
LARGE_NUMBER = 0.15
"""How often a last group of digits is written larger than what stands before or above it."""
_WIDTHS = {"-": 0.34, ".": 0.2, "~": 1.3, "(": 0.25, ")": 0.25}
"""Widths in heights of a line."""
_TUNIS = "ﺲﻧﻮﺗ"  # the word as glyphs from left to right


@dataclass(frozen=True, slots=True)
class RenderedPlate:
    """A base picture (uint8, :data:`BASE_SHAPE`), its text, and what the camera has to know.

    ``aspect`` is the plate's true width over height; ``extent`` is the box of the characters in fractions of the plate.
    """

    picture: NDArray[np.uint8]
    text: str
    aspect: float
    extent: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Inks:
    paper: float
    ink: float

    @classmethod
    def draw(cls, layout: Layout, rng: random.Random) -> _Inks:
        dark, light = rng.uniform(5, 100), rng.uniform(130, 250)
        if light - dark < 60:
            light = dark + 60
        return cls(dark, light) if rng.random() < layout.inverse else cls(light, dark)

    def blend(self, share: float) -> float:
        return self.paper + (self.ink - self.paper) * share


def render_plate(
    shelf: FontShelf,
    rng: random.Random,
    surroundings: NDArray[np.uint8] | None = None,
    layouts: Sequence[Layout] = LAYOUTS,
) -> RenderedPlate:
    """Draw one plate of one of *layouts*.

    *surroundings* is a grey picture of any size without a plate, put around it half of the time.
    """
    noise = np.random.default_rng(rng.getrandbits(32))
    layout, pattern = choose(layouts, rng)
    lines = fill(pattern, layout, rng).split("/")
    inks = _Inks.draw(layout, rng)
    if len(lines) == 1:
        height, aspect = 104, rng.uniform(*layout.aspect) * rng.choice((1.0, 1.0, rng.uniform(0.85, 1.15)))
    else:
        height, aspect = 150, rng.uniform(*layout.square)
    width = round(height * aspect)
    canvas = np.full((height, width), inks.paper, np.float32)
    if rng.random() < layout.graphics:
        furniture.graphics(canvas, rng, noise)
    box = _furnish(canvas, layout, len(lines), inks, shelf, rng)
    extent = _write(canvas, lines, box, layout, inks, shelf, rng)
    furniture.dirt(canvas, rng, noise)
    picture = _mount(canvas, inks, shelf, rng, noise, surroundings)
    text = "".join(c for c in "".join(lines) if c.isalnum())
    scaled = (extent[0] / width, extent[1] / height, extent[2] / width, extent[3] / height)
    return RenderedPlate(picture, text, aspect, scaled)


def _furnish(canvas: Grey, layout: Layout, rows: int, inks: _Inks, shelf: FontShelf, rng: random.Random
             ) -> tuple[float, float, float, float]:  # fmt: skip
    """Draw border, bands, small print and corner stickers; return the box left for the characters."""
    height, width = canvas.shape
    x0, x1 = width * rng.uniform(0.015, 0.05), width * rng.uniform(0.95, 0.985)
    strip = height * rng.uniform(0.34, 0.46) if rows == 1 else height * rng.uniform(0.2, 0.28)
    if rng.random() < layout.band_left:
        furniture.band(canvas, 0, strip, layout.country, shelf, rng, right=False)
        x0 = strip + width * rng.uniform(0.005, 0.03)
    if rng.random() < layout.band_right:
        furniture.band(canvas, width - strip, width, layout.country, shelf, rng, right=True)
        x1 = width - strip - width * rng.uniform(0.005, 0.03)
    if rows == 1 and layout.band_left > 0 and x0 < strip and rng.random() < MARKED:
        x0 = furniture.mark_left(canvas, x0, inks.ink, shelf, rng)
    if rows == 1 and layout.band_left > 0 and rng.random() < MARKED:
        x1 = furniture.mark_right(canvas, x1, inks.ink, shelf, rng)
    if rng.random() < 0.55:
        inset = round(height * rng.uniform(0.01, 0.06))
        thickness = max(1, round(height * rng.uniform(0.01, 0.035)))
        shade = inks.blend(rng.uniform(0.3, 1.0))
        cv2.rectangle(canvas, (inset, inset), (width - 1 - inset, height - 1 - inset), (shade,), thickness, cv2.LINE_AA)
    y0, y1 = height * 0.05, height * 0.95
    spread = rng.uniform(*layout.spread)
    centre = rng.uniform(0.47, 0.53)
    if rng.random() < layout.header:
        high = height * min(rng.uniform(0.09, 0.2), (1 - spread) * 0.75)
        top = height * rng.uniform(0.03, 0.07)
        ink = inks.blend(rng.uniform(0.5, 1.0))
        if rng.random() < 0.4:  # on a strip of its own
            canvas[: round(top + high * 1.15)] = inks.blend(rng.uniform(0.4, 0.9))
            ink = inks.blend(rng.uniform(-0.1, 0.15))
        furniture.caption(canvas, furniture.words(rng), (width * 0.1, top, width * 0.9, top + high), ink, shelf, rng)
        y0 = top + high * 1.15
        centre = (y0 / height + 0.96) / 2 + rng.uniform(-0.02, 0.02)
    if rng.random() < layout.footer:
        high = height * rng.uniform(0.06, 0.13)
        bottom = height * rng.uniform(0.93, 0.98)
        furniture.caption(canvas, furniture.words(rng), (width * 0.15, bottom - high, width * 0.85, bottom),
                          inks.blend(rng.uniform(0.5, 1.0)), shelf, rng)  # fmt: skip
        y1 = bottom - high * 1.1
        centre = (y0 + y1) / 2 / height
    if rng.random() < layout.stickers:
        for corner in rng.sample((0, 1, 2, 3), rng.randint(1, 3)):
            w, h = round(width * rng.uniform(0.07, 0.14)), round(height * rng.uniform(0.1, 0.18))
            left = round(width * 0.03) if corner % 2 else width - w - round(width * 0.03)
            top = round(height * 0.04) if corner < 2 else height - h - round(height * 0.04)
            canvas[top : top + h, left : left + w] = inks.blend(rng.random())
            furniture.caption(canvas, rng.choice(("JAN", "12", "2019", "OCT 24", "5", "MAR")),
                              (left + 2, top + 2, left + w - 2, top + h - 2),
                              inks.blend(rng.random()), shelf, rng)  # fmt: skip
    half = height * spread / 2
    return x0, max(centre * height - half, y0 - height * 0.02), x1, min(centre * height + half, y1 + height * 0.02)


def _write(canvas: Grey, lines: list[str], box: tuple[float, float, float, float], layout: Layout, inks: _Inks,
           shelf: FontShelf, rng: random.Random) -> tuple[float, float, float, float]:  # fmt: skip
    """Write the lines into *box*; return the box of the characters."""
    face = shelf.draw(rng, layout.font)
    gap, space = rng.uniform(0.05, 0.24), rng.uniform(0.2, 0.6)
    stretch = rng.uniform(0.8, 1.15)
    between = (box[3] - box[1]) * rng.uniform(0.06, 0.14)
    large = rng.random() < LARGE_NUMBER
    first = 1.0
    if len(lines) == 2:
        first = rng.uniform(0.26, 0.38) if large and lines[1].isdigit() else rng.uniform(0.38, 0.5)
    room = box[3] - box[1] - between * (len(lines) - 1)
    ink_mask = np.zeros(canvas.shape, np.uint8)
    extents = []
    top = box[1]
    for row, line in enumerate(lines):
        share = first if row == 0 else 1 - first
        high = max(8, round(room * share))
        one_size = not large or len(lines) == 2
        for text, at in divided(line, (box[0], top, box[2], top + high), rng, one_size=one_size):
            extents.append(_write_line(canvas, ink_mask, text, at, face, (gap, space, stretch), inks, shelf, rng))
        top += high + between
    if rng.random() < 0.6:  # worn or flatted embossing: a light and a dark rim
        mask = ink_mask.astype(np.float32)
        canvas += (np.roll(mask, 1, (0, 1)) - np.roll(mask, -1, (0, 1))) / 255 * rng.uniform(-28, 28)
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
                spacing: tuple[float, float, float], inks: _Inks, shelf: FontShelf, rng: random.Random
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
            part = {
                " ": space,
                "_": space / 2,
                "-": 0.34,
                ".": 0.2,
                "*": rng.uniform(0.3, 0.6),
                "~": 1.3,
                "(": 0.25,
                ")": 0.25,
            }[symbol]
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
        elif symbol == "-":
            thick = max(2, round(high * rng.uniform(0.07, 0.14)))
            _put(ink, np.full((thick, max(2, round(width * 0.8))), 255, np.uint8), x + width * 0.1, middle - thick / 2)
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
            picture, mask_ = furniture.emblem(size, rng, inks.blend)
            picture, mask_ = picture[:, :width], mask_[:, :width]
            _blend(canvas, picture, mask_, x, middle - size / 2)
        elif symbol == "~":
            mask = cv2.resize(
                shelf.arabic(_TUNIS, max(6, round(high * 0.75)), rng), (width, max(6, round(high * 0.75)))
            )
            _put(ink, np.asarray(mask, np.uint8), x, box[1] + high * 0.1)
        x += width + gap * high * factor + extra
    return left, box[1], right, box[3]


def _put(ink: NDArray[np.uint8], mask: NDArray[np.uint8], x: float, y: float) -> None:
    left, top = max(0, round(x)), max(0, round(y))
    region = ink[top : top + mask.shape[0], left : left + mask.shape[1]]
    np.maximum(region, mask[: region.shape[0], : region.shape[1]], out=region)


def _blend(canvas: Grey, picture: Grey, mask: NDArray[np.uint8], x: float, y: float) -> None:
    left, top = max(0, round(x)), max(0, round(y))
    region = canvas[top : top + mask.shape[0], left : left + mask.shape[1]]
    rows, columns = region.shape
    region += (picture[:rows, :columns] - region) * (mask[:rows, :columns].astype(np.float32) / 255)


def _mount(canvas: Grey, inks: _Inks, shelf: FontShelf, rng: random.Random, noise: np.random.Generator,
           surroundings: NDArray[np.uint8] | None) -> NDArray[np.uint8]:  # fmt: skip
    """Put the plate into bodywork, often in a frame with a dealer's name, and scale all to the base picture."""
    rows, columns = BASE_SHAPE
    x0, y0, x1, y1 = PLATE_BOX
    if surroundings is not None and rng.random() < 0.5:
        base = np.asarray(cv2.resize(surroundings, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    else:
        base = np.full(BASE_SHAPE, rng.uniform(5, 245), np.float32)
        small = noise.normal(0, 1, (rng.randint(2, 5), rng.randint(2, 8))).astype(np.float32)
        base += cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC) * rng.uniform(0, 30)
    if rng.random() < 0.6:
        shade = rng.choice((rng.uniform(5, 60), rng.uniform(5, 60), rng.uniform(60, 240)))
        sides = [rng.uniform(0.0, 0.05) for _ in range(2)] + [rng.choice((0.02, 0.04, 0.1, 0.16)) for _ in range(2)]
        left, right = round(x0 - sides[0] * (x1 - x0)), round(x1 + sides[1] * (x1 - x0))
        top, bottom = round(y0 - sides[2] * (y1 - y0)), round(y1 + sides[3] * (y1 - y0))
        base[max(top, 0) : bottom, left:right] = shade
        ink = shade + rng.choice((-1, 1)) * rng.uniform(40, 150)
        if bottom - y1 > 7 and rng.random() < 0.7:
            furniture.caption(base, furniture.words(rng), (x0 + 10, y1 + 2, x1 - 10, bottom - 1), ink, shelf, rng)
        if y0 - top > 7 and rng.random() < 0.5:
            furniture.caption(base, furniture.words(rng), (x0 + 10, top + 1, x1 - 10, y0 - 2), ink, shelf, rng)
    base[y0:y1, x0:x1] = cv2.resize(canvas, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.12:  # a frame that covers the edge of the plate
        cv2.rectangle(base, (x0, y0), (x1, y1), (rng.uniform(5, 90),), rng.choice((2, 4, 6)))
    return np.clip(base, 0, 255).astype(np.uint8)
