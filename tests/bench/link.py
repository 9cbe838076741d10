"""``make bench``: ratios, each of two things measured in turn on the same machine in the same run.

The link against a bare server, opening against bare decryption, filing a case under officers' load against without.

Wall-clock numbers of a busy machine mean little; a ratio of medians over alternating rounds means something. Options
select rows; without any, all run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import besieged
from officers import measured, p99
from opening import WINDOWS, Opening, opening
from processes import WIDE_OPEN, Row, Server, apart, cars, crowd, servers

from edge.config import models_dir
from edge.daemon.wiring import worker_setup
from edge.demo.cast import FOLDER as FEED
from edge.vision import worker
from edge.workers import WorkerPool, WorkerSetup

PACED_EXCHANGES, SPENT_S = 600, 1.0
"""Exchanges of which the slowest hundredth counts (six runs of them fit into the mailbox), and how long a flood goes on
before, till its first burst is spent."""
ROUNDS = 6
EXCHANGES = 200
AT_ONCE = 16
IDLE_CLIENTS = 5000
NOISE = 0.1
"""How much slower than linear a window may look before it is called so."""


def speed() -> list[Row]:
    """Exchanges a second, ours against bare: by the clock, and by the server's own CPU time."""
    wall: dict[str, list[float]] = {"ours": [], "bare": []}
    cpu: dict[str, list[float]] = {"ours": [], "bare": []}
    lost = 0.0
    with servers() as both:
        for server in both.values():
            cars("exchanges", server, EXCHANGES, AT_ONCE)
        for number in range(ROUNDS):
            for name in ("ours", "bare") if number % 2 else ("bare", "ours"):
                before = both[name].ask()["cpu_s"]
                done = cars("exchanges", both[name], EXCHANGES, AT_ONCE)
                cpu[name].append(EXCHANGES / (both[name].ask()["cpu_s"] - before))
                wall[name].append(EXCHANGES / done["seconds"])
                lost += done["lost"]
    rows = []
    for what, rates in (("exchanges a second", wall), ("exchanges a second of server CPU", cpu)):
        ours, bare = (statistics.median(rates[name]) for name in ("ours", "bare"))
        text = f"{ours:.0f} / {bare:.0f}, {lost:.0f} lost"
        rows.append(Row(f"{what}, ours / bare", text, ours / bare, ">= 0.85", ours / bare >= 0.85 and not lost))
    return rows


