"""The bar of long work: on a terminal alone, and not of what is done at once."""

from __future__ import annotations

import os
import pty
from importlib import import_module

import pytest

from edge.terminal import progress_bar


def test_a_bar_is_shown_on_a_terminal_alone_and_after_a_second(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with progress_bar("verifying") as progress:
        progress("cases", 1, 2)
    assert capfd.readouterr().err == ""
    main, own = pty.openpty()
    try:
        with os.fdopen(own, "w") as terminal:
            monkeypatch.setattr("sys.stderr", terminal)
            monkeypatch.setenv("TERM", "xterm")
            for silent_s, shown in ((1e6, False), (-1.0, True)):
                monkeypatch.setattr(import_module("edge.terminal.say"), "SILENT_S", silent_s)
                with progress_bar("verifying\x1b[2J") as progress:
                    progress("cases", 1, 2)
                terminal.write("|")
                terminal.flush()
                said = b""
                while not said.endswith(b"|"):
                    said += os.read(main, 65536)
                assert (b"cases" in said) is shown
                assert b"\x1b[2J" not in said
    finally:
        os.close(main)
