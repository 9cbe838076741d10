"""``make bench-fleet``: many units at once, an hour of 1,000 cases a day each in five minutes, at one centre.

    python tests/bench/fleet.py [--units 1000] [--minutes 5] [--photo-kb 20] [--connections 8] [--prepare]

The centre runs as a process of its own with PostgreSQL of its own and ``fsync``; the units are small clients with
chains made before (``--prepare`` does nothing else), which log in, deliver entries and one photo a case when their time
has come, and report every minute of the hour that is played. A unit's client leaves a connection that idles for 15 s;
so do these, in time as it is played: nearly every visit is a TLS handshake, as in a real hour. They share the machine
with the centre; the second table says whose processor time it was. Exits 1 on an error, where a unit's oldest entry
waits longer than 60 s at the end, or where the centre's memory grew by more than a tenth after the first third.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import asyncpg
import uvloop
from fleet_units import Unit, prepared

from centre.config import CentreSettings, DatabaseSettings, Settings
from centre.database import EmbeddedServer
from centre.service import own_files
from edge.delivery import Client, trusting
from edge.delivery.client import Unanswered
from edge.errors import DeliveryError

FOLDER = Path("var/bench-fleet")
CASES_A_DAY = 1000
CONNECTIONS = DatabaseSettings().connections
LONGEST_LAG_S = 60.0
MOST_GROWTH = 0.10
LONGEST_PAUSE_S = 20.0
IDLE_S = 15.0
"""After which a unit's client leaves a connection, aiohttp's default."""
JOINED = "INSERT INTO units (serial, state, public_key, joined_at) VALUES ($1, 'active', $2, now())"


SIZE = """
SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND (relname IN ('entries', 'files', 'blobs') OR relname LIKE 'cases%')
"""


@dataclass
class Figures:
    """What came of the run."""

    requests: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    told_to_wait: int = 0
    memory: list[int] = field(default_factory=list)
    """The centre's resident bytes, every second."""
    told: list[int] = field(default_factory=list)
    """How often a unit was told to wait so far, every second."""
    bytes_a_case: float = 0.0
    """In PostgreSQL with indexes, without photos."""
    processor_s: dict[str, float] = field(default_factory=dict)
    """Whose processor time: the units' clients, the centre, PostgreSQL."""


async def live(unit: Unit, url: str, authority: Path, length_s: float, speed: float, figures: Figures) -> None:
    """Deliver what is due until the hour is over and everything is there, or the patience is."""
    began, head, next_status_s = time.monotonic(), (0, "0" * 64), random.Random(unit.serial).uniform(0, 60 / speed)
    pause_s, first, portrait_is_due = 0.0, unit.first, True
    async with Client(url, trusting(authority), unit.serial, unit.signer, keepalive_s=IDLE_S / speed) as client:
        while (now_s := time.monotonic() - began) < length_s + LONGEST_LAG_S:
            try:
                if not client.is_logged_in:
                    figures.requests["login"] += 1
                    await client.log_in(b"")
                due = [case for case in unit.cases[unit.sent : unit.sent + 50] if case.at_s <= now_s]
                if due or first:
                    figures.requests["entries"] += 1
                    head = await client.entries(first + b"".join(case.lines for case in due))
                    first, unit.sent = b"", unit.sent + len(due)
                if portrait_is_due and unit.sent:
                    figures.requests["photo"] += 1
                    await client.blob(unit.portrait.digest, unit.portrait.data)
                    portrait_is_due = False
                while unit.photos < unit.sent:
                    figures.requests["photo"] += 1
                    photo = unit.cases[unit.photos].photo
                    await client.blob(photo.digest, photo.data)
                    unit.photos += 1
                if now_s >= next_status_s:
                    figures.requests["status"] += 1
                    await client.status({"head": {"seq": head[0], "hash": head[1]}, "utc": time.time()})
                    next_status_s += 60 / speed
                if now_s > length_s and unit.photos == len(unit.cases):
                    return
                pause_s = 0.0
            except Unanswered as error:
                if error.retry_s is None:
                    figures.errors[str(error)] += 1
                figures.told_to_wait += error.retry_s is not None
                pause_s = min(LONGEST_PAUSE_S, error.retry_s or 1.0)
            except DeliveryError as error:
                figures.errors[str(error)] += 1
                pause_s = 1.0
            await asyncio.sleep(max(pause_s, 1.0))  # the courier looks once a second


