"""What officers' load costs the camera: the time to file a trigger with and without it, in turn, in one run.

The officers' service runs as a process of its own, scheduled as its unit file says. The load: packages of
100 cases one after the other, verifications of the whole store one after the other, and ten viewers, each an account of
its own where root runs this.

Filing begins as in the unit: at the edge it takes the right of way (edge/cases/storage/right_of_way.py), and the photo
comes so much later as ``head_start.py`` measured with the demo's feed. Beside *officers* it does; beside the same
officers *unasked* it does not, as before there was one. What is measured is the filing alone.

What the machine itself costs stands beside (:mod:`bare`): after each filing a process that knows nothing of cases
writes and syncs the files of a case (*bare*), which a filing itself waited for before there was an intake. And there is
another load without our code, *others*. What is measured while programs that do not belong to the bench compute
(:mod:`foreign`) counts for nothing, and is told.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

from bare import bare_writer, crowd, others, photo
from foreign import Foreign, watched
from verify import SIGNER, make

from edge.cases import be_prompt
from edge.cases.store import CaseStore
from edge.cli import NICENESS
from edge.errors import CaseError
from edge.model import Photo, Trigger
from edge.officers.client import ServiceDesk

CASES, EXPORTED, VIEWERS = 2000, 100, 10
LOADS = ("nobody", "officers", "unasked", "others")
ROUNDS, ROUND_S, PACE_S = 4, 14.0, 0.1
HEAD_STARTS_MS = (
    42.8, 21.9, 43.9, 31.6, 44.6, 41.1, 28.0, 43.0, 42.5, 32.1, 48.8, 41.2, 42.8, 43.3, 42.8, 44.2,
)  # fmt: skip
"""From edge to filing, as ``head_start.py`` printed them, in an order that favours none."""
SETTLE_S = 3.0
"""How long the load runs, or has ended, before filings count."""
SCHEDULED = ["chrt", "--idle", "0", "ionice", "-c", "2", "-n", "7"]
"""As in systemd/autovelox-officers.service, whose weights for CPU and disk need control groups."""
ORDINARY = ["nice", "-n", str(NICENESS), "ionice", "-c", "2", "-n", "7"]
"""For a machine with other work, which leaves nothing to an idle program."""
FIRST_UID = 61100
CONFIG = """\
[unit]
state_dir = "state"
[cases]
signing_key_file = "signing.key"
[officers]
socket = "o.sock"
"""
POLL_S, OPEN_S = 0.4, 2.0
"""How often a viewer polls, and an officer opens the next case."""


@dataclass
class Measured:
    """Seconds of each filing, and of each bare writing, by load; and what the officers got meanwhile.

    ``disturbed`` filings did not count.
    """

    filings: dict[str, list[float]] = field(default_factory=lambda: {load: [] for load in LOADS})
    bare: dict[str, list[float]] = field(default_factory=lambda: {load: [] for load in LOADS})
    done: tuple[int, int, int] = (0, 0, 0)
    disturbed: int = 0

    @property
    def officers(self) -> str:
        """What the officers got: all three, or the machine was too busy for them to count."""
        return f"{self.done[0]} packages of {EXPORTED}, {self.done[1]} verifications, {self.done[2]} cases viewed"

    def ratio(self, load: str) -> float:
        """p99 of filing under *load* by that beside nobody."""
        return p99(self.filings[load]) / p99(self.filings["nobody"])

    def bare_ratio(self, load: str) -> float:
        """The same of bare writing."""
        return p99(self.bare[load]) / p99(self.bare["nobody"])

    def lines(self) -> Iterator[str]:
        """A table of all that was measured."""
        for what, all_times in (("filing", self.filings), ("bare", self.bare)):
            for load, times in all_times.items():
                if not times:
                    continue
                cuts = statistics.quantiles(times, n=100)
                spread = ", ".join(f"{cuts[n - 1] * 1e3:.1f}" for n in (50, 90, 99))
                longest = f"{max(times) * 1e3:.1f} ms"
                ratio = p99(times) / p99(all_times["nobody"])
                yield (
                    f"{what:7} beside {load:8} {len(times)} times, p50, p90, p99: {spread} ms, longest {longest};"
                    f" ratio {ratio:.2f}"
                )


def measured(scheduled: Sequence[str] = SCHEDULED, rounds: int = ROUNDS, loads: Sequence[str] = LOADS) -> Measured:
    """Measure, some five minutes; *scheduled* is what the service is started with."""
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        prepared(folder)
        stack.enter_context(service(folder, scheduled))
        on = {load: multiprocessing.Event() for load in LOADS}
        on["unasked"] = on["officers"]
        done = multiprocessing.Array("L", 3)
        stack.enter_context(_officers(folder / "o.sock", on["officers"], done))
        stack.enter_context(others(folder, on["others"]))
        bare = stack.enter_context(bare_writer(folder))
        foreign = stack.enter_context(watched(folder))
        found = asyncio.run(_file_in_turn(folder / "state", on, bare, rounds, loads, foreign))
        found.done = (done[0], done[1], done[2])
        return found


def prepared(folder: Path) -> None:
    """Make a store of :data:`CASES` cases, its key and its configuration in *folder*."""
    folder.chmod(0o755)
    (folder / "state").mkdir(mode=0o700)
    make(folder / "state", CASES, photo())
    (folder / "signing.key").touch(0o600)
    (folder / "signing.key").write_bytes(bytes(range(32)))
    (folder / "autovelox.toml").write_text(CONFIG)


async def _file_in_turn(
    state: Path, on: dict[str, Event], bare: Connection, rounds: int, loads: Sequence[str], foreign: Foreign
) -> Measured:
    be_prompt()  # as the daemon's loop
    store = await CaseStore.open(state, SIGNER, {"serial": "BENCH"})
    keeping = asyncio.create_task(keep_house(store))
    found, all_times = Measured(), list[tuple[str, float, float, float]]()
    taken = Photo(photo(), 1280, 720, time.time(), time.monotonic_ns())
    head_starts_s = itertools.cycle(ms / 1e3 for ms in HEAD_STARTS_MS)
    try:
        for number in range(rounds):
            for load in loads if number % 2 else loads[::-1]:
                on[load].set()
                await asyncio.sleep(SETTLE_S)
                until_s = time.monotonic() + ROUND_S
                while time.monotonic() < until_s:
                    trigger = Trigger(time.time(), time.monotonic_ns(), 70.0, "gpio", "inbound")
                    if load != "unasked":
                        store.right_of_way.take(trigger.at_monotonic_ns)
                    await asyncio.sleep(next(head_starts_s))
                    began = time.perf_counter()
                    await store.file_case(trigger, [taken], [], limit_kmh=50.0, site="bench")
                    filed_s = time.perf_counter() - began
                    store.right_of_way.give_back(trigger.at_monotonic_ns)
                    bare.send(None)
                    all_times.append((load, time.monotonic(), filed_s, await asyncio.to_thread(bare.recv)))
                    await asyncio.sleep(PACE_S)
                on[load].clear()
    finally:
        for each in on.values():
            each.clear()
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        problem = store.problem()
        await store.close()
    assert problem is None, problem
    for load, at_s, filed_s, bare_s in all_times:
        if foreign.is_calm(at_s):
            found.filings[load].append(filed_s)
            found.bare[load].append(bare_s)
        else:
            found.disturbed += 1
    return found


async def keep_house(store: CaseStore) -> None:
    """The store's housekeeping, as the daemon does it."""
    while True:
        await asyncio.sleep(1.0)
        await store.housekeep()


