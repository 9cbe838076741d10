"""Deskewing: skew and lean are found, straight crops stay as they are, and a tilted plate is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.model import Box, Detection, PlateRead
from edge.vision.deskew import deskewed, lean, skew
from edge.vision.looks import LOOKS
from tests.support.lazy import lazy
from tests.support.reads import network_output

readers = lazy("edge.vision.reader")

MODELS = Path(__file__).parents[3] / "models"


def tilted(text: str, degrees: float) -> np.ndarray:
    """A white plate of 520 x 110, lettered, turned clockwise, cut as a detector would: grey (H, W)."""
    photo = np.full((700, 800), 96, np.uint8)
    photo[295:405, 140:660] = 235
    cv2.putText(photo, text, (175, 385), cv2.FONT_HERSHEY_SIMPLEX, 2.9, (15,), 9, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((400, 350), -degrees, 1)
    half_w = (520 * math.cos(math.radians(degrees)) + 110 * math.sin(math.radians(abs(degrees)))) / 2
    half_h = (520 * math.sin(math.radians(abs(degrees))) + 110 * math.cos(math.radians(degrees))) / 2
    turned = cv2.warpAffine(photo, turn, (800, 700), borderValue=(96,))
    return turned[round(350 - half_h) : round(350 + half_h), round(400 - half_w) : round(400 + half_w)]


@pytest.mark.parametrize("degrees", [-20, -12, -5, 0, 5, 12, 20])
def test_the_skew_of_a_plate_is_found(degrees: float) -> None:
    assert skew(tilted("KT 472 XE", degrees)) == pytest.approx(math.tan(math.radians(degrees)), abs=0.03)


def leaning(text: str, tangent: float) -> np.ndarray:
    """A level plate whose strokes stand to the right of their heads by *tangent*, cut as a detector would."""
    level = tilted(text, 0)
    height, width = level.shape
    wider = round(height * abs(tangent))
    shear = np.array([[1, tangent, wider / 2 - tangent * height / 2], [0, 1, 0]], np.float32)
    return cv2.warpAffine(level, shear, (width + wider, height), borderValue=(96,))


@pytest.mark.parametrize("tangent", [-0.4, -0.2, 0, 0.2, 0.4])
def test_the_lean_of_a_plate_is_found(tangent: float) -> None:
    assert lean(leaning("KT 472 HE", tangent)) == pytest.approx(tangent, abs=0.05)


@pytest.mark.parametrize("tangent", [-0.3, 0.3])
def test_a_leaning_plate_is_put_upright_and_fills_the_crop(tangent: float) -> None:
    crop = leaning("KT 472 HE", tangent)
    upright = deskewed(crop)
    assert upright is not None
    assert upright.shape[0] == crop.shape[0]
    assert crop.shape[1] - 0.3 * crop.shape[0] < upright.shape[1] < crop.shape[1] - 0.2 * crop.shape[0]
    assert abs(lean(upright)) <= 0.05


def from_aside(text: str, tangent: float) -> np.ndarray:
    """A plate of 520 x 110 seen from far aside, squeezed to a quarter, its lines falling by *tangent*: grey (H, W)."""
    squeezed = cv2.resize(tilted(text, 0), (130, 110), interpolation=cv2.INTER_AREA)
    lower = round(130 * abs(tangent))
    shear = np.array([[1, 0, 0], [tangent, 1, lower / 2 - tangent * 65]], np.float32)
    return cv2.warpAffine(squeezed, shear, (130, 110 + lower), borderValue=(96,))


@pytest.mark.parametrize("tangent", [-1.2, -0.8, 0.8, 1.2])
def test_a_plate_from_far_aside_is_put_level_however_steeply_it_falls(tangent: float) -> None:
    crop = from_aside("KT 472 XE", tangent)
    assert skew(crop) == pytest.approx(tangent, abs=0.11)
    level = deskewed(crop)
    assert level is not None
    assert level.shape[0] < 0.75 * crop.shape[0]


def test_what_has_no_lines_is_straight() -> None:
    across, down = np.meshgrid(np.arange(200, dtype=np.uint8), np.arange(50, dtype=np.uint8))
    for crop in (np.full((50, 200), 90, np.uint8), across, down, np.where(across < 100, 20, 220).astype(np.uint8)):
        assert deskewed(crop) is None


def test_a_straight_plate_stays_as_it_is() -> None:
    assert deskewed(tilted("KT 472 XE", 0)) is None


@pytest.mark.parametrize("degrees", [-18, 12])
def test_a_turned_plate_is_put_level_and_upright_and_fills_the_crop(degrees: float) -> None:
    crop = tilted("KT 472 XE", degrees)
    level = deskewed(crop)
    assert level is not None
    assert abs(skew(level)) <= 0.03
    assert abs(lean(level)) <= 0.1
    assert level.shape[0] < 0.75 * crop.shape[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 100_000), (7, 9), (3000, 1), (8, 5), (400, 300), (9000, 40_000)])
def test_no_shape_is_too_odd(shape: tuple[int, int]) -> None:
    level = deskewed(np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8))
    assert level is None or (level.dtype == np.uint8 and 2 <= level.shape[0] <= shape[0])


@pytest.fixture(scope="module")
def reader() -> readers.PlateReader:
    return readers.PlateReader(MODELS)


def whole(crop: np.ndarray) -> Detection:
    return Detection(Box(0, 0, crop.shape[1], crop.shape[0]), 0.9)


@pytest.mark.parametrize("degrees", [-20, -10, 10, 20])
def test_a_tilted_plate_is_read(reader: readers.PlateReader, degrees: float) -> None:
    crop = tilted("KT 472 XE", degrees)
    (read,) = reader.read(crop, [whole(crop)])
    assert read.text == "KT472XE"


class Scripted:
    """A network that gives the same outputs whatever it sees, one a pass, and tells no country."""

    countries = 0

    def __init__(self, outputs: Sequence[np.ndarray]) -> None:
        self.left = list(outputs)

    def log_probs(self, canvas: np.ndarray) -> np.ndarray:
        return self.left.pop(0)

    def log_probs_of(self, canvases: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [self.log_probs(canvas) for canvas in canvases]

    def country_logits(self) -> None:
        return None


def output(text: str, probability: float) -> np.ndarray:
    """The network's output for *text*, each character with this probability."""
    return network_output(text, dict.fromkeys(range(len(text)), ("Z", 1 - probability)))


