"""Straightening: the slope is found, level crops stay as they are, and a tilted plate is read."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.model import Box, Detection
from edge.vision.reader import PlateReader
from edge.vision.rectify import slope, straightened

MODELS = Path(__file__).parents[2] / "models"


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
def test_the_slope_of_a_plate_is_found(degrees: float) -> None:
    assert slope(tilted("KT 472 XE", degrees)) == pytest.approx(math.tan(math.radians(degrees)), abs=0.03)


def test_a_level_plate_stays_as_it_is() -> None:
    assert straightened(tilted("KT 472 XE", 0)) is None


@pytest.mark.parametrize("degrees", [-18, 12])
def test_a_straightened_plate_is_level_and_fills_the_crop(degrees: float) -> None:
    crop = tilted("KT 472 XE", degrees)
    level = straightened(crop)
    assert level is not None
    assert abs(slope(level)) <= 0.03
    assert level.shape[0] < 0.75 * crop.shape[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (7, 9), (3000, 1), (8, 5), (400, 300), (200, 2300)])
def test_no_shape_is_too_odd(shape: tuple[int, int]) -> None:
    level = straightened(np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8))
    assert level is None or level.size


@pytest.mark.parametrize("degrees", [-20, -10, 10, 20])
def test_a_tilted_plate_is_read(degrees: float) -> None:
    crop = tilted("KT 472 XE", degrees)
    whole = Detection(Box(0, 0, crop.shape[1], crop.shape[0]), 0.9)
    (read,) = PlateReader(MODELS).read(crop, [whole])
    assert read.text == "KT472XE"
