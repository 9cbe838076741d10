"""Drawn plates beside real crops on one sheet."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.errors import MissingError
from converter.measure.lettering_sheet import CAPTION, CELL, EACH, draw_lettering


@pytest.fixture
def data(tmp_path: Path) -> Path:
    images = tmp_path / "read" / "images"
    images.mkdir(parents=True)
    lines = ["file,country,source"]
    for number, country in enumerate(("SLO", "SLO", "I", "", "XX")):
        cv2.imwrite(str(images / f"{number}.png"), np.full((40, 160), 90 + number, np.uint8))
        lines.append(f"{number}.png,{country},somewhere")
    (tmp_path / "read" / "texts.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_a_row_has_the_real_crops_and_as_many_drawn_ones(data: Path) -> None:
    out = data / "sheet.png"
    assert draw_lettering(data, [], out) == 2  # no layout has the mark XX
    sheet = cv2.imread(str(out), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    assert sheet.shape == (2 * (CELL[1] + CAPTION), 2 * EACH * (CELL[0] + 6))
    row = sheet[CELL[1] + CAPTION :]  # SLO, after I
    assert row[20, 20] in (90, 91)
    assert row[:, EACH * (CELL[0] + 6) :].std() > 30  # drawn characters
    again = data / "again.png"
    draw_lettering(data, [], again)
    assert out.read_bytes() == again.read_bytes()


def test_countries_without_a_crop_are_named(data: Path) -> None:
    with pytest.raises(MissingError, match="HR"):
        draw_lettering(data, [], data / "sheet.png", ["HR"])
