"""The plate reader: altered files, crops, greedy decoding, confidence, and a real reading."""

from __future__ import annotations

import copy
import math
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import ModelError
from edge.model import ALPHABET, Box, Detection
from edge.vision.calibration import Calibration, log_odds
from edge.vision.checksums import READER_FILES, read_checked, write_list
from edge.vision.deskew import CANVAS_SHAPE, cut, to_canvas
from edge.vision.reader import greedy_decode
from tests.support.lazy import lazy

torch = lazy("torch")
nn = lazy("torch.nn")
fusing = lazy("edge.vision.fuse_batch_norms")
readers = lazy("edge.vision.reader")
backends = lazy("edge.vision.easyocr_backend")

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"
CLIP = ROOT / "edge" / "demo" / "feed"


def log_probs_of(cells: list[tuple[str, float]]) -> np.ndarray:
    """One row a cell: the named character ('' is the blank) with that probability, the rest shared evenly."""
    rows = []
    for character, probability in cells:
        row = np.full(37, (1 - probability) / 36)
        row[ALPHABET.index(character) + 1 if character else 0] = probability
        rows.append(row)
    return np.log(np.array(rows)).astype(np.float32)


def test_greedy_decoding_merges_repeats_and_keeps_doubles() -> None:
    cells = [("", 0.9), ("A", 0.6), ("A", 0.8), ("", 0.9), ("A", 0.7), ("1", 0.5), ("", 0.99)]
    text, confidences = greedy_decode(log_probs_of(cells))
    assert text == "AA1"
    assert confidences == pytest.approx((0.8, 0.7, 0.5), abs=1e-5)


def test_greedy_decoding_of_blanks_is_empty() -> None:
    assert greedy_decode(log_probs_of([("", 0.9)] * 5)) == ("", ())


def test_calibration_is_monotonic_and_bounded() -> None:
    calibration = Calibration(slope=0.8, offset=-0.3)
    values = [calibration.confidence([share] * 7) for share in (0.1, 0.5, 0.9, 0.99, 1.0)]
    assert values == sorted(values)
    assert 0 < values[0] < values[-1] < 1
    assert calibration.confidence(()) == 0.0
    assert math.isfinite(log_odds([0.0, 1.0]))


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (300, 20), (64, 192), (1, 3000)])
def test_every_crop_becomes_a_canvas(shape: tuple[int, int]) -> None:
    crop = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    canvas = to_canvas(crop)
    assert canvas.shape == CANVAS_SHAPE
    assert canvas.dtype == np.uint8


