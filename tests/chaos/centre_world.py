"""The world that is struck: PostgreSQL, a centre in a process of its own, a network to be cut, real stores."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg
from centre_commits import Commits
from centre_disks import Standby, can_mount, mount, unmount
from centre_network import Network

from centre.config import CentreSettings, DatabaseSettings, ListenSettings, MetricsSettings, Settings
from centre.database import DATABASE, GONE, SERVICE_ROLE, EmbeddedServer
from centre.service import own_files
from centre.units import add_unit
from edge.cases.evidence import Signer, create_signing_key, load_signer
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.outbox import Outbox, read_delivered
from edge.cases.store import CaseStore
from edge.delivery import Client, Courier, DailyBudget, join_centre, trusting
from edge.delivery import courier as courier_module
from edge.model import Photo
from tests.support.cases import identified, packet, trigger, unidentified

PATIENCE_S = 240.0
"""On a machine that has much else to do; whoever waits goes on at once when it is so."""
PHOTO_BYTES = 400_000
"""Two parts of a blob."""


class World:
    """Everything that is struck, in *folder*."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder = folder
        self.rng = rng
        self.server = EmbeddedServer(folder / "postgresql")
        self.network = Network()
        self.process: asyncio.subprocess.Process | None = None
        self.settings = Settings()
        self.standby: Standby | None = None
        self.commits = Commits(self)
        self._disks: list[Path] = []
        self._units = 0
        self._log = folder / "centre.log"

    async def start(self) -> None:
        if can_mount():
            await self._mount(self.server.folder)
        await self.server.start()
        await self.network.start()
        self.settings = Settings(
            centre=CentreSettings(name="chaos", state_dir=self.folder / "centre"),
            database=DatabaseSettings(url=self.server.dsn),
            listen=ListenSettings(port=0),
            metrics=MetricsSettings(enabled=False),
        )
        await self.start_centre()

    async def stop(self) -> None:
        await self.kill_centre(signal.SIGTERM)
        await self.network.stop()
        if self.standby is not None:
            await self.standby.server.stop()
        await self.server.stop()
        for folder in reversed(self._disks):
            await unmount(folder)

    async def _mount(self, folder: Path) -> None:
        await mount(folder)
        self._disks.append(folder)

    async def standing_by(self) -> Standby:
        """A synchronous standby of the server, made at the first call."""
        if self.standby is None:
            self.standby = Standby(self.server, self.folder / f"standby-{self.rng.randrange(1 << 40)}")
            await self.standby.make()
        await self.standby.follow()
        return self.standby

    async def take_over(self, standby: Standby) -> None:
        """The server dies for good; its standby takes over, and the centre is pointed at it."""
        await self.server.kill()
        await standby.promote()
        self.server, self.standby = standby.server, None
        await self.kill_centre()
        await self.start_centre()

    async def start_centre(self) -> None:
        service = self.server.dsn_of(DATABASE, SERVICE_ROLE)
        (self.folder / "centre.toml").write_text(
            f'[centre]\nname = "chaos"\nstate_dir = "centre"\n[database]\nurl = "{self.server.dsn}"\n'
            f'service_url = "{service}"\n'
            "[listen]\nport = 0\n[limits]\nstatus_s = 1.0\nlogins_per_minute = 100000\n[metrics]\nenabled = false\n"
        )
        with self._log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "centre", "--config", str(self.folder / "centre.toml"), "run"),
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        await self.until(self._listens, "the centre starts")

    async def _listens(self) -> bool:
        assert self.process is not None
        text = await asyncio.to_thread(self._log.read_text)
        assert self.process.returncode is None, text
        found = re.search(r"answers units at \S+ port (\d+)", text)
        self.network.to = int(found.group(1)) if found else 0
        return found is not None

    async def full_disks(self) -> int:
        """How often the centre was told that PostgreSQL's disk is full."""
        return (await asyncio.to_thread(self._log.read_text)).count("DiskFullError")

    async def kill_centre(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            await self.process.wait()

    async def ask(self, statement: str, *values: object) -> list[Any]:
        """Ask PostgreSQL, which may just be starting."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                connection = await asyncpg.connect(self.server.dsn)
                try:
                    if values:
                        return list(await connection.fetch(statement, *values))
                    found = await connection.fetch(statement) if statement.lstrip().startswith("SELECT") else []
                    if not statement.lstrip().startswith("SELECT"):
                        await connection.execute(statement)
                    return list(found)
                finally:
                    await connection.close()
            except GONE:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.05)

    async def until(self, look: Callable[[], Awaitable[object]], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not await look():
            assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S:.0f} s"
            await asyncio.sleep(0.02)

    async def new_unit(self, *, small_disk: bool = False) -> Unit:
        self._units += 1
        unit = Unit(self, f"U{self._units}", self.folder / f"unit-{self._units}")
        await self._mount(unit.folder) if small_disk else unit.folder.mkdir()
        create_signing_key(unit.folder / "signing.key")
        connection = await asyncpg.connect(self.server.dsn)
        try:
            code = await add_unit(connection, unit.serial, own_files(self.settings)[1].authority_der())
        finally:
            await connection.close()
        url = f"https://127.0.0.1:{self.network.port}"
        authority = unit.folder / "authority.pem"
        await join_centre(url, code, serial=unit.serial, signer=unit.signer, authority_file=authority)
        return unit


class Unit:
    """A unit: a real store that files made-up cases, and its courier."""

    def __init__(self, world: World, serial: str, folder: Path) -> None:
        self.world = world
        self.serial = serial
        self.folder = folder
        self.state_dir = folder / "state"
        self.courier: Courier | None = None

    @property
    def signer(self) -> Signer:
        return load_signer(self.folder / "signing.key")

    @property
    def client(self) -> Client:
        url = f"https://127.0.0.1:{self.world.network.port}"
        return Client(url, trusting(self.folder / "authority.pem"), self.serial, self.signer)

    async def file(self, cases: int, *, clock_s: float = 0.0) -> None:
        """File and decide some cases, with a clock that is *clock_s* off."""
        real = time.time
        with mock.patch("time.time", lambda: max(0.0, real() + clock_s)):
            store = await CaseStore.open(self.state_dir, self.signer, {"serial": self.serial, "software": "chaos"})
            try:
                for _ in range(cases):
                    own = packet()
                    photo = Photo(self.world.rng.randbytes(PHOTO_BYTES), 640, 360, real(), time.monotonic_ns())
                    found = await store.file_case(trigger(real()), [photo], [own], limit_kmh=50.0, site="SP 1")
                    decision = identified(own) if self.world.rng.random() < 0.7 else unidentified()
                    await store.enter_verdict(found, decision)
            finally:
                await store.close()

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[Courier]:
        """Its courier at work, whose pauses are short here."""
        with (
            mock.patch.object(courier_module, "LOOK_S", 0.02),
            mock.patch.object(courier_module, "KEEP_S", 0.0),  # the file says all that the unit was told
            mock.patch.object(courier_module, "FIRST_PAUSE_S", 0.02),
            mock.patch.object(courier_module, "LONGEST_PAUSE_S", 0.2),
        ):
            self.courier = Courier(self.client, Outbox(self.state_dir), budget=DailyBudget(1 << 40))
            task = asyncio.create_task(self.courier.run())
            try:
                yield self.courier
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def clone(self, name: str) -> Unit:
        """A copy of its card."""
        folder = self.folder.with_name(name)
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.part"))
        return Unit(self.world, self.serial, folder)

    def head(self) -> tuple[int, str]:
        head = Outbox(self.state_dir).head()
        assert head is not None
        return head.seq, head.hash

    def confirmed(self) -> tuple[int, str]:
        """What the centre confirmed to the unit; it may go by that."""
        delivered = read_delivered(StateFolder(self.state_dir))
        return (delivered.confirmed.seq, delivered.confirmed.hash) if delivered is not None else (0, "")

    async def found(self, confirmed: tuple[int, str]) -> bool:
        """Whether the centre has what it *confirmed*."""
        sql = "SELECT hash FROM entries JOIN units ON units.id = unit_id WHERE serial = $1 AND seq = $2"
        rows = await self.world.ask(sql, self.serial, confirmed[0])
        return not confirmed[0] or [row["hash"] for row in rows] == [confirmed[1]]

    async def missing(self) -> int:
        """How many of its photos, of those that the centre knows of, are not there; and 1 if an entry is not."""
        sql = "SELECT count(*) FROM blobs JOIN units ON units.id = unit_id WHERE serial = $1 AND complete_at IS NULL"
        photos = (await self.world.ask(sql, self.serial))[0][0]
        rows = await self.world.ask("SELECT head_seq FROM units WHERE serial = $1", self.serial)
        return int(photos) + int(rows[0]["head_seq"] != self.head()[0])

    async def is_whole(self) -> bool:
        """Whether every entry is at the centre."""
        rows = await self.world.ask("SELECT head_seq, head_hash FROM units WHERE serial = $1", self.serial)
        return (rows[0]["head_seq"], rows[0]["head_hash"]) == self.head()

    async def delivered(self) -> None:
        """Wait until every entry and every photo is at the centre."""

        async def whole() -> bool:
            rows = await self.world.ask(
                "SELECT head_seq, head_hash, (SELECT count(*) FROM blobs WHERE unit_id = units.id"
                " AND complete_at IS NULL) AS photos FROM units WHERE serial = $1",
                self.serial,
            )
            return (rows[0]["head_seq"], rows[0]["head_hash"]) == self.head() and not rows[0]["photos"]

        await self.world.until(whole, f"{self.serial} delivers everything")
