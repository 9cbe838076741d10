"""When the unit looks at its test photo, and what it says of that: never while a case waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.daemon import selfcheck
from edge.daemon.selfcheck import RETRY_S, SelfChecks
from edge.errors import WorkerError
from edge.model import Box, Detection, PhotoRead
from edge.vision.selfcheck import PHOTO, TEXT, is_read
from tests.support.reads import plate_read


def seen(text: str) -> PhotoRead:
    """What the workers make of a photo with one plate."""
    return PhotoRead((plate_read(text),), 1.0, 1.0, 2.0)


class Bench:
    """A self-check whose worker, clock and queue the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entries: list[Mapping[str, object]] = []
        self.result: PhotoRead | Exception = seen(TEXT)
        self.idle, self.waiting = True, False
        self.now_s, self.today = 1000.0, date(2026, 3, 1)
        self.takes: Callable[[], asyncio.Future[None]] | None = None
        bench = self

        class Day(date):
            @classmethod
            def today(cls) -> date:
                return bench.today

        monkeypatch.setattr(selfcheck, "date", Day)
        monkeypatch.setattr(selfcheck, "time", SimpleNamespace(monotonic=lambda: bench.now_s))
        self.checks = self.of(PHOTO)

    def of(self, photo: Path) -> SelfChecks:
        return SelfChecks(
            photo,
            TEXT,
            recognise=self.recognise,
            is_read=is_read,
            is_idle=lambda: self.idle and not self.waiting,
            has_waiting=lambda: self.waiting,
            enter=lambda _kind, content: self.entries.append(content),
        )

    async def recognise(self, photo: Path) -> PhotoRead:
        assert photo == PHOTO
        if self.takes is not None:
            await self.takes()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    @property
    def said(self) -> list[object]:
        return [entry["good"] for entry in self.entries]


async def test_once_a_day_and_only_while_nothing_else_is_to_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    for _ in range(3):
        await bench.checks.round()
    assert bench.said == [True]
    bench.today, bench.idle = date(2026, 3, 2), False
    await bench.checks.round()
    assert bench.said == [True], "a case waits: the check waits as well"
    bench.idle = True
    await bench.checks.round()
    await bench.checks.round()
    assert bench.said == [True, True]
    assert bench.entries[0]["expected"] == TEXT and bench.checks.problem() is None


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (seen("AV174U"), "the plate on it is not read"),
        (PhotoRead((), 1.0, 1.0, 2.0), "the plate on it is not read"),
        (PhotoRead((plate_read(TEXT), plate_read("AA000AA")), 1.0, 1.0, 2.0), "the plate on it is not read"),
        (WorkerError("a job ran longer than 20 s and was ended", "look"), "ran longer than 20 s"),
    ],
    ids=["another text", "no plate", "two plates", "a worker that hangs"],
)
async def test_a_failure_is_an_entry_and_a_problem_until_one_is_good(
    monkeypatch: pytest.MonkeyPatch, result: PhotoRead | Exception, why: str
) -> None:
    bench = Bench(monkeypatch)
    bench.result = result
    await bench.checks.round()
    assert bench.said == [False] and why in (bench.checks.problem() or "")
    bench.result = seen(TEXT)
    await bench.checks.round()
    assert bench.said == [False], "not at once again"
    bench.now_s += RETRY_S
    await bench.checks.round()
    assert bench.said == [False, True] and bench.checks.problem() is None


async def test_a_photo_that_is_gone_is_a_failure_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench = Bench(monkeypatch)
    checks = bench.of(tmp_path / "gone.jpg")
    await checks.round()
    assert bench.said == [False] and "the test photo cannot be read" in (checks.problem() or "")


async def test_a_stop_looks_once_more_if_cases_were_decided_and_waits_no_longer_than_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch)
    await bench.checks.check()
    await bench.checks.end()
    assert bench.said == [True], "no case since"
    bench.checks.decided()
    bench.waiting = True
    await bench.checks.end()
    assert bench.said == [True], "a case is left for the next start: so is the check"
    bench.waiting, bench.idle = False, False  # a photo too many is still read: that is no case
    await bench.checks.end()
    bench.idle = True
    await bench.checks.end()
    assert bench.said == [True, True]
    monkeypatch.setattr(selfcheck, "END_S", 0.01)
    bench.checks.decided()
    bench.takes = asyncio.get_running_loop().create_future
    await bench.checks.end()
    assert bench.said == [True, True], "the worker hangs, and the stop goes on"


def test_a_read_that_is_not_sure_is_not_good() -> None:
    box = Detection(Box(0.0, 0.0, 9.0, 3.0), 0.9)
    read = plate_read(TEXT)
    unsure = type(read)(TEXT, 0.89, read.characters, box, read.log_probs)
    assert not is_read(PhotoRead((unsure,), 1.0, 1.0, 2.0))
