"""Where the detector looks: at the whole photo, and closer where the whole is shrunk too far for its plates.

The network's input is wide. A tall or a very large photo that is letterboxed onto it shows its plates on too few
pixels, so such a photo is also looked at in overlapping bands or tiles. A plate in the overlap is whole in one of them;
one that is larger than the overlap is large enough for the look at the whole.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from edge.model import Box

SMALL_PLATE_PX = 60
"""Width in a photo, in pixels, from which plates have to be found."""
FOUND_PX = 24
"""Width in the network's input, in pixels, from which the detector finds few more (``make evaluate-photos``)."""
OVERLAP = 0.25
"""What two regions side by side share, of the width or height of one."""
MAX_TILES = 12
"""The most tiles of a photo: one larger than they cover at full scale is looked at in tiles of more pixels."""
NATIVE_WIDTH_PX = 1920
"""A photo of the network's own proportions up to this width is looked at once: it is a camera's stream, and its
plates are not the small ones of a large still photo."""
NATIVE_PROPORTIONS = 0.05
"""Share by which the proportions of such a photo differ from the network's at most."""
CUT_PX = 2.0
"""A box that ends less than this many pixels of the network's input from an inner edge of a region is cut off there."""


class Region(NamedTuple):
    """A part of a photo, in whole pixels: ``x1, y1`` inside, ``x2, y2`` just outside of it."""

    x1: int
    y1: int
    x2: int
    y2: int


def regions(width: int, height: int, input_width: int, input_height: int) -> tuple[Region, ...]:
    """Return the parts of a photo of *width* x *height* pixels to look at, the whole first.

    *input_width*, *input_height* are those of the network's input, in pixels.
    """
    whole = Region(0, 0, width, height)
    scale = min(input_width / width, input_height / height)
    unlike = abs(width * input_height / (height * input_width) - 1)
    native = unlike <= NATIVE_PROPORTIONS and width <= NATIVE_WIDTH_PX
    if native or SMALL_PLATE_PX * scale >= FOUND_PX:
        return (whole,)
    enlarged = 1.0
    while True:
        side = enlarged * SMALL_PLATE_PX / FOUND_PX
        columns, rows = _spans(width, input_width * side), _spans(height, input_height * side)
        if len(columns) * len(rows) <= MAX_TILES:
            break
        enlarged *= 1.1
    if len(columns) == len(rows) == 1:
        return (whole,)
    return (whole, *(Region(x1, y1, x2, y2) for y1, y2 in rows for x1, x2 in columns))


def _spans(length: int, most: float) -> list[tuple[int, int]]:
    """Spans of at most *most* pixels that cover 0 to *length*, neighbours overlapping by :data:`OVERLAP`."""
    if length <= most:
        return [(0, length)]
    count = math.ceil((length - OVERLAP * most) / ((1 - OVERLAP) * most))
    span = math.ceil(length / (count - OVERLAP * (count - 1)))
    starts = [round(place * (length - span) / (count - 1)) for place in range(count)]
    return [(start, start + span) for start in starts]


def is_cut(box: Box, region: Region, width: int, height: int, scale: float) -> bool:
    """Whether *box*, in the pixels of the photo of *width* x *height*, ends at an edge inside of the photo.

    *scale* is that of *region* in the network's input.
    """
    margin = CUT_PX / scale
    return (
        (region.x1 > 0 and box.x1 < region.x1 + margin)
        or (region.y1 > 0 and box.y1 < region.y1 + margin)
        or (region.x2 < width and box.x2 > region.x2 - margin)
        or (region.y2 < height and box.y2 > region.y2 - margin)
    )