def kept_read(crop: np.ndarray, *outputs: np.ndarray, looks: np.ndarray | None = None) -> PlateRead:
    """What the reader keeps of the network's *outputs*, one a pass, and of *looks* for each look after them.

    There must be as many passes and looks.
    """
    network = Scripted([*outputs, *([] if looks is None else [looks] * len(LOOKS))])
    (kept,) = readers.PlateReader(MODELS, network=network).read(crop, [whole(crop)])
    assert not network.left
    return kept


def test_only_an_unsure_tilted_crop_is_read_twice_and_the_surer_reading_is_kept() -> None:
    crop, level = tilted("KT 472 XE", 15), tilted("KT 472 XE", 0)
    unsure, surer = output("AB7", 0.6), output("AB71", 0.9)
    assert kept_read(crop, output("AB1", 0.99)).second_pass is None
    assert kept_read(level, unsure, looks=unsure).second_pass is None
    assert kept_read(crop, output("", 1.0)).text == ""
    same = output("AB7", 0.85)
    assert kept_read(crop, unsure, same).confidence == kept_read(level, same).confidence
    alone = kept_read(level, surer)
    for both in ((unsure, surer), (surer, unsure)):  # they disagree: the surer one is kept and counts less
        kept = kept_read(crop, *both)
        assert (kept.text, kept.characters) == ("AB71", alone.characters)
        assert kept.confidence == readers.DISAGREEMENT_FACTOR * alone.confidence
        assert kept.second_pass is not None
        assert kept.second_pass.text == "AB7"


def test_a_crop_that_no_pass_reads_surely_is_looked_at_again() -> None:
    crop, level = tilted("KT 472 XE", 15), tilted("KT 472 XE", 0)
    first, deskewed_, looked = output("AB7", 0.6), output("AB1", 0.7), output("AB9", 0.9)
    kept = kept_read(crop, first, deskewed_, looks=looked)  # another text, of which the looks are surer
    assert [each.text for each in kept.passes] == ["AB9", "AB1"]
    assert kept.confidence == readers.DISAGREEMENT_FACTOR * kept_read(level, looked).confidence
    for surer in (output("AB7", 0.7), output("AB1", 0.7)):  # the text of either pass: both are kept as they were
        kept = kept_read(crop, first, output("AB1", 0.7), looks=surer)
        assert {each.text for each in kept.passes} == {"AB7", "AB1"}
    assert kept_read(crop, first, deskewed_, looks=output("", 1.0)).text == "AB1"  # nothing is no text
