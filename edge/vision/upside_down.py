"""Whether a photo hangs upside down: its plates are read only after a half turn.

A plate looks like a plate either way up, and the reader reads some text on it: GF819JK becomes something like
VX9077J. Two things tell. A text that was read upside down is of characters that turned ones look like, and hardly
ever has one of :data:`UPRIGHT_ONLY`; and the turned plate is read surely, with such characters. The second costs one
more read, so it is asked only where the first leaves the question open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.identify import CLEAR_CHARACTERS, MIN_CHARACTERS, Likeness, likeness
from edge.model import Box, PlateRead

UPRIGHT_ONLY = frozenset("25BCDFGKPR")
"""Characters that the reader hardly ever sees in a turned text: each is read on upright plates six times as often as
on turned ones, or more. Of the characters read on the training photos and on the same photos turned."""
PLAIN_READ, DOUBTED_READ = 0.97, 0.5
"""A text read this surely (product of its characters' confidences, 0 to 1) was not read upside down; below the second,
one character of :data:`UPRIGHT_ONLY` does not settle it, but two do."""
LEGIBLE_PX = 40
"""Least width of a plate, in pixels, that is read surely enough to settle the question."""
TURNED_READ, MUCH_LESS_SURE = 0.8, 0.5
"""A text read this surely after the turn was upside down, if it has such a character or was read much less surely."""


def doubted(reads: Sequence[PlateRead], threshold: float) -> PlateRead | None:
    """The surest of *reads* if all of them may have been read upside down; None if one was surely not, or none counts.

    Detections below *threshold* (0 to 1) and those without a text do not count.
    """
    counted = [read for read in reads if read.text and read.detection.confidence >= threshold]
    if not counted or any(map(_is_plainly_upright, counted)):
        return None
    surest = max(counted, key=lambda read: _sureness(read) * read.detection.confidence)
    legible = surest.detection.box.width >= LEGIBLE_PX and len(surest.text) >= MIN_CHARACTERS
    return surest if legible else None


def is_upside_down(before: PlateRead, turned: PlateRead) -> bool:
    """Whether the plate of *before* was upside down, given how it was read after a half turn."""
    surer = _sureness(turned) >= max(TURNED_READ, _sureness(before))
    plain = _upright_characters(turned) > 0 or _sureness(before) < MUCH_LESS_SURE * _sureness(turned)
    return surer and plain and len(turned.text) >= MIN_CHARACTERS and likeness(turned) is Likeness.PLATE


def half_turn(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """*image* (H, W) or (H, W, 3) after half a turn, a copy."""
    return np.ascontiguousarray(image[::-1, ::-1])


def turned_back(read: PlateRead, width: int, height: int) -> PlateRead:
    """*read*, made in a turned photo of *width* x *height* pixels, with its box in the photo as it was."""
    detection = replace(read.detection, box=turned_box(read.detection.box, width, height))
    second = read.second_pass and replace(read.second_pass, detection=detection)
    return replace(read, detection=detection, second_pass=second)


def turned_box(box: Box, width: float, height: float) -> Box:
    """*box* after half a turn of its photo of *width* x *height* pixels."""
    return Box(width - box.x2, height - box.y2, width - box.x1, height - box.y1)


def _is_plainly_upright(read: PlateRead) -> bool:
    characters = _upright_characters(read)
    return _sureness(read) >= PLAIN_READ or characters > 1 or (characters == 1 and _sureness(read) >= DOUBTED_READ)


def _upright_characters(read: PlateRead) -> int:
    pairs = zip(read.text, read.characters, strict=True)
    return sum(character in UPRIGHT_ONLY and confidence >= CLEAR_CHARACTERS for character, confidence in pairs)


def _sureness(read: PlateRead) -> float:
    return math.prod(read.characters)
