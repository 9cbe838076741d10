"""Plates of three lines: found, laid out as one, and read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.config import models_dir
from edge.model import Box, Detection
from edge.vision.lines import LINE_HEIGHT_PX, in_one_line, three_lines
from edge.vision.reader import PlateReader

LINES = ("HH", "286", "YQ")


def plate(*lines: str, size: tuple[int, int] = (180, 180)) -> NDArray[np.uint8]:
    """A white plate with a frame and *lines* of text of equal height: grey, *size* rows and columns."""
    rows, columns = size
    picture = np.full(size, 230, np.uint8)
    cv2.rectangle(picture, (3, 3), (columns - 4, rows - 4), (60,), 2)
    pitch = (rows - 20) / len(lines)
    for number, text in enumerate(lines):
        scale = pitch * 0.7 / 22
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 5)
        base = round(10 + (number + 0.85) * pitch)
        cv2.putText(
            picture, text, ((columns - width) // 2, base), cv2.FONT_HERSHEY_SIMPLEX, scale, (20,), 5, cv2.LINE_AA
        )
    return picture


def test_three_lines_are_found_one_below_the_other() -> None:
    lines = three_lines(plate(*LINES))
    assert lines is not None
    middles = [(rows.start + rows.stop) / 2 for rows in lines]
    assert middles == pytest.approx([10 + (n + 0.5) * 160 / 3 for n in range(3)], abs=12)
    assert in_one_line(plate(*LINES), lines).shape[0] == LINE_HEIGHT_PX


@pytest.mark.parametrize("lines", [("AB123CD",), ("AB", "12345")], ids=["one", "two"])
def test_plates_of_fewer_lines_have_no_three(lines: tuple[str, ...]) -> None:
    assert three_lines(plate(*lines, size=(150, 180))) is None


@pytest.mark.parametrize("size", [(1, 1), (24, 1), (500, 24), (24, 38)])
def test_crops_of_any_size_are_looked_at(size: tuple[int, int]) -> None:
    assert three_lines(np.random.default_rng(1).integers(0, 255, size, np.uint8)) is None or size[0] >= 24
    assert three_lines(np.full(size, 90, np.uint8)) is None


def test_the_reader_keeps_the_middle_line() -> None:
    picture = plate(*LINES)
    (read,) = PlateReader(models_dir()).read(picture, [Detection(Box(0, 0, 180, 180), 1.0)])
    assert read.text == "".join(LINES)
