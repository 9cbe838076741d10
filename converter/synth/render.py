"""Draw plates: a layout, an alphabet and a text become a picture of a plate.

For the reader it is a grey *base picture* of fixed size in which the plate fills the same rectangle whatever its true
proportions are; :mod:`.augment` sees it through a camera. :mod:`.colour` draws the same plates for the detector.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.synth import decorations, regional
from converter.synth.canvas import Grey
from converter.synth.fonts import FontShelf
from converter.synth.layouts import LAYOUTS, Layout, choose, fill
from converter.synth.lettering import Inks, write

BASE_SHAPE = (112, 320)
"""Rows and columns of a base picture."""
PLATE_BOX = (32, 16, 288, 96)
"""Where the plate is in a base picture: x0, y0, x1, y1."""
MARKED = 0.25
"""How often a European plate has something that is no text on either side, beside the strips."""


@dataclass(frozen=True, slots=True)
class RenderedPlate:
    """A base picture (uint8, :data:`BASE_SHAPE`), its text, and what the camera has to know.

    ``aspect`` is the plate's true width over height; ``extent`` is the box of the characters in fractions of the plate;
    ``country`` is the ISO code of where the plate comes from, empty for a plate of no country in particular; ``layout``
    is the name of the layout it was drawn after, empty where it was not drawn here.
    """

    picture: NDArray[np.uint8]
    text: str
    aspect: float
    extent: tuple[float, float, float, float]
    country: str = ""
    layout: str = ""


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
    inks = Inks.draw(layout, rng)
    size = height, aspect = plate_size(layout, len(lines), rng)
    canvas, extent = draw_plate(layout, lines, inks, size, shelf, rng, noise, noise)
    picture = _mount(canvas, inks, shelf, rng, noise, surroundings)
    text = "".join(c for c in "".join(lines) if c.isalnum())
    width = canvas.shape[1]
    scaled = (extent[0] / width, extent[1] / height, extent[2] / width, extent[3] / height)
    return RenderedPlate(picture, text, aspect, scaled, layout.home or layout.iso, layout.name)


def plate_size(layout: Layout, rows: int, rng: random.Random) -> tuple[int, float]:
    """Draw a plate's height in pixels and its width over height, for so many rows of text."""
    if rows == 1:
        return 104, rng.uniform(*layout.aspect) * rng.choice((1.0, 1.0, rng.uniform(0.85, 1.15)))
    return 150, rng.uniform(*layout.square)


def draw_plate(
    layout: Layout, lines: list[str], inks: Inks, size: tuple[int, float], shelf: FontShelf, rng: random.Random,
    dirt: np.random.Generator, graphics: np.random.Generator,
) -> tuple[Grey, tuple[float, float, float, float]]:  # fmt: skip
    """Draw one plate of *size* (see :func:`plate_size`); return it and the box of its characters in pixels.

    How often *rng* is asked does not depend on *inks*: the same dice give the same plate in other tones. *dirt* and
    *graphics* are the noise of what lies on the plate and of the picture under its characters.
    """
    height, aspect = size
    canvas = np.full((height, round(height * aspect)), inks.paper, np.float32)
    if rng.random() < layout.graphics:
        decorations.graphics(canvas, rng, graphics)
    box = _furnish(canvas, layout, len(lines), inks, shelf, rng)
    extent = write(canvas, lines, box, layout, inks, shelf, rng)
    decorations.dirt(canvas, rng, dirt)
    return canvas, extent


