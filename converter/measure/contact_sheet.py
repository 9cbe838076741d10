"""Contact sheets: many photos or crops on one picture, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from converter.labels import PlateBox
from converter.measure.metrics import Outcome, match
from edge.model import Box

CELL = (320, 240)
COLUMNS = 6
_CAPTION = 14
GREEN, RED, YELLOW = (0, 230, 0), (255, 40, 40), (255, 220, 0)

Cell = tuple[NDArray[np.uint8], Sequence[tuple[Box | PlateBox, tuple[int, int, int]]], str]
"""A photo (H, W, 3) RGB, boxes in its pixels with their colours, and a caption."""


def write_sheet(tiles: Sequence[NDArray[np.uint8]], columns: int, path: Path, fill: int = 0) -> None:
    """Write *tiles*, all of one shape (H, W) or (H, W, 3) RGB, *columns* a row, as one JPEG or PNG.

    Nothing is written where there is no tile; the last row is filled up with the grey *fill*.
    """
    if not tiles:
        return
    empty = np.full_like(tiles[0], fill)
    padded = [*tiles, *[empty] * (-len(tiles) % columns)]
    rows = [np.hstack(padded[first : first + columns]) for first in range(0, len(padded), columns)]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.vstack(rows)).save(path)


def contact_sheet(cells: Sequence[Cell], path: Path) -> None:
    """Write photos with their boxes and captions, six a row, as one JPEG or PNG."""
    write_sheet([_tile(*cell) for cell in cells], COLUMNS, path)


def _tile(
    pixels: NDArray[np.uint8], boxes: Sequence[tuple[Box | PlateBox, tuple[int, int, int]]], caption: str
) -> NDArray[np.uint8]:
    tile = Image.new("RGB", (CELL[0], CELL[1] + _CAPTION))
    photo = Image.fromarray(pixels)
    scale = min(CELL[0] / photo.width, CELL[1] / photo.height)
    photo = photo.resize((max(1, round(photo.width * scale)), max(1, round(photo.height * scale))))
    pen = ImageDraw.Draw(photo)
    for box, colour in boxes:
        pen.rectangle([side * scale for side in (box.x1, box.y1, box.x2, box.y2)], outline=colour)
    tile.paste(photo, (0, 0))
    ImageDraw.Draw(tile).text((2, CELL[1]), caption, fill="white")
    return np.asarray(tile)


def is_wrong(outcome: Outcome, threshold: float) -> bool:
    """Whether a plate was missed or something else was found, at this confidence and IoU 0.5."""
    kept = Outcome(outcome.truth, tuple(d for d in outcome.found if d.confidence >= threshold))
    verdicts, taken = match(kept, 0.5)
    missed = any(not t and not b.ignore for t, b in zip(taken, outcome.truth, strict=True))
    return missed or any(verdict is False for verdict in verdicts)


def mistake_cell(outcome: Outcome, pixels: NDArray[np.uint8], threshold: float) -> Cell:
    """True boxes green; what was found: red at or above the threshold, yellow below it."""
    boxes: list[tuple[Box | PlateBox, tuple[int, int, int]]] = [(box, GREEN) for box in outcome.truth]
    boxes += [(d.box, RED if d.confidence >= threshold else YELLOW) for d in outcome.found[:6]]
    best = ", ".join(f"{d.confidence:.2f}" for d in outcome.found[:4]) or "nothing found"
    return pixels, boxes, f"{outcome.name}: {best}"
