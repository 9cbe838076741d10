"""A progress line on standard error, rewritten in place on a terminal and rare in a log file."""

from __future__ import annotations

import sys
import time
from types import TracebackType


class Progress:
    """Counts *total* steps; use as a context manager and call :meth:`step` after each."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._done, self._started, self._shown = 0, time.monotonic(), 0.0

    def __enter__(self) -> Progress:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the last line."""
        self._show()
        print(file=sys.stderr)

    def step(self, note: str = "") -> None:
        """Count one step; *note* follows the figures."""
        self._done += 1
        pause = 0.5 if sys.stderr.isatty() else 20.0
        if time.monotonic() - self._shown > pause:
            self._show(note)

    def _show(self, note: str = "") -> None:
        self._shown = time.monotonic()
        rate = self._done / max(self._shown - self._started, 1e-6)
        left = (self._total - self._done) / max(rate, 1e-6)
        end = "\r" if sys.stderr.isatty() else "\n"
        line = f"{self._what} {self._done}/{self._total} {rate:.1f}/s, {left:.0f} s left {note}"
        print(f"{line:<78}", end=end, file=sys.stderr, flush=True)
