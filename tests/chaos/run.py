"""``make chaos``: strike the unit some hundred times and print what it stood.

    python tests/chaos/run.py [--storage N] [--daemon N] [--seed S] [--only WORD]

Exits 1 if anything that was acknowledged is lost, doubled or half there.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

import shim
from tally import Tally

BUILD = Path(__file__).resolve().parents[2] / "build" / "chaos"


def main() -> int:
    parser = argparse.ArgumentParser(description="Strike the unit and see what it stands.")
    parser.add_argument("--storage", type=int, default=320, help="strikes against the case store (default %(default)s)")
    parser.add_argument("--daemon", type=int, default=22, help="strikes against the whole daemon (default %(default)s)")
    parser.add_argument("--radar", type=int, default=5, help="seconds of a flapping radar line (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="faults whose name holds this word")
    args = parser.parse_args()
    library = shim.build(BUILD)
    shim.preload(library)
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    tallies = [each for each in (*_storage(args), *_radar(args), *_daemon(args, library)) if each.runs]
    print("| what happens | strikes | acknowledged | found again | refused with a reason | wrong |")
    print("|---|---:|---:|---:|---:|---:|")
    for tally in tallies:
        print(
            f"| {tally.fault} | {tally.runs} | {tally.filed} | {tally.found} | {tally.refused} | {len(tally.wrong)} |"
        )
    runs, filed, found = (sum(getattr(tally, name) for tally in tallies) for name in ("runs", "filed", "found"))
    wrong = [f"{tally.fault}: {what}" for tally in tallies for what in tally.wrong]
    print(f"| **all** | **{runs}** | **{filed}** | **{found}** | | **{len(wrong)}** |")
    print(f"\nseed {args.seed}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    for what in wrong:
        print(what, file=sys.stderr)
    return 1 if wrong else 0


def _storage(args: argparse.Namespace) -> list[Tally]:
    import storage

    faults = [
        fault for fault in storage.FAULTS if args.only in fault.name and (storage.can_mount() or not fault.small_disk)
    ]
    tallies: list[Tally] = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as scratch:
        rounds = args.storage // storage.LIVES
        for index, fault in enumerate(faults):
            tally = Tally(fault.name)
            share = rounds // len(faults) + (index < rounds % len(faults))
            for number in range(share):
                _progress(fault.name, number, share)
                storage.run(
                    fault, Path(scratch) / f"{index}-{number}", args.seed * 100_000 + index * 1000 + number, tally
                )
            tallies.append(tally)
    return tallies


def _radar(args: argparse.Namespace) -> list[Tally]:
    import radar

    tally = Tally(radar.NAME)
    with tempfile.TemporaryDirectory(prefix="chaos-") as scratch:
        for number in range(args.radar if args.only in radar.NAME else 0):
            _progress(radar.NAME, number, args.radar)
            radar.run(Path(scratch) / str(number), args.seed * 100_000 + number, tally)
    return [tally]


def _daemon(args: argparse.Namespace, library: Path) -> list[Tally]:
    import station
    import storage
    import unit

    from tests.support.station import PEOPLE, make_template
    from tests.support.unit_files import write_settings

    names = [name for name in unit.STRIKES if args.only in name and (name != unit.FULL or storage.can_mount())]
    tallies = {name: Tally(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="chaos-") as scratch:
        if names and args.daemon:
            make_template(Path(scratch) / "template", PEOPLE[:1])
            write_settings(Path(scratch) / "template", station.SETTINGS)
        for number in range(args.daemon if names else 0):
            name = names[number % len(names)]
            _progress(name, number, args.daemon)
            folder = Path(scratch) / str(number)
            unit.run(name, Path(scratch) / "template", folder, library, args.seed * 100_000 + number, tallies[name])
    return list(tallies.values())


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}: {done}/{total}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
