"""Detector and reader together: when a detection below the threshold is a plate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from edge.vision.checksums import write_list
from edge.vision.detector import Detector
from tests.support.feed import roundabout
from tests.support.lazy import lazy
from tests.support.reads import plate_read

pipeline = lazy("edge.vision.pipeline")

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"


def test_a_sure_detection_is_a_plate_whatever_is_read() -> None:
    assert pipeline.is_plate(plate_read("", found=0.5), threshold=0.4)


@pytest.mark.parametrize(("text", "plate"), [("", False), ("AB1", False), ("AB12", True), ("AB123CD", True)])
def test_a_detection_below_the_threshold_needs_characters(text: str, plate: bool) -> None:
    assert pipeline.is_plate(plate_read(text, found=0.2), threshold=0.4) is plate


def described(models: Path, **changes: object) -> Path:
    """The folder *models* with *changes* to the detector's description."""
    path = models / "detector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    write_list(models, (path.name,))
    return models


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def test_below_its_threshold_the_detector_names_more(models: Path) -> None:
    detector = Detector(described(models, threshold=0.9, low_threshold=0.05))
    assert (detector.threshold, detector.low_threshold) == (0.9, 0.05)
    assert Detector(described(models, threshold=0.2, low_threshold=0.5)).low_threshold == 0.2


def test_the_reader_confirms_a_detection_below_the_threshold(models: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(roundabout(40)).save(photo)
    assert pipeline.Recogniser(described(models, threshold=1.0, low_threshold=1.0)).read(photo).plates == ()
    assert [read.text for read in pipeline.Recogniser(described(models, low_threshold=0.1)).read(photo).plates] == [
        "LS15EBC"
    ]
