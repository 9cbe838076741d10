"""``autovelox demo``: play recorded infringements to a real unit and print who drove."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from edge.cases import Archive, standing_words
from edge.config import Engine
from edge.demo.cars import Traffic
from edge.demo.cast import Cast, Scene, load_signed_cast
from edge.demo.setting import Setting
from edge.demo.unit import DECIDED, DemoFailed, DemoUnit, running_unit
from edge.law import in_unit, speed_words
from edge.model import Case, Flag, Outcome
from edge.terminal import legible
from edge.vision import installed_engine, require_engine

DECIDE_TIMEOUT_S = 300.0
"""How long no case may be decided; longer than the unit takes to give a photo up."""
TABLE_WIDTH = 120
"""Characters of a line if the output is not a terminal."""
PROBLEMS = 10
"""At most so many of the unit's errors are printed where a case is wrong."""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo`` to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="play recorded infringements and print who drove",
        description="Start a unit on loopback, play eight recorded infringements, let the cars call, print who drove.",
    )
    parser.add_argument(
        "--dir", type=Path, default=Path("var/demo"), metavar="DIR", help="the demo's own folder (default: %(default)s)"
    )
    parser.add_argument("--view", action="store_true", help="open the viewer on the cases at the end")
    parser.add_argument(
        "--engine",
        choices=get_args(Engine),
        help="what runs the reader (default: EasyOCR where it is installed, else LiteRT)",
    )
    parser.set_defaults(run=demo)


def demo(args: argparse.Namespace) -> int:
    """Run the demo; return 0 if every case is right, else 1."""
    cast = load_signed_cast()
    engine: Engine = args.engine or installed_engine()
    require_engine(engine)
    setting = Setting(args.dir.resolve(), engine, signed=True)
    console = Console()
    if not console.is_terminal:
        console = Console(width=TABLE_WIDTH)
    if args.engine is None and engine == "litert":
        console.print("EasyOCR is not installed: LiteRT runs the reader's network, with the same texts.")
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
    ) as progress:
        setting.clear()
        if not setting.is_enrolled:
            task = progress.add_task("Enrolling fictional drivers (RSA-4096 keys)", total=len(cast.driver))
            setting.enrol(cast, lambda: progress.advance(task))
        asyncio.run(play_scenes(cast, setting, progress))
    wrong = _report(console, cast, setting)
    if wrong:
        tell_problems(console, setting)
    if args.view:
        show_cases(console, setting)
    else:
        tell_where(console, setting)
    return int(wrong > 0)


async def play_scenes(cast: Cast, setting: Setting, progress: Progress) -> None:
    """Start the unit of *setting*, and let the cars of each scene call when its clip plays.

    Raises:
        DemoFailed: the unit ended, or did not do its part in time.
    """
    starting = progress.add_task("Starting the unit (models, workers)", total=None)
    chips, signing = setting.chips(cast), setting.signing(cast)  # a slow machine has no time for it once the feed plays
    async with running_unit(setting.config, setting.log) as unit:
        port = (await unit.expect(r"the link listens on \S+ port (\d+)")).group(1)
        traffic = Traffic(f"http://127.0.0.1:{port}", cast, chips, signing)
        # The first clip begins with the link: its cars wait neither for its line in the log nor for what is recorded.
        await asyncio.gather(traffic.pass_by(cast.scene[0]), traffic.record())
        progress.update(starting, total=1, completed=1)
        playing = progress.add_task("Playing the feed, cars calling", total=len(cast.scene))
        for number, scene in enumerate(cast.scene, start=1):
            await unit.expect(rf"clip {number} of {len(cast.scene)}")
            if number > 1:
                await traffic.pass_by(scene)
            progress.update(playing, completed=number - 0.5)
        await all_decided(unit, len(cast.scene))
        progress.update(playing, completed=len(cast.scene))
        await unit.stop()


async def all_decided(unit: DemoUnit, cases: int) -> None:
    """Wait until the unit has decided *cases* cases; a slow machine may take its time.

    Raises:
        DemoFailed: it decides none for :data:`DECIDE_TIMEOUT_S`.
    """
    while len(unit.decided) < cases:  # a slow unit decides the newest first
        try:
            async with asyncio.timeout(DECIDE_TIMEOUT_S):
                await unit.expect(DECIDED)
        except TimeoutError:
            raise DemoFailed(
                f"the unit decided no further case within {DECIDE_TIMEOUT_S:.0f} s",
                "read unit.log in the demo's folder",
            ) from None


