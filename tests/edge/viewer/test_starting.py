"""The viewer as a separate process, as ``autovelox view`` and ``make demo VIEW=1`` start it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from edge.demo import commands
from edge.demo.setting import Setting
from edge.viewer.data.remembered import place, recall
from tests.support import cases, stores, xdisplay


@pytest.fixture(autouse=True)
def _own_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an officer chose last on this machine is not what these viewers start with."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def demo(tmp_path: Path) -> Setting:
    """A demo's folder after the play, with three cases."""
    setting = Setting(tmp_path)
    setting.clear()
    cases.write_key(tmp_path / "signing.key")
    stores.fill(setting.state_dir, stores.scenes(3))
    return setting


def _window(display: str) -> str:
    """The visible window's title on *display*, empty while there is none."""
    command = ["xdotool", "search", "--onlyvisible", "--name", "^Autovelox", "getwindowname"]
    found = subprocess.run(
        command, env={**os.environ, "DISPLAY": display}, capture_output=True, text=True, timeout=20, check=False
    )
    return found.stdout.strip()


def test_view_opens_a_window_and_ends_with_its_key(display: str, demo: Setting) -> None:
    command = [sys.executable, "-m", "edge", "view", "--lang", "it", "--state-dir", str(demo.state_dir)]
    process = subprocess.Popen(command, env={**os.environ, "DISPLAY": display}, stderr=subprocess.PIPE)
    try:
        xdisplay.wait_for(lambda: bool(_window(display)) or process.poll() is not None)
        xdisplay.press(display, "ctrl+q")
        _out, complaints = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert complaints.startswith(b"configuration: ") and complaints.count(b"\n") == 1
    assert recall(place()).language == "it"


def test_the_demo_ends_with_the_viewer_on_its_cases(
    display: str, demo: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    ending = threading.Thread(target=commands.show_cases, args=(Console(), demo))
    ending.start()
    xdisplay.wait_for(lambda: bool(_window(display)))
    assert ending.is_alive()
    xdisplay.press(display, "ctrl+q")
    ending.join(60)
    assert not ending.is_alive()


def test_without_a_display_the_demo_says_how_to_look(
    demo: Setting, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    commands.show_cases(Console(width=200), demo)
    assert f"autovelox view --state-dir {demo.state_dir}" in capsys.readouterr().out
