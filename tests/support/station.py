"""A whole unit for a test: three drivers, a recorded feed of the test's own, the real daemon in a process."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from edge.cli import main
from edge.crypto.chip import Chip
from edge.demo.cast import Cast, Scene, load_cast
from edge.demo.setting import Setting
from edge.link.car import deliver
from tests.support.daemon import Daemon
from tests.support.unit_files import Clip, write_feed, write_settings

PEOPLE = ("UD1032714A", "TS2203318B", "TV7712093G")
"""Who the tests' registry knows; the first one drives LS15EBC, the second XSNB23, the third 88BBTS."""

ADDITIONS = {
    "unit": 'serial = "AVX-TEST"\nsite = "test road"',
    "link": "drain_timeout_s = 1.0",
    "window": "window_after_s = 0.2",
    "verdict": 'plate_countries = []\nplate_pattern = "[A-Z0-9]{4,10}"',
}
SMALL = {"recognition": 'engine = "litert"\nworkers = 1'}
"""One worker that reads by LiteRT: it reads the same texts, and is ready in half of the time."""


def small_cast(people: Sequence[str] = PEOPLE) -> Cast:
    """Those of the demo's drivers whose licences are *people*, and no scene."""
    cast = load_cast()
    return Cast(driver=tuple(cast.person(licence) for licence in people), scene=tuple[Scene, ...]())


@dataclass
class Station:
    """A folder with everything a unit needs, and the commands that work on it."""

    folder: Path
    chips: dict[str, Chip]
    url: str = ""
    """Where the running daemon takes packets."""
    daemon: Daemon | None = None
    """The one that was started last."""
    small: bool = True
    """Whether it has :data:`SMALL`; else the defaults, which are EasyOCR and a worker for each core."""

    @property
    def config(self) -> Path:
        return self.folder / "autovelox.toml"

    def write_feed(self, *clips: Clip, gap_s: float = 1.0) -> None:
        """The feed, played once."""
        write_feed(self.folder, *clips, gap_s=gap_s)

    def configure(self, **sections: str) -> None:
        """Write the configuration; *sections* add lines to a section."""
        write_settings(self.folder, ADDITIONS, SMALL if self.small else {}, sections)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Daemon]:
        """The running daemon, listening at ``url``."""
        with Daemon.run(self.config, self.folder / "unit.log") as unit:
            port = (await unit.expect(r"the link listens on \S+ port (\d+)")).group(1)
            self.url = f"http://127.0.0.1:{port}"
            self.daemon = unit
            yield unit

    async def drive_by(self, licence: str, plate: str) -> None:
        """One car passes; returns after its ack."""
        await deliver(self.url, self.chips[licence], plate)

    async def ask(self, path: str) -> tuple[int, str]:
        """What the unit says at its metrics port."""
        assert self.daemon is not None
        port = self.daemon.find(r"metrics and health are on \S+ port (\d+)").group(1)
        url = f"http://127.0.0.1:{port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.text()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One ``autovelox`` command, as a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "edge", *words], capture_output=True, text=True, timeout=120, check=False
        )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One ``autovelox`` command in this process, which has imported already what a process of its own imports."""
        with (
            redirect_stdout(io.StringIO()) as output,
            redirect_stderr(io.StringIO()) as errors,
            ThreadPoolExecutor(1) as thread,  # this thread may have a loop, and the command may want one of its own
        ):
            code = thread.submit(main, words).result()
        return subprocess.CompletedProcess(words, code, output.getvalue(), errors.getvalue())

    def case(self, number: int) -> dict[str, object]:
        """The case as ``autovelox cases show --json`` prints it."""
        done = self.command("cases", "show", str(number), "--json", "--config", str(self.config))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def make_template(folder: Path, people: Sequence[str] = PEOPLE) -> None:
    """Enrol *people*, once for all units that are copied from *folder*; RSA-4096 keys take seconds each."""
    Setting(folder).clear()
    Setting(folder).enrol(small_cast(people), lambda: None)


def copied(template: Path, folder: Path) -> Station:
    """A station in the new folder *folder*, with the keys and chips of *template* (:func:`make_template`)."""
    shutil.copytree(template, folder)
    station = Station(folder, Setting(folder).chips(small_cast()))
    station.configure()
    return station
