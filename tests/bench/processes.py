"""The processes of the bench: the servers that are measured, and the cars that drive up to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
WIDE_OPEN = {
    "connections": 8000,
    "address_connections": 8000,
    "mailbox_packets": 5000,
    "challenge_ttl_s": 900.0,
    "connect_timeout_s": 60.0,
}


@dataclass
class Row:
    """A line of the table."""

    what: str
    measured: str
    ratio: float
    wanted: str
    good: bool


class Server:
    """One of servers.py's servers in its process."""

    def __init__(self, kind: str, **settings: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(FOLDER / "servers.py"), kind, json.dumps({"port": 0, **settings})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.port = int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def ask(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._line())
        return answer

    def pin(self, core: int) -> None:
        """Run on *core* alone."""
        os.sched_setaffinity(self._process.pid, {core})

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate()


@contextmanager
def apart(server: Server) -> Iterator[None]:
    """Cars, started from here on, and *server* on different cores, as if on different machines; needs two."""
    mine = os.sched_getaffinity(0)
    first, *others = sorted(mine)
    if others:
        server.pin(first)
        os.sched_setaffinity(0, others)
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


@contextmanager
def servers(**settings: Any) -> Iterator[dict[str, Server]]:
    """Ours, wide open for one machine's many cars, and the bare one."""
    both = {"ours": Server("ours", **{**WIDE_OPEN, **settings}), "bare": Server("bare")}
    try:
        yield both
    finally:
        for server in both.values():
            server.stop()


def cars(mode: str, server: Server, *numbers: float) -> dict[str, float]:
    """Run cars.py to its end; returns what it says."""
    command = [sys.executable, str(FOLDER / "cars.py"), mode, str(server.port), *map(str, numbers)]
    answer: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return answer


@contextmanager
def crowd(mode: str, server: Server, *numbers: float) -> Iterator[None]:
    """Run cars.py in the background."""
    command = [sys.executable, str(FOLDER / "cars.py"), mode, str(server.port), *map(str, numbers)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.communicate()
