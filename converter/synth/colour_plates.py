"""Rendered plates of many layouts, for pasting into training photos.

A detector needs the look of a plate, not a legible one: layout, proportions, colours, the blue strip, two rows. The
fonts are a folder of plate-like fonts; Pillow's built-in font stands in where there are none.
"""

from __future__ import annotations

import random
import re
import string
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

HEIGHT = 110
"""Rendered plates are this many pixels high when they have one row."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a family of plates looks like: width over height, colours, text pattern (L letter, D digit, ~ a word in
    joined script), extras."""

    aspect: float
    patterns: tuple[str, ...]
    paper: tuple[Colour, ...]
    ink: tuple[Colour, ...]
    strip: bool = False
    caption: bool = False
    weight: float = 1.0


_WHITE, _YELLOW, _BLACK, _GREY = (240, 240, 236), (235, 190, 40), (20, 20, 24), (190, 192, 196)
_BLUE, _RED, _GREEN, _CREAM = (20, 50, 150), (170, 25, 30), (20, 100, 60), (225, 222, 200)
_BRICK = (150, 55, 50)

LAYOUTS = (
    Layout(4.73, ("LL DDD LL", "L DD LLL", "LL-DDD-LL", "LLL DDD", "LL DDDD", "DDDD LLL", "L-LL DDDD"),
           (_WHITE,), (_BLACK, (30, 30, 90)), strip=True, weight=4.0),
    Layout(4.73, ("LL DD LLL", "LLLL DDD", "DDD-DDD"), (_YELLOW, _WHITE), (_BLACK,), strip=True, weight=1.5),
    Layout(4.5, ("LL DD LLL", "L DDD LLL", "LL-DDD"), (_YELLOW, _WHITE, _CREAM), (_BLACK, _RED, _GREEN), weight=1.5),
    Layout(4.4, ("DDD DDDD", "DD DDDD", "LLL DDD", "LLL-DDDD"), (_BLACK, (35, 35, 38)), (_WHITE, _GREY), weight=3.0),
    Layout(4.4, ("DDD ~ DDDD", "DDD ~ DDDD", "DD ~ DDDD", "DDD ~ DDD"), (_BLACK, (35, 35, 38)), (_WHITE, _GREY),
           weight=4.0),
    Layout(1.6, ("DDDD\nDD ~", "~ DDD\nDDDD"), (_BLACK,), (_WHITE, _GREY), weight=0.3),
    Layout(3.08, ("LLL-DDDD", "LLL DDDD"), (_GREY, _WHITE, (200, 200, 205), _RED), (_BLACK, (50, 50, 50), _WHITE),
           caption=True, weight=2.0),
    Layout(2.0, ("LLL DDDD", "DLLLDDD", "LLL-DDD", "DDD LLL", "LLLLL", "DDDDDD"),
           (_WHITE, _CREAM, _BLUE, _YELLOW, _GREEN, (200, 215, 235), _BLACK), (_BLACK, _BLUE, _RED, _GREEN, _WHITE),
           caption=True, weight=3.0),
    Layout(1.45, ("LL\nDDDD", "LLL\nDDD", "LL DD\nLLL", "DD\nDDDD"), (_WHITE, _YELLOW, _BLACK), (_BLACK, _WHITE),
           weight=1.0),
    Layout(4.6, ("LL DD LL DDDD", "LL-DD-LL-DDDD", "LLDDLLDDDD"), (_RED, _GREEN, _BLUE, _BLACK), (_WHITE, _YELLOW),
           weight=2.0),
    Layout(1.6, ("LL DD\nLL DDDD", "LL DD L\nDDDD", "LLL\nDDDD"), (_RED, _GREEN, _BLUE, _BLACK), (_WHITE, _YELLOW),
           weight=0.8),
    Layout(4.6, ("LL DD LL DDDD", "LL-DD-L-DDDD", "LLDDLLDDDD", "LL DD DDDD", "LLLDDDD"), (_RED, _BRICK), (_WHITE,),
           weight=4.5),
    Layout(1.6, ("LL DD\nLL DDDD", "LL DD L\nDDDD", "LL DD\nDDDD"), (_RED, _BRICK), (_WHITE,), weight=2.0),
)  # fmt: skip


