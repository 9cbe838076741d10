"""For all tests: what cannot run here is left out, and the last line says so."""

from __future__ import annotations

import needs
import pytest

collect_ignore = ["viewer"] if needs.lacking(("_tkinter",)) else []  # its modules import Tk at once


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if line := needs.left_out():
        terminalreporter.write_line(line, yellow=True)
