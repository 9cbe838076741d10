"""Draw the left end of plates in colour: with a country's strip, or without.

Text, ground and lettering are drawn without regard to the country: what is learnt from these pictures is the strip.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.synth.fonts import FontShelf, Typeface
from converter.synth.paints import BLACK, WHITE, Colour
from converter.synth.strip_designs import BLUE, GOLD, STRIP_DESIGNS, StripDesign
from edge.identify.strips import NO_STRIP
from edge.model import ALPHABET

Pixels = NDArray[np.uint8]
HEIGHT = 80
"""Rows of a drawn plate."""
AROUND = 20
"""Pixels of bodywork left, above and below."""
SHOWN = 0.5
"""Share of the plate's width that is drawn, from the left."""
_PAPERS: tuple[Colour, ...] = (
    *((WHITE,) * 12), (225, 222, 200), (235, 190, 40), (235, 190, 40), (20, 20, 24), (20, 60, 150), (30, 110, 70),
    (200, 210, 215), (230, 150, 60), (190, 30, 35),
)  # fmt: skip
_INKS: tuple[Colour, ...] = (*((BLACK,) * 9), (30, 30, 100), (30, 30, 100), (175, 25, 30), (175, 25, 30), (20, 100, 60))
_BLUES: tuple[Colour, ...] = (BLUE, BLUE, (10, 40, 120), (5, 85, 190), (35, 115, 205), (70, 140, 220))
"""What the strip's blue looks like: paint, reflecting foil, foil in the sun."""
_BLANK = 0.12
"""How often a plate without a sign has an empty strip, or a sticker in its place."""


@dataclass(frozen=True, slots=True)
class PlateEnd:
    """A plate's left end in bodywork: uint8, RGB (H, W, 3).

    ``width`` and ``height`` are the whole plate's, in pixels; its corner is :data:`AROUND` from the picture's.
    ``country`` is its class.
    """

    picture: Pixels
    width: float
    height: float
    country: str


def draw_end(country: str, shelf: FontShelf, rng: random.Random) -> PlateEnd:
    """Draw the left end of a plate with the strip of *country*; :data:`NO_STRIP` means without one."""
    square = rng.random() < 0.12
    height = HEIGHT
    width = height * (rng.uniform(1.25, 2.0) if square else rng.uniform(3.6, 5.3))
    columns = math.ceil(width * SHOWN)
    picture = _bodywork(height + 2 * AROUND, columns + AROUND, rng)
    paper, ink = _varied(rng.choice(_PAPERS), 18, rng), _varied(rng.choice(_INKS), 15, rng)
    if abs(sum(paper) - sum(ink)) < 200:
        ink = WHITE if sum(paper) < 380 else BLACK
    plate = picture[AROUND : AROUND + height, AROUND:]
    plate[:] = paper
    framed = rng.choice(("under", "over", ""))
    if framed == "under":
        _border(plate, ink, rng)
    strip = round(height * (rng.uniform(0.2, 0.34) if square else rng.uniform(0.34, 0.5)))
    rows = round(height * rng.uniform(0.45, 0.6)) if square and rng.random() < 0.5 else height
    begins = width * rng.uniform(0.01, 0.06)
    if country != NO_STRIP:
        designs = STRIP_DESIGNS[country]
        design = rng.choices(designs, [each.weight for each in designs])[0]
        _strip(plate[:rows, :strip], design, paper, ink, shelf, rng)
        begins = strip + width * rng.uniform(0.004, 0.045)
    elif rng.random() < _BLANK:
        _strip(plate[:rows, :strip], _nameless(rng), paper, ink, shelf, rng)
        begins = strip + width * rng.uniform(0.004, 0.045)
    _text(plate, begins, ink, shelf, rng, square=square)
    if framed == "over":
        _border(plate, rng.choice((ink, paper, WHITE, BLACK)), rng)
    _holder(picture, height, rng)
    _dirt(picture, rng)
    return PlateEnd(picture, width, float(height), country)


def _nameless(rng: random.Random) -> StripDesign:
    above = rng.choice(("stars", "", "arms", "flag"))
    flag = tuple(rng.choice((WHITE, BLUE, GOLD, BLACK, (200, 25, 35))) for _ in range(3))
    return StripDesign("", above, rng.choice((BLUE, BLUE, BLACK, (200, 25, 35), None)), WHITE, flag)


def _varied(colour: Colour, most: int, rng: random.Random) -> Colour:
    red, green, blue = (min(max(value + rng.randint(-most, most), 0), 255) for value in colour)
    return red, green, blue


