"""``make chaos-centre``: strike the centre, its database, the way to it and the units 200 times; print what it stood.

    python tests/chaos/centre_run.py [--strikes N] [--seed S] [--only WORD]

Confirmed is every head that a unit was told is durable; found is how many of them the centre has after the strike.
Exits 1 if they differ, anything is wrong, or a fork was not seen.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import asyncpg
from centre_disks import can_mount
from centre_faults import FAULTS, Fault, forks
from centre_world import Unit, World
from tally import Tally

from centre.records import verify_units

ALL = sum(fault.share for fault in FAULTS)


def main() -> int:
    parser = argparse.ArgumentParser(description="Strike the centre and see what it stands.")
    parser.add_argument("--strikes", type=int, default=ALL, help="in all (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="faults whose name holds this word")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    faults = [fault for fault in FAULTS if args.only in fault.name and (can_mount() or not fault.fills_disks)]
    with tempfile.TemporaryDirectory(prefix="chaos-centre-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # root's PostgreSQL runs as another account
        print("| what happens | strikes | confirmed | found again | forks | seen | wrong |")
        print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
        tallies, seen = asyncio.run(_strike(folder, faults, args))
    made = [tally.runs if fault.makes_forks else 0 for fault, tally in zip(faults, tallies, strict=True)]
    runs, filed, found = (sum(getattr(tally, name) for tally in tallies) for name in ("runs", "filed", "found"))
    wrong = [f"{tally.fault}: {what}" for tally in tallies for what in tally.wrong]
    print(
        f"| **all** | **{runs}** | **{filed}** | **{found}** | **{sum(made)}** | **{sum(seen)}** | **{len(wrong)}** |"
    )
    print(f"\nseed {args.seed}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return int(bool(wrong) or filed != found or sum(made) != sum(seen))


async def _strike(folder: Path, faults: list[Fault], args: argparse.Namespace) -> tuple[list[Tally], list[int]]:
    world = World(folder, random.Random(args.seed))
    await world.start()
    tallies, seen = [], []
    try:
        for fault in faults:
            tally = Tally(fault.name)
            share = max(1, round(fault.share * args.strikes / ALL))
            unit = await world.new_unit(small_disk=fault.fills_disks)
            for number in range(share):
                if sys.stderr.isatty():
                    print(f"\r{fault.name} {number + 1}/{share} ", end="", file=sys.stderr, flush=True)
                await _one(world, unit, fault, tally)
            seen.append(await forks(world, unit) if fault.makes_forks else 0)
            tallies.append(tally)
            await _judge(world, unit, tally)
            shown = f"{tally.runs} | {seen[-1]}" if fault.makes_forks else "- | -"
            print(
                f"| {tally.fault} | {tally.runs} | {tally.filed} | {tally.found} | {shown} | {len(tally.wrong)} |",
                flush=True,
            )
            for what in tally.wrong:
                print(f"{tally.fault}: {what}", file=sys.stderr, flush=True)
    finally:
        await world.stop()
    return tallies, seen


async def _one(world: World, unit: Unit, fault: Fault, tally: Tally) -> None:
    tally.runs += 1
    try:
        await unit.file(world.rng.randint(1, 3), clock_s=fault.clock_s)
        await fault.strike(world, unit)
    except Exception as error:  # a strike that was not stood is a line of the table, not the end of it
        tally.wrong.append(f"strike {tally.runs}: {type(error).__name__}: {error}")
        world.network.mend()
        if world.server.pid is None:
            await world.server.start()
        await world.commits.release()
        if world.process is not None and world.process.returncode is not None:
            await world.start_centre()
    confirmed = unit.confirmed()
    tally.filed += 1
    tally.found += await unit.found(confirmed)


async def _judge(world: World, unit: Unit, tally: Tally) -> None:
    """Everything of the unit is at the centre, once, and holds from the first entry on."""
    connection = await asyncpg.connect(world.server.dsn)
    try:
        (found,) = await verify_units(connection, unit.serial)
    finally:
        await connection.close()
    if found.fault is not None:
        tally.wrong.append(found.fault)
    if found.entries != unit.head()[0]:
        tally.wrong.append(f"the unit has {unit.head()[0]} entries, the centre {found.entries}")
    alarms = await world.ask("SELECT kind FROM alarms JOIN units ON units.id = unit_id WHERE serial = $1", unit.serial)
    meant = {"fork", "rolled_back"} if tally.fault.startswith("unit cloned") or "restored" in tally.fault else set()
    tally.wrong += [f"an alarm that should not be: {row['kind']}" for row in alarms if row["kind"] not in meant]


if __name__ == "__main__":
    sys.exit(main())