def load_fonts(folder: Path | None, size: int = 92) -> list[Font]:
    """Every .ttf and .otf under `folder`; Pillow's built-in font where there is none."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in {".ttf", ".otf"}) if folder else []
    return [ImageFont.truetype(str(file), size) for file in files] or [ImageFont.load_default(size)]


def random_text(pattern: str, rng: random.Random) -> str:
    """The pattern with L replaced by letters and D by digits."""
    kinds = {"L": string.ascii_uppercase, "D": string.digits}
    return "".join(rng.choice(kinds[c]) if c in kinds else c for c in pattern)


def render(rng: random.Random, fonts: list[Font]) -> Pixels:
    """One plate, RGB, with its border and often a dark frame around it."""
    layout = rng.choices(LAYOUTS, [entry.weight for entry in LAYOUTS])[0]
    pattern = rng.choice(layout.patterns)
    rows = pattern.count("\n") + 1
    height = HEIGHT * rows
    width = round(height * layout.aspect * rng.uniform(0.95, 1.05))
    paper, ink = _shade_of(rng.choice(layout.paper), rng), rng.choice(layout.ink)
    if sum(abs(a - b) for a, b in zip(paper, ink, strict=True)) < 180:
        ink = _WHITE if sum(paper) < 380 else _BLACK
    plate = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(plate)
    if layout.caption and rng.random() < 0.5:
        _shade(plate, rng)
        draw = ImageDraw.Draw(plate)
    left, right = 0, width
    if layout.strip and rng.random() < 0.8:
        left = round(0.1 * width)
        draw.rectangle((0, 0, left, height), fill=(15, 45, 160))
        if rng.random() < 0.3:
            right = width - left
            draw.rectangle((right, 0, width, height), fill=(15, 45, 160))
    share = 0.6 if layout.caption else 0.8
    for row, text in enumerate(random_text(pattern, rng).split("\n")):
        box = (left, row * height // rows, right, (row + 1) * height // rows)
        _put_text(plate, text, box, rng.choice(fonts), ink, share)
    if layout.caption:
        for y in (0.02, 0.84):
            if rng.random() < 0.7:
                words = random_text(rng.choice(("LLLLLLL", "LL-LLLLL", "LLLL LLLL", "LLLLL.LLL")), rng)
                box = (round(0.25 * width), round(y * height), round(0.75 * width), round((y + 0.14) * height))
                _put_text(plate, words, box, rng.choice(fonts), ink, 0.95)
    if rng.random() < 0.7:
        draw.rectangle((3, 3, width - 4, height - 4), outline=ink, width=rng.randint(2, 4))
    return _framed(np.asarray(plate), rng)


def _shade_of(colour: Colour, rng: random.Random) -> Colour:
    """The colour a little lighter or darker, warmer or colder: no two are painted alike."""
    red, green, blue = (min(max(value + rng.randint(-18, 18), 0), 255) for value in colour)
    return red, green, blue


def _shade(plate: Image.Image, rng: random.Random) -> None:
    """Many US plates carry a picture: a vertical colour gradient stands for it."""
    top, bottom = (np.array([rng.randint(120, 255) for _ in range(3)]) for _ in range(2))
    ramp = np.linspace(top, bottom, plate.height).astype(np.uint8)[:, None].repeat(plate.width, axis=1)
    plate.paste(Image.fromarray(ramp))


def text_mask(text: str, font: Font) -> Pixels:
    """The text in the font, cropped to its ink: (H, W), 255 where there is ink. A ``~`` is a word in joined script.

    Raises:
        ValueError: the text is empty or nothing but ``~``.
    """
    parts = [part.strip() for part in re.split("(~)", text) if part.strip()]
    masks = {part: _ink(part, font) for part in parts if part != "~"}
    high = max(mask.shape[0] for mask in masks.values())
    gap = np.zeros((high, high // 4), np.uint8)
    row: list[Pixels] = []
    for part in parts:
        mask = masks[part] if part in masks else _joined_script(high)
        row += [gap] * bool(row) + [np.pad(mask, ((0, high - mask.shape[0]), (0, 0)))]
    return np.hstack(row)


def _joined_script(high: int) -> Pixels:
    """The word of Tunisian plates as a camera sees it, (high, 1.2 high): a line with teeth, a bowl below it, dots."""
    wide, pen = round(1.2 * high), max(1, high // 9)
    mask = Image.new("L", (wide, high))
    draw = ImageDraw.Draw(mask)
    base = 0.55 * high
    draw.line((0.2 * wide, base, 0.95 * wide, base), 255, pen)
    for x in (0.55, 0.68, 0.8, 0.93):
        draw.line((x * wide, base, x * wide, 0.35 * high), 255, pen)
    draw.arc((0.05 * wide, 0.45 * high, 0.4 * wide, 0.95 * high), 0, 180, 255, pen)
    draw.arc((0.35 * wide, 0.5 * high, 0.6 * wide, 0.95 * high), 20, 120, 255, pen)
    for x, y in ((0.22, 0.3), (0.8, 0.12), (0.9, 0.12)):
        draw.ellipse((x * wide - pen, y * high - pen, x * wide + pen, y * high + pen), 255)
    return np.asarray(mask)


def _ink(text: str, font: Font) -> Pixels:
    """The text in the font, cropped to its ink: (H, W), 255 where there is ink."""
    x0, y0, x1, y1 = font.getbbox(text)
    mask = Image.new("L", (max(1, int(x1 - x0)), max(1, int(y1 - y0))))
    ImageDraw.Draw(mask).text((-x0, -y0), text, fill=255, font=font)
    return np.asarray(mask)


def _put_text(
    plate: Image.Image,
    text: str,
    box: tuple[int, int, int, int],
    font: Font,
    ink: Colour,
    share: float,
) -> None:
    """Draws `text` stretched into the middle `share` of `box`."""
    mask = Image.fromarray(text_mask(text, font))
    height = max(4, round((box[3] - box[1]) * share))
    room = round((box[2] - box[0]) * 0.92)
    width = max(4, min(room, max(round(room * 0.8), round(mask.width * height / mask.height))))
    mask = mask.resize((width, height), Image.Resampling.BILINEAR)
    at = ((box[0] + box[2] - width) // 2, (box[1] + box[3] - height) // 2)
    plate.paste(Image.new("RGB", mask.size, ink), at, mask)


def _framed(plate: Pixels, rng: random.Random) -> Pixels:
    """A plate holder: a dark, chromed or body-coloured edge, thicker at the bottom."""
    if rng.random() < 0.35:
        return plate
    edge = rng.randint(2, 7)
    bottom = edge + (rng.randint(0, 12) if rng.random() < 0.4 else 0)
    colour = rng.choice(((15, 15, 15), (40, 40, 42), (160, 160, 165)))
    framed = np.empty((plate.shape[0] + edge + bottom, plate.shape[1] + 2 * edge, 3), np.uint8)
    framed[:] = colour
    framed[edge : edge + plate.shape[0], edge : edge + plate.shape[1]] = plate
    return framed
