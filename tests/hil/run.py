"""``make hil``: run the suite on this board's pins, or on mock pins where none are named."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from hilbench import measure, table

from edge.config import RadarSettings
from edge.errors import EdgeError


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
    """Print the table; 1 if a trigger was lost or got another frame than its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pin-out", type=int, help="GPIO that is wired to --pin-in")
    parser.add_argument("--pin-in", type=int, default=17, help="GPIO the radar is on (default %(default)s)")
    parser.add_argument("--sim-pull", type=Path, help="pull file of a simulated line, instead of --pin-out")
    parser.add_argument("--triggers", type=int, default=1000, help="default %(default)s")
    parser.add_argument("--fps", type=float, default=30.0, help="frame rate of the feed (default %(default)s)")
    parser.add_argument("--state-dir", type=Path, help="where cases go: a folder on the disk that the unit will use")
    args = parser.parse_args()
    real = args.pin_out is not None or args.sim_pull is not None
    settings = RadarSettings(
        pin=args.pin_in, pin_factory="lgpio" if real else "mock", debounce_s=0.0, hold_off_s=0.0, stuck_after_s=60.0
    )
    pins = "simulated" if args.sim_pull else f"GPIO {args.pin_out} -> GPIO {args.pin_in}" if real else "mock"
    print(f"{args.triggers} triggers, feed at {args.fps:g} frames/s, pins: {pins}", flush=True)
    try:
        with tempfile.TemporaryDirectory(dir=args.state_dir) as folder:
            results = asyncio.run(
                measure(
                    Path(folder),
                    triggers=args.triggers,
                    fps=args.fps,
                    radar_settings=settings,
                    pin_out=args.pin_out,
                    line=SimulatedLine(args.sim_pull) if args.sim_pull else None,
                )
            )
    except EdgeError as error:
        print(f"hil: {error}", file=sys.stderr)
        return error.exit_code
    print(table(results))
    return int(results.lost > 0 or results.wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
