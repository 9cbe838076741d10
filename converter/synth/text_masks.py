"""Lines of text as masks, for plates, badges and captions on the detector's scenes."""

from __future__ import annotations

import random
import re
import string

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from converter.synth.fonts import Font, ink_mask

Pixels = NDArray[np.uint8]


def random_text(pattern: str, rng: random.Random) -> str:
    """Return *pattern* with a random letter for each ``A`` and a random digit for each ``9``."""
    kinds = {"A": string.ascii_uppercase, "9": string.digits}
    return "".join(rng.choice(kinds[c]) if c in kinds else c for c in pattern)


def text_mask(text: str, font: Font) -> Pixels:
    """Return *text* in *font*, cropped to its ink: (H, W), 255 where there is ink; ``~`` is a word in joined script.

    Raises:
        ValueError: the text is empty or nothing but ``~``.
    """
    parts = [part.strip() for part in re.split("(~)", text) if part.strip()]
    masks = {part: ink_mask(part, font) for part in parts if part != "~"}
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
