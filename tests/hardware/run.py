"""``make hil``: run the suite on this board's pins, or on mock pins where none are named.

First the pins, each step timed; then the service, what became of its triggers and what it needs.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Literal

from hilbench import Results, measure, table
from hilfeed import EVERY, record

from edge.config import RadarSettings
from edge.errors import EdgeError

SMALL = (320, 180)
"""The pins' feed: small, so that neither playing it nor an emulated processor is what is measured."""


class SimulatedLine:
    """A line of the kernel's gpio-sim: writing its pull moves it, as an outside signal would."""

    def __init__(self, pull: Path) -> None:
        self._pull = pull

    def fire(self) -> None:
        self._pull.write_text("pull-up", encoding="ascii")

    def release(self) -> None:
        self._pull.write_text("pull-down", encoding="ascii")

    def close(self) -> None:
        self.release()


def main() -> int:
    """Print what was measured; 1 if a trigger was lost or got another's frame, or the unit needs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pin-out", type=int, help="GPIO that is wired to --pin-in")
    parser.add_argument("--pin-in", type=int, default=17, help="GPIO the radar is on (default %(default)s)")
    parser.add_argument("--sim-pull", type=Path, help="pull file of a simulated line, instead of --pin-out")
    parser.add_argument("--triggers", type=int, default=1000, help="on the pins (default %(default)s)")
    parser.add_argument("--photos", type=int, default=200, help="triggers of the service (default %(default)s)")
    parser.add_argument("--fps", type=float, default=30.0, help="frame rate of the feed (default %(default)s)")
    parser.add_argument("--feed", type=Path, help="manifest of a feed for the pins that --record made")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="only make the feed for the pins, in this folder")
    parser.add_argument("--state-dir", type=Path, help="where cases go: a folder on the disk that the unit will use")
    parser.add_argument("--part", choices=("pins", "service", "both"), default="both", help="default %(default)s")
    args = parser.parse_args()
    real = args.pin_out is not None or args.sim_pull is not None
    pins = "simulated" if args.sim_pull else f"GPIO {args.pin_out} -> GPIO {args.pin_in}" if real else "mock"
    if args.record:
        record(args.record, args.triggers, args.fps, SMALL)
        return 0
    good = True
    try:
        with tempfile.TemporaryDirectory(dir=args.state_dir) as name:
            folder = Path(name)
            if args.part != "service":
                print(f"The pins ({pins}): {args.triggers} triggers at {args.fps / EVERY:g} a second\n", flush=True)
                manifest = args.feed or record(folder, args.triggers, args.fps, SMALL)
                results = asyncio.run(_pins(args, folder, manifest, "lgpio" if real else "mock"))
                print(f"{table(results)}\n", flush=True)
                good &= results.lost == results.wrong == results.gone == 0
            if args.part != "pins":
                from hilservice import report, serve

                print(f"The service ({pins}): {args.photos} triggers at {args.fps / EVERY:g} a second\n", flush=True)
                unit = folder / "unit"
                unit.mkdir()
                manifest = record(unit, args.photos, args.fps)
                service = asyncio.run(serve(unit, manifest, args.photos, pin=args.pin_in, pin_out=args.pin_out))
                print(report(service))
                good &= service.lost == service.wrong == service.gone == 0 and service.fits
    except EdgeError as error:
        print(f"hil: {error}", file=sys.stderr)
        return error.exit_code
    return 0 if good else 1


async def _pins(args: argparse.Namespace, folder: Path, manifest: Path, factory: Literal["lgpio", "mock"]) -> Results:
    settings = RadarSettings(pin=args.pin_in, pin_factory=factory, debounce_s=0.0, hold_off_s=0.0, stuck_after_s=60.0)
    line = SimulatedLine(args.sim_pull) if args.sim_pull else None
    return await measure(folder, manifest, radar_settings=settings, pin_out=args.pin_out, line=line)


if __name__ == "__main__":
    sys.exit(main())
