"""`autovelox read` on folders and videos, as CSV, and with what was read drawn into copies; real models, real clips."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from edge.cli import main
from edge.demo.cast import FOLDER
from edge.errors import ConfigError

SEAT = FOLDER / "feed" / "seat.mp4"
READ = ["read", "--engine", "litert"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """The frame of a clip whose plate is XSNB23."""
    capture = cv2.VideoCapture(str(SEAT))
    for _ in range(13):
        done, image = capture.read()
        assert done
    capture.release()
    path = tmp_path / "photos" / "inner" / "a.png"
    path.parent.mkdir(parents=True)
    cv2.imwrite(str(path), image)
    return path


def test_a_folder_is_read_whole_and_a_photo_says_what_it_said(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photo.parent / "notes.txt").write_text("no photo")
    assert main([*READ, "--json", str(photo.parents[1])]) == 0
    of_folder = json.loads(capsys.readouterr().out)
    assert main([*READ, "--json", str(photo)]) == 0
    of_photo = json.loads(capsys.readouterr().out)
    assert list(of_photo) == ["file", "plates", "left", "upside_down", "ms"], "as programs know it"
    assert {**of_folder, "ms": 0} == {**of_photo, "ms": 0}
    assert of_photo["plates"][0]["text"] == "XSNB23"


def test_of_a_video_frames_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*READ, "--json", "--every", "0.5", str(SEAT)]) == 0
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [report["second"] for report in reports[:2]] == [0.0, 0.5]
    assert any(plate["text"] == "XSNB23" for report in reports for plate in report["plates"])


def test_csv_has_a_line_for_each_plate_and_each_failure(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    given = [str(photo), str(tmp_path / "empty"), str(tmp_path / "broken.mp4"), str(tmp_path / "none.jpg")]
    assert main([*READ, "--csv", *given]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["file"] for row in rows] == given
    assert rows[0]["text"] == "XSNB23" and float(rows[0]["right"]) > float(rows[0]["left"]) and not rows[0]["error"]
    assert all(row["error"] and not row["text"] for row in rows[1:])


def test_save_draws_and_overwrites_nothing(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = tmp_path / "seen"
    assert main([*READ, "--json", "--save", str(seen), str(photo), str(photo)]) == 0
    box = json.loads(capsys.readouterr().out.splitlines()[0])["plates"][0]["box"]
    assert sorted(path.name for path in seen.iterdir()) == ["a-2.jpg", "a.jpg"]
    drawn, plain = (np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (seen / "a.jpg", photo))
    changed = np.abs(drawn - plain).max(axis=2) > 100
    left, top, right, bottom = (round(edge) for edge in box)
    assert changed[max(0, top - 4) : top + 1, left:right].any(), "a frame above the plate"
    inside = changed[top + 3 : bottom - 3, left + 3 : right - 3]
    assert inside.mean() < 0.05, "the plate itself stays to be seen"
    assert main([*READ, "--save", str(seen), str(photo)]) == ConfigError.exit_code
    assert "is not empty" in capsys.readouterr().err
