"""``make bench``, the link: ratios, each of two things measured in turn on the same machine in the same run.

Wall-clock numbers of a busy machine mean little; a ratio of medians over alternating rounds means something. Options
select rows; without any, all run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from decrypt import decrypt_many
from linkkit import ANNA, BRUNO, sealed

from edge.config import models_dir
from edge.demo.cast import FOLDER as FEED
from edge.link import opener
from edge.plates import licence_pattern, plate_pattern
from edge.vision.pool import WorkerPool
from edge.window import WindowOpener

FOLDER = Path(__file__).parent
ROUNDS = 6
VISITS = 200
AT_ONCE = 16
IDLE_CLIENTS = 5000
WINDOWS = (50, 200, 1000)
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

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate()


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


def speed() -> list[Row]:
    """Visits a second, ours against bare: by the clock, and by the server's own CPU time."""
    wall: dict[str, list[float]] = {"ours": [], "bare": []}
    cpu: dict[str, list[float]] = {"ours": [], "bare": []}
    lost = 0.0
    with servers() as both:
        for server in both.values():
            cars("visits", server, VISITS, AT_ONCE)
        for number in range(ROUNDS):
            for name in ("ours", "bare") if number % 2 else ("bare", "ours"):
                before = both[name].ask()["cpu_s"]
                done = cars("visits", both[name], VISITS, AT_ONCE)
                cpu[name].append(VISITS / (both[name].ask()["cpu_s"] - before))
                wall[name].append(VISITS / done["seconds"])
                lost += done["lost"]
    rows = []
    for what, rates in (("visits a second", wall), ("visits a second of server CPU", cpu)):
        ours, bare = (statistics.median(rates[name]) for name in ("ours", "bare"))
        text = f"{ours:.0f} / {bare:.0f}, {lost:.0f} lost"
        rows.append(Row(f"{what}, ours / bare", text, ours / bare, ">= 0.85", ours / bare >= 0.85 and not lost))
    return rows


def memory() -> list[Row]:
    """Resident memory of an idle client, ours against bare."""
    each = {}
    with servers() as both:
        for name, server in both.items():
            cars("visits", server, 200, AT_ONCE)
            before = server.ask()["resident"]
            with crowd("idle", server, IDLE_CLIENTS):
                each[name] = (server.ask()["resident"] - before) / IDLE_CLIENTS
    ratio = each["ours"] / each["bare"]
    text = f"{each['ours'] / 1e3:.1f} / {each['bare'] / 1e3:.1f} kB"
    return [Row(f"memory of each of {IDLE_CLIENTS} idle clients", text, ratio, "<= 1.15", ratio <= 1.15)]


