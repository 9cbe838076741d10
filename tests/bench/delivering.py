"""``make bench-delivery``: what delivery costs the unit: filing, processor time and memory, with a centre and without.

    python tests/bench/delivering.py [--rounds 3] [--cases 60]

A process of its own files and decides cases with photos of a camera's size in a store with ``fsync``, keeps house
once a second, in turns alone and with the courier at work for a real centre on loopback. With it the head moves
with each case, as on a unit whose cases the centre decides: that is the dearer way. Nothing is recognised beside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edge.cases.storage.outbox import Outbox
from edge.cases.store import CaseStore
from edge.daemon.housekeeping import ROUND_S
from edge.delivery import Client, Courier, DailyBudget, Progress, trusting
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger

RATE, SIZE = 5.0, (1280, 720)
"""Cases a second, and the size of their photos."""
PATIENCE_S = 60.0
SERIAL = str(UNIT["serial"])


async def unit(folder: Path, url: str, cases: int) -> dict[str, Any]:
    """File and decide *cases*; with a *url* they are delivered there meanwhile."""
    progress, ms = Progress(), list[float]()
    photos = [photo(seed, SIZE) for seed in range(8)]
    store = await CaseStore.open(
        folder / "state", SIGNER, UNIT, on_head=progress.more if url else None, head_at_once=bool(url)
    )

    async def keep() -> None:
        while True:
            await asyncio.sleep(ROUND_S)
            await store.housekeep()

    background = [asyncio.create_task(keep())]
    if url:
        client = Client(url, trusting(folder / "authority.pem"), SERIAL, SIGNER)
        courier = Courier(client, Outbox(folder / "state"), budget=DailyBudget(1 << 40), progress=progress)
        background.append(asyncio.create_task(courier.run()))
    await asyncio.sleep(ROUND_S)
    begun_s, used_s = time.monotonic(), time.process_time()
    for number in range(cases):
        await asyncio.sleep(begun_s + number / RATE - time.monotonic())
        own, at_ns = packet(), time.monotonic_ns()
        found = await store.file_case(trigger(), [photos[number % 8]], [own], limit_kmh=50.0, site="bench")
        ms.append((time.monotonic_ns() - at_ns) / 1e6)
        await store.enter_verdict(found, identified(own))
    used_s = time.process_time() - used_s
    if url:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while progress.confirmed < 2 * cases + 1:  # the key's entry, and two of each case
                    await progress.wait_until_moved(PATIENCE_S)
    for task in background:
        task.cancel()
    for task in background:
        with suppress(asyncio.CancelledError):
            await task
    await store.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"ms": ms, "cpu_ms": 1e3 * used_s / cases, "mib": memory, "confirmed": progress.confirmed}


async def run(dsn: str, folder: Path, rounds: int, cases: int) -> dict[str, list[dict[str, Any]]]:
    """What each round measured, alone and with delivery; every round has a store of its own, the centre a new unit."""
    from tests.support.centre import centre_at_work

    found: dict[str, list[dict[str, Any]]] = {"alone": [], "delivering": []}
    async with centre_at_work(dsn, folder / "centre") as centre:
        for number in range(rounds):
            for name, of in found.items():
                place = folder / f"{name}-{number}"
                place.mkdir()
                url = ""
                if name == "delivering":
                    url = centre.url
                    await centre.pool.execute("UPDATE units SET serial = serial || '-' || id WHERE serial = $1", SERIAL)
                    await centre.let_in(SERIAL, SIGNER, place)
                    (place / f"{SERIAL}.pem").rename(place / "authority.pem")
                words = [sys.executable, __file__, "--unit", str(place), "--url", url, "--cases", str(cases)]
                done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=True)
                of.append(json.loads(done.stdout))
    return found


def table(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """The rows for a person."""
    lines = [
        "| the unit | cases | filing p50, ms | p99, ms | processor time a case, ms | memory, MiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    values = []
    for name, of in found.items():
        ms = sorted(each for one in of for each in one["ms"])
        p99 = ms[min(len(ms) - 1, round(0.99 * len(ms)))]
        cpu, mib = (statistics.median(one[what] for one in of) for what in ("cpu_ms", "mib"))
        values.append((statistics.median(ms), p99, cpu, mib))
        lines.append(f"| {name} | {len(ms)} | {values[-1][0]:.1f} | {p99:.1f} | {cpu:.1f} | {mib:.0f} |")
    alone, with_delivery = values
    ratios = " | ".join(f"{100 * (new / old - 1):+.0f} %" for old, new in zip(alone, with_delivery, strict=True))
    return [*lines, f"| more | | {ratios} |"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--unit", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.unit is not None:
        print(json.dumps(asyncio.run(unit(args.unit, args.url, args.cases))))
        return 0
    from tests.support.centre import Postgres

    async def database(postgres: Postgres) -> str:
        async with postgres.database() as name:
            return name

    with tempfile.TemporaryDirectory(prefix="autovelox-bench-") as scratch, Postgres() as postgres:
        dsn = postgres.server.dsn_of(postgres.call(database(postgres)))
        found = asyncio.run(run(dsn, Path(scratch), args.rounds, args.cases))
    print("\n".join(table(found)))
    undelivered = [each for each in found["delivering"] if each["confirmed"] < 2 * args.cases + 1]
    print("BAD: not everything was delivered" if undelivered else "everything was delivered")
    return 1 if undelivered else 0


if __name__ == "__main__":
    raise SystemExit(main())
