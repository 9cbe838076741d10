"""``make bench-delivery``: what delivery costs the unit: filing, processor time and memory, with a centre and without.

    python tests/bench/delivering.py [--rounds 2] [--rates 0.5 5] [--seconds 24] [--tail 1000] [--tail-rate 20]

A process of its own files and decides cases with photos of a camera's size in a store with ``fsync``, and keeps house
once a second: in turns alone, with the courier at work for a real centre, and as a unit whose cases the centre decides,
where the head moves with each case. Rates are cases a second: one that a busy unit has, and a storm. The centre, which
really stands elsewhere, has the other processor and a database that syncs no disk. Nothing is recognised beside;
what reading a photo takes is measured in the same run, for comparison.

The slowest filing of a hundred is nothing that fifty cases show. So it is asked of *tail* cases a round, at a pace that
no unit has for so long; where there are fewer than a thousand of them no p99 is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
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
from edge.delivery import GATHER_S, Client, Courier, DailyBudget, Progress, trusting
from edge.vision import selfcheck
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger

SIZE = (1280, 720)
"""Of the photos."""
KINDS = {"alone": "alone", "delivering": "delivering", "deciding": "decided at the centre"}
PATIENCE_S = 60.0
LEAST_OF_A_P99 = 1000
"""Cases: then ten are slower."""
SERIAL = str(UNIT["serial"])


async def unit(folder: Path, kind: str, url: str, cases: int, rate: float) -> dict[str, Any]:
    """File and decide *cases*, *rate* a second; with a *url* they are delivered there meanwhile."""
    progress, ms = Progress(0.0 if kind == "deciding" else GATHER_S), list[float]()
    photos = [photo(seed, SIZE) for seed in range(8)]
    store = await CaseStore.open(
        folder / "state", SIGNER, UNIT, on_head=progress.more if url else None, head_at_once=kind == "deciding"
    )

    async def keep() -> None:
        while True:
            await asyncio.sleep(ROUND_S)
            await store.housekeep()

    background, login_s = [asyncio.create_task(keep())], time.process_time()
    if url:
        client = Client(url, trusting(folder / "authority.pem"), SERIAL, SIGNER)
        courier = Courier(client, Outbox(folder / "state"), budget=DailyBudget(1 << 40), progress=progress)
        background.append(asyncio.create_task(courier.run()))
        async with asyncio.timeout(PATIENCE_S):
            while not progress.confirmed:  # the login, the first handshake and the key's entry are no case's
                await progress.wait_until_moved(PATIENCE_S)
    login_s = time.process_time() - login_s
    await asyncio.sleep(ROUND_S)
    begun_s, used_s = time.monotonic(), time.process_time()
    for number in range(cases):
        await asyncio.sleep(begun_s + number / rate - time.monotonic())
        own, at_ns = packet(), time.monotonic_ns()
        found = await store.file_case(trigger(), [photos[number % 8]], [own], limit_kmh=50.0, site="bench")
        ms.append((time.monotonic_ns() - at_ns) / 1e6)
        await store.enter_verdict(found, identified(own))
    await asyncio.sleep(GATHER_S + 2.0 * ROUND_S)  # the delivery of the last ones counts as well
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
    return {
        "ms": ms,
        "cpu_ms": 1e3 * used_s / cases,
        "mib": memory,
        "login_ms": 1e3 * login_s,
        "confirmed": progress.confirmed,
    }


async def run(
    dsn: str, folder: Path, rounds: int, cases: int, rate: float, processor: int
) -> dict[str, list[dict[str, Any]]]:
    """What each round measured of each kind; every round has a store of its own, the centre a new unit."""
    from tests.support.centre import centre_at_work

    found: dict[str, list[dict[str, Any]]] = {name: [] for name in KINDS}
    async with centre_at_work(dsn, folder / "centre") as centre:
        for number in range(rounds):
            for name, of in found.items():
                place = folder / f"{rate}-{name}-{number}"
                place.mkdir()
                url = ""
                if name != "alone":
                    url = centre.url
                    await centre.pool.execute("UPDATE units SET serial = serial || '-' || id WHERE serial = $1", SERIAL)
                    await centre.let_in(SERIAL, SIGNER, place)
                    (place / f"{SERIAL}.pem").rename(place / "authority.pem")
                words = [sys.executable, __file__, "--unit", str(place), "--kind", name, "--url", url]
                words += ["--cases", str(cases), "--rate", str(rate), "--processor", str(processor)]
                done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=True)
                of.append(json.loads(done.stdout))
    return found


def reading_ms(processor: int) -> float:
    """Processor time of reading one photo on the unit's *processor*, milliseconds.

    In a process of its own, which has read one before: to start it takes a hundred times as long, and is no case's.
    """
    words = [sys.executable, __file__, "--reading", "--processor", str(processor)]
    return float(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)


def reading(photos: int = 12) -> float:
    """What :func:`reading_ms` gives, of this process: the median of so many *photos*."""
    from edge.config import models_dir
    from edge.vision import installed_engine
    from edge.vision.pipeline import Recogniser

    recogniser, used_ms = Recogniser(models_dir(), installed_engine()), list[float]()
    for _ in range(1 + photos):
        before_s = time.process_time()
        assert selfcheck.is_read(recogniser.read(selfcheck.PHOTO))
        used_ms.append(1e3 * (time.process_time() - before_s))
    return statistics.median(used_ms[1:])


def rows(rate: float, found: dict[str, list[dict[str, Any]]], read_ms: float) -> list[str]:
    """The rows of one rate for a person."""
    lines, first = list[str](), list[float]()
    for name, of in found.items():
        ms = sorted(each for one in of for each in one["ms"])
        p99 = ms[round(0.99 * len(ms))] if len(ms) >= LEAST_OF_A_P99 else math.nan
        cpu, mib = (statistics.median(one[what] for one in of) for what in ("cpu_ms", "mib"))
        figures = [statistics.median(ms), p99, cpu, cpu + read_ms, mib]
        first = first or figures
        more = [f" ({100 * (new / old - 1):+.0f} %)" for old, new in zip(first, figures, strict=True)]
        told = [f"{value:,.1f}{ratio if figures != first else ''}" for value, ratio in zip(figures, more, strict=True)]
        cells = [cell if math.isfinite(value) else "" for cell, value in zip(told, figures, strict=True)]
        lines.append(f"| {rate:g} | {KINDS[name]} | {len(ms)} | " + " | ".join(cells) + " |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rates", type=float, nargs="*", default=[0.5, 5.0], help="cases a second")
    parser.add_argument("--seconds", type=float, default=24.0, help="of each measurement at the slowest rate")
    parser.add_argument("--tail", type=int, default=1000, help="cases a round whose p99 is asked; 0 for none")
    parser.add_argument("--tail-rate", type=float, default=20.0, help="those a second")
    parser.add_argument("--reading", action="store_true", help=argparse.SUPPRESS)
    for hidden in ("--unit", "--kind", "--url"):
        parser.add_argument(hidden, default="", help=argparse.SUPPRESS)
    parser.add_argument("--cases", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--processor", type=int, default=min(os.sched_getaffinity(0)), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.unit or args.reading:
        os.sched_setaffinity(0, [args.processor])
    if args.reading:
        print(reading())
        return 0
    if args.unit:
        print(json.dumps(asyncio.run(unit(Path(args.unit), args.kind, args.url, args.cases, args.rate))))
        return 0
    from tests.support.centre import Postgres

    read_ms, undelivered = reading_ms(args.processor), 0
    slowest = min(args.rates, default=0.0)
    works = [(rate, round(args.seconds * (rate if rate == slowest else rate / 2))) for rate in args.rates]
    works += [(args.tail_rate, args.tail)] if args.tail else []
    if others := sorted(os.sched_getaffinity(0))[1:]:
        os.sched_setaffinity(0, others)  # the centre and PostgreSQL; the unit takes the first
    print(
        "| cases/s | the unit | cases | filing p50, ms | p99, ms | processor, ms a case | with its photo read | MiB |"
    )
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    for rate, cases in works:
        with (
            tempfile.TemporaryDirectory(prefix="autovelox-bench-") as scratch,
            Postgres() as postgres,
            postgres.new_database() as dsn,
        ):
            found = asyncio.run(run(dsn, Path(scratch), args.rounds, cases, rate, args.processor))
        print("\n".join(rows(rate, found, read_ms)), flush=True)
        sent = [one for name, of in found.items() if name != "alone" for one in of]
        login_ms = statistics.median(one["login_ms"] for one in sent)
        print(
            f"(the first handshake, the login and the key's entry: {login_ms:.0f} ms, once in 15 minutes)", flush=True
        )
        undelivered += sum(one["confirmed"] < 2 * cases + 1 for one in sent)
    print(f"BAD: {undelivered} did not deliver everything" if undelivered else "everything was delivered")
    return 1 if undelivered else 0


if __name__ == "__main__":
    raise SystemExit(main())
