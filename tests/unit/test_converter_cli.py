"""Bad input to `autovelox-convert` ends in one sentence and exit code 1 or 2, never in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from converter.cli import main


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    said = capsys.readouterr().err
    assert code in (1, 2)
    assert "Traceback" not in said
    return said


def test_evaluate_wants_exactly_one_set_of_photos(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "either --labels or --dataset" in refused(capsys, "evaluate", tmp_path / "m.tflite")


def test_missing_labels_photos_and_data_sets_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert "does not exist" in refused(capsys, "evaluate", "m.tflite", "--labels", gone)
    assert "holds no data set" in refused(capsys, "evaluate", "m.tflite", "--dataset", gone)
    (tmp_path / "boxes.csv").write_text("file,x1,y1,x2,y2\n")
    assert "names no photo" in refused(capsys, "evaluate", "m.tflite", "--labels", tmp_path / "boxes.csv")
    said = refused(capsys, "evaluate", "m.tflite", "--labels", tmp_path / "boxes.csv", "--images", gone)
    assert "is no folder" in said


def test_a_broken_box_is_told_with_file_and_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    Image.new("RGB", (50, 50)).save(tmp_path / "a.jpg")
    (tmp_path / "boxes.csv").write_text("file,x1,y1,x2,y2\na.jpg,1,1,9,9\na.jpg,9,1,1,9\n")
    assert "boxes.csv, line 3: " in refused(capsys, "evaluate", "m.tflite", "--labels", tmp_path / "boxes.csv")


def test_a_missing_model_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    Image.new("RGB", (50, 50)).save(tmp_path / "a.jpg")
    (tmp_path / "boxes.csv").write_text("file,x1,y1,x2,y2\na.jpg,1,1,9,9\n")
    said = refused(capsys, "evaluate", tmp_path / "m.tflite", "--labels", tmp_path / "boxes.csv")
    assert "m.json cannot be read" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["export", "--training", "x", "--out", "y", "--size", "wide"], "write it like 512x384"),
        (["dataset", "--labels", "x", "--out", "y", "--scenes", "0"], "greater than zero"),
        (["dataset", "--labels", "x", "--out", "y", "--validation-share", "0.9"], "from 0 to 0.5"),
        (["dataset", "--labels", "x", "--out", "y", "--squeezed", "romanian"], "SOURCE=FACTOR"),
        (["evaluate", "m.tflite", "--threshold", "7"], "from 0 to 1"),
    ],
)
def test_impossible_values_are_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert says in refused(capsys, *arguments)


@pytest.mark.parametrize("command", ["dataset", "train", "export", "quantize", "evaluate"])
def test_every_command_shows_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"example:\n  autovelox-convert {command} " in capsys.readouterr().out