def latency() -> list[Row]:
    """p99 of the acknowledgement at half the maximum rate, with and without a flood from one address."""
    calm, flooded, lost = [], [], 0.0
    server = Server("ours")
    try:
        done = cars("visits", server, VISITS, AT_ONCE)
        rate = VISITS / done["seconds"] / 2
        for _ in range(ROUNDS // 2):
            one = cars("paced", server, VISITS, rate)
            with crowd("flood", server):
                other = cars("paced", server, VISITS, rate)
            calm.append(one["p99_ms"])
            flooded.append(other["p99_ms"])
            lost += one["lost"] + other["lost"]
        refused = server.ask()["counters"].get("address_rate", 0)
    finally:
        server.stop()
    ratio = statistics.median(flooded) / statistics.median(calm)
    text = (
        f"{statistics.median(flooded):.1f} / {statistics.median(calm):.1f} ms at {rate:.0f} visits/s, "
        f"{refused} of the flood refused, {lost:.0f} lost"
    )
    return [Row("p99 of the ack, flooded / calm", text, ratio, "<= 3", ratio <= 3 and not lost)]


@dataclass(frozen=True)
class Key:
    licence: str
    private_der: bytes


class Registry:
    """The registry of the test vectors' drivers."""

    async def keys(self, uids: Any) -> Mapping[str, Key]:
        return {driver.uid: Key(driver.licence, driver.der) for driver in (ANNA, BRUNO) if driver.uid in uids}


async def opening(pool: WorkerPool, cores: int) -> list[Row]:
    """Trigger to opened window, against the bare decryption rate of all cores."""
    window = WindowOpener(Registry(), pool, plate_pattern((), "[A-Z0-9]{2,12}"), licence_pattern("[A-Z0-9]{2,20}"))
    packets = [sealed((ANNA, BRUNO)[number % 2], nonce=f"{number:032x}") for number in range(max(WINDOWS))]
    await window(packets[:64])  # the workers parse their keys
    loop = asyncio.get_running_loop()
    ratios: dict[int, list[float]] = {size: [] for size in WINDOWS}
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as bare:
        await asyncio.gather(*(loop.run_in_executor(bare, decrypt_many, ANNA.der, packets[0], 8) for _ in range(cores)))
        for _ in range(3):
            for size in WINDOWS:
                started = time.perf_counter()
                claims, rejected = await window(packets[:size])
                ours = time.perf_counter() - started
                assert len(claims) == size and not rejected
                share = -(-size // cores)
                started = time.perf_counter()
                jobs = [loop.run_in_executor(bare, decrypt_many, ANNA.der, packets[0], share) for _ in range(cores)]
                await asyncio.gather(*jobs)
                ratios[size].append((time.perf_counter() - started) / ours)
    rows = []
    for size, found in ratios.items():
        ratio = statistics.median(found)
        rows.append(Row(f"{size} packets opened, against {cores} x bare decrypt", "", ratio, ">= 0.85", ratio >= 0.85))
    return rows


async def while_recognising(pool: WorkerPool, photo: Path) -> list[Row]:
    """Visits a second while all workers recognise, against idle workers."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    lost = 0.0
    photos = 0
    busy = asyncio.Event()

    async def recognise() -> None:
        nonlocal photos
        while True:
            await busy.wait()
            await pool.recognise(photo)
            photos += 1

    server = Server("ours", **WIDE_OPEN)
    tasks = [asyncio.create_task(recognise()) for _ in range(4)]
    try:
        for number in range(ROUNDS):
            for state in (True, False) if number % 2 else (False, True):
                busy.set() if state else busy.clear()
                await asyncio.sleep(1.0)  # let what runs end, or begin
                done = await asyncio.to_thread(cars, "visits", server, VISITS, AT_ONCE)
                rates[state].append(VISITS / done["seconds"])
                lost += done["lost"]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.stop()
    working, resting = (statistics.median(rates[state]) for state in (True, False))
    text = f"{working:.0f} / {resting:.0f}, {lost:.0f} lost, {photos} photos read"
    ratio = working / resting
    return [Row("visits a second, recognising / idle", text, ratio, ">= 0.80", ratio >= 0.8 and not lost)]


def photo(folder: Path) -> Path:
    """A frame of the demo's feed as the camera would store it."""
    film = cv2.VideoCapture(str(next(iter(sorted((FEED / "feed").glob("*.mp4"))))))
    found, image = film.read()
    assert found
    path = folder / "photo.jpg"
    cv2.imwrite(str(path), image)
    return path


async def pooled(names: Sequence[str]) -> list[Row]:
    """The rows that need the unit's worker processes."""
    cores = os.cpu_count() or 1
    pool = WorkerPool(models_dir(None), workers=cores, job_timeout_s=600.0, preload=[opener.__name__])
    await pool.start()
    try:
        rows = []
        if "recognising" in names:
            with TemporaryDirectory() as folder:
                rows += await while_recognising(pool, photo(Path(folder)))
        if "opening" in names:
            rows += await opening(pool, cores)
        return rows
    finally:
        await pool.stop()


ROWS: dict[str, Callable[[], list[Row]]] = {"speed": speed, "memory": memory, "latency": latency}
POOLED = ("recognising", "opening")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", nargs="*", choices=[*ROWS, *POOLED, []], help="which to measure (default: all)")
    wanted = parser.parse_args().row or [*ROWS, *POOLED]
    rows = []
    for name in wanted:
        if name in ROWS:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            rows += ROWS[name]()
    if any(name in POOLED for name in wanted):
        print("measuring with the worker pool ...", file=sys.stderr, flush=True)
        rows += asyncio.run(pooled(wanted))
    print(f"| {'what':46} | {'measured':58} | ratio | wanted  |      |\n|---|---|---|---|---|")
    for row in rows:
        mark = "good" if row.good else "BAD"
        print(f"| {row.what:46} | {row.measured:58} | {row.ratio:5.2f} | {row.wanted:7} | {mark:4} |")
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
