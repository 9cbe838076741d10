"""The unit of the demo: the real daemon in a separate process, followed through its log."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.errors import EdgeError

STOP_TIMEOUT_S = 30.0


class DemoFailed(EdgeError):
    """The demo's unit did not start, decide or stop as expected."""


DECIDED = r"case (\d+) decided"
"""What the unit logs of each case."""


class DemoUnit:
    """A running ``autovelox run`` and its log.

    Attributes:
        decided: numbers of the cases that the log said to be decided, as far as it was read.
    """

    def __init__(self, process: asyncio.subprocess.Process, log_file: Path) -> None:
        """Follow *process*, whose standard error is the log, and copy the log to *log_file*."""
        self._process = process
        self._log_file = log_file
        self.decided: set[int] = set()

    async def lines(self) -> AsyncIterator[str]:
        """Yield the unit's log, line by line, until it ends."""
        assert self._process.stderr is not None
        with self._log_file.open("a", encoding="utf-8", buffering=1) as log:
            async for raw in self._process.stderr:
                line = raw.decode("utf-8", "replace").rstrip()
                log.write(line + "\n")
                if found := re.search(DECIDED, line):
                    self.decided.add(int(found[1]))
                yield line

    async def expect(self, pattern: str) -> re.Match[str]:
        """Read the log up to a line that contains *pattern*; return the match.

        Raises:
            DemoFailed: the unit ended before such a line.
        """
        last = ""
        async for line in self.lines():
            if found := re.search(pattern, line):
                return found
            last = line
        raise DemoFailed(f"the unit ended early ({last})", f"read its log: {self._log_file}")

    def kill(self) -> None:
        """Kill the process, as a power failure would."""
        self._process.kill()

    async def stop(self) -> None:
        """Send SIGTERM and wait for the end of the process.

        Raises:
            DemoFailed: the unit did not stop in time, or its exit code is not 0.
        """
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                async for _ in self.lines():
                    pass
                code = await self._process.wait()
        except TimeoutError:
            raise DemoFailed(
                f"the unit did not stop within {STOP_TIMEOUT_S:.0f} s", f"read its log: {self._log_file}"
            ) from None
        if code != 0:
            raise DemoFailed(f"the unit stopped with exit code {code}", f"read its log: {self._log_file}")


@asynccontextmanager
async def running_unit(config: Path, log_file: Path) -> AsyncIterator[DemoUnit]:
    """Start the unit with *config*; its process is ended on leaving, also after an error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "edge",
        "run",
        "--config",
        str(config),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield DemoUnit(process, log_file)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
