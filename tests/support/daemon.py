"""The one driver of a daemon: starts it as a process, follows its log, questions it, signals it, ends it.

The log goes to a file. Nothing waits for a reader, and what a killed process had said is still there.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

POLL_S = 0.05
"""How often the log is looked at by whoever waits for a line."""
ANSWER_TIMEOUT_S = 150.0
"""How long an answer may take; the first one waits for the workers' models."""
STOP_TIMEOUT_S = 60.0


class Daemon:
    """A process of the unit: ``autovelox run``, or a program of the tests that answers questions as well.

    A context manager: whatever happens inside, the process is gone afterwards.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        questions: bool = False,
    ) -> None:
        """Start ``python COMMAND``; its standard error is added to *log*.

        Args:
            command: What follows the interpreter on the command line.
            log: The file that takes the log; what it held before is not this daemon's.
            environment: Variables beside those of this process.
            questions: Whether it reads questions from a pipe and answers each with a line of JSON (:meth:`ask`).
        """
        self.log = log
        self._lines: list[str] = []
        self._half = b""
        self._expected = 0
        pipe = subprocess.PIPE if questions else None
        with log.open("ab") as stderr:
            self._read_to = stderr.tell()
            self._process = subprocess.Popen(
                [sys.executable, *command],
                stdin=pipe,
                stdout=pipe,
                stderr=stderr,
                bufsize=0,
                env={**os.environ, **(environment or {})},
            )

    @classmethod
    def run(cls, config: Path, log: Path, *, environment: Mapping[str, str] | None = None) -> Self:
        """``autovelox run`` on the configuration *config*."""
        return cls(["-m", "edge", "run", "--config", str(config)], log, environment=environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGKILL)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    @property
    def lines(self) -> list[str]:
        """The whole lines of its log so far; all of them once it has ended."""
        ended = not self.running
        with self.log.open("rb") as log:
            log.seek(self._read_to)
            new = log.read()
        self._read_to += len(new)
        *whole, self._half = (self._half + new).split(b"\n")
        if ended and self._half:
            whole.append(self._half)
            self._half = b""
        self._lines += [line.decode("utf-8", "replace").rstrip() for line in whole]
        return self._lines

    @property
    def last_line(self) -> str:
        """The last line of its log that says something."""
        return next((line for line in reversed(self.lines) if line), "nothing")

    def find(self, pattern: str) -> re.Match[str]:
        """The first match of *pattern* in what was logged so far; fails if there is none."""
        found = next((match for line in self.lines if (match := re.search(pattern, line))), None)
        assert found is not None, f"the daemon never said {pattern!r}; last: {self.last_line}"
        return found

    def workers(self) -> list[int]:
        """The process ids of the workers that it started with; it has them before it listens."""
        return [int(pid) for pid in self.find(r"workers ready: ([\d, ]+)").group(1).split(",")]

    async def expect(self, pattern: str) -> re.Match[str]:
        """Wait for a line in which *pattern* is found, after the one that the last call found.

        Fails if the daemon ends before it says so.
        """
        while True:
            ended = not self.running
            for line in self.lines[self._expected :]:
                self._expected += 1
                if found := re.search(pattern, line):
                    return found
            assert not ended, f"the daemon ended before it said {pattern!r}; last: {self.last_line}"
            await asyncio.sleep(POLL_S)

    async def outcome(self, number: int = 1) -> str:
        """Wait until case *number* is decided; returns how."""
        return (await self.expect(rf"case {number} decided: (\w+)")).group(1)

    def wait_for(self, pattern: str, *, after: int = 0, times: int = 1, patience_s: float) -> bool:
        """Wait until *times* lines, of those after the first *after*, hold *pattern*.

        False if the daemon ended before, or *patience_s* went by.
        """
        deadline = time.monotonic() + patience_s
        while True:
            over = not self.running or time.monotonic() > deadline
            if sum(bool(re.search(pattern, line)) for line in self.lines[after:]) >= times:
                return True
            if over:
                return False
            time.sleep(POLL_S)

    def ask(self, question: str) -> Any:
        """Send a line to its standard input; returns what its answer says."""
        assert self._process.stdin is not None, "start it with questions=True"
        self._process.stdin.write(f"{question}\n".encode())
        return self.answer()

    def answer(self) -> Any:
        """What the next line on its standard output says, as JSON; fails, with the log, if none comes."""
        assert self._process.stdout is not None, "start it with questions=True"
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_TIMEOUT_S)
        line = self._process.stdout.readline() if ready else b""
        assert line, "\n".join(self.lines)
        return json.loads(line)

    def send(self, number: signal.Signals) -> None:
        """Send the signal *number*, unless the process has ended."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, patience_s: float = STOP_TIMEOUT_S) -> int:
        """Send the signal *number* and wait; returns the exit code.

        After *patience_s* seconds the process is killed, and the exit code is that of SIGKILL.
        """
        self.send(number)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def end(self) -> None:
        """Stop it as the service manager does; fails unless the exit code is 0."""
        code = self.stop()
        assert code == 0, f"the daemon ended with exit code {code}; last: {self.last_line}"
