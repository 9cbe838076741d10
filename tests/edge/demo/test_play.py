"""One's own video through a real unit: the car that calls is named, and every slip is answered."""

from __future__ import annotations

import math
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from edge.cli import main
from edge.demo.cast import FOLDER
from edge.demo.commands import show_cases
from edge.demo.play import Video, drivers, open_video, trigger_frame
from edge.demo.setting import Setting
from edge.errors import CameraError, ConfigError

SEAT = FOLDER / "feed" / "seat.mp4"


@pytest.mark.timeout(180)
def test_the_car_that_calls_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / 'play[/b]"c'
    words = ["play", str(SEAT), "--at", "0.5", "--speed", "66.5", "--car", "XSNB23", "--dir", str(folder)]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "XSNB23" in printed
    assert "identified" in printed
    assert "Giulia Ferrante" in printed
    assert str(folder / "state") in printed.replace("\n", "")


def test_a_video_tells_its_length() -> None:
    video = open_video(SEAT)
    assert video.frames > 12
    assert 5 < video.fps < 60


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="there is no file"):
        open_video(tmp_path / "no.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(CameraError, match="no video that can be decoded"):
        open_video(tmp_path / "text.mp4")


def test_the_radar_triggers_when_asked_or_half_way() -> None:
    video = Video(Path("a.mp4"), 100, 25.0)
    assert trigger_frame(video, None) == 50
    assert trigger_frame(video, 1.0) == 25
    for at in (-1.0, 4.0, 1e9, math.nan, math.inf, -math.inf, 1e308):
        with pytest.raises(ConfigError, match="has no second"):
            trigger_frame(video, at)


def test_cars_have_plates_of_their_own() -> None:
    assert [person.plate for person in drivers(["AB123CD", "XY999ZZ"])] == ["AB123CD", "XY999ZZ"]
    assert drivers([]) == ()
    for plates in (["ab123cd"], ["AB 123"], ["A"], ["AB123CD", "AB123CD"], [f"AB{n:03}CD" for n in range(99)]):
        with pytest.raises(ConfigError):
            drivers(plates)


def test_a_speed_that_is_no_infringement_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["play", str(SEAT), "--speed", "40", "--dir", str(tmp_path / "play")]) == ConfigError.exit_code
    assert "give --speed 61 or more" in capsys.readouterr().err
    assert not (tmp_path / "play").exists()


@pytest.mark.parametrize("speed", ["nan", "inf", "-inf"])
def test_a_speed_that_is_no_number_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, speed: str) -> None:
    words = ["play", str(SEAT), f"--speed={speed}", "--dir", str(tmp_path / "play")]
    assert main(words) == ConfigError.exit_code
    assert "give --speed 61 or more" in capsys.readouterr().err
    assert not (tmp_path / "play").exists()


@pytest.mark.parametrize("name", ["a[/b]c", "[bold]d", ":smile:"])
def test_a_path_is_printed_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    show_cases(Console(width=1000), Setting(tmp_path / name))
    assert f"view --state-dir {shlex.quote(str(tmp_path / name / 'state'))}\n" in capsys.readouterr().out
