"""Progress of long work on standard error: one line that is redrawn on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LOG_PAUSE_S = 20.0
"""Seconds between two lines where standard error is no terminal."""


class Progress:
    """Counts the steps of one piece of work; use it as a context manager and call :meth:`step` after each step."""

    def __init__(self, work: str, total: int) -> None:
        """Begin to count; *work* is the name of the work, *total* how many steps it has."""
        self._work, self._total, self._done, self._note = work, total, 0, ""
        self._console = Console(stderr=True, markup=False, highlight=False)
        self._started = self._shown = time.monotonic()
        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task(work, total=total, note="")

    def __enter__(self) -> Progress:
        """Show that the work begins."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Show how far the work came."""
        self._bar.stop()
        if self._bar.disable:
            self._log()

    def step(self, note: str = "", count: int = 1) -> None:
        """Count *count* steps; *note* is shown behind the figures, such as a loss."""
        self._done += count
        self._note = note or self._note
        self._bar.update(self._task, advance=count, note=self._note)
        if self._bar.disable and time.monotonic() - self._shown > LOG_PAUSE_S:
            self._log()

    def say(self, line: str) -> None:
        """Write a line that stays, above the figures."""
        self._console.print(line, soft_wrap=True)

    def _log(self) -> None:
        self._shown = time.monotonic()
        speed = self._done / max(self._shown - self._started, 1e-6)
        left = (self._total - self._done) / max(speed, 1e-6)
        self.say(f"{self._work} {self._done}/{self._total} {speed:.1f}/s, {left:.0f} s left {self._note}".rstrip())
