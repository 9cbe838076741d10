"""What officers' load costs the camera: the time to file a trigger with and without it, in turn, in one run.

The officers' service runs as a process of its own, scheduled as its unit file says. The load: packages of
100 cases one after the other, verifications of the whole store one after the other, and ten viewers, each an account of
its own where root runs this.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from verify import SIGNER, make

from edge.cases.store import CaseStore
from edge.cli import NICENESS
from edge.errors import CaseError
from edge.model import Photo, Trigger
from edge.officers.client import ServiceDesk

CASES, EXPORTED, VIEWERS = 2000, 100, 10
ROUNDS, ROUND_S, PACE_S = 4, 25.0, 0.1
SETTLE_S = 3.0
"""How long the load runs, or has ended, before filings count."""
SCHEDULED = ["chrt", "--idle", "0", "ionice", "-c", "2", "-n", "7"]
"""As in systemd/autovelox-officers.service, whose weights for CPU and disk need control groups."""
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


def measured() -> tuple[list[float], list[float], str]:
    """Seconds of each filing, without and with the officers' load, and what the officers got meanwhile."""
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        folder.chmod(0o755)
        (folder / "state").mkdir(mode=0o700)
        make(folder / "state", CASES, _photo())
        (folder / "signing.key").touch(0o600)
        (folder / "signing.key").write_bytes(bytes(range(32)))
        (folder / "autovelox.toml").write_text(CONFIG)
        stack.enter_context(_service(folder))
        on, done = multiprocessing.Event(), multiprocessing.Array("L", 3)
        stack.enter_context(_officers(folder / "o.sock", on, done))
        calm, busy = asyncio.run(_file_in_turn(folder / "state", on))
        return calm, busy, f"{done[0]} packages of {EXPORTED}, {done[1]} verifications, {done[2]} cases viewed"


async def _file_in_turn(state: Path, on: Event) -> tuple[list[float], list[float]]:
    store = await CaseStore.open(state, SIGNER, {"serial": "BENCH"})
    keeping = asyncio.create_task(_keep_house(store))
    times: dict[bool, list[float]] = {False: [], True: []}
    photo = Photo(_photo(), 1280, 720, time.time(), time.monotonic_ns())
    try:
        for number in range(ROUNDS):
            for loaded in (True, False) if number % 2 else (False, True):
                on.set() if loaded else on.clear()
                await asyncio.sleep(SETTLE_S)
                until_s = time.monotonic() + ROUND_S
                while time.monotonic() < until_s:
                    trigger = Trigger(time.time(), time.monotonic_ns(), 70.0, "gpio", "inbound")
                    began = time.perf_counter()
                    await store.file_case(trigger, [photo], [], limit_kmh=50.0, site="bench")
                    times[loaded].append(time.perf_counter() - began)
                    await asyncio.sleep(PACE_S)
    finally:
        on.clear()
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        problem = store.problem()
        await store.close()
    assert problem is None, problem
    return times[False], times[True]


async def _keep_house(store: CaseStore) -> None:
    while True:
        await asyncio.sleep(1.0)
        await store.housekeep()


@contextmanager
def _service(folder: Path) -> Iterator[None]:
    command = [*SCHEDULED, sys.executable, "-P", "-m", "edge", "officers"]
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
    context = multiprocessing.get_context("fork")
    crowd = [
        context.Process(target=_ask, args=(path, on, done, kind, work, FIRST_UID + number), daemon=True)
        for number, (kind, work) in enumerate(works)
    ]
    for one in crowd:
        one.start()
    try:
        yield
    finally:
        for one in crowd:
            one.terminate()
            one.join()


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


def _photo() -> bytes:
    """A photo of 1280x720, some 100 kB of JPEG."""
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (90, 160, 3), np.uint8)
    return bytes(cv2.imencode(".jpg", cv2.resize(small, (1280, 720)), [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


def p99(times: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(times, n=100)[98]


if __name__ == "__main__":
    calm, busy, what = measured()
    for name, times in (("nobody", calm), ("officers", busy)):
        spread = ", ".join(f"{statistics.quantiles(times, n=100)[n - 1] * 1e3:.1f}" for n in (50, 90, 99))
        print(f"{name:9} {len(times)} filings, p50, p90, p99: {spread} ms")
    print(f"p99, officers / nobody: {p99(busy) / p99(calm):.2f}; {what}")
