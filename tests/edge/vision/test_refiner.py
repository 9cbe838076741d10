"""The second look: close-ups show the right part of the photo, and proposals are moved onto the plate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelError
from edge.model import Box, Detection
from edge.vision.checksums import write_list
from edge.vision.detector import Detector
from edge.vision.images import PADDING_GREY
from edge.vision.refiner import Refiner, close_up, edges_of, frame_of, iou
from tests.support.feed import roundabout

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"
NAME = json.loads((MODELS / "detector.json").read_text())["refiner"]


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    return roundabout()


@pytest.fixture(scope="module")
def refiner() -> Refiner:
    return Refiner(MODELS / NAME)


@pytest.mark.parametrize("box", [Box(100, 80, 160, 95), Box(13.4, 20.7, 27.1, 24.2), Box(40, 30, 360, 250)])
def test_a_close_up_shows_the_box_in_its_middle(box: Box) -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    rows, columns = np.mgrid[0:300, 0:400] + 0.5
    image[..., 0] = 255 * ((columns > box.x1) & (columns < box.x2) & (rows > box.y1) & (rows < box.y2))
    seen = close_up(image, frame_of(box, (0.25, 0.6)), 120, 80)[..., 0] > 127
    ys, xs = np.nonzero(seen)
    left, top, right, bottom = edges_of((0.25, 0.6))
    a_pixel = 0.6 * 120 * (right - left) / box.width + 1, 0.6 * 80 * (bottom - top) / box.height + 1
    assert (xs.min(), xs.max() + 1) == pytest.approx((120 * left, 120 * right), abs=a_pixel[0])
    assert (ys.min(), ys.max() + 1) == pytest.approx((80 * top, 80 * bottom), abs=a_pixel[1])


def test_what_lies_beyond_the_photo_is_grey() -> None:
    image = np.full((50, 60, 3), 255, np.uint8)
    seen = close_up(image, Box(-60, 0, 60, 50), 120, 50)
    assert (seen[:, :58] == PADDING_GREY).all()
    assert (seen[:, 62:] == 255).all()
    assert (close_up(image, Box(100, 100, 130, 110), 120, 50) == PADDING_GREY).all()


def test_proposals_that_are_off_move_onto_the_plate(refiner: Refiner, frame: np.ndarray) -> None:
    plate = Detector(MODELS).detect(frame)[0].box
    for x, y, grown in ((0.12, 0, 1.0), (-0.1, 0.2, 1.1), (0, -0.25, 0.85), (0, 0, 1.3)):
        half_w, half_h = plate.width * grown / 2, plate.height * grown / 2
        centre_x = (plate.x1 + plate.x2) / 2 + x * plate.width
        centre_y = (plate.y1 + plate.y2) / 2 + y * plate.height
        off = Box(centre_x - half_w, centre_y - half_h, centre_x + half_w, centre_y + half_h)
        (moved,) = refiner.refine(frame, [Detection(off, 0.5)])
        assert iou(moved.box, plate) > max(iou(off, plate), 0.75)


def test_two_proposals_of_one_plate_become_one(refiner: Refiner, frame: np.ndarray) -> None:
    plate = Detector(MODELS).detect(frame)[0].box
    near = Box(plate.x1 + 0.15 * plate.width, plate.y1, plate.x2 + 0.15 * plate.width, plate.y2)
    assert len(refiner.refine(frame, [Detection(plate, 0.9), Detection(near, 0.4)])) == 1
    assert refiner.refine(frame, []) == ()


def test_road_and_sky_are_believed_less_than_the_plate(refiner: Refiner, frame: np.ndarray) -> None:
    plate = Detector(MODELS).detect(frame)[0].box
    height, width = frame.shape[:2]
    sky = Box(0.1 * width, 0.02 * height, 0.25 * width, 0.08 * height)
    best, *others = refiner.refine(frame, [Detection(sky, 0.3), Detection(plate, 0.3)])
    assert iou(best.box, plate) > 0.7
    assert all(other.confidence < 0.2 < best.confidence for other in others)


def test_boxes_stay_in_the_photo(refiner: Refiner) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    found = refiner.refine(noise, [Detection(Box(-30, -9, 20, 4), 0.5), Detection(Box(45, 35, 50, 40), 0.5)])
    assert all(0 <= d.box.x1 < d.box.x2 <= 50 and 0 <= d.box.y1 < d.box.y2 <= 40 for d in found)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_a_proposal_that_is_certain_can_still_be_judged(refiner: Refiner, frame: np.ndarray, certain: float) -> None:
    (found,) = refiner.refine(frame, [Detection(Detector(MODELS).detect(frame)[0].box, certain)])
    assert 0.0 < found.confidence < 1.0


def test_the_refiner_stops_after_refusing_many_proposals_in_a_row(refiner: Refiner, frame: np.ndarray) -> None:
    plate, sky = Detector(MODELS).detect(frame)[0].box, Box(40.0, 40.0, 120.0, 60.0)
    nothing = [Detection(Box(sky.x1 + 90 * n, sky.y1, sky.x2 + 90 * n, sky.y2), 0.3) for n in range(5)]
    proposals = [Detection(plate, 0.9), *nothing[:2], Detection(plate, 0.2), *nothing[2:], Detection(plate, 0.1)]
    assert len(refiner.refine(frame, proposals)) == 6
    assert len(refiner.refine(frame, proposals, (0.5, 3))) == 6
    assert len(refiner.refine(frame, proposals, (0.5, 2))) == 3


def test_every_plate_of_a_crowd_is_found(frame: np.ndarray) -> None:
    detector = Detector(MODELS)
    plate = detector.detect(frame)[0].box
    x, y = int(plate.x1 + plate.x2) // 2, int(plate.y1 + plate.y2) // 2
    crowd = np.tile(frame[max(y - 60, 0) : y + 60, max(x - 100, 0) : x + 100], (4, 4, 1))
    found = detector.detect(crowd)
    centres = {(int(d.box.x1 + d.box.x2) // 400, int(d.box.y1 + d.box.y2) // 240) for d in found}
    assert centres == {(column, row) for column in range(4) for row in range(4)}


def detector_beside(folder: Path, refiner: str) -> Path:
    """A copy of the shipped detector whose description names this refiner."""
    shutil.copy(MODELS / "detector.tflite", folder)
    description = json.loads((MODELS / "detector.json").read_text()) | {"refiner": refiner}
    (folder / "detector.json").write_text(json.dumps(description))
    write_list(folder, ("detector.tflite", "detector.json"))
    return folder


def described(folder: Path, **changes: object) -> Path:
    """A copy of the shipped refiner in *folder* with *changes* to its description."""
    path = Path(shutil.copy(MODELS / NAME, folder))
    about = path.with_suffix(".json")
    about.write_text(json.dumps(json.loads((MODELS / about.name).read_text()) | changes))
    write_list(folder, (path.name, about.name))
    return path


def test_a_missing_damaged_or_wrong_refiner_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"refiner.*\.tflite cannot be read"):
        Detector(detector_beside(tmp_path, NAME))
    path = described(tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="checksum is wrong"):
        Detector(tmp_path)
    path.unlink()
    with pytest.raises(ModelError, match=r"refiner.*\.tflite cannot be read"):
        Detector(tmp_path)
    with pytest.raises(ModelError, match="is not a refiner"):
        Refiner(MODELS / "detector.tflite")
    described(tmp_path, input=[9, 9])
    with pytest.raises(ModelError, match="another input size"):
        Detector(tmp_path)


@pytest.mark.parametrize("margins", [None, 7, "ab", [1], [-0.5, 1], [0.5, float("nan")], [1e9, 1]])
def test_margins_that_cannot_be_are_refused(tmp_path: Path, margins: object) -> None:
    with pytest.raises(ModelError, match="no margins that can be used"):
        Refiner(described(tmp_path, margins=margins))


def test_without_a_refiner_the_proposals_are_the_detections(tmp_path: Path, frame: np.ndarray) -> None:
    folder = detector_beside(tmp_path, "")
    alone = Detector(folder, threshold=0.3)
    assert alone.detect(frame) == alone.proposals(frame, 0.3)


@pytest.mark.parametrize("broken", [{"refiner": "a/b"}, {"refiner": 7}])
def test_a_description_that_cannot_be_is_refused(tmp_path: Path, broken: dict[str, object]) -> None:
    folder = detector_beside(tmp_path, NAME)
    description = json.loads((folder / "detector.json").read_text()) | broken
    (folder / "detector.json").write_text(json.dumps(description))
    write_list(folder, ("detector.json",))
    with pytest.raises(ModelError, match="no refiner that can be used"):
        Detector(folder)
