"""Tall and very large photos are looked at in parts, and plates of 60 pixels are found in them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.model import Box
from edge.vision.detector import Detector
from edge.vision.regions import FOUND_PX, MAX_TILES, OVERLAP, SMALL_PLATE_PX, Region, is_cut, regions
from tests.support.feed import roundabout

MODELS = Path(__file__).parents[3] / "models"
INPUT = 448, 256


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (640, 480), (720, 576), (300, 300), (360, 640), (1, 1)])
def test_one_look_is_enough_for_wide_and_for_small_photos(size: tuple[int, int]) -> None:
    assert regions(*size, *INPUT) == (Region(0, 0, *size),)


@pytest.mark.parametrize(
    ("size", "tiles"), [((720, 1280), 3), ((1280, 960), 4), ((1080, 1920), 4), ((1920, 1440), 6), ((3840, 2160), 9)]
)
def test_tall_and_large_photos_are_looked_at_in_parts(size: tuple[int, int], tiles: int) -> None:
    assert len(regions(*size, *INPUT)) == 1 + tiles


@pytest.mark.parametrize("size", [(720, 1280), (1280, 960), (4032, 3024), (3, 9000), (9000, 3), (12_000, 12_000)])
def test_parts_cover_the_photo_overlap_and_show_small_plates_large_enough(size: tuple[int, int]) -> None:
    width, height = size
    whole, *parts = regions(*size, *INPUT)
    assert whole == Region(0, 0, *size)
    assert 1 < len(parts) <= MAX_TILES
    columns, rows = sorted({(p.x1, p.x2) for p in parts}), sorted({(p.y1, p.y2) for p in parts})
    assert len(columns) * len(rows) == len(parts)
    for spans, length in ((columns, width), (rows, height)):
        assert (spans[0][0], spans[-1][1]) == (0, length)
        assert all(a[1] - b[0] >= OVERLAP * (a[1] - a[0]) - 2 for a, b in pairwise(spans))
    if len(parts) < MAX_TILES / 2:
        smallest = min(min(INPUT[0] / (p.x2 - p.x1), INPUT[1] / (p.y2 - p.y1)) for p in parts)
        assert smallest * SMALL_PLATE_PX >= 0.99 * FOUND_PX


def test_a_box_is_cut_at_an_inner_edge_only() -> None:
    top, bottom = Region(0, 0, 720, 768), Region(0, 512, 720, 1280)
    at_the_top, in_the_middle = Box(0, 0, 90, 20), Box(100, 750, 190, 768)
    assert not is_cut(at_the_top, top, 720, 1280, 1 / 3)
    assert is_cut(in_the_middle, top, 720, 1280, 1 / 3)
    assert not is_cut(in_the_middle, bottom, 720, 1280, 1 / 3)


def tall(widths: tuple[int, ...]) -> tuple[np.ndarray, list[Box]]:
    """A portrait picture of 720 x 1280 with one car on each of its levels, its plate so many pixels wide."""
    frame = roundabout(40)
    plate = Detector(MODELS).detect(frame)[0].box
    picture = np.full((1280, 720, 3), 90, np.uint8)
    step, boxes = 1280 // len(widths), []
    for level, width in enumerate(widths):
        scale = width / plate.width
        shown = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:step, :720]
        picture[level * step : level * step + shown.shape[0], : shown.shape[1]] = shown
        down = level * step
        boxes.append(Box(*(scale * edge + down * (i % 2) for i, edge in enumerate(plate))))
    return picture, boxes


def overlap(one: Box, other: Box) -> float:
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (one.width * one.height + other.width * other.height - shared)


def test_small_plates_of_a_portrait_frame_are_found_and_each_once() -> None:
    detector = Detector(MODELS)
    picture, boxes = tall((60, 60, 60))
    found = detector.detect(picture)
    for box in boxes:
        assert sum(overlap(box, each.box) >= 0.5 for each in found) == 1
    assert len(found) == len(boxes)
