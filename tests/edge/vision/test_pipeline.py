"""Detector and reader together: when a detection below the threshold is a plate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
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


def test_the_reader_does_not_make_a_word_of_a_doubtful_detection_a_plate() -> None:
    assert not pipeline.is_plate(plate_read("NISSAN", found=0.2), threshold=0.4)
    assert pipeline.is_plate(plate_read("AB12CDE", found=0.2), threshold=0.4)


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


def crowd(rows: int, columns: int) -> np.ndarray:
    """A photo with so many rows and columns of one car's front."""
    frame = roundabout(40)
    plate = Detector(MODELS).detect(frame)[0].box
    x, y = int(plate.x1 + plate.x2) // 2, int(plate.y1 + plate.y2) // 2
    return np.tile(frame[y - 60 : y + 60, x - 100 : x + 100], (rows, columns, 1))


def test_every_plate_up_to_twenty_is_read_and_the_others_are_counted() -> None:
    recogniser = pipeline.Recogniser(MODELS)
    sixteen = recogniser.see(crowd(4, 4))
    assert (len(sixteen.plates), sixteen.left) == (16, 0)
    assert sum(read.text == "LS15EBC" for read in sixteen.plates) >= 14
    many = recogniser.see(crowd(5, 5))
    assert (len(many.plates), many.left) == (pipeline.MAX_PLATES, 5)


def test_what_lies_in_the_area_of_a_caption_is_no_plate() -> None:
    frame = roundabout(40)
    height, width = frame.shape[:2]
    seen = pipeline.Recogniser(MODELS).plates(frame)
    box = seen[0].detection.box
    area = (box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height)
    covered = pipeline.Recogniser(MODELS, captions=[(0.0, 0.0, 0.01, 0.01), area])
    assert [read.text for read in covered.plates(frame)] == [read.text for read in seen[1:]]
    below = pipeline.Recogniser(MODELS, captions=[(0.0, box.y2 / height, 1.0, 1.0)])
    assert [read.text for read in below.plates(frame)] == [read.text for read in seen]
