"""The link as a process of its own, for the tests that attack it."""

from __future__ import annotations

import asyncio
import json
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from linkkit import ANNA, BRUNO

RUNNER = Path(__file__).parent / "attacks" / "runner.py"
SECRETS = [secret for driver in (ANNA, BRUNO) for secret in (driver.uid, driver.licence, driver.plate)]
QUIET = {"connections": 0, "sessions": 0, "environ": 0, "rooms": 0, "pending": 0, "attachments": 0}


class Unit:
    """The link in its own process, questioned over a pipe."""

    def __init__(self, log: Path, **settings: Any) -> None:
        self._log = log
        self._seen = 0
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, str(RUNNER), json.dumps({"port": 0, "drain_timeout_s": 0.5, **settings})],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                bufsize=0,
            )
        self.port = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], 60)
        line = self._process.stdout.readline() if ready else b""
        assert line, self._log.read_text()
        return json.loads(line)

    def ask(self, question: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{question}\n".encode())
        return self._answer()

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("state")
        return answer

    def count(self, outcome: str) -> int:
        return int(self.state()["counters"].get(outcome, 0))

    def opened(self) -> tuple[list[list[str]], dict[str, int]]:
        """The claims in the mailbox as [licence, plate], and why the other packets say nothing."""
        answer = self.ask("open")
        return answer["claims"], answer["reasons"]

    async def becomes(self, **wanted: int) -> None:
        """Wait until the state has these values: two seconds, and more on a machine that is slow to answer."""
        for _ in range(200):
            state = self.state()
            if all(state[name] == value for name, value in wanted.items()):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"wanted {wanted}, have {state}")

    async def counts(self, outcome: str, number: int) -> None:
        """Wait until *outcome* was counted *number* times."""
        for _ in range(500):
            if self.count(outcome) == number:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"wanted {number} {outcome}, have {self.state()['counters']}")

    async def empty(self) -> None:
        """Wait until nothing is left of any connection."""
        await self.becomes(**QUIET)

    def hang_up(self) -> None:
        """SIGHUP."""
        self._process.send_signal(signal.SIGHUP)

    def new_log(self) -> str:
        """What was logged since the last call; fails if it says anything of anybody, or has a traceback."""
        text = self._log.read_text(errors="replace")
        new, self._seen = text[self._seen :], len(text)
        for taboo in ("Traceback", "Error", "unclosed", *SECRETS):
            assert taboo not in new, new
        return new

    def stop(self) -> int:
        self._process.terminate()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        return self._process.wait(30)


StartUnit = Callable[..., Unit]


@pytest.fixture
def start_unit(tmp_path: Path) -> Iterator[StartUnit]:
    """Start units with settings of [link]; at the end each must stop cleanly, with a clean log."""
    units: list[Unit] = []

    def start(**settings: Any) -> Unit:
        units.append(Unit(tmp_path / f"unit{len(units)}.log", **settings))
        return units[-1]

    yield start
    assert [unit.stop() for unit in units] == [0] * len(units)
    for unit in units:
        unit.new_log()


@pytest.fixture(scope="session")
def shared_unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    unit = Unit(tmp_path_factory.mktemp("unit") / "unit.log")
    yield unit
    assert unit.stop() == 0
    unit.new_log()


@pytest.fixture
def unit(shared_unit: Unit) -> Iterator[Unit]:
    """A unit with the default settings, empty."""
    shared_unit.ask("reset")
    yield shared_unit
    shared_unit.new_log()
