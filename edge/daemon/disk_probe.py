"""Checks the disk by writing to it now and then: a failing disk refuses the write, a hanging one does not end it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

CONTENT = b"autovelox"
LATE_S = 15.0
"""A write that takes longer counts as hanging."""


class DiskProbe:
    """Writes and syncs a few bytes to *file*, in a thread: a hanging disk must not hold up the event loop."""

    def __init__(self, file: Path, late_s: float = LATE_S, before_write: Callable[[], None] = lambda: None) -> None:
        """Nothing is written before :meth:`write`. *before_write* may wait a moment."""
        self._before_write = before_write
        self._path = file
        self._late_s = late_s
        self._writing: asyncio.Task[None] | None = None
        self._since_s = 0.0
        self._failure: str | None = None

    def write(self) -> asyncio.Task[None]:
        """Begin the next write, unless the last one still runs; call it from the event loop.

        Returns the write that runs. It never raises: what is wrong is a :meth:`problem`.
        """
        if self._writing is None or self._writing.done():
            self._since_s = time.monotonic()
            self._writing = asyncio.create_task(self._write(), name="disk probe")
        return self._writing

    def problem(self) -> str | None:
        """One sentence while the disk refuses a write or does not come back from one."""
        if self._writing is not None and not self._writing.done():
            waited_s = time.monotonic() - self._since_s
            if waited_s > self._late_s:
                return f"the disk has not finished a write for {waited_s:.0f} s: check it, replace a worn card"
        return self._failure

    async def stop(self) -> None:
        """Forget a write that still runs."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write(self) -> None:
        try:
            await asyncio.to_thread(self._write_now)
            self._failure = None
        except OSError as error:
            self._failure = f"the disk refuses a write ({error.strerror}): make room on it, or replace it"

    def _write_now(self) -> None:
        self._before_write()
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        try:
            os.write(handle, CONTENT)
            os.fsync(handle)
        finally:
            os.close(handle)
