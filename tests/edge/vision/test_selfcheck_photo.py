"""The test photo of the self-check, through the real detector and reader of both engines; another photo is not good."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import Engine, models_dir
from edge.vision import Recogniser
from edge.vision.selfcheck import PHOTO, TEXT, is_read
from tests.support.cases import painted


@pytest.mark.parametrize("engine", ["easyocr", "litert"])
def test_detector_and_reader_read_it_surely_and_nothing_else(tmp_path: Path, engine: Engine) -> None:
    recogniser = Recogniser(models_dir(), engine)
    result = recogniser.read(PHOTO)
    assert [plate.text for plate in result.plates] == [TEXT]
    assert is_read(result)
    other = tmp_path / "other.jpg"
    other.write_bytes(painted(TEXT))
    assert not is_read(recogniser.read(other))