@contextmanager
def service(folder: Path, scheduled: Sequence[str]) -> Iterator[None]:
    """The officers' service of what :func:`prepared` made."""
    command = [*scheduled, sys.executable, "-P", "-m", "edge", "officers"]
    process = subprocess.Popen([*command, "--config", str(folder / "autovelox.toml")], stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"configuration: ")
        assert b"are answered at" in process.stderr.readline()
        (folder / "o.sock").chmod(0o666)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


@contextmanager
def _officers(path: Path, on: Event, done: object) -> Iterator[None]:
    """Processes that ask while *on* is set, each as an account of its own."""
    works: list[tuple[int, Callable[[ServiceDesk, int, Path], None]]] = [(0, _export), (1, _verify)]
    works += [(2, _view)] * VIEWERS
    with crowd([(_ask, (path, on, done, kind, work, FIRST_UID + number)) for number, (kind, work) in enumerate(works)]):
        yield


def _ask(path: Path, on: Event, done: object, kind: int, work: Callable[..., None], uid: int) -> None:
    os.nice(NICENESS)
    with TemporaryDirectory() as home:
        if os.getuid() == 0:
            os.chown(home, uid, uid)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        with closing(ServiceDesk(path)) as desk:
            turn = uid
            while True:
                on.wait()
                with suppress(CaseError):  # too much at once, where all are one account
                    work(desk, turn, Path(home))
                    done[kind] += 1  # type: ignore[index]
                turn += 1


def _export(desk: ServiceDesk, turn: int, home: Path) -> None:
    first = 1 + turn * EXPORTED % (CASES - EXPORTED)
    desk.export(list(range(first, first + EXPORTED)), home / f"{turn}.zip")
    (home / f"{turn}.zip").unlink()


def _verify(desk: ServiceDesk, _turn: int, _home: Path) -> None:
    desk.verify()


def _view(desk: ServiceDesk, turn: int, _home: Path) -> None:
    """What a viewer asks while its officer opens one case and looks at it."""
    number = 1 + turn * 37 % CASES
    desk.open(number)
    desk.photo(number, 0)
    until_s = time.monotonic() + OPEN_S
    while time.monotonic() < until_s:
        desk.version()
        desk.status()
        desk.cases(limit=50)
        time.sleep(POLL_S)


def p99(times: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(times, n=100)[98]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What officers' load costs the camera.")
    parser.add_argument("--ordinary", action="store_true", help="the service as a program of niceness 10")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--loads", nargs="+", choices=LOADS, default=list(LOADS))
    given = parser.parse_args()
    result = measured(ORDINARY if given.ordinary else SCHEDULED, given.rounds, given.loads)
    print(*result.lines(), sep="\n")
    print(f"officers: {result.officers}; {result.disturbed} filings beside other programs do not count")
