"""Contact sheets: tiles in rows, boxes in their colours, photos with a mistake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.labels.photo import PlateBox
from converter.measure.contact_sheet import CELL, COLUMNS, GREEN, contact_sheet, is_wrong, write_sheet
from converter.measure.metrics import Outcome
from edge.model import Box, Detection


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_tiles_stand_in_rows_and_the_last_row_is_filled_up(tmp_path: Path, shape: tuple[int, ...]) -> None:
    write_sheet([np.full(shape, 10 * n, np.uint8) for n in range(1, 6)], 4, tmp_path / "new" / "s.png", fill=255)
    with Image.open(tmp_path / "new" / "s.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape[:2] == (40, 120)
    assert (pixels[:20, 90:] == 40).all()
    assert (pixels[20:, :30] == 50).all()
    assert (pixels[20:, 30:] == 255).all()


def test_no_tiles_write_no_file(tmp_path: Path) -> None:
    write_sheet([], 4, tmp_path / "s.png")
    assert not (tmp_path / "s.png").exists()


def test_boxes_are_drawn_where_they_are_on_the_scaled_photo(tmp_path: Path) -> None:
    photo = np.full((480, 640, 3), 90, np.uint8)
    contact_sheet([(photo, [(PlateBox(100, 200, 300, 260), GREEN)], "one")] * 2, tmp_path / "s.png")
    with Image.open(tmp_path / "s.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape[1] == COLUMNS * CELL[0]
    for left in (0, CELL[0]):
        assert tuple(pixels[100, left + 100]) == GREEN
        assert tuple(pixels[130, left + 150]) == GREEN
        assert tuple(pixels[110, left + 100]) == (90, 90, 90)


def test_a_photo_is_wrong_where_a_plate_is_missed_or_something_else_is_found() -> None:
    truth, found = (PlateBox(0, 0, 40, 10),), Detection(Box(0, 0, 40, 10), 0.9)
    other = Detection(Box(100, 0, 140, 10), 0.6)
    assert not is_wrong(Outcome(truth, (found, other)), 0.7)
    assert is_wrong(Outcome(truth, (found, other)), 0.5)
    assert is_wrong(Outcome(truth, ()), 0.5)