async def run(folder: Path, units: list[Unit], length_s: float, connections: int) -> tuple[Figures, float]:
    """Play the hour in *length_s*; returns the figures, and the longest time that an entry waits at the end."""
    speed, rng = 3600 / length_s, random.Random(1)
    (folder / "centre.toml").write_text(
        '[centre]\nname = "fleet"\nstate_dir = "centre"\n[listen]\nport = 0\n[metrics]\nenabled = false\n'
        "[limits]\nlogins_per_minute = 1000000\n[notices]\ndisk_free_percent = 0.001\n"
        f"[database]\nconnections = {connections}\n"
    )
    settings = Settings(centre=CentreSettings(name="fleet", state_dir=folder / "centre"))
    log = (folder / "centre.log").open("wb")
    words = ("-P", "-m", "centre", "--config", str(folder / "centre.toml"), "run")
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stderr=log, stdout=log)
    try:
        port = await _port(folder / "centre.log", process)
        server = EmbeddedServer(folder / "centre" / "postgresql")
        connection = await asyncpg.connect(server.dsn)
        await connection.executemany(JOINED, [(unit.serial, unit.signer.public_key) for unit in units])
        await connection.close()
        figures, authority = Figures(), own_files(settings)[1].authority
        url = f"https://127.0.0.1:{port}"
        watch = asyncio.create_task(_weigh(process.pid, figures))
        at_end, before = list[float](), await asyncio.to_thread(_processor_s, process.pid)

        async def one(unit: Unit) -> None:
            await asyncio.sleep(rng.uniform(0, 5))
            await live(unit, url, authority, length_s, speed, figures)

        async def look() -> None:
            await asyncio.sleep(length_s)
            at_end.append(max(unit.waiting_since(length_s) for unit in units))

        await asyncio.gather(look(), *map(one, units))
        watch.cancel()
        after = await asyncio.to_thread(_processor_s, process.pid)
        figures.processor_s = {whose: after[whose] - before[whose] for whose in after}
        connection = await asyncpg.connect(server.dsn)
        figures.bytes_a_case = float(await connection.fetchval(SIZE)) / max(1, sum(unit.sent for unit in units))
        await connection.close()
        return figures, at_end[0]
    finally:
        process.terminate()
        await process.wait()


async def _port(log: Path, process: asyncio.subprocess.Process) -> int:
    while process.returncode is None:
        found = re.search(r"answers units at \S+ port (\d+)", await asyncio.to_thread(log.read_text))
        if found:
            return int(found.group(1))
        await asyncio.sleep(0.1)
    raise SystemExit(await asyncio.to_thread(log.read_text))


def _processor_s(centre: int) -> dict[str, float]:
    """The processor time (s) so far of this process, of the centre and of PostgreSQL, which the centre started."""
    ticks, found = os.sysconf("SC_CLK_TCK"), {"clients": time.process_time(), "centre": 0.0, "PostgreSQL": 0.0}
    stats = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                name, _, rest = (folder / "stat").read_text().rpartition(")")
                stats[int(folder.name)] = (name.partition("(")[2], rest.split())
    ours = {centre}
    while more := {pid for pid, (_, words) in stats.items() if int(words[1]) in ours} - ours:
        ours |= more
    for pid in ours & stats.keys():
        name, words = stats[pid]
        whose = "PostgreSQL" if name.startswith("postgres") else "centre"
        # Those of children that ended count with PostgreSQL's own; the centre's is another process group.
        places = (11, 12, 13, 14) if whose == "PostgreSQL" else (11, 12)
        found[whose] += sum(int(words[place]) for place in places) / ticks
    return found


async def _weigh(pid: int, figures: Figures) -> None:
    while True:
        text = await asyncio.to_thread(Path(f"/proc/{pid}/status").read_text)
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        if found:
            figures.memory.append(1024 * int(found.group(1)))
            figures.told.append(figures.told_to_wait)
        await asyncio.sleep(1.0)


def _tenths(values: list[int]) -> list[int]:
    """Those at the beginning of each tenth of the run."""
    return [values[len(values) * place // 10] for place in range(10)] if values else []


def main() -> int:
    parser = argparse.ArgumentParser(description="Play an hour of a fleet, compressed.")
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--photo-kb", type=int, default=20)
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="to PostgreSQL (default %(default)s)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the units' chains are (default %(default)s)")
    parser.add_argument("--prepare", action="store_true", help="only make them")
    args = parser.parse_args()
    units = prepared(args.folder, args.units, round(CASES_A_DAY / 24), 1024 * args.photo_kb, 60 * args.minutes)
    if args.prepare:
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # root's PostgreSQL runs as another account
        figures, lag_s = uvloop.run(run(folder, units, 60 * args.minutes, args.connections))
    third = len(figures.memory) // 3
    early, late = statistics.median(figures.memory[third : 2 * third]), statistics.median(figures.memory[2 * third :])
    missing = sum(len(unit.cases) - unit.photos for unit in units)
    asked = sum(figures.requests.values()) / (60 * args.minutes)
    print("| units | cases | requests/s | told to wait | errors | lag, s | never came | centre, MB | at the end |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    print(
        f"| {len(units):,} | {sum(len(unit.cases) for unit in units):,} | {asked:,.0f} | {figures.told_to_wait:,}"
        f" | {sum(figures.errors.values())} | {lag_s:.0f} | {missing} | {early / 1e6:.0f} | {late / 1e6:.0f} |"
    )
    cases, minutes = sum(unit.sent for unit in units), args.minutes
    print("\n| processor time | s | of one core | ms a case |\n|---|---:|---:|---:|")
    for whose, used_s in figures.processor_s.items():
        print(f"| {whose} | {used_s:.1f} | {used_s / (60 * minutes):.2f} | {1000 * used_s / max(1, cases):.1f} |")
    memory, told = _tenths(figures.memory), _tenths(figures.told)
    print(f"\ncentre's memory over time, MB: {' '.join(f'{size / 1e6:.0f}' for size in memory)}", file=sys.stderr)
    print(f"told to wait until then: {' '.join(map(str, told))}", file=sys.stderr)
    print(f"bytes a case in PostgreSQL, without its photo: {figures.bytes_a_case:,.0f}", file=sys.stderr)
    for error, times in figures.errors.most_common(5):
        print(f"{times} x {error}", file=sys.stderr)
    return int(bool(figures.errors) or missing > 0 or lag_s >= LONGEST_LAG_S or late > (1 + MOST_GROWTH) * early)


if __name__ == "__main__":
    sys.exit(main())
