"""The measures of whole photos, on drawn photos and a recogniser that finds what it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.labels import Photo, PlateBox
from edge.model import Box, Detection
from tests.support.lazy import lazy
from tests.support.reads import plate_read

small_plates = lazy("converter.measure.small_plates")
whole_photos = lazy("converter.measure.whole_photos")
pipeline = lazy("edge.vision.pipeline")

MARK = (255, 0, 0)


class Marks:
    """Finds each red rectangle, but none in a picture as tall as *blind* or taller."""

    def __init__(self, blind: int = 10_000) -> None:
        self.blind = blind

    def see(self, image: np.ndarray) -> object:
        red = (image[..., 0] > 200) & (image[..., 1] < 60)
        count, _, stats, _ = cv2.connectedComponentsWithStats(red.astype(np.uint8))
        boxes = [Box(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:count]] if len(image) < self.blind else []
        reads = (plate_read("AB123CD", found=0.9) for _ in boxes)
        return pipeline.SeenPlates(
            tuple(replace(r, detection=Detection(b, 0.9)) for r, b in zip(reads, boxes, strict=True))
        )


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    made = []
    for number in range(3):
        image = np.full((240, 400, 3), 90, np.uint8)
        x, y = 60 + 100 * number, 100
        cv2.rectangle(image, (x, y), (x + 49, y + 14), MARK, -1)
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), image[..., ::-1])
        made.append(Photo(path, 400, 240, boxes=(PlateBox(x, y, x + 50, y + 15),)))
    return made


def test_tall_crops_hold_the_plate_that_the_wide_photo_shows(photos: list[Photo]) -> None:
    both, neither = (whole_photos.tall_crops(Marks(blind=blind), photos) for blind in (10_000, 100))
    assert (both.plates, both.wide, both.tall, both.lost, both.gained) == (3, 1.0, 1.0, (), ())
    assert (neither.plates, neither.wide, neither.tall, neither.lost, neither.gained) == (3, 0.0, 0.0, (), ())


def test_the_photos_that_a_tall_crop_loses_or_gains_are_named(photos: list[Photo]) -> None:
    class WideOnly(Marks):
        def see(self, image: np.ndarray) -> object:
            return super().see(image if image.shape[1] > image.shape[0] else np.zeros_like(image))

    class TallOnly(Marks):
        def see(self, image: np.ndarray) -> object:
            return super().see(image if image.shape[1] < image.shape[0] else np.zeros_like(image))

    lost, gained = (whole_photos.tall_crops(kind(), photos[:2]) for kind in (WideOnly, TallOnly))
    assert (lost.wide, lost.tall, lost.lost, lost.gained) == (1.0, 0.0, ("0.png", "1.png"), ())
    assert (gained.wide, gained.tall, gained.lost, gained.gained) == (0.0, 1.0, (), ("0.png", "1.png"))


def test_a_plate_too_wide_for_the_crop_is_left_out(photos: list[Photo]) -> None:
    wide = Photo(photos[0].path, 400, 240, boxes=(PlateBox(0, 100, 200, 140),))
    assert whole_photos.tall_crops(Marks(), [wide]).plates == 0
    narrow = Photo(photos[0].path, 200, 240, boxes=photos[0].boxes)
    assert whole_photos.tall_crops(Marks(), [narrow]).plates == 0


def test_a_portrait_frame_has_the_plates_of_its_three_photos(photos: list[Photo]) -> None:
    (outcome,) = whole_photos.portrait_frames(Marks(), photos)
    assert len(outcome.truth) == len(outcome.found) == 3
    for box, found in zip(sorted(outcome.truth, key=lambda b: b.y1), outcome.found, strict=True):
        assert Box(box.x1, box.y1, box.x2, box.y2) == pytest.approx(found.box, abs=4)
    assert list(whole_photos.portrait_frames(Marks(), photos[:2])) == []


def test_photos_that_are_not_read_surely_are_not_turned(photos: list[Photo]) -> None:
    seen = [(photo, Marks().see(np.zeros((9, 9, 3), np.uint8))) for photo in photos]
    assert whole_photos.recognised_upside_down(Marks(), seen) == (0, 0)


class Looking:
    """A detector with an input of 448 x 256 that finds marks at least so many pixels wide in its input."""

    width, height = 448, 256

    def __init__(self, least: float) -> None:
        self.least = least

    def look(self, image: np.ndarray) -> tuple[Detection, ...]:
        scale = min(self.width / image.shape[1], self.height / image.shape[0])
        found = (read.detection for read in Marks().see(image).plates)  # type: ignore[attr-defined]
        return tuple(each for each in found if each.box.width * scale >= self.least)


def test_recall_by_width_puts_each_plate_at_each_width(photos: list[Photo]) -> None:
    found = small_plates.recall_by_width(Looking(19.0), photos)
    assert found == {width: (int(width >= 20), 1) for width in small_plates.WIDTHS_PX}
    assert "20 px" in small_plates.width_table(found)
