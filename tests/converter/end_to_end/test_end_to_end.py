"""The whole converter on a small network: data set, 200 training steps, export, quantization, evaluation.

Run by `make test-converter` in the converter's environment; DATA is the folder of the photos, WEIGHTS that of the
TensorFlow.js starting weights.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

DATA = Path(os.environ.get("DATA", "../shared/data"))
WEIGHTS = Path(os.environ.get("WEIGHTS", "build/weights/package/models/coco-ssd"))
STEPS = 200
SIZE = "192x192"

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None,
        reason="The converter's environment is needed: `make test-converter`.",
    ),
]


def convert(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "converter.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything has been made once."""
    if not (DATA / "detect" / "boxes.csv").is_file():
        pytest.fail(f"The training photos are not in {DATA}; give their folder: `make test-converter DATA=...`.")
    folder = tmp_path_factory.mktemp("converter")
    labels = ["--labels", DATA / "detect/boxes.csv", "--images", DATA / "detect/images", "--use", "train"]
    made = convert(
        "dataset", *labels, "--out", folder / "set", "--scenes", 600, "--size", SIZE, "--preview", folder / "p.jpg"
    )
    assert "romanian" in made.stdout
    start = ["--tfjs", WEIGHTS] if (WEIGHTS / "model.json").is_file() else []
    trained = convert(
        "train", "--dataset", folder / "set", "--out", folder / "run", "--steps", STEPS, "--size", SIZE, *start
    )
    (folder / "train.log").write_text(trained.stderr)
    convert("export", "--training", folder / "run", "--out", folder / "export", "--size", "256x192")
    given = ["--export", folder / "export", "--dataset", folder / "set", "--samples", 40]
    convert("quantize", *given, "--out", folder / "first", "--kinds", "int8")
    first = folder / "first/detector_int8.tflite"
    harvest = ["--dataset", folder / "set", "--detector", first, "--scenes", 60, "--out", folder / "closeups"]
    convert("refiner", "harvest", *harvest)
    looked = convert("refiner", "train", "--closeups", folder / "closeups", "--out", folder / "second", "--epochs", 20)
    (folder / "refiner.log").write_text(looked.stderr)
    further = ["--start", folder / "second/network", "--out", folder / "further", "--epochs", 1]
    convert("refiner", "train", "--closeups", folder / "closeups", *further)
    second = ["--training", folder / "further", "--closeups", folder / "closeups", "--out", folder / "looks"]
    convert("refiner", "export", *second)
    told = convert("quantize", *given, "--refiner", folder / "looks", "--out", folder / "lite")
    (folder / "quantize.log").write_text(told.stdout)
    return folder


def test_the_data_set_is_complete(work: Path) -> None:
    assert (work / "p.jpg").stat().st_size > 10_000
    manifest = json.loads((work / "set/dataset.json").read_text())
    assert len(manifest["training"]) + len(manifest["validation"]) > 1500
    assert not {p["path"] for p in manifest["training"]} & {p["path"] for p in manifest["validation"]}


def test_records_hold_what_was_written(work: Path) -> None:
    from converter.detector.tfrecords import decode, encode
    from converter.labels.photo import PlateBox

    image = np.full((60, 80, 3), 120, np.uint8)
    boxes = [PlateBox(10, 20, 40, 30), PlateBox(50, 5, 79, 15)]
    back, read = decode(encode(image, boxes, "x", 95).SerializeToString())
    assert np.abs(back.astype(int) - image).max() <= 3
    for box, expected in zip(read, boxes, strict=True):
        assert (box.x1, box.y1, box.x2, box.y2) == pytest.approx(
            (expected.x1, expected.y1, expected.x2, expected.y2), abs=1e-3
        )


def test_progress_is_told_and_the_loss_falls(work: Path) -> None:
    losses = [float(x) for x in re.findall(r"loss ([\d.]+)", (work / "train.log").read_text())]
    assert len(losses) == STEPS // 50
    assert losses[-1] < losses[0]
    assert (work / "run/losses.png").stat().st_size > 5_000


def test_every_kind_is_written_with_its_cost(work: Path) -> None:
    told = (work / "quantize.log").read_text()
    sizes = {}
    for kind in ("float32", "float16", "dynamic", "int8"):
        assert f"detector_{kind}.tflite" in told
        sizes[kind] = (work / f"lite/detector_{kind}.tflite").stat().st_size
    assert sizes["int8"] < 0.5 * sizes["float32"]
    assert sizes["float16"] < 0.7 * sizes["float32"]


def test_the_refiner_learns_and_every_detector_has_it(work: Path) -> None:
    losses = [float(x) for x in re.findall(r"plate or not ([\d.]+)", (work / "refiner.log").read_text())]
    assert losses[-1] < 0.7 * losses[0]
    for kind, refiner in (("float32", "float32"), ("float16", "float32"), ("dynamic", "int8"), ("int8", "int8")):
        described = json.loads((work / f"lite/detector_{kind}.json").read_text())
        assert described["refiner"] == f"refiner_{refiner}.tflite"
        assert (work / "lite" / described["refiner"]).is_file()


def test_int8_finds_what_float32_finds_in_every_runtime(work: Path) -> None:
    from converter.labels import read_split
    from edge.vision.detector import Detector
    from edge.vision.images import load_image
    from edge.vision.tflite import available

    photos = [load_image(photo.path) for photo in read_split(work / "set", "validation")[:12]]
    best = {}
    for runtime in available():
        for kind in ("float32", "int8"):
            detector = Detector(work / f"lite/detector_{kind}.tflite", threshold=0.05, runtime=runtime)
            assert (detector.width, detector.height) == (256, 192)
            best[runtime, kind] = np.array(
                [max((d.confidence for d in detector.detect(p)), default=0.0) for p in photos]
            )
    reference = best[available()[0], "float32"]
    for scores in best.values():
        assert np.abs(scores - reference).max() < 0.2
        assert np.abs(scores - reference).mean() < 0.05


def test_evaluate_prints_tables_and_draws(work: Path) -> None:
    model = work / "lite/detector_int8.tflite"
    told = convert(
        "evaluate", model, "--dataset", work / "set", "--mistakes", work / "m.jpg", "--plot", work / "pr.png"
    ).stdout
    assert re.search(r"^all +\d+ +\d+ +[01]\.\d{4}", told, re.MULTILINE)
    assert "recall by plate height" in told
    assert (work / "m.jpg").stat().st_size > 10_000
    assert (work / "pr.png").stat().st_size > 5_000


def test_a_training_goes_on_where_it_stopped(work: Path) -> None:
    done = convert("train", "--dataset", work / "set", "--out", work / "run", "--steps", STEPS + 50, "--size", SIZE)
    assert "going on from" in done.stderr
    assert f"step {STEPS + 50:6d}" in done.stderr


def test_an_earlier_training_starts_a_new_one_from_step_zero(work: Path) -> None:
    done = convert(
        "train",
        "--dataset",
        work / "set",
        "--out",
        work / "again",
        "--start",
        work / "run",
        "--steps",
        50,
        "--size",
        SIZE,
    )
    first = re.search(r"step +(\d+) +loss ([\d.]+)", done.stderr)
    assert first is not None
    assert int(first[1]) == 50
    beginning = float(re.search(r"loss ([\d.]+)", (work / "train.log").read_text())[1])
    assert float(first[2]) < beginning
