"""``autovelox play``: one's own video through a real unit, with cars of one's own, and what it makes of them."""

from __future__ import annotations

import argparse
import asyncio
import math
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from edge.cases import Archive
from edge.config import Engine
from edge.demo.cast import Cast, Person, Scene, load_cast
from edge.demo.commands import TABLE_WIDTH, all_decided, row_of, show_cases
from edge.demo.setting import Setting, toml_text
from edge.demo.unit import running_unit
from edge.errors import CameraError, ConfigError
from edge.link import deliver
from edge.model import ALPHABET
from edge.terminal import legible
from edge.vision import installed_engine, require_engine

LEAST_SPEED_KMH = 61.0
"""The unit's limit is 50 km/h: below this speed it might be no infringement in the law of any country."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video file: how many frames it has, and how many of them a second."""

    file: Path
    frames: int
    fps: float


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``play`` to the command line."""
    parser = subparsers.add_parser(
        "play",
        help="play a video of your own to a unit, and print what it makes of it",
        description="Start a unit on loopback in a folder of its own, play VIDEO to it, let the radar trigger once, let"
        " the cars that you name call, and print whom it names. Nobody real is in its registry.",
    )
    parser.add_argument("video", type=Path, metavar="VIDEO")
    parser.add_argument("--at", type=float, metavar="SECONDS", help="when the radar triggers (default: half-way)")
    parser.add_argument(
        "--speed", type=float, default=66.0, metavar="KMH", help="what it measured (default: %(default)s)"
    )
    parser.add_argument("--direction", choices=("inbound", "outbound"), help="what it saw of the direction")
    parser.add_argument(
        "--car", action="append", default=[], metavar="PLATE", help="a car with this plate calls; may be repeated"
    )
    parser.add_argument("--dir", type=Path, default=Path("var/play"), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--view", action="store_true", help="open the viewer at the end")
    parser.add_argument("--engine", choices=get_args(Engine), help="what runs the reader")
    parser.set_defaults(run=play)


def play(args: argparse.Namespace) -> int:
    """Run the command; return 0 if the trigger became a decided case."""
    engine: Engine = args.engine or installed_engine()
    require_engine(engine)
    video = open_video(args.video)
    frame = trigger_frame(video, args.at)
    if not math.isfinite(args.speed):
        raise ConfigError("the speed is no number of km/h", f"give --speed {LEAST_SPEED_KMH:.0f} or more")
    if args.speed < LEAST_SPEED_KMH:
        raise ConfigError(
            "that is no infringement at a limit of 50 km/h", f"give --speed {LEAST_SPEED_KMH:.0f} or more"
        )
    people = drivers(args.car)
    folder = args.dir.resolve()
    setting = Setting(folder, engine, manifest=folder / "feed.toml", countries=("ANY",))
    console = Console()
    if not console.is_terminal:
        console = Console(width=TABLE_WIDTH)
    cast = Cast(driver=people, scene=())
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console) as progress:
        setting.clear(keep_drivers=False)
        (folder / "feed.toml").write_text(_feed(video, frame, args.speed, args.direction), encoding="utf-8")
        progress.add_task("Enrolling a fictional driver for each car", total=None, visible=bool(people))
        setting.enrol(cast, lambda: None)
        progress.add_task("Playing the video", total=None)
        asyncio.run(_play(setting, cast))
    _report(console, setting)
    if args.view:
        show_cases(console, setting)
    else:
        where = f"To see the case: autovelox view --state-dir {setting.state_dir}"
        console.print(legible(where), markup=False, emoji=False)
    return 0


def open_video(file: Path) -> Video:
    """Return how long *file* is.

    Raises:
        CameraError: it is no video that can be decoded.
    """
    import cv2

    if not file.is_file():
        raise CameraError(f"there is no file {file}", "give the path of a video")
    capture = cv2.VideoCapture(str(file))
    try:
        frames, fps = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), float(capture.get(cv2.CAP_PROP_FPS))
        if not capture.isOpened() or frames < 1 or not fps > 0 or not capture.read()[0]:
            raise CameraError(f"{file} is no video that can be decoded", "convert it, for example to MP4 with H.264")
    finally:
        capture.release()
    return Video(file.resolve(), frames, fps)


def trigger_frame(video: Video, at_s: float | None) -> int:
    """Return the frame of *video* at *at_s* seconds, or the one half-way.

    Raises:
        ConfigError: the video is shorter, or *at_s* is no number.
    """
    if at_s is None:
        return video.frames // 2
    at_frame = at_s * video.fps
    frame = round(at_frame) if math.isfinite(at_frame) else -1
    if not 0 <= frame < video.frames:
        seconds = video.frames / video.fps
        raise ConfigError(f"the video has no second {at_s:g}", f"give --at between 0 and {seconds - 1 / video.fps:.1f}")
    return frame


def drivers(plates: list[str]) -> tuple[Person, ...]:
    """Return a fictional driver for each of *plates*.

    Raises:
        ConfigError: a plate has other characters than capitals and digits, stands twice, or there are too many.
    """
    people = load_cast().driver
    if len(plates) > len(people):
        raise ConfigError(f"there are {len(people)} fictional drivers", "name fewer cars")
    if len(set(plates)) < len(plates):
        raise ConfigError("a plate stands twice", "name each car once")
    for plate in plates:
        if not 4 <= len(plate) <= 10 or not set(plate) <= set(ALPHABET):
            raise ConfigError("a plate has 4 to 10 characters of A to Z and 0 to 9", "write it without spaces, AB123CD")
    return tuple(person.model_copy(update={"plate": plate}) for person, plate in zip(people, plates, strict=False))


def _feed(video: Video, frame: int, speed_kmh: float, direction: str | None) -> str:
    """Return the feed's manifest."""
    lines = ["gap_s = 1.0", "[[clip]]", f"file = {toml_text(str(video.file))}", "[[clip.trigger]]"]
    lines += [f"frame = {frame}", f"speed_kmh = {speed_kmh}"]
    lines += [f'direction = "{direction}"'] if direction else []
    return "\n".join(lines) + "\n"


async def _play(setting: Setting, cast: Cast) -> None:
    async with running_unit(setting.config, setting.log) as unit:
        port = (await unit.expect(r"the link listens on \S+ port (\d+)")).group(1)
        await unit.expect("clip 1 of 1")
        chips = setting.chips(cast)
        await asyncio.gather(*(deliver(f"http://127.0.0.1:{port}", chips[p.licence], p.plate) for p in cast.driver))
        await all_decided(unit, 1)
        await unit.stop()


def _report(console: Console, setting: Setting) -> None:
    table = Table(title="What the unit made of it", title_justify="left")
    for column in ("time", "measured", "counts", "plate read", "verdict", "driver", "ms"):
        table.add_column(column, justify="right" if column in {"measured", "counts", "ms"} else "left")
    with Archive(setting.state_dir) as archive:
        row = row_of(archive.case(1), Scene(plate="", car="silent"))
        table.add_row(*row[:4], *row[5:])
    console.print(table)
