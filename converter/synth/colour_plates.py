"""Colour plates of many families, for pasting into the detector's training photos.

A detector needs the look of a plate, not a legible text: proportions, colours, the blue strip, two lines. The fonts are
a folder of plate-like fonts; Pillow's built-in font stands in where there are none. Grey, legible plates for the reader
are drawn by :mod:`converter.synth.render`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from converter.synth.colour_layouts import BLACK, COLOUR_LAYOUTS, WHITE, Colour
from converter.synth.fonts import Font
from converter.synth.text_masks import random_text, text_mask

Pixels = NDArray[np.uint8]

HEIGHT = 110
"""Pixels of a plate with one line; one with two lines has twice as many."""


def render(rng: random.Random, fonts: Sequence[Font]) -> Pixels:
    """Return one plate (H, W, 3) RGB, with its border and often a dark frame around it."""
    layout = rng.choices(COLOUR_LAYOUTS, [entry.weight for entry in COLOUR_LAYOUTS])[0]
    pattern = rng.choice(layout.patterns)
    rows = pattern.count("/") + 1
    height = HEIGHT * rows
    width = round(height * layout.aspect * rng.uniform(0.95, 1.05))
    paper, ink = _shade_of(rng.choice(layout.paper), rng), rng.choice(layout.ink)
    if sum(abs(a - b) for a, b in zip(paper, ink, strict=True)) < 180:
        ink = WHITE if sum(paper) < 380 else BLACK
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
    for row, text in enumerate(random_text(pattern, rng).split("/")):
        box = (left, row * height // rows, right, (row + 1) * height // rows)
        _put_text(plate, text, box, rng.choice(fonts), ink, share)
    if layout.caption:
        for y in (0.02, 0.84):
            if rng.random() < 0.7:
                words = random_text(rng.choice(("AAAAAAA", "AA-AAAAA", "AAAA AAAA", "AAAAA.AAA")), rng)
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
