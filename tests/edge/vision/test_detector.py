"""The shipped detector on real frames, odd pictures, both runtimes, and models that are not its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edge.errors import ModelError
from edge.vision import detector as module
from edge.vision.checksums import read_checked, write_list
from edge.vision.detector import Detector, letterbox
from edge.vision.images import PADDING_GREY
from edge.vision.tflite import available
from tests.support.feed import roundabout

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"
INPUT = json.loads((MODELS / "detector.json").read_text())["input"]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(MODELS)


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    return roundabout()


def test_the_plate_of_a_real_frame_is_found(detector: Detector, frame: np.ndarray) -> None:
    best, *others = detector.detect(frame)
    assert best.confidence >= detector.threshold
    assert 1.2 < best.box.width / best.box.height < 7
    assert all(best.confidence >= other.confidence for other in others)


def test_boxes_are_pixels_of_the_given_photo(detector: Detector, frame: np.ndarray) -> None:
    small = detector.detect(frame)[0].box
    large = detector.detect(cv2.resize(frame, None, fx=2, fy=2))[0].box
    assert np.array(large) == pytest.approx(2 * np.array(small), abs=0.3 * small.width)


def test_grey_bars_do_not_move_the_box(detector: Detector, frame: np.ndarray) -> None:
    before = detector.detect(frame)[0].box
    height, width = frame.shape[:2]
    tall = np.full((width, width, 3), PADDING_GREY, np.uint8)
    top = (width - height) // 2
    tall[top : top + height] = frame
    after = detector.detect(tall)[0].box
    assert np.array(after) == pytest.approx(
        np.array([before.x1, before.y1 + top, before.x2, before.y2 + top]), abs=0.35 * before.width
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (3, 5), (384, 512), (3000, 12_000)])
def test_photos_of_any_size_are_searched(detector: Detector, shape: tuple[int, int]) -> None:
    for shade in (0, 128, 255):
        found = detector.detect(np.full((*shape, 3), shade, np.uint8))
        assert all(0 <= d.box.x1 < d.box.x2 <= shape[1] and 0 <= d.box.y1 < d.box.y2 <= shape[0] for d in found)


def test_noise_has_no_plate(detector: Detector) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert detector.detect(noise) == ()


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_rgb_image_is_refused(detector: Detector, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="is needed"):
        detector.detect(image)


def test_the_threshold_can_be_raised_and_lowered(frame: np.ndarray) -> None:
    assert len(Detector(MODELS, threshold=0.05).detect(frame)) >= len(Detector(MODELS).detect(frame)) >= 1
    assert Detector(MODELS, threshold=1.0).detect(frame) == ()


@pytest.mark.skipif(len(available()) < 2, reason="Only one TFLite runtime is installed here.")
def test_both_runtimes_find_the_same(frame: np.ndarray) -> None:
    first, second = (Detector(MODELS, runtime=name).detect(frame)[0] for name in available())
    assert first.confidence == pytest.approx(second.confidence, abs=0.05)
    assert np.array(first.box) == pytest.approx(np.array(second.box), abs=0.05 * first.box.width)


@pytest.mark.parametrize("size", [(1280, 720), (1283, 725), (897, 500), (640, 360), (300, 600), (4032, 3024)])
def test_a_photos_place_in_the_letterbox_is_told_truly(size: tuple[int, int]) -> None:
    width, height = size
    x1, y1, x2, y2 = round(0.3 * width), round(0.6 * height), round(0.9 * width), round(0.97 * height)
    photo = np.zeros((height, width, 3), np.uint8)
    photo[y1:y2, x1:x2] = 255
    canvas, place = letterbox(photo, 448, 256)
    ys, xs = np.nonzero(canvas[..., 0] > 127)
    seen = np.array([xs.min(), xs.max() + 1, ys.min(), ys.max() + 1])
    true = np.array([x1, x2, y1, y2]) * place.scale + np.repeat([place.left, place.top], 2)
    assert np.abs(seen - true).max() < 1


@pytest.mark.parametrize("size", [(1, 1), (12_000, 3), (3, 12_000), (447, 1)])
def test_a_sliver_of_a_photo_has_a_place_too(size: tuple[int, int]) -> None:
    canvas, place = letterbox(np.full((size[1], size[0], 3), 255, np.uint8), 448, 256)
    assert canvas.shape == (256, 448, 3)
    assert (canvas == 255).any()
    assert place.scale > 0


def test_letterbox_keeps_proportions() -> None:
    canvas, place = letterbox(np.zeros((720, 1280, 3), np.uint8), 512, 384)
    assert canvas.shape == (384, 512, 3)
    assert (place.scale, place.left, place.top) == (0.4, 0, 48)
    assert (canvas[:48] == PADDING_GREY).all()
    assert (canvas[48:336] == 0).all()
    canvas, place = letterbox(np.zeros((300, 300, 3), np.uint8), 512, 384)
    assert (place.scale, place.left, place.top) == (1.28, 64, 0)


def copy_with(folder: Path, **changes: object) -> Path:
    shutil.copy(MODELS / "detector.tflite", folder)
    description = json.loads((MODELS / "detector.json").read_text()) | changes
    (folder / "detector.json").write_text(json.dumps(description))
    write_list(folder, ("detector.tflite", "detector.json"))
    return folder


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    path = copy_with(tmp_path) / "detector.tflite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="checksum is wrong"):
        Detector(tmp_path)


def test_a_model_of_another_size_than_described_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="another input size"):
        Detector(copy_with(tmp_path, input=[320, 320]))


@pytest.mark.parametrize("key", ["threshold", "low_threshold", "propose"])
@pytest.mark.parametrize("value", [None, "high", float("nan"), -0.1, 2, [0.5]])
def test_a_confidence_that_cannot_be_is_refused(key: str, value: object, tmp_path: Path) -> None:
    folder = copy_with(tmp_path, refiner=None, **{key: value})
    with pytest.raises(ModelError, match=rf"{key} in .*detector\.json is not a confidence from 0 to 1"):
        Detector(folder)


def tensors(shape: list[int], **more: object) -> list[dict[str, object]]:
    return [
        {"index": 0, "name": "x", "shape": np.array(shape), "dtype": np.uint8, "quantization": (1 / 127.5, 127), **more}
    ]


@pytest.mark.parametrize(
    ("inputs", "outputs", "says"),
    [
        (tensors([1, 384, 512, 1]), [], "not one RGB image"),
        (tensors([384, 512, 3]), [], "not one RGB image"),
        (tensors([1, *INPUT, 3]) * 2, [], "not one RGB image"),
        (tensors([1, *INPUT, 3], dtype=np.int64), [], "another type of pixel"),
        (tensors([1, *INPUT, 3], quantization=(0.0, 0)), [], "another type of pixel"),
        (tensors([1, *INPUT, 3]), [], "no scores and boxes"),
        (tensors([1, *INPUT, 3]), tensors([1, 50], name="a:1") + tensors([1, 50], name="a:3"), "no scores and boxes"),
    ],
)
def test_a_model_with_other_shapes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: list, outputs: list, says: str
) -> None:
    fake = SimpleNamespace(get_input_details=lambda: inputs, get_output_details=lambda: outputs)
    monkeypatch.setattr(module, "load_interpreter", lambda path, **options: fake)
    with pytest.raises(ModelError, match=says):
        Detector(copy_with(tmp_path))


def test_the_shipped_files_are_described_rightly() -> None:
    paths = sorted(MODELS.glob("*.tflite"))
    assert [path.name for path in paths] == ["detector.tflite", "refiner_int8.tflite"]
    for path in paths:
        description = json.loads(read_checked(path.with_suffix(".json")))
        assert read_checked(path)
        assert path.name != "detector.tflite" or description["labels"] == ["plate"]
        assert path.stat().st_size < 15_000_000
