"""The colours of a plate, by daylight, at night, and under a camera that tints everything."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.identify.colours import Colour
from edge.vision.plate_colour import plate_colour

WHITE, YELLOW, BLACK, RED, BLUE = (235, 235, 230), (240, 190, 20), (20, 20, 25), (190, 25, 40), (20, 40, 160)


def plate(ground: tuple[int, ...], ink: tuple[int, ...], width: int = 200) -> NDArray[np.uint8]:
    """A plate with a blue strip: RGB, a quarter as high as wide."""
    picture = np.full((50, 200, 3), ground, np.uint8)
    cv2.putText(picture, "AB123CD", (26, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.15, ink, 6, cv2.LINE_AA)
    picture[:, :16] = BLUE
    return np.asarray(cv2.resize(picture, (width, width // 4), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("width", [60, 200])
@pytest.mark.parametrize(
    ("ground", "ink", "colour"),
    [
        (WHITE, BLACK, Colour.OTHER),
        (YELLOW, BLACK, Colour.YELLOW),
        (WHITE, RED, Colour.RED),
        (BLUE, WHITE, Colour.OTHER),
    ],
    ids=["white", "yellow", "red", "blue"],
)
def test_a_plate_has_the_colours_it_was_painted_in(
    ground: tuple[int, ...], ink: tuple[int, ...], colour: Colour, width: int
) -> None:
    bright = plate(ground, ink, width)
    assert plate_colour(bright) is colour
    assert plate_colour(np.asarray(bright * 0.45, np.uint8)) is colour  # dusk


def test_a_cast_of_the_camera_makes_no_white_plate_red() -> None:
    pink = plate(WHITE, BLACK) * np.array([1.0, 0.72, 0.8]) + np.array([25, 0, 10])
    assert plate_colour(np.asarray(np.clip(pink, 0, 255), np.uint8)) is Colour.OTHER


def test_a_grey_picture_tells_no_colours() -> None:
    grey = np.asarray(cv2.cvtColor(plate(YELLOW, BLACK), cv2.COLOR_RGB2GRAY), np.uint8)
    assert plate_colour(grey) is Colour.UNKNOWN
    assert plate_colour(np.asarray(np.dstack([grey] * 3), np.uint8)) is Colour.UNKNOWN


def test_a_crop_of_one_pixel_is_looked_at() -> None:
    assert plate_colour(np.zeros((1, 1, 3), np.uint8)) is Colour.UNKNOWN
