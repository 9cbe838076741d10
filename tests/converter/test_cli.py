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
    assert "give either --labels or --dataset" in refused(capsys, "evaluate", tmp_path / "m.tflite")


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
    assert "boxes.csv, line 3, the box " in refused(capsys, "evaluate", "m.tflite", "--labels", tmp_path / "boxes.csv")


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
        (["evaluate", "m.tflite", "--mistakes", "misses"], "end it with .png or .jpg"),
        (["dataset", "--labels", "x", "--out", "y", "--preview", "scenes"], "end it with .png or .jpg"),
        (["dataset", "--labels", "x", "--out", "y", "--size", "0x0"], "no size from 32 to 4096"),
        (["dataset", "--labels", "x", "--out", "y", "--size=-5x300"], "no size from 32 to 4096"),
        (["train", "--dataset", "x", "--out", "y", "--rate", "-1"], "from 0 to 1"),
        (["refiner", "train", "--rate", "0"], "no learning rate"),
        (["reader", "train", "--steps", "0"], "greater than zero"),
        (["strip", "train", "--fonts", "x", "--rate", "0"], "no learning rate"),
        (["reader", "render", "--fonts", "x", "--count", "-1"], "greater than zero"),
        (["reader", "trials", "--trials", "0"], "greater than zero"),
    ],
)
def test_impossible_values_are_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert says in refused(capsys, *arguments)


READER = (
    *("render", "train", "average", "countries", "weights", "export", "engines"),
    *("evaluate", "confidence", "calibrate", "trials", "national", "sheet", "lettering"),
)
COMMANDS = [
    *("dataset", "train", "export", "quantize", "evaluate"),
    *("refiner harvest", "refiner train", "refiner export"),
    *("strip train", "strip export", "strip calibrate", "strip evaluate"),
    *(f"reader {name}" for name in READER),
]


def test_what_cannot_be_done_is_said_before_the_long_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("converter.measure.commands.measure", lambda *_, **__: pytest.fail("the measurement was begun"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    Image.new("RGB", (50, 50)).save(tmp_path / "a.jpg")
    (tmp_path / "boxes.csv").write_text("file,x1,y1,x2,y2\na.jpg,1,1,9,9\n")
    asked = ["evaluate", "m.tflite", "--labels", tmp_path / "boxes.csv"]
    assert "needs two models" in refused(capsys, *asked, "--table")
    assert "give 0.05 or more" in refused(capsys, *asked, "--threshold", "0.02")
    assert "run `make install`" in refused(capsys, *asked, "--read", "models")
    assert "needs matplotlib" in refused(capsys, *asked, "--plot", "curves.png")
    assert "run `make install`" in refused(capsys, "reader", "train")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("trian", "argument COMMAND: there is no 'trian': did you mean train?"),
        ("reader evalute", "argument COMMAND: there is no 'evalute': did you mean evaluate?"),
        ("refiner", "say what to do: autovelox-convert refiner --help lists it"),
        ("", "say what to do: autovelox-convert --help lists it"),
        ("evaluate m.tflite --height-min high", "argument --height-min: 'high' is no number"),
        ("quantize --export x --dataset y --out z --kinds int9", "there is no 'int9': did you mean int8?"),
    ],
)
def test_a_slip_is_understood_as_autovelox_understands_it(
    capsys: pytest.CaptureFixture[str], words: str, says: str
) -> None:
    assert says in refused(capsys, *words.split())


@pytest.mark.parametrize("command", ["reader", "refiner", "strip"])
def test_the_help_of_a_group_says_what_it_is_and_shows_an_example(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = capsys.readouterr().out
    assert f"example:\n  autovelox-convert {command} " in said
    about = {"reader": "Render plates", "refiner": "Train the second look", "strip": "Train the network that tells"}
    assert about[command] in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command.split(), "--help"])
    assert stop.value.code == 0
    assert f"example:\n  autovelox-convert {command} " in capsys.readouterr().out