def _furnish(canvas: Grey, layout: Layout, rows: int, inks: Inks, shelf: FontShelf, rng: random.Random
             ) -> tuple[float, float, float, float]:  # fmt: skip
    """Draw border, bands, small print and corner stickers; return the box left for the characters."""
    height, width = canvas.shape
    if rng.random() < layout.field:
        frame, ink = inks.blend(rng.uniform(0.7, 1.1)), inks.blend(rng.uniform(-0.1, 0.4))
        x0, y0, x1, y1 = decorations.field(canvas, frame, ink, shelf, rng)
        aside, above = width * rng.uniform(0.005, 0.03), (y1 - y0) * rng.uniform(0.03, 0.12)
        return x0 + aside, y0 + above, x1 - aside, y1 - above
    x0, x1 = width * rng.uniform(0.015, 0.05), width * rng.uniform(0.95, 0.985)
    strip = height * rng.uniform(0.34, 0.46) if rows == 1 else height * rng.uniform(0.2, 0.28)
    if rng.random() < layout.band_left:
        decorations.band(canvas, 0, strip, layout.country, shelf, rng, right=False, ground=inks.band)
        x0 = strip + width * rng.uniform(0.005, 0.03)
    if rng.random() < layout.band_right:
        decorations.band(canvas, width - strip, width, layout.country, shelf, rng, right=True, ground=inks.band)
        x1 = width - strip - width * rng.uniform(0.005, 0.03)
    if rows == 1 and layout.band_left > 0 and x0 < strip and rng.random() < MARKED:
        x0 = decorations.mark_left(canvas, x0, layout.country, inks.ink, shelf, rng)
    if rows == 1 and layout.band_left > 0 and rng.random() < MARKED:
        x1 = decorations.mark_right(canvas, x1, inks.ink, shelf, rng)
    if rng.random() < layout.rails:
        regional.rails(canvas, inks.blend(rng.uniform(0.3, 0.8)), rng)
    elif rng.random() < 0.55:
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
        decorations.caption(
            canvas, decorations.words(rng), (width * 0.1, top, width * 0.9, top + high), ink, shelf, rng
        )
        y0 = top + high * 1.15
        centre = (y0 / height + 0.96) / 2 + rng.uniform(-0.02, 0.02)
    if rng.random() < layout.footer:
        high = height * rng.uniform(0.06, 0.13)
        bottom = height * rng.uniform(0.93, 0.98)
        decorations.caption(canvas, decorations.words(rng), (width * 0.15, bottom - high, width * 0.85, bottom),
                          inks.blend(rng.uniform(0.5, 1.0)), shelf, rng)  # fmt: skip
        y1 = bottom - high * 1.1
        centre = (y0 + y1) / 2 / height
    if rng.random() < layout.stickers:
        for corner in rng.sample((0, 1, 2, 3), rng.randint(1, 3)):
            w, h = round(width * rng.uniform(0.07, 0.14)), round(height * rng.uniform(0.1, 0.18))
            left = round(width * 0.03) if corner % 2 else width - w - round(width * 0.03)
            top = round(height * 0.04) if corner < 2 else height - h - round(height * 0.04)
            canvas[top : top + h, left : left + w] = inks.blend(rng.random())
            decorations.caption(canvas, rng.choice(("JAN", "12", "2019", "OCT 24", "5", "MAR")),
                              (left + 2, top + 2, left + w - 2, top + h - 2),
                              inks.blend(rng.random()), shelf, rng)  # fmt: skip
    half = height * spread / 2
    return x0, max(centre * height - half, y0 - height * 0.02), x1, min(centre * height + half, y1 + height * 0.02)


def _mount(canvas: Grey, inks: Inks, shelf: FontShelf, rng: random.Random, noise: np.random.Generator,
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
            decorations.caption(base, decorations.words(rng), (x0 + 10, y1 + 2, x1 - 10, bottom - 1), ink, shelf, rng)
        if y0 - top > 7 and rng.random() < 0.5:
            decorations.caption(base, decorations.words(rng), (x0 + 10, top + 1, x1 - 10, y0 - 2), ink, shelf, rng)
    base[y0:y1, x0:x1] = cv2.resize(canvas, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.12:  # a frame that covers the edge of the plate
        cv2.rectangle(base, (x0, y0), (x1, y1), (rng.uniform(5, 90),), rng.choice((2, 4, 6)))
    return np.asarray(np.clip(base, 0, 255), np.uint8)
