"""The unit, or its link alone, as a process of its own, for the tests that attack it."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.cases.evidence.signing import create_signing_key
from edge.demo.portraits import Look, draw
from edge.registry import enrol
from edge.registry.vault import create_master_key, load_master_key
from tests.support.daemon import Daemon
from tests.support.link import ANNA, BRUNO, TestDriver
from tests.support.unit_files import write_feed, write_settings

RUNNERS = Path(__file__).parents[1] / "attacks"
TRACES = ("Traceback", "Error", "unclosed")
QUIET = {"connections": 0, "sessions": 0, "environ": 0, "rooms": 0, "pending": 0, "attachments": 0, "nonces": 0}

ADDITIONS = {"link": "drain_timeout_s = 0.5", "recognition": "workers = 1"}


def secrets_of(driver: TestDriver) -> list[str]:
    """What no log may say of *driver*: who it is, and any line of the keys, in every notation somebody might print."""
    private, public = (key.export_key().decode() for key in (driver.key, driver.key.public_key()))
    lines = [line for pem in (private, public) for line in pem.splitlines()[1:-1] if len(line) > 40]
    numbers = [form(number)[:60] for number in (driver.key.p, driver.key.q, driver.key.d) for form in (str, hex)]
    return [driver.uid, driver.licence, driver.plate, *lines, *numbers]


SECRETS = [secret for driver in (ANNA, BRUNO) for secret in secrets_of(driver)]


def leaks(log: str) -> list[str]:
    """What a log should not hold and does: a word about somebody, a part of a key, a traceback."""
    return [taboo for taboo in (*TRACES, *SECRETS) if taboo in log]


def make_unit(folder: Path) -> Path:
    """A unit's files in *folder*: its registry knows Anna and Bruno, its radar never fires; returns the settings."""
    create_master_key(folder / "master.key")
    create_signing_key(folder / "signing.key")
    enrol.create_registry(folder / "registry.sqlite")
    for driver in (ANNA, BRUNO):
        with pytest.MonkeyPatch.context() as known:
            known.setattr(enrol, "generate_private_key", lambda _, key=driver.key: key)
            known.setattr(enrol.secrets, "token_hex", lambda _, uid=driver.uid: uid)
            enrol.enrol_driver(
                folder / "registry.sqlite",
                load_master_key(folder / "master.key"),
                licence=driver.licence,
                first_name="Test",
                last_name="Driver",
                birth_date="1980-12-31",
                birth_place="Udine",
                categories="B",
                issuing_office="TEST",
                issued_on="2020-01-01",
                expires_on="2030-01-01",
                portrait=draw(Look(skin="tan", hair="black", coat="green")),
                plates=(driver.plate,),
            )
    write_feed(folder, ("seat.mp4", 12, 64.0), gap_s=1e6)
    return write_settings(folder, ADDITIONS)


class Unit(Daemon):
    """A runner in its own process, questioned over a pipe: the daemon, or the link alone."""

    def __init__(self, log: Path, runner: str, how: str) -> None:
        super().__init__([str(RUNNERS / runner), how], log, questions=True)
        self._seen = 0
        try:
            self.port = self.answer()
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("state")
        return answer

    def resident_kb(self) -> int:
        """What it holds in memory, once what nobody needs is collected; too dear to be a part of :meth:`state`."""
        return int(self.ask("memory"))

    def count(self, outcome: str) -> int:
        return int(self.state()["counters"].get(outcome, 0))

    def opened(self) -> tuple[list[list[str]], dict[str, int]]:
        """The claims in the mailbox as [licence, plate], and why the other packets say nothing."""
        answer = self.ask("open")
        return answer["claims"], answer["reasons"]

    async def becomes(self, **wanted: int) -> None:
        """Wait until the state has these values: fifteen seconds, and more on a machine that is slow to answer."""
        for _ in range(1500):
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

    def new_log(self) -> str:
        """What was logged since the last call; fails if it says anything of anybody, or has a traceback."""
        text = self.whole_log()
        new, self._seen = text[self._seen :], len(text)
        assert not leaks(new), f"{leaks(new)} in {new}"
        return new

    def whole_log(self) -> str:
        """All that was logged so far."""
        return self.log.read_text(errors="replace")


StartUnit = Callable[..., Unit]


@pytest.fixture
def start_unit(tmp_path: Path) -> Iterator[StartUnit]:
    """Start links with settings of their own; at the end each must stop cleanly, with a clean log."""
    units: list[Unit] = []

    def start(**settings: Any) -> Unit:
        told = json.dumps({"port": 0, "drain_timeout_s": 0.5, **settings})
        units.append(Unit(tmp_path / f"unit{len(units)}.log", "runner.py", told))
        return units[-1]

    yield start
    assert [unit.stop() for unit in units] == [0] * len(units)
    for unit in units:
        unit.new_log()


@pytest.fixture(scope="session")
def shared_unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    """The real daemon: registry, workers, camera and all."""
    folder = tmp_path_factory.mktemp("unit")
    unit = Unit(folder / "unit.log", "daemon_runner.py", str(make_unit(folder)))
    yield unit
    assert unit.stop() == 0
    unit.new_log()


@pytest.fixture
def unit(shared_unit: Unit) -> Iterator[Unit]:
    """The daemon with the default settings, its mailbox and counters empty."""
    shared_unit.ask("reset")
    yield shared_unit
    shared_unit.new_log()