def memory() -> list[Row]:
    """Resident memory of an idle client, ours against bare."""
    each = {}
    with servers() as both:
        for name, server in both.items():
            cars("exchanges", server, 200, AT_ONCE)
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
        with apart(server):
            done = cars("exchanges", server, EXCHANGES, AT_ONCE)
            rate = EXCHANGES / done["seconds"] / 2
            for _ in range(ROUNDS // 2):
                one = cars("paced", server, PACED_EXCHANGES, rate)
                with crowd("flood", server):
                    time.sleep(SPENT_S)
                    other = cars("paced", server, PACED_EXCHANGES, rate)
                calm.append(one["p99_ms"])
                flooded.append(other["p99_ms"])
                lost += one["lost"] + other["lost"]
    finally:
        server.stop()
    ratio = statistics.median(flooded) / statistics.median(calm)
    medians = f"{statistics.median(flooded):.1f} / {statistics.median(calm):.1f} ms"
    text = f"{medians} at {rate:.0f} exchanges/s, {lost:.0f} lost"
    return [Row("p99 of the ack, flooded / calm", text, ratio, "<= 3", ratio <= 3 and not lost)]


def filing() -> list[Row]:
    """p99 of filing a case, with and without officers' load, and what the machine takes from bare syncs."""
    found = measured()
    rows = []
    besides = {"officers": found.officers, "unasked": "without the right of way", "others": "load without our code"}
    for load, wanted in (("officers", "<= 1.20"), ("unasked", ""), ("others", "")):
        busy, calm, ratio = found.filings[load], found.filings["nobody"], found.ratio(load)
        text = (
            f"{p99(busy) * 1e3:.1f} / {p99(calm) * 1e3:.1f} ms of {len(busy)} / {len(calm)} filings, bare syncs "
            f"{found.bare_ratio(load):.2f}; {besides[load]}"
        )
        rows.append(
            Row(f"p99 of filing a case, beside {load} / nobody", text, ratio, wanted, not wanted or ratio <= 1.2)
        )
    return rows


def opening_rows(found: Sequence[Opening], cores: int) -> list[Row]:
    """A row for each size of window, and for how the time grows with it."""
    rows = []
    for each in found:
        keys = "new keys" if each.fresh else "known keys"
        text = f"{each.seconds * 1e3:.0f} ms from trigger to claims, {each.seconds / each.size * 1e3:.2f} ms each"
        what = f"{each.size} packets, {keys}, of {cores} x bare decrypt"
        rows.append(Row(what, text, each.ratio, ">= 0.85", each.ratio >= 0.85))
    each_s = {(one.size, one.fresh): one.seconds / one.size for one in found}
    small, large = min(WINDOWS), max(WINDOWS)
    for fresh in (False, True):
        growth = each_s[large, fresh] / each_s[small, fresh]
        what = f"time a packet, window of {large} / {small}, {'new' if fresh else 'known'} keys"
        text = f"{each_s[large, fresh] * 1e3:.2f} / {each_s[small, fresh] * 1e3:.2f} ms"
        rows.append(Row(what, text, growth, f"<= {1 + NOISE}", growth <= 1 + NOISE))
    return rows


async def while_recognising(pool: WorkerPool, photo: Path) -> list[Row]:
    """Exchanges a second while all workers recognise, against idle workers."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    lost = 0.0
    photos = 0
    busy = asyncio.Event()

    async def recognise() -> None:
        nonlocal photos
        while True:
            await busy.wait()
            await pool.run(worker.recognise, photo)
            photos += 1

    server = Server("ours", **WIDE_OPEN)
    tasks = [asyncio.create_task(recognise()) for _ in range(4)]
    try:
        for number in range(ROUNDS):
            for state in (True, False) if number % 2 else (False, True):
                busy.set() if state else busy.clear()
                await asyncio.sleep(1.0)  # let what runs end, or begin
                done = await asyncio.to_thread(cars, "exchanges", server, EXCHANGES, AT_ONCE)
                rates[state].append(EXCHANGES / done["seconds"])
                lost += done["lost"]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.stop()
    working, resting = (statistics.median(rates[state]) for state in (True, False))
    text = f"{working:.0f} / {resting:.0f}, {lost:.0f} lost, {photos} photos read"
    ratio = working / resting
    return [Row("exchanges a second, recognising / idle", text, ratio, ">= 0.80", ratio >= 0.8 and not lost)]


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
    with TemporaryDirectory() as folder:
        return await _pooled(names, Path(folder))


async def _pooled(names: Sequence[str], folder: Path) -> list[Row]:
    cores = os.cpu_count() or 1
    setup = worker_setup(models_dir(None), "easyocr", photos=folder)
    pool = WorkerPool(setup, workers=cores, job_timeout_s=600.0)
    openers = WorkerPool(WorkerSetup(), workers=cores, job_timeout_s=600.0, one_job_each=True)
    await pool.start()
    await openers.start()
    try:
        rows = []
        if "recognising" in names:
            rows += await while_recognising(pool, photo(folder))
        if "opening" in names:
            rows += opening_rows(await opening(openers, cores, folder), cores)
        return rows
    finally:
        await openers.stop()
        await pool.stop()


ROWS: dict[str, Callable[[], list[Row]]] = {
    "speed": speed,
    "memory": memory,
    "latency": latency,
    "filing": filing,
    **besieged.ROWS,
}
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
    print(f"| {'what':48} | {'measured':72} | ratio | wanted        |      |\n|---|---|---|---|---|")
    for row in rows:
        mark = "good" if row.good else "BAD"
        print(f"| {row.what:48} | {row.measured:72} | {row.ratio:5.2f} | {row.wanted:13} | {mark:4} |")
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
