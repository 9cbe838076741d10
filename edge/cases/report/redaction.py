"""Redacted copies of photos: the vehicle of the case, and nothing by which anybody else could be told.

Everything outside the vehicle becomes a mosaic whose cells are as large as a face or a plate beside the road, each of
one colour; every other plate that the detector proposes, however doubtful, is filled. The copy is made of pixels anew:
no metadata, no thumbnail, nothing of the original's encoding. What was obscured cannot be computed back.

The vehicle's region is narrow on purpose: the width of a car around its plate, from below its bumper to below its
windscreen. Who sits behind the glass is a question of law (in Italy passengers have to be obscured), and no detector of
people that is weak enough to run here is good enough to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from edge.cases.evidence import name_follows
from edge.errors import CaseError, ImageError
from edge.model import Box, Case

FindPlates = Callable[[NDArray[np.uint8]], Iterable[Box]]
"""Proposes plates in an image, uint8 of shape (H, W, 3), RGB: as many as it can, for a box too many does no harm."""

CELLS = 20
"""Cells of the mosaic along the longer side of a photo."""
LEVELS = 16
"""Levels of a colour in the mosaic: a mean with all its digits would tell candidates for a plate apart."""
HALF_WIDTH, ABOVE, BELOW = 1.75, 0.9, 1.4
"""The vehicle's region from the middle of its plate, in widths of the plate: a car is some 3.5 plates wide."""
SAME_PLATE_SHARE = 0.5
"""Share of the smaller of two boxes that both cover, from which they are one plate."""
WIDEST_OTHER = 2.5
"""A proposal on the vehicle that is more widths of its plate wide than this is no plate."""
GROWN = 0.25
"""By how much of its size a filled box is larger on each side than the proposal."""
FILL = (40, 44, 52)
QUALITY = 90


def redact(photo: bytes, plate: Box | None, find: FindPlates) -> bytes:
    """A redacted copy of *photo* as JPEG, in which the vehicle with *plate* (pixels) can be seen.

    With *plate* None, as in photos in which nobody read the plate of the case, all of it is obscured.

    Raises:
        ImageError: the photo cannot be decoded.
    """
    try:
        with Image.open(BytesIO(photo)) as opened:
            pixels = np.array(opened.convert("RGB"), np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ImageError("a photo cannot be decoded", "run autovelox cases verify") from None
    out = BytesIO()
    Image.fromarray(obscured(pixels, plate, find(pixels) if plate is not None else ())).save(
        out, "JPEG", quality=QUALITY
    )
    return out.getvalue()


def redacted(case: Case, photos: Sequence[bytes], find: FindPlates) -> list[bytes]:
    """Redacted copies of the *photos* of *case*; the vehicle is shown in the one in which its plate was read.

    Raises:
        CaseError: the signed manifest, which goes with them, names somebody whose name no longer follows.
        ImageError: a photo cannot be decoded.
    """
    if not name_follows(case):
        raise CaseError(
            f"the signed manifest of case {case.number} names somebody whose name no longer follows",
            "a redacted package would tell it: give the report, or authority and judge the whole package",
        )
    return [redact(photo, case.plate_box if index == case.photo else None, find) for index, photo in enumerate(photos)]


def obscured(pixels: NDArray[np.uint8], plate: Box | None, proposals: Iterable[Box]) -> NDArray[np.uint8]:
    """A copy of *pixels*, uint8 of shape (H, W, 3), with everything obscured but the vehicle that has *plate*."""
    copy = mosaic(pixels)
    if plate is None or plate.width < 1 or plate.height < 1:
        return copy
    height, width = pixels.shape[:2]
    others = [box for box in proposals if not _is_same(box, plate)]
    narrow = [box for box in others if box.width <= WIDEST_OTHER * plate.width]
    for box in others:
        _fill(copy, box)
    for area, hidden in ((vehicle(plate, width, height), narrow), (plate, [])):
        part = (slice(int(area.y1), int(np.ceil(area.y2))), slice(int(area.x1), int(np.ceil(area.x2))))
        copy[part] = pixels[part]
        for box in hidden:
            _fill(copy, box)
    return copy


def _is_same(box: Box, plate: Box) -> bool:
    """Whether *box* is the plate of the case itself."""
    smaller = min(box.width * box.height, plate.width * plate.height)
    return box.common(plate) >= SAME_PLATE_SHARE * smaller


def _fill(copy: NDArray[np.uint8], box: Box) -> None:
    dx, dy = GROWN * box.width, GROWN * box.height
    rows = slice(max(0, int(box.y1 - dy)), max(0, int(np.ceil(box.y2 + dy))))
    columns = slice(max(0, int(box.x1 - dx)), max(0, int(np.ceil(box.x2 + dx))))
    copy[rows, columns] = FILL


def vehicle(plate: Box, width: int, height: int) -> Box:
    """Where the vehicle with *plate* is seen in a photo of *width* by *height* pixels, without its windscreen."""
    middle_x, middle_y = (plate.x1 + plate.x2) / 2, (plate.y1 + plate.y2) / 2
    unit = plate.width
    return Box(
        max(0.0, middle_x - HALF_WIDTH * unit),
        max(0.0, middle_y - ABOVE * unit),
        min(float(width), middle_x + HALF_WIDTH * unit),
        min(float(height), middle_y + BELOW * unit),
    )


def mosaic(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """*pixels* as a mosaic of :data:`CELLS` cells along the longer side, with :data:`LEVELS` levels a colour."""
    height, width = pixels.shape[:2]
    side = max(1, -(-max(height, width) // CELLS))
    copy = np.empty_like(pixels)
    step = 256 // LEVELS
    for top in range(0, height, side):
        for left in range(0, width, side):
            cell = pixels[top : top + side, left : left + side]
            mean = cell.reshape(-1, 3).mean(axis=0)
            copy[top : top + side, left : left + side] = (mean // step * step + step // 2).astype(np.uint8)
    return copy
