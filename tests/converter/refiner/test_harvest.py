"""What the refiner learns from: frames with the plate they mean, and words that are no plates."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from converter.errors import ConverterError, MissingError
from converter.labels.photo import PlateBox
from converter.refiner import harvest, store
from converter.synth import distractors
from edge.model import Box, Detection
from edge.vision.refiner import edges_of, frame_of, iou

PLATE = PlateBox(100, 100, 180, 120)


def test_a_proposal_means_the_plate_it_covers_enough_of() -> None:
    boxes = [Box(104, 99, 186, 121), Box(300, 100, 380, 120), Box(150, 100, 230, 120), Box(100, 125, 180, 145)]
    pairs = harvest.judged([frame_of(box, store.MARGINS) for box in boxes], [PLATE], boxes)
    assert [plate for _, plate in pairs] == [PLATE, None, None]
    assert iou(boxes[2], PLATE) > harvest.NOTHING
    assert harvest.judged([Box(0, 0, 9, 9)], [], [Box(0, 0, 9, 9)]) == [(Box(0, 0, 9, 9), None)]


def test_the_target_is_the_plate_in_its_frame() -> None:
    frame = frame_of(Box(*(PLATE.x1, PLATE.y1, PLATE.x2, PLATE.y2)), store.MARGINS)
    assert harvest.target(frame, PLATE) == pytest.approx((1, *edges_of(store.MARGINS)))
    assert harvest.target(frame, None)[0] == 0
    assert harvest.target(Box(100, 100, 180, 120), PLATE) == (1, 0, 0, 1, 1)


def test_plates_framed_wrong_mostly_still_mean_the_plate() -> None:
    rng = random.Random(1)
    overlaps = [iou(harvest.framed_wrong(PLATE, rng), PLATE) for _ in range(300)]
    assert np.mean(np.array(overlaps) >= harvest.PLATE) > 0.95
    assert np.mean(overlaps) < 0.85


class Proposes:
    """Stands where the network does: proposes what it is given."""

    def __init__(self, *boxes: Box) -> None:
        self.boxes = boxes

    def proposals(self, image: np.ndarray, least: float) -> tuple[Detection, ...]:
        return tuple(Detection(box, 0.9 - 0.01 * i) for i, box in enumerate(self.boxes))


def test_a_scene_gives_some_of_each_kind() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    on = [Box(100 + i, 100, 180 + i, 120) for i in range(6)]
    off = [Box(20 + 50 * i, 300, 60 + 50 * i, 310) for i in range(9)]
    pairs = harvest.of_scene(image, [PLATE], Proposes(*on, *off), random.Random(2))
    means = [plate for _, plate in pairs]
    assert harvest.MOST_PLATE + 1 <= means.count(PLATE) <= harvest.MOST_PLATE + harvest.FRAMED_WRONG
    assert harvest.MOST_OTHER <= means.count(None) <= harvest.MOST_OTHER + 1


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    for start, name in ((0, "one"), (3, "two")):
        made = ((np.full((64, 128, 3), start + i, np.uint8), (1.0, 0.1 * i, 0.2, 0.8, 0.9)) for i in range(3))
        assert store.save(made, tmp_path / name) == 3
    both = store.load([tmp_path / "one", tmp_path / "two"])
    assert both.targets.shape == (6, 5)
    assert both.pixels(np.array([1, 3, 5]))[:, 32, 64, 0].tolist() == [1, 3, 5]
    assert both.targets[4].tolist() == pytest.approx([1, 0.1, 0.2, 0.8, 0.9])


@pytest.mark.parametrize("spoil", ["nothing", "cut", "broken targets", "no targets", "unfinished", "other form"])
def test_close_ups_that_are_not_all_there_are_refused(tmp_path: Path, spoil: str) -> None:
    if spoil != "nothing":
        store.save([(np.zeros((64, 128, 3), np.uint8), (0.0, 0.1, 0.2, 0.8, 0.9))], tmp_path)
    if spoil == "cut":
        with (tmp_path / "pixels.rgb").open("r+b") as file:
            file.truncate(1000)
    if spoil == "broken targets":
        (tmp_path / "targets.npy").write_bytes(b"no numbers")
    if spoil == "no targets":
        (tmp_path / "targets.npy").write_bytes(b"")
    if spoil == "unfinished":
        (tmp_path / "closeups.json").unlink()
    if spoil == "other form":
        about = json.loads((tmp_path / "closeups.json").read_text()) | {"margins": [0.1, 0.1]}
        (tmp_path / "closeups.json").write_text(json.dumps(about))
    with pytest.raises(MissingError, match="refiner harvest"):
        store.load([tmp_path])


def test_scenes_without_close_ups_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConverterError, match="more scenes"):
        store.save([], tmp_path)


def test_words_keep_away_from_plates() -> None:
    fonts = [ImageFont.load_default(92)]
    changed = 0
    for seed in range(60):
        canvas = np.full((240, 320, 3), 90, np.uint8)
        distractors.write(canvas, [PLATE], fonts, random.Random(seed))
        changed += bool((canvas != 90).any())
        assert (canvas[100:120, 100:180] == 90).all()
    assert changed > 50
