"""Detector and reader together: when a doubtful detection is a plate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from edge.vision.detector import Detector
from tests.support.feed import roundabout
from tests.support.lazy import lazy
from tests.support.reads import plate_read

pipeline = lazy("edge.vision.pipeline")

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"


def test_a_sure_detection_is_a_plate_whatever_is_read() -> None:
    assert pipeline.is_plate(plate_read("", found=0.5), sure=0.4)


@pytest.mark.parametrize(("text", "plate"), [("", False), ("AB1", False), ("AB12", True), ("AB123CD", True)])
def test_a_doubtful_detection_needs_characters(text: str, plate: bool) -> None:
    assert pipeline.is_plate(plate_read(text, found=0.2), sure=0.4) is plate


def test_below_its_threshold_the_detector_names_more(tmp_path: Path) -> None:
    models = shutil.copytree(MODELS, tmp_path / "models")
    description = json.loads((models / "detector.json").read_text())
    (models / "detector.json").write_text(json.dumps({**description, "threshold": 0.9, "doubtful": 0.05}))
    detector = Detector(models)
    assert (detector.threshold, detector.doubtful) == (0.9, 0.05)
    (models / "detector.json").write_text(json.dumps({**description, "threshold": 0.2, "doubtful": 0.5}))
    assert Detector(models).doubtful == 0.2


def test_the_reader_lets_a_doubtful_plate_count(tmp_path: Path) -> None:
    models = shutil.copytree(MODELS, tmp_path / "models")
    description = json.loads((models / "detector.json").read_text())
    photo = tmp_path / "photo.png"
    Image.fromarray(roundabout(40)).save(photo)
    strict = {**description, "threshold": 1.0, "doubtful": 1.0}
    (models / "detector.json").write_text(json.dumps(strict))
    assert pipeline.Recogniser(models).read(photo).plates == ()
    (models / "detector.json").write_text(json.dumps({**strict, "doubtful": 0.1}))
    assert [read.text for read in pipeline.Recogniser(models).read(photo).plates] == ["LS15EBC"]
