"""Progress in a log: lines that stay, and how far the work came, also where it was stopped."""

from __future__ import annotations

import pytest

from converter import progress
from converter.progress import Progress


def test_a_log_says_how_far_the_work_came_and_the_last_note(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("photos", 3) as work:
        for number in range(3):
            work.step(f"{number} found" if number < 2 else "")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("photos 3/3 ")
    assert line.endswith("1 found")


def test_work_that_fails_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Progress("train", 100) as work:
        work.step(count=40)
        raise KeyboardInterrupt
    assert capsys.readouterr().err.startswith("train 40/100 ")


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 15))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with Progress("scenes", 4) as work:
        for _ in range(4):
            work.step()
    assert 2 <= len(capsys.readouterr().err.splitlines()) <= 4


def test_a_line_that_was_said_is_written_whole_and_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = "step 50   [loss] " + "0.123 " * 40 + "end"
    with Progress("train", 1) as work:
        work.say(line)
    assert line in capsys.readouterr().err
