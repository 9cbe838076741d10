"""A connection never has the pass of another: servers that number alike, poolers, what is cut off or rolled back."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
import pytest_asyncio

from centre.database import DOOR, Pool, as_unit, at_the_door, open_pool
from centre.database.pool import open_as
from centre.database.visits import SECRET, Passes, Session
from centre.errors import DatabaseError
from tests.support.centre_registry import as_role, connection_as

SHOWN = "SELECT split_part(current_setting('autovelox.visit', true), ' ', 2)"
NUMBER = 4711


@pytest_asyncio.fixture
async def one(dsn: str) -> AsyncIterator[Pool]:
    """A pool of one connection, which every request gets after another."""
    pool = await open_pool(dsn, connections=1, statement_timeout_s=10)
    yield pool
    await pool.close()


async def shown(pool: Pool, unit: int) -> Any:
    """Whose pass a connection has that is taken for *unit*."""
    with as_unit(unit):
        return await pool.fetchval(SHOWN)


async def come(connection: Any, door: Any) -> None:
    """As a request comes in: the door's statement, and it was answered."""
    await connection.fetchval(f"SELECT {DOOR}", door.shown)
    door.passed()


@asynccontextmanager
async def numbered_alike(dsn: str, folder: Path) -> AsyncIterator[str]:
    """The database at *dsn*, each of whose sessions says that its server process has the same number."""
    asked = parse_qs(urlsplit(dsn).query)["host"][0] + "/.s.PGSQL.5432"
    answering = set[asyncio.Task[None]]()

    async def carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                to.write(data)
                await to.drain()
        to.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.current_task())  # type: ignore[arg-type]
        there, back = await asyncio.open_unix_connection(asked)
        sending = asyncio.create_task(carry(reader, back))
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                kind, size = struct.unpack("!ci", await there.readexactly(5))
                body = await there.readexactly(size - 4)
                if kind == b"K":
                    body = struct.pack("!i", NUMBER) + body[4:]
                writer.write(struct.pack("!ci", kind, size) + body)
                if kind == b"K":
                    break
            await carry(there, writer)
        writer.close()
        await sending

    folder.mkdir()  # noqa: ASYNC240
    async with await asyncio.start_unix_server(answer, folder / ".s.PGSQL.5432"):
        yield dsn.replace(parse_qs(urlsplit(dsn).query)["host"][0], str(folder))
    await asyncio.gather(*answering)


async def test_connections_of_two_servers_with_one_number_keep_their_own_passes(dsn: str, tmp_path: Path) -> None:
    """A URL may name several servers, and each numbers its processes by itself."""
    await (await open_pool(dsn, connections=1, statement_timeout_s=10)).close()
    async with connection_as(dsn) as connection:
        passes = Passes(await connection.fetchval(SECRET))
    async with numbered_alike(dsn, tmp_path / "s") as alike:
        pool = await asyncpg.create_pool(
            alike, min_size=0, max_size=2, connection_class=Session, setup=passes.introduce, reset=leave
        )
        with as_unit(2):
            second = await pool.acquire()
        with at_the_door(1) as door:
            first = await pool.acquire()
            await come(first, door)
        assert {first.get_server_pid(), second.get_server_pid()} == {NUMBER}
        await pool.release(second)
        assert await shown(pool, 1) == "1", "the connection that came from no door"
        await pool.release(first)
        await pool.close()


async def leave(_connection: Any) -> None:
    """What stands in a session stays, as in the centre's own pools."""


async def test_a_pooler_is_refused(dsn: str, tmp_path: Path) -> None:
    """It numbers sessions by itself, and may give a session with its pass to another client."""
    await (await open_pool(dsn, connections=1, statement_timeout_s=10)).close()
    async with numbered_alike(dsn, tmp_path / "s") as pooled:
        with pytest.raises(DatabaseError, match="a pooler"):
            await open_pool(dsn, connections=1, statement_timeout_s=10, service_dsn=pooled)
        with pytest.raises(DatabaseError, match="a pooler"):
            await open_as(as_role(pooled, "autovelox_opener"), connections=1, statement_timeout_s=10, name="x")


async def test_what_is_cut_off_at_the_door_gives_no_pass(one: Pool) -> None:
    """PostgreSQL has set it or not: nobody knows, so it is set anew."""
    assert await shown(one, 2) == "2"

    async def ask(statement: str) -> None:
        with at_the_door(1) as door:
            async with one.acquire() as connection:
                begun.set_result(connection.get_server_pid())
                await connection.fetchval(statement, door.shown)
                door.passed()

    for statement in (f"SELECT {DOOR}, pg_sleep(60)", f"SELECT pg_sleep(60), {DOOR}"):
        begun = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(ask(statement))
        await begun
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for unit in (1, 2):
            assert await shown(one, unit) == str(unit)


async def test_what_the_server_cuts_off_gives_no_pass(one: Pool) -> None:
    with at_the_door(1) as door:
        async with one.acquire() as connection:
            await connection.execute("SET statement_timeout = 50")
            with pytest.raises(asyncpg.QueryCanceledError):
                await connection.fetchval(f"SELECT {DOOR}, pg_sleep(60)", door.shown)
            await connection.execute("SET statement_timeout = 0")
    for unit in (1, 2, 1):
        assert await shown(one, unit) == str(unit)


async def test_a_transaction_that_is_rolled_back_leaves_no_other_pass(one: Pool) -> None:
    for unit in (1, 2):
        with as_unit(unit), pytest.raises(ZeroDivisionError):
            async with one.acquire() as connection, connection.transaction():
                await connection.execute("SET autovelox.visit = 'smuggled'")
                raise ZeroDivisionError
        assert await shown(one, 3 - unit) == str(3 - unit)


async def test_a_connection_counts_as_told_once_and_no_other_does(dsn: str) -> None:
    """Many requests, each at its door and then at work, on fewer connections: each sees its own pass."""
    pool = await open_pool(dsn, connections=3, statement_timeout_s=10)

    async def request(unit: int, guess: int | None) -> None:
        with at_the_door(guess) as door:
            async with pool.acquire() as connection:
                await come(connection, door)
        with as_unit(unit):
            for _ in range(3):
                assert await pool.fetchval(SHOWN) == str(unit)

    await asyncio.gather(*(request(number % 5, (number % 5, number % 4, None)[number % 3]) for number in range(300)))
    await pool.close()