def _report(console: Console, cast: Cast, setting: Setting) -> int:
    """Print the table; return how many cases are wrong or missing."""
    table = Table(title="Who drove", title_justify="left")
    for column in ("time", "measured", "counts", "plate read", "the car", "verdict", "driver", "ms", ""):
        table.add_column(column, justify="right" if column in {"measured", "counts", "ms"} else "left")
    wrong = 0
    with Archive(setting.state_dir) as archive:
        for number, scene in enumerate(cast.scene, start=1):
            case = archive.case(number)
            right = _is_right(case, scene)
            wrong += not right
            table.add_row(*row_of(case, scene), "[green]right[/]" if right else "[bold red]WRONG[/]")
    console.print(table)
    console.print(legible(f"{len(cast.scene) - wrong} of {len(cast.scene)} cases right."))
    console.print("counts: the measured speed less what the law deducts (in Italy 5 %, at least 5 km/h).")
    console.print("ms: from the radar's edge to the decided, signed case; for 1,000 of them the packet window is open.")
    return wrong


def tell_problems(console: Console, setting: Setting) -> None:
    """Print what the unit itself reported as errors, which may be why cases are wrong: a failed self-check for one."""
    said = [line for line in setting.log.read_text(encoding="utf-8").splitlines() if " ERROR " in line]
    for line in said[:PROBLEMS]:
        console.print(legible(line), markup=False, emoji=False, soft_wrap=True)
    where = f"The unit's log: {setting.log}"
    console.print(legible(where), markup=False, emoji=False, soft_wrap=True)


def _is_right(case: Case, scene: Scene) -> bool:
    named = case.driver.licence if case.driver is not None else None
    identified = case.verdict is not None and case.verdict.outcome is Outcome.IDENTIFIED
    if (Flag.COPIED_CHIP in case.flags) != (scene.car == "copied chip"):
        return False
    return named == scene.culprit and identified == (scene.culprit is not None)


def row_of(case: Case, scene: Scene) -> tuple[str, ...]:
    """Return the table's row: time, speed measured and counted, plate read, the car of *scene*, verdict, driver, ms."""
    outcome, driver = case.verdict.outcome if case.verdict else None, case.driver
    elapsed_ms = f"{(case.decided_utc - case.trigger.at_utc) * 1e3:,.0f}" if case.decided_utc is not None else "-"
    cells = (
        time.strftime("%H:%M:%S", time.localtime(case.trigger.at_utc)),
        f"{in_unit(case.trigger.speed_kmh, case.speed_unit):.1f}" if case.trigger.speed_kmh is not None else "-",
        speed_words(case.assessment.remaining_kmh, case.speed_unit, _number) if case.assessment is not None else "-",
        case.plate_text or "-",
        scene.car if scene.car != "silent" else "no packet",
        standing_words(outcome, case) or "pending",
        f"{driver.first_name} {driver.last_name}" if driver is not None else "-",
        elapsed_ms,
    )
    return tuple(map(legible, cells))


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


def tell_where(console: Console, setting: Setting) -> None:
    """Say how to see the cases, with the program that runs now: it need not be on the path."""
    program = Path(sys.executable).with_name("autovelox")
    command = str(program) if program.is_file() else "autovelox"
    where = f"--state-dir {shlex.quote(str(setting.state_dir))}"
    for what, action in (("a window", "view"), ("a list", "cases list"), ("one in words", "cases show 1")):
        line = f"{what + ':':<13} {shlex.quote(command)} {action} {where}"
        # a path may hold what looks like markup
        console.print(legible(line), markup=False, emoji=False, soft_wrap=True)


def show_cases(console: Console, setting: Setting) -> None:
    """Open the viewer on the demo's cases, or say how to see them where there is no display."""
    if not os.environ.get("DISPLAY"):
        console.print("There is no display for the viewer.")
        tell_where(console, setting)
        return
    subprocess.run([sys.executable, "-P", "-m", "edge", "view", "--state-dir", str(setting.state_dir)], check=False)
