"""More looks at a doubted crop: how it is cut, which text is taken, and what they read that two passes misread."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.model import Box, Detection, PlateRead
from edge.vision.looks import LOOKS, likeliest, looks
from tests.support.lazy import lazy
from tests.support.reads import network_output

readers = lazy("edge.vision.reader")

MODELS = Path(__file__).parents[3] / "models"


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (40, 100), (300, 20)])
def test_every_crop_is_cut_by_its_share(shape: tuple[int, int]) -> None:
    crop = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    for (x, y), look in zip(LOOKS, looks(crop), strict=True):
        assert look.shape == (shape[0] - 2 * round(y * shape[0]), shape[1] - 2 * round(x * shape[1]))
        assert look.dtype == np.uint8


def test_a_wider_look_repeats_the_edge_and_a_closer_one_leaves_it_out() -> None:
    crop = np.full((100, 50), 7, np.uint8)
    crop[:2], crop[-2:], crop[:, :1] = 200, 100, 30
    closer, broader, higher = looks(crop)
    assert (closer[:, 1:] == 7).all()
    assert (broader[5, :3] == 30).all()
    assert (higher[:8, 25] == 200).all()
    assert (higher[-8:, 25] == 100).all()


def test_the_text_that_all_together_find_likeliest_is_taken() -> None:
    sure, torn = network_output("AB1"), network_output("AB7")
    assert likeliest(["AB7", "AB1"], [sure, sure, torn]) == "AB1"
    assert likeliest(["AB1", "AB7"], [torn]) == "AB7"


def blurred(text: str, sigma: float, width: int, degrees: float) -> np.ndarray:
    """A lettered plate in its frame, turned, out of focus and *width* pixels wide: grey (H, W)."""
    plate = np.full((110, 520), 235, np.uint8)
    cv2.putText(plate, text, (20, 85), cv2.FONT_HERSHEY_SIMPLEX, 2.9, (15,), 9, cv2.LINE_AA)
    plate = cv2.copyMakeBorder(plate, 20, 20, 25, 25, cv2.BORDER_CONSTANT, value=(90,))
    rows, columns = plate.shape
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1)
    turned = cv2.warpAffine(plate, turn, (columns, rows), borderValue=(90,))
    soft = cv2.GaussianBlur(turned, (0, 0), sigma)
    return np.asarray(cv2.resize(soft, (width, round(rows * width / columns)), interpolation=cv2.INTER_AREA), np.uint8)


def read(crop: np.ndarray) -> PlateRead:
    (found,) = readers.PlateReader(MODELS).read(crop, [Detection(Box(0, 0, crop.shape[1], crop.shape[0]), 0.9)])
    return found


@pytest.mark.parametrize(
    ("text", "sigma", "width", "degrees"),
    [("FV472XE", 11, 100, 0), ("DH638LT", 10, 50, 0)],
)
def test_looks_read_what_two_passes_misread(
    monkeypatch: pytest.MonkeyPatch, text: str, sigma: float, width: int, degrees: float
) -> None:
    crop = blurred(text, sigma, width, degrees)
    looked_at = read(crop)
    monkeypatch.setattr("edge.vision.reader.LOOK_AGAIN_CONFIDENCE", 0.0)
    misread = read(crop)
    assert misread.text != text
    assert looked_at.text == text
    assert looked_at.second_pass is not None
    assert misread.text in {each.text for each in looked_at.passes}  # what was read stays beside it
    assert looked_at.confidence < 0.5
