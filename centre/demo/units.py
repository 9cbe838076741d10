"""The units of the fleet demo: folders, configurations, and what each plays."""

from __future__ import annotations

import asyncio
import re
import shutil
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from centre.ending import end
from edge.cases import Archive, Signer, StateFolder, create_signing_key, load_signer
from edge.cases.storage import open_to_read
from edge.config import Engine
from edge.demo.cars import Traffic
from edge.demo.cast import FOLDER, Cast, Scene
from edge.demo.setting import Setting, toml_text
from edge.demo.unit import DemoFailed, DemoUnit, running_unit
from edge.model import Outcome

FEED = FOLDER / "feed"
PATIENCE_S = 60.0


class FleetUnit:
    """One unit: its folder, its serial number, and the scenes it has played, in the order of its cases."""

    def __init__(self, folder: Path, serial: str, engine: Engine, *, keyless: bool = False) -> None:
        """Nothing is written yet. *keyless*: the centre decides, the unit has neither registry nor private keys."""
        self.keyless = keyless
        self.folder = folder
        self.serial = serial
        self.setting = Setting(folder, engine, manifest=folder / "feed.toml")
        self.authority = folder / "centre-authority.pem"
        self.played: list[Scene] = []

    @property
    def signer(self) -> Signer:
        """The unit's key."""
        return load_signer(self.folder / "signing.key")

    @property
    def newest_of_a_case(self) -> int:
        """The number of its newest entry about a case; what it writes at its stop is delivered at its next start."""
        with closing(open_to_read(StateFolder(self.setting.state_dir))) as database:
            return int(database.execute("SELECT max(seq) FROM entries WHERE case_number IS NOT NULL").fetchone()[0])

    def prepare(self, registry: Setting) -> None:
        """Make the folder, with the cars' chips and a key of its own; a copy of *registry* if it decides itself."""
        self.setting.clear(keep_drivers=False)
        copied = () if self.keyless else ("registry.sqlite", "master.key", "enrolled")
        for file in registry.folder.glob("*"):
            if file.name.endswith(".chip.json") or file.name in copied:
                shutil.copy2(file, self.folder / file.name)
        create_signing_key(self.folder / "signing.key")

    def configure(self, scenes: Sequence[int], url: str, *, gap_s: float = 1.0) -> None:
        """Let the next start play the clips of *scenes*, with *gap_s* before each, and deliver to *url*."""
        clips = tomllib.loads((FEED / "manifest.toml").read_text(encoding="utf-8"))["clip"]
        lines = [f"gap_s = {gap_s}"]
        for index in scenes:
            clip = clips[index]
            lines += ["[[clip]]", f"file = {toml_text(str(FEED / clip['file']))}"]
            for trigger in clip["trigger"]:
                lines += ["[[clip.trigger]]", f"frame = {trigger['frame']}", f"speed_kmh = {trigger['speed_kmh']}"]
                lines.append(f'direction = "{trigger["direction"]}"')
        (self.folder / "feed.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        text = self.setting.config.read_text(encoding="utf-8").split("\n[centre]")[0]
        text = text.replace('serial = "AVX-DEMO"', f'serial = "{self.serial}"')
        if "\nworkers" not in text:
            text = text.replace("[recognition]\n", "[recognition]\nworkers = 1\n")
        text += f'\n[centre]\nurl = "{url}"\nauthority_file = "{self.authority.name}"\n'
        if self.keyless:
            text += f'decides = true\nopener_file = "{self.opener.name}"\n'
        self.setting.config.write_text(text, encoding="utf-8")

    @property
    def opener(self) -> Path:
        """The file with the opening service's keys."""
        return self.folder / "centre-opener.json"

    def clone(self, folder: Path, engine: Engine) -> FleetUnit:
        """The same unit once more: its card was copied."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.lock", "unit.log"))
        copy = FleetUnit(folder, self.serial, engine)
        copy.played = list(self.played)
        return copy

    def verdicts(self) -> list[tuple[int, str, str]]:
        """Number, outcome and driver of each of its cases, as its own store has them."""
        with Archive(self.setting.state_dir) as archive:
            rows = archive.summaries(limit=1000, order="oldest")
        return [(row.number, str(row.outcome or row.state), row.driver_name) for row in rows]

    def wrong(self, cast: Cast) -> int:
        """How many of the scenes that it played have another verdict than they should, or none."""
        found = {number: (outcome, name) for number, outcome, name in self.verdicts()}
        return sum(found.get(number) != expected(cast, scene) for number, scene in enumerate(self.played, 1))


def expected(cast: Cast, scene: Scene) -> tuple[str, str]:
    """Outcome and driver's name that *scene* must have; nobody is named where there is no culprit."""
    if scene.culprit is None:
        return str(Outcome.UNIDENTIFIED), ""
    person = cast.person(scene.culprit)
    return str(Outcome.IDENTIFIED), f"{person.first_name} {person.last_name}"


class Follower:
    """Reads the log of a running unit all the time, so that nobody waits for a reader."""

    def __init__(self, daemon: DemoUnit) -> None:
        """Follow *daemon* from now on."""
        self._daemon = daemon
        self._lines: list[str] = []
        self._more = asyncio.Condition()
        self._ended = False
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for line in self._daemon.lines():
                async with self._more:
                    self._lines.append(line)
                    self._more.notify_all()
        finally:
            self._ended = True
            async with self._more:
                self._more.notify_all()

    async def expect(self, pattern: str) -> re.Match[str]:
        """Wait for a line that contains *pattern*, also one that was there before.

        Raises:
            DemoFailed: the unit ended before such a line, or it takes longer than a minute.
        """
        seen = 0
        try:
            async with asyncio.timeout(PATIENCE_S), self._more:
                while True:
                    for line in self._lines[seen:]:
                        seen += 1
                        if found := re.search(pattern, line):
                            return found
                    if self._ended:
                        raise DemoFailed("a unit ended early", "read unit.log in its folder")
                    await self._more.wait()
        except TimeoutError:
            raise DemoFailed(f"a unit did not say {pattern} in time", "read unit.log in its folder") from None

    async def stop(self) -> None:
        """Let go of the log: whoever stops the unit reads the rest."""
        await end(self._task)


@asynccontextmanager
async def at_work(unit: FleetUnit) -> AsyncIterator[tuple[DemoUnit, Follower]]:
    """The unit's real daemon, which is stopped at the end if it still runs."""
    async with running_unit(unit.setting.config, unit.setting.log) as daemon:
        follower = Follower(daemon)
        try:
            yield daemon, follower
        finally:
            await follower.stop()


async def drive_by(unit: FleetUnit, follower: Follower, cast: Cast, scenes: Sequence[int]) -> None:
    """Let the cars of *scenes* drive by, each while its clip plays, and wait until each has become a case."""
    port = (await follower.expect(r"the link listens on \S+ port (\d+)")).group(1)
    own = cast.model_copy(update={"scene": tuple(cast.scene[index] for index in scenes)})
    traffic = Traffic(f"http://127.0.0.1:{port}", own, unit.setting.chips(cast))
    await traffic.record()
    for place, scene in enumerate(own.scene, 1):
        await follower.expect(rf"clip {place} of {len(scenes)}")
        await traffic.pass_by(scene)
        unit.played.append(scene)
        await follower.expect(rf"case {len(unit.played)} filed")


async def all_decided(unit: FleetUnit, follower: Follower) -> None:
    """Wait until every case that *unit* filed since its start, or left pending before, is decided."""
    for number, outcome, _ in unit.verdicts():
        if outcome == "pending":
            await follower.expect(rf"case {number} decided")
