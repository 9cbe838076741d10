"""Colour plates for the detector's scenes: what :mod:`.render` draws, its three channels one after another.

A detector needs the look of a plate: proportions, colours, strips, small print, one line or more. The dice are the same
for the three channels, so that they show one plate; only the tones differ.
"""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from converter.synth.fonts import FontShelf
from converter.synth.layouts import LAYOUTS, choose, fill
from converter.synth.lettering import Inks
from converter.synth.paints import BAND, BLACK, WHITE, Colour
from converter.synth.render import draw_plate, plate_size

Pixels = NDArray[np.uint8]

LEAST_CONTRAST = 180
"""Least difference of paper and ink, summed over the channels; below it the ink becomes white or black."""


def colour_plate(shelf: FontShelf, rng: random.Random) -> Pixels:
    """Return one plate (H, W, 3) RGB, 104 rows for one line of text, often with a plate holder around it."""
    families = sorted({layout.paints for layout in LAYOUTS}, key=lambda paints: (paints.share, paints.paper))
    paints = rng.choices(families, [family.share for family in families])[0]
    layout, pattern = choose([layout for layout in LAYOUTS if layout.paints == paints], rng)
    lines = fill(pattern, layout, rng).split("/")
    size = plate_size(layout, len(lines), rng)
    paper, ink = _shade_of(rng.choice(paints.paper), rng), rng.choice(paints.ink)
    if sum(abs(a - b) for a, b in zip(paper, ink, strict=True)) < LEAST_CONTRAST:
        ink = WHITE if sum(paper) < 380 else BLACK
    seed, dice = rng.getrandbits(32), rng.getstate()
    channels = []
    for channel in range(3):
        rng.setstate(dice)
        inks = Inks(paper[channel], ink[channel], BAND[channel])
        dirt, picture = np.random.default_rng(seed), np.random.default_rng((seed, channel))
        channels.append(draw_plate(layout, lines, inks, size, shelf, rng, dirt, picture)[0])
    return _framed(np.clip(np.dstack(channels), 0, 255).astype(np.uint8), rng)


def _shade_of(colour: Colour, rng: random.Random) -> Colour:
    """Return *colour* a little lighter or darker, warmer or colder: no two plates are painted alike."""
    red, green, blue = (min(max(value + rng.randint(-18, 18), 0), 255) for value in colour)
    return red, green, blue


def _framed(plate: Pixels, rng: random.Random) -> Pixels:
    """Put *plate* into a holder: a dark, chromed or body-coloured edge, thicker at the bottom."""
    if rng.random() < 0.35:
        return plate
    edge = rng.randint(2, 7)
    bottom = edge + (rng.randint(0, 12) if rng.random() < 0.4 else 0)
    framed = np.empty((plate.shape[0] + edge + bottom, plate.shape[1] + 2 * edge, 3), np.uint8)
    framed[:] = rng.choice(((15, 15, 15), (40, 40, 42), (160, 160, 165)))
    framed[edge : edge + plate.shape[0], edge : edge + plate.shape[1]] = plate
    return framed