def _bodywork(height: int, width: int, rng: random.Random) -> Pixels:
    small = np.random.default_rng(rng.getrandbits(32)).normal(0, 1, (rng.randint(2, 5), rng.randint(2, 5), 1))
    base = np.array(rng.choice(((20, 20, 22), (60, 60, 64), (160, 160, 165), (220, 220, 220), (150, 30, 30),
                                (30, 50, 120))), np.float32)  # fmt: skip
    rough = cv2.resize(small.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(base + rough[..., None] * rng.uniform(0, 35), 0, 255).astype(np.uint8)


def _border(plate: Pixels, colour: Colour, rng: random.Random) -> None:
    """Draw the line around a plate."""
    inset, rows, columns = rng.randint(0, 4), plate.shape[0], plate.shape[1]
    cv2.rectangle(plate, (inset, inset), (columns + 9, rows - 1 - inset), colour, rng.randint(1, 2), cv2.LINE_AA)


def _holder(picture: Pixels, height: int, rng: random.Random) -> None:
    """Draw a plate holder around the plate, sometimes over its edge."""
    if rng.random() < 0.35:
        return
    shade = _varied(rng.choice(((15, 15, 15), (35, 35, 36), (170, 170, 172))), 10, rng)
    over = rng.choice((0, 0, 1, 2, 3))
    side = rng.randint(1, 7)
    top, bottom = AROUND + over, AROUND + height - over
    picture[top - over - rng.randint(1, 5) : top, AROUND - side :] = shade
    picture[bottom : bottom + over + rng.randint(2, 14), AROUND - side :] = shade
    picture[AROUND - 2 : AROUND + height + 2, AROUND - side : AROUND + over] = shade


def _strip(part: Pixels, design: StripDesign, paper: Colour, ink: Colour, shelf: FontShelf, rng: random.Random) -> None:
    """Draw *design* into *part* of a plate."""
    rows, columns = part.shape[:2]
    ground = paper if design.ground is None else _varied(design.ground, 30, rng)
    if design.ground == BLUE:
        ground = _varied(rng.choice(_BLUES), 20, rng)
    if design.ground is not None and rng.random() < 0.15:  # faded, or a dark print of it
        fade = rng.uniform(0.1, 0.5)
        towards = rng.choice((235, 20))
        red, green, blue = (round(value + (towards - value) * fade) for value in ground)
        ground = red, green, blue
    part[:] = ground
    letters = ink if design.ground is None and rng.random() < 0.6 else design.ink
    if abs(sum(letters) - sum(ground)) < 150:
        letters = BLACK if sum(ground) > 380 else WHITE
    middle = columns / 2 + rng.uniform(-0.05, 0.05) * columns
    if rng.random() < 0.95:
        _emblem(part, design, middle, rows * rng.uniform(0.24, 0.36), letters, rng)
    if not design.sign:
        return
    high = rows * (rng.uniform(0.13, 0.29) if design.above else rng.uniform(0.16, 0.36))
    mask = sign_mask(design.sign, shelf, rng)
    wide = mask.shape[1] / mask.shape[0] * high * rng.uniform(0.8, 1.1)
    wide = min(wide, columns * rng.uniform(0.7, 0.92))
    below = rng.uniform(0.66, 0.85) if design.above else rng.uniform(0.55, 0.84)
    size = max(2, round(wide)), max(4, round(high))
    _paste(part, cv2.resize(mask, size, interpolation=cv2.INTER_AREA), middle - wide / 2, rows * below - high / 2,
           letters)  # fmt: skip


def _emblem(part: Pixels, design: StripDesign, x: float, y: float, ink: Colour, rng: random.Random) -> None:
    columns = part.shape[1]
    half = columns * rng.uniform(0.26, 0.42)
    kind = design.above
    if kind == "stars":
        gold = _varied(GOLD, 20, rng) if rng.random() < 0.8 else ink
        size = columns * rng.uniform(0.035, 0.065)
        for k in range(12):
            angle = k * math.pi / 6
            at = round((x + half * math.cos(angle)) * 8), round((y + half * math.sin(angle)) * 8)
            cv2.circle(part, at, max(8, round(size * 8)), gold, -1, cv2.LINE_AA, 3)
    elif kind == "arms":
        shape = [(x - half, y - half), (x + half, y - half), (x + half, y + half * 0.3), (x, y + half),
                 (x - half, y + half * 0.3)]  # fmt: skip
        cv2.fillPoly(part, [np.array(shape, np.int32)], _varied((160, 90, 80), 90, rng), cv2.LINE_AA)
        for _ in range(rng.randint(1, 3)):
            centre = round(x + rng.uniform(-0.6, 0.6) * half), round(y + rng.uniform(-0.6, 0.6) * half)
            cv2.circle(part, centre, max(1, round(half * rng.uniform(0.1, 0.4))), _varied((130, 130, 130), 120, rng),
                       -1, cv2.LINE_AA)  # fmt: skip
    elif kind:
        tall = half * rng.uniform(0.6, 0.9)
        box = max(0, round(x - half)), max(0, round(y - tall)), round(x + half), round(y + tall)
        _draw_flag(part[box[1] : box[3], box[0] : box[2]], kind, design.colours, rng)


def _draw_flag(area: Pixels, kind: str, colours: tuple[Colour, ...], rng: random.Random) -> None:
    rows, columns = area.shape[:2]
    shades = [_varied(colour, 25, rng) for colour in colours]
    if kind == "union":
        area[:] = _varied((20, 30, 110), 20, rng)
        for colour, thick in ((WHITE, max(2, rows // 4)), (_varied((200, 25, 35), 20, rng), max(1, rows // 8))):
            cv2.line(area, (0, 0), (columns, rows), colour, thick, cv2.LINE_AA)
            cv2.line(area, (0, rows), (columns, 0), colour, thick, cv2.LINE_AA)
            area[rows // 2 - thick // 2 : rows // 2 + (thick + 1) // 2] = colour
            area[:, columns // 2 - thick // 2 : columns // 2 + (thick + 1) // 2] = colour
    elif kind == "cross":
        area[:] = shades[0]
        at = round(columns * 0.38)
        for shade, thick in ((shades[1], max(2, rows // 3)), (shades[2], max(1, rows // 6))):
            area[rows // 2 - thick // 2 : rows // 2 + (thick + 1) // 2] = shade
            area[:, max(0, at - thick // 2) : at + (thick + 1) // 2] = shade
    else:
        long = columns if kind == "columns" else rows
        for k, shade in enumerate(shades):
            begin, end = round(long * k / len(shades)), round(long * (k + 1) / len(shades))
            if kind == "columns":
                area[:, begin:end] = shade
            else:
                area[begin:end] = shade


def _text(plate: Pixels, begins: float, ink: Colour, shelf: FontShelf, rng: random.Random, *, square: bool) -> None:
    """Write random characters, or an emblem and then characters, from the column *begins* on."""
    rows = plate.shape[0]
    face: Typeface = shelf.draw(rng)
    lines = 2 if square else 1
    high = rows * rng.uniform(0.62, 0.84) / lines * (0.95 if lines == 2 else 1)
    gap, stretch = rng.uniform(0.05, 0.22), rng.uniform(0.75, 1.15)
    for line in range(lines):
        x = begins
        y = (rows - high) / 2 if lines == 1 else rows * (0.07 + 0.47 * line)
        if rng.random() < 0.1:
            size = high * rng.uniform(0.3, 0.5)
            cv2.circle(plate, (round(x + size), rows // 2), round(size * 0.8), _varied((130, 110, 110), 90, rng), -1,
                       cv2.LINE_AA)  # fmt: skip
            x += 2.2 * size
        while x < plate.shape[1]:
            glyph = face.glyph(rng.choice(ALPHABET))
            wide = glyph.shape[1] / glyph.shape[0] * high * stretch
            mask = cv2.resize(glyph, (max(2, round(wide)), max(4, round(high))), interpolation=cv2.INTER_AREA)
            _paste(plate, mask, x, y, ink)
            x += wide + gap * high * (1 if rng.random() < 0.8 else 3)


def _dirt(picture: Pixels, rng: random.Random) -> None:
    for _ in range(rng.choice((0, 0, 0, 1, 2, 4))):
        centre = rng.randrange(picture.shape[1]), rng.randrange(picture.shape[0])
        cv2.circle(picture, centre, rng.randint(1, 4), _varied((120, 115, 105), 100, rng), -1, cv2.LINE_AA)


def sign_mask(sign: str, shelf: FontShelf, rng: random.Random) -> NDArray[np.uint8]:
    """Return the mask of *sign* in a font of the shelf, 48 rows high, cropped to its ink."""
    return _sign(shelf, sign, rng.randrange(shelf.sign_faces))


@lru_cache(maxsize=8192)
def _sign(shelf: FontShelf, sign: str, face: int) -> NDArray[np.uint8]:
    return shelf.sign(sign, 48, face)


def _paste(picture: Pixels, mask: NDArray[Any], x: float, y: float, colour: Colour) -> None:
    """Blend *colour* through *mask* with its top left corner at *x*, *y*; what lies outside is cut off."""
    left, top = round(x), round(y)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + mask.shape[1], picture.shape[1]), min(top + mask.shape[0], picture.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    alpha = mask[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.float32) / 255
    region = picture[y0:y1, x0:x1]
    region[:] = region + (np.array(colour, np.float32) - region) * alpha