def test_contrast_is_stretched_so_that_night_looks_like_day() -> None:
    day = np.tile(np.linspace(0, 255, 192, dtype=np.uint8), (64, 1))
    night = (day // 5 + 3).astype(np.uint8)
    assert np.abs(to_canvas(night).astype(int) - to_canvas(day)).mean() < 4
    assert to_canvas(np.full((20, 60), 90, np.uint8)).std() == 0  # an even grey has no contrast to stretch


def test_cut_stays_inside_the_photo() -> None:
    photo = np.zeros((40, 100, 3), np.uint8)
    assert cut(photo, Box(-10, -10, 50, 20), 0.1, 0.1).shape == (23, 56)
    assert cut(photo, Box(98, 38, 300, 300), 0.0, 0.0).shape == (2, 2)
    assert cut(photo, Box(500, 500, 600, 600), 0.0, 0.0).shape == (1, 1)


@pytest.fixture
def copied_models(tmp_path: Path) -> Path:
    """The folder of the reader's files in a copy of all models."""
    shutil.copytree(MODELS, tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "models" / "reader"


@pytest.mark.parametrize("name", READER_FILES)
def test_an_altered_file_is_refused_before_it_is_loaded(copied_models: Path, name: str) -> None:
    path = copied_models / name
    path.write_bytes(path.read_bytes() + b"\nimport sys; sys.reader_was_altered = True\n")
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        readers.PlateReader(copied_models)
    assert not hasattr(sys, "reader_was_altered")


def test_no_other_module_of_the_networks_name_is_run(
    copied_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "plate_reader.py").write_text("raise ZeroDivisionError")
    monkeypatch.syspath_prepend(elsewhere)
    monkeypatch.delitem(sys.modules, "plate_reader", raising=False)
    readers.PlateReader(copied_models)
    assert "Autovelox" in (sys.modules["plate_reader"].__doc__ or "")


def test_easyocr_loads_the_bytes_that_were_checked(copied_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_then_exchange(path: Path) -> bytes:
        content = read_checked(path)
        path.write_bytes(b"raise ZeroDivisionError")
        return content

    monkeypatch.setattr("edge.vision.easyocr_backend.read_checked", read_then_exchange)
    before = list(sys.path)
    network = backends.load(copied_models)
    assert network.log_probs(np.zeros(CANVAS_SHAPE, np.uint8)).shape == (96, len(ALPHABET) + 1)
    assert sys.path == before


def test_a_network_of_another_shape_is_refused(copied_models: Path) -> None:
    torch.save({"module.other": torch.zeros(1)}, copied_models / "plate_reader.pth")
    write_list(copied_models, ("plate_reader.pth",))
    with pytest.raises(ModelError, match="does not fit"):
        readers.PlateReader(copied_models)


class Program:
    """What a file of weights may hold, if it is unpickled without a thought."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return exec, ("import sys; sys.weights_were_a_program = True",)


def test_weights_that_are_a_program_do_not_run(copied_models: Path) -> None:
    """The list of a folder of one's own says that the file is the right one; it is loaded as numbers all the same."""
    torch.save({"module.first": torch.zeros(1), "run": Program()}, copied_models / "plate_reader.pth")
    write_list(copied_models, ("plate_reader.pth",))
    with pytest.raises(ModelError, match="more than numbers"):
        readers.PlateReader(copied_models)
    assert not hasattr(sys, "weights_were_a_program")


@pytest.fixture(scope="module")
def reader() -> readers.PlateReader:
    return readers.PlateReader(MODELS)


def drawn_plate(text: str) -> np.ndarray:
    """A white plate of 520 x 110, lettered with OpenCV's own font, in a grey photo, as RGB."""
    photo = np.full((300, 800, 3), 96, np.uint8)
    photo[100:210, 140:660] = 235
    cv2.putText(photo, text, (175, 190), cv2.FONT_HERSHEY_SIMPLEX, 2.9, (15, 15, 15), 9, cv2.LINE_AA)
    return photo


PLATE = Detection(Box(140, 100, 660, 210), 0.9)


def test_reads_a_plate_and_says_how_sure_it_is(reader: readers.PlateReader) -> None:
    (read,) = reader.read(drawn_plate("KT 472 XE"), [PLATE])
    assert read.text == "KT472XE"
    assert len(read.characters) == 7
    assert all(0 < c <= 1 for c in read.characters)
    assert 0.5 < read.confidence <= 1
    assert read.detection is PLATE


def test_log_probs_are_those_of_the_text(reader: readers.PlateReader) -> None:
    (read,) = reader.read(drawn_plate("KT 472 XE"), [PLATE])
    assert read.log_probs.dtype == np.float32
    assert read.log_probs.shape[1] == 37
    assert np.exp(read.log_probs).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert greedy_decode(read.log_probs)[0] == read.text


def test_fused_batch_norms_change_nothing_but_the_cost() -> None:
    plain = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Sequential(nn.Conv2d(4, 2, 1), nn.ReLU())
    )
    plain.append(nn.BatchNorm2d(2))  # follows no convolution
    picture = torch.randn(3, 1, 9, 9)
    for _ in range(20):
        plain(picture * 2 + 1)
    fused = copy.deepcopy(plain.eval())
    fusing.fuse_batch_norms(fused)
    assert [type(module).__name__ for module in fused] == ["Conv2d", "ReLU", "Sequential", "BatchNorm2d"]
    with torch.no_grad():
        assert torch.allclose(fused(picture), plain(picture), atol=1e-5)


def test_reads_are_in_the_order_of_the_detections_and_independent(reader: readers.PlateReader) -> None:
    photo = np.concatenate([drawn_plate("KT 472 XE"), drawn_plate("FX 318 LW")])
    lower = Detection(Box(140, 400, 660, 510), 0.8)
    both = reader.read(photo, [lower, PLATE])
    assert [r.text for r in both] == ["FX318LW", "KT472XE"]
    assert reader.read(photo, []) == ()
    assert both[1].log_probs == pytest.approx(reader.read(photo, [PLATE])[0].log_probs, abs=1e-4)


def test_no_plate_gives_no_confident_text(reader: readers.PlateReader) -> None:
    noise = np.random.default_rng(3)
    for _ in range(20):
        small = noise.integers(40, 200, (6, 10, 3), dtype=np.uint8)
        photo = cv2.resize(small, (800, 300), interpolation=cv2.INTER_CUBIC)
        (read,) = reader.read(np.asarray(photo, np.uint8), [PLATE])
        assert read.confidence < 0.9
