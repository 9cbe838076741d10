"""Photos that hang upside down are turned, upright ones never, and the camera that gives them is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.model import Box, Detection, PlateRead
from edge.vision.upside_down import doubted, half_turn, is_upside_down, turned_back, turned_box
from tests.support.feed import roundabout
from tests.support.lazy import lazy
from tests.support.reads import plate_read

detector = lazy("edge.vision.detector")
pipeline = lazy("edge.vision.pipeline")

MODELS = Path(__file__).parents[3] / "models"
COVERED = Path(__file__).parents[4] / "shared" / "data" / "detect" / "images" / "uc3m_0004.jpg"
"""An upright photo; of its plate two characters are covered, and what is left, 760NM, reads as WN094 turned."""


def sure(text: str, each: float) -> PlateRead:
    return replace(plate_read(text), characters=(each,) * len(text))


@pytest.fixture(scope="module")
def recogniser() -> object:
    return pipeline.Recogniser(MODELS)


def test_a_photo_upside_down_is_read_turned_and_its_boxes_lie_in_the_photo_as_it_is(recogniser: object) -> None:
    frame = roundabout(40)
    upright, hanging = recogniser.see(frame), recogniser.see(half_turn(frame))  # type: ignore[attr-defined]
    assert not upright.upside_down
    assert hanging.upside_down
    assert [read.text for read in hanging.plates] == [read.text for read in upright.plates]
    assert hanging.plates[0].text == "LS15EBC"
    height, width = frame.shape[:2]
    box, turned = (seen.plates[0].detection.box for seen in (upright, hanging))
    assert np.array(turned_box(turned, width, height)) == pytest.approx(np.array(box), abs=0.05 * box.width)
    assert all(each.detection == read.detection for read in hanging.plates for each in read.passes)


@pytest.mark.skipif(not COVERED.is_file(), reason="the training data is not here")
def test_a_covered_plate_that_reads_better_turned_does_not_turn_the_photo(recogniser: object) -> None:
    seen = recogniser.read(COVERED)  # type: ignore[attr-defined]
    assert seen.plates
    assert not seen.upside_down


def test_a_photo_in_which_no_plate_is_found_surely_after_the_turn_stays(
    recogniser: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = half_turn(roundabout(40))
    assert recogniser.see(hanging).upside_down  # type: ignore[attr-defined]
    find = detector.Detector.detect

    def doubtful_when_turned(self: Any, image: np.ndarray, min_confidence: float) -> tuple[Detection, ...]:
        most = 1.0 if image is hanging else self.threshold - 0.01
        found = find(self, image, min_confidence)
        return tuple(replace(each, confidence=min(each.confidence, most)) for each in found)

    monkeypatch.setattr(detector.Detector, "detect", doubtful_when_turned)
    assert not recogniser.see(hanging).upside_down  # type: ignore[attr-defined]


def test_a_text_of_turned_characters_is_doubted_and_a_plain_one_is_not() -> None:
    hanging = sure("VX9077J", 0.99)
    assert doubted([hanging], 0.45) is hanging
    assert doubted([sure("GF819JK", 0.97)], 0.45) is None
    assert doubted([sure("VX9077J", 0.999)], 0.45) is None
    assert doubted([hanging, sure("GF819JK", 0.97)], 0.45) is None
    assert doubted([plate_read("VX9077J", found=0.2)], 0.45) is None
    assert doubted([], 0.45) is None
    assert doubted([sure("6", 0.5)], 0.45) is None


@pytest.mark.parametrize(
    ("before", "turned", "upside_down"),
    [
        (sure("VX9077J", 0.98), sure("GF819JK", 0.99), True),
        (sure("100718", 0.8), sure("814001", 0.99), True),  # digits alone, read much more surely
        (sure("100718", 0.95), sure("814001", 0.97), False),  # digits alone, and either may be right
        (sure("VX9077J", 0.9), sure("GF819JK", 0.95), False),  # not sure enough
        (sure("VX9077J", 0.5), sure("COAIKE", 0.99), False),  # a word
        (sure("VX9077J", 0.5), sure("LCL", 0.99), False),
    ],
)
def test_a_photo_is_turned_only_for_a_plate_that_is_read_surely_then(
    before: PlateRead, turned: PlateRead, upside_down: bool
) -> None:
    assert is_upside_down(before, turned) is upside_down


def test_turning_twice_gives_the_photo_and_its_boxes_back() -> None:
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    assert (half_turn(half_turn(image)) == image).all()
    assert (half_turn(image)[0, 0] == image[3, 5]).all()
    read = plate_read("AB123CD", at=(100, 50), width=80)
    back = turned_back(turned_back(read, 640, 480), 640, 480)
    assert back.detection == read.detection
    assert turned_box(Box(0, 0, 10, 5), 640, 480) == Box(630, 475, 640, 480)
