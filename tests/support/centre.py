"""A real centre for the tests: one PostgreSQL a test process, a database for each test, units with real chains."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import asyncpg

from centre.config import (
    CentreSettings,
    DatabaseSettings,
    LimitSettings,
    ListenSettings,
    MetricsSettings,
    OpeningSettings,
    RegistrySettings,
    Settings,
)
from centre.database import SETTINGS, EmbeddedServer, Pool, migrate, open_pool
from centre.service import own_files, running
from centre.units import add_unit
from edge.cases.evidence import Link, Signer, canonical, read_lines
from edge.cases.storage.outbox import Outbox
from edge.delivery import Client, join_centre, trusting

TEMPLATE = "template_centre"
MEMORY, ROOM = Path("/dev/shm"), 1_000_000_000
NUMBERS = itertools.count(1)


class Postgres:
    """A PostgreSQL server in a temporary folder, whose event loop is a thread of its own."""

    def __init__(self, *, in_memory: bool = False) -> None:
        """Nothing runs before ``with``; *in_memory*: its files are kept there, if the system has the room."""
        self._folder = Path(tempfile.mkdtemp(prefix="autovelox-test-pg-", dir=_memory() if in_memory else None))
        self._folder.chmod(0o755)  # root's server runs as another account
        # No test of these cuts the power: what does has a server of its own.
        quick = {**SETTINGS, "fsync": "off", "full_page_writes": "off"}
        if in_memory:
            quick |= {"min_wal_size": "32MB", "max_wal_size": "64MB"}  # else a gigabyte
        self.server = EmbeddedServer(self._folder / "postgresql", settings=quick)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self.server.kill())  # nothing of it is kept
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, work: Any) -> Any:
        """Wait for a coroutine that runs in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    async def _start(self) -> None:
        await self.server.start()
        async with self.connected("postgres") as connection:
            await connection.execute(f"CREATE DATABASE {TEMPLATE}")
        async with self.connected(TEMPLATE) as connection:
            await migrate(connection)

    @asynccontextmanager
    async def connected(self, database: str) -> AsyncIterator[Any]:
        """A connection to *database*."""
        connection = await asyncpg.connect(self.server.dsn_of(database))
        try:
            yield connection
        finally:
            await connection.close()

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """As :meth:`database`, for who runs in no loop of this thread; gives its address."""
        database = self.database()
        name = self.call(database.__aenter__())
        try:
            yield self.server.dsn_of(name)
        finally:
            self.call(database.__aexit__(None, None, None))

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """A new database with the newest schema; gives its name. It goes at once: at the end it would be gigabytes."""
        name = f"test_{next(NUMBERS)}"
        async with self.connected("postgres") as connection:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        try:
            yield name
        finally:
            async with self.connected("postgres") as connection:
                await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _memory() -> Path | None:
    """A folder in memory with room for a server and the databases of a test; None where the system has none.

    A database is 400 files. ext4 gives no file the inode of one that was removed in the last minute, and looks at each
    of those for each new file: databases that come and go take 0.1 to 0.3 s of computing each, here 0.01 s.
    """
    try:
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return None
    return MEMORY if free >= ROOM and os.access(MEMORY, os.W_OK) else None


@dataclass
class Centre:
    """A centre at work in this process."""

    settings: Settings
    port: int
    pool: Pool

    @property
    def url(self) -> str:
        """Where units find it."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> Path:
        """Its certificate authority."""
        return own_files(self.settings)[1].authority

    async def invite(self, serial: str) -> str:
        """Invite a unit; returns the code."""
        async with self.pool.acquire() as connection:
            return await add_unit(connection, serial, own_files(self.settings)[1].authority_der())

    async def let_in(self, serial: str, signer: Signer, folder: Path) -> Client:
        """Invite a unit and let it join; returns its client, which is to be entered."""
        authority = folder / f"{serial}.pem"
        await join_centre(self.url, await self.invite(serial), serial=serial, signer=signer, authority_file=authority)
        return Client(self.url, trusting(authority), serial, signer)

    async def let_in_again(self, serial: str, signer: Signer) -> Client:
        """The client of a unit that has joined before."""
        return Client(self.url, trusting(self.authority), serial, signer)

    async def alarms(self) -> list[tuple[str, int | None]]:
        """Kind and entry of every alarm, oldest first."""
        rows = await self.pool.fetch("SELECT kind, seq FROM alarms ORDER BY id")
        return [(row["kind"], row["seq"]) for row in rows]


def settings_of(dsn: str, state_dir: Path, *, port: int = 0, **limits: Any) -> Settings:
    """The configuration of a centre on the database at *dsn*; it listens at free ports of loopback."""
    return Settings(
        centre=CentreSettings(name="test", state_dir=state_dir),
        database=DatabaseSettings(
            url=dsn, service_url=dsn.replace("user=centre", "user=autovelox_service"), connections=6
        ),
        listen=ListenSettings(port=port),
        registry=RegistrySettings(root_key_file=state_dir.parent / "root.key"),
        opening=OpeningSettings(
            port=0,
            database_url=dsn.replace("user=centre", "user=autovelox_opener"),
            state_dir=state_dir.parent / "opener",
            workers=1,
            job_timeout_s=120.0,  # the machine may be a busy one
            least_cases_a_day=5,
        ),
        limits=LimitSettings(**{"logins_per_minute": 6000, **limits}),
        metrics=MetricsSettings(port=0),
    )


@asynccontextmanager
async def centre_at_work(dsn: str, state_dir: Path, *, port: int = 0, **limits: Any) -> AsyncIterator[Centre]:
    """A centre on the database at *dsn*."""
    settings = settings_of(dsn, state_dir, port=port, **limits)
    pool = await open_pool(dsn, connections=2, statement_timeout_s=30)
    try:
        async with running(settings) as port:
            yield Centre(settings, port, pool)
    finally:
        await pool.close()


def as_lines(links: list[Link]) -> bytes:
    """*links* as a unit sends them."""
    return b"".join(
        canonical(
            {
                "header": link.header.decode(),
                **({"body": link.body.decode()} if link.body is not None else {}),
                **({"signature": link.signature.hex(), "key_id": link.key_id} if link.signature else {}),
            }
        )
        + b"\n"
        for link in links
    )


def links_of(state_dir: Path) -> list[Link]:
    """All entries of a unit's store that may be delivered."""
    return list(read_lines(lines_of(state_dir)))


def lines_of(state_dir: Path, after: int = 0, up_to: int | None = None) -> bytes:
    """Entries of a unit's store as they are sent."""
    outbox = Outbox(state_dir)
    head = outbox.head()
    assert head is not None
    lines = outbox.lines(after, head.seq if up_to is None else up_to, 1 << 40)
    return lines.data if lines is not None else b""
