"""What the right of way costs officers: how long an officer waits for a case and for a list, with and without it.

    python tests/bench/looks.py [--rounds 3]

Ten viewers at the officers' service as in ``officers.py``, without packages and verifications, while the unit files a
trigger every two seconds; in turn it takes the right of way at the edge, or does not.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bare import crowd, photo
from officers import (
    CASES,
    FIRST_UID,
    HEAD_STARTS_MS,
    ORDINARY,
    SCHEDULED,
    VIEWERS,
    keep_house,
    prepared,
    service,
)
from verify import SIGNER

from edge.cases import be_prompt
from edge.cases.store import CaseStore
from edge.cli import NICENESS
from edge.model import Photo, Trigger
from edge.officers.client import ServiceDesk

WAYS = ("on", "off")
ROUNDS, ROUND_S, EVERY_S, SETTLE_S = 3, 30.0, 2.0, 3.0
OPEN_S, POLL_S = 2.0, 0.4


def measured(rounds: int, scheduled: list[str]) -> dict[tuple[str, str], list[float]]:
    """Seconds of each answer, by the way and by what was asked."""
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        prepared(folder)
        stack.enter_context(service(folder, scheduled))
        told: Any = multiprocessing.SimpleQueue()
        on = multiprocessing.Event()
        way = multiprocessing.Value("i", 0)
        stack.enter_context(_viewers(folder / "o.sock", on, way, told))
        return asyncio.run(_file(folder / "state", on, way, told, rounds))


@contextmanager
def _viewers(path: Path, on: Event, way: Any, told: Any) -> Iterator[None]:
    with crowd([(_look, (path, on, way, told, FIRST_UID + number)) for number in range(VIEWERS)]):
        yield


def _look(path: Path, on: Event, way: Any, told: Any, uid: int) -> None:
    os.nice(NICENESS)
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    with closing(ServiceDesk(path)) as desk:
        for turn in itertools.count(uid):
            on.wait()
            number = 1 + turn * 37 % CASES
            _time(told, way, "case", lambda number=number: desk.open(number))
            until_s = time.monotonic() + OPEN_S
            while time.monotonic() < until_s:
                _time(told, way, "list", lambda: desk.cases(limit=50))
                time.sleep(POLL_S)


def _time(told: Any, way: Any, what: str, ask: Any) -> None:
    began_s, which = time.perf_counter(), way.value
    ask()
    if which == way.value:
        told.put((WAYS[which], what, time.perf_counter() - began_s))


async def _file(state: Path, on: Event, way: Any, told: Any, rounds: int) -> dict[tuple[str, str], list[float]]:
    be_prompt()
    store = await CaseStore.open(state, SIGNER, {"serial": "BENCH"})
    keeping = asyncio.create_task(keep_house(store))
    found: dict[tuple[str, str], list[float]] = {}
    head_starts_s = itertools.cycle(ms / 1e3 for ms in HEAD_STARTS_MS)
    taken = Photo(photo(), 1280, 720, time.time(), time.monotonic_ns())
    on.set()
    try:
        for number in range(2 * rounds):
            way.value = number % 2
            await asyncio.sleep(SETTLE_S)
            while not told.empty():
                told.get()
            until_s = time.monotonic() + ROUND_S
            while time.monotonic() < until_s:
                trigger = Trigger(time.time(), time.monotonic_ns(), 70.0, "gpio", "inbound")
                if WAYS[way.value] == "on":
                    store.right_of_way.take(trigger.at_monotonic_ns)
                await asyncio.sleep(next(head_starts_s))
                await store.file_case(trigger, [taken], [], limit_kmh=50.0, site="bench")
                store.right_of_way.give_back(trigger.at_monotonic_ns)
                await asyncio.sleep(EVERY_S)
                while not told.empty():
                    which, what, seconds = told.get()
                    found.setdefault((which, what), []).append(seconds)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await store.close()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the right of way costs officers.")
    parser.add_argument("--ordinary", action="store_true", help="the service as a program of niceness 10")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    for (which, what), times in sorted(measured(given.rounds, ORDINARY if given.ordinary else SCHEDULED).items()):
        cuts = statistics.quantiles(times, n=100)
        spread = ", ".join(f"{cuts[n - 1] * 1e3:.1f}" for n in (50, 90, 99))
        print(f"a {what}, right of way {which:3}: {len(times)} times, p50, p90, p99: {spread} ms")
