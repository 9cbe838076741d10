"""The centre's own PostgreSQL, and its schema, which goes step by step."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import asyncpg
import pytest

from centre.database import Connection, EmbeddedServer, find_binaries, migrate, open_pool, steps, transaction
from centre.errors import DatabaseError
from tests.support.centre import Postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the account of root's server can reach, which pytest's own may not be."""
    found = Path(tempfile.mkdtemp(prefix="autovelox-test-pg-"))
    found.chmod(0o755)
    yield found
    shutil.rmtree(found)


def programs_that_fail(folder: Path, times: int) -> Path:
    """PostgreSQL's programs, of which the server ends at its first *times* starts, as beside what a killed one left."""
    real, folder = find_binaries(), folder / "bin"
    folder.mkdir()
    (folder / "initdb").symlink_to(real / "initdb")
    count = folder / "starts"
    count.touch()
    count.chmod(0o666)
    script = f'#!/bin/sh\necho >>{count}\n[ "$(wc -l <{count})" -gt {times} ] || exit 1\nexec {real}/postgres "$@"\n'
    (folder / "postgres").write_text(script)
    (folder / "postgres").chmod(0o755)
    return folder


@pytest.mark.parametrize("times", [4, 5])
async def test_a_server_that_ends_at_its_start_is_started_again_a_few_times(
    folder: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr("centre.database.embedded.BETWEEN_STARTS_S", 0.0)
    server = EmbeddedServer(folder / "postgresql", binaries=programs_that_fail(folder, times))
    if times == 4:
        await server.start()
        assert await ask(server, "SELECT 1") == 1
        await server.kill()
    else:
        with pytest.raises(DatabaseError, match="ended at its start"):
            await server.start()


async def ask(server: EmbeddedServer, statement: str) -> object:
    connection = await asyncpg.connect(server.dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_the_life_of_a_server(folder: Path) -> None:
    """Nobody else reaches it; what was committed survives a kill; what an earlier centre left is ended first."""
    server = EmbeddedServer(folder / "postgresql")
    await server.start()
    assert await ask(server, "SHOW listen_addresses") == ""
    assert await ask(server, "SHOW fsync") == await ask(server, "SHOW full_page_writes") == "on"
    modes = [(folder / "postgresql" / name).stat().st_mode & 0o777 for name in ("data", "run")]
    assert modes == [0o700, 0o700]
    connection = await asyncpg.connect(server.dsn)
    await connection.execute("CREATE TABLE kept (number integer)")
    await connection.execute("INSERT INTO kept VALUES (7)")
    await server.kill()
    connection.terminate()
    await server.start()
    assert await ask(server, "SELECT number FROM kept") == 7

    next_one = EmbeddedServer(folder / "postgresql")
    assert await next_one.is_running(), "a command may use it"
    before = server.pid
    await next_one.start()
    try:
        assert next_one.pid not in (None, before)
        await asyncio.wait_for(server.stop(), 10)
        assert await ask(next_one, "SELECT number FROM kept") == 7
    finally:
        await next_one.stop()
    assert not await next_one.is_running()


async def test_a_folder_that_is_deep_down_works_and_roots_server_is_not_roots(folder: Path) -> None:
    """A Unix socket's path has 107 bytes at the most, and PostgreSQL refuses to run as root."""
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = EmbeddedServer(deep / "postgresql")
    await server.start()
    try:
        assert await ask(server, "SELECT 1") == 1
        assert server.pid is not None
        assert Path(f"/proc/{server.pid}").stat().st_uid == (os.geteuid() or pwd.getpwnam("nobody").pw_uid)  # noqa: ASYNC240
    finally:
        await server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another account")
async def test_the_account_has_to_exist(folder: Path) -> None:
    with pytest.raises(DatabaseError, match="there is no account nosuchaccount"):
        await EmbeddedServer(folder / "other", account="nosuchaccount").start()


def test_a_machine_without_postgresql_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="has no postgres and initdb"):
        find_binaries(tmp_path)
    assert (find_binaries() / "postgres").is_file()


async def test_a_database_that_cannot_be_reached_tells_no_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as failed:
        await open_pool("postgresql://centre:hunter2@127.0.0.1:1/centre", connections=2, statement_timeout_s=1)
    assert "hunter2" not in f"{failed.value} {failed.value.__cause__}"


async def test_the_schema_goes_step_by_step_and_refuses_a_newer_one(postgres: Postgres) -> None:
    async with postgres.connected("postgres") as connection:
        await connection.execute("CREATE DATABASE stepwise")
    async with postgres.connected("stepwise") as connection:
        before = 0
        for step in steps():
            assert await migrate(connection, step.number) == before
            before = step.number
        assert await migrate(connection) == steps()[-1].number
        own = await _described(connection)
        await connection.execute("INSERT INTO schema_version VALUES (999)")
        with pytest.raises(DatabaseError, match="newer program"):
            await migrate(connection)
    async with postgres.database() as name, postgres.connected(name) as connection:
        assert await _described(connection) == own


# Databases of versions that counted steps by position: the steps they had, in the order in which they were made.
COUNTED_BY_POSITION = {
    "the newest of them": (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15),
    "before steps 13 and 14": (1, 2, 3, 4, 5, 6, 8, 9, 10, 11),
    "with step 15 before them": (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 15),
    "stopped where step 15 was to be made again": (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 15, 14),
    "its first step alone": (1,),
}


@pytest.fixture
async def empty(postgres: Postgres) -> AsyncIterator[Connection]:
    """A connection to a database without a schema."""
    async with postgres.connected("postgres") as connection:
        await connection.execute("CREATE DATABASE without_schema")
    try:
        async with postgres.connected("without_schema") as connection:
            yield connection
    finally:
        async with postgres.connected("postgres") as connection:
            await connection.execute("DROP DATABASE without_schema WITH (FORCE)")


async def _make_counted(connection: Connection, numbers: Iterable[int]) -> None:
    """Make the steps *numbers* as versions did that counted them by position."""
    await connection.execute("CREATE TABLE schema_version (version integer NOT NULL)")
    scripts = {step.number: step.sql for step in steps()}
    for position, number in enumerate(numbers, 1):
        async with connection.transaction():
            await connection.execute(scripts[number])
            await connection.execute("INSERT INTO schema_version VALUES ($1)", position)


@pytest.mark.parametrize("made", COUNTED_BY_POSITION.values(), ids=COUNTED_BY_POSITION)
async def test_a_database_whose_steps_were_counted_by_position_gets_what_it_lacks(
    postgres: Postgres, empty: Connection, made: tuple[int, ...]
) -> None:
    await _make_counted(empty, made)
    assert await migrate(empty) == max(made)
    rows = await empty.fetch("SELECT step FROM schema_version ORDER BY step")
    assert [row["step"] for row in rows] == [step.number for step in steps()]
    assert await migrate(empty) == steps()[-1].number
    async with postgres.database() as name, postgres.connected(name) as connection:
        assert await _described(empty) == await _described(connection)


async def test_a_database_that_lacks_an_earlier_step_is_refused(empty: Connection) -> None:
    """As one that was made by a version between two releases, whose steps came in another order."""
    await migrate(empty)
    await empty.execute("DELETE FROM schema_version WHERE step = 9")
    with pytest.raises(DatabaseError, match="lacks step 9 before it"):
        await migrate(empty)


async def test_no_version_of_before_takes_the_schema_for_an_older_one(empty: Connection) -> None:
    """It compares the greatest ``version`` with how many steps it knows, which were 13 at most."""
    await migrate(empty)
    assert await empty.fetchval("SELECT max(version) FROM schema_version") > 13


def test_the_next_steps_are_numbered_on() -> None:
    """A step that comes in between would never be made where a later one is."""
    numbers = [step.number for step in steps()]
    assert numbers == sorted(set(numbers)) and numbers[:13] == list(COUNTED_BY_POSITION["the newest of them"])


async def test_many_processes_may_start_at_once(postgres: Postgres) -> None:
    async with postgres.connected("postgres") as connection:
        await connection.execute("CREATE DATABASE together")

    async def start() -> int:
        async with postgres.connected("together") as connection:
            return await migrate(connection)

    assert sorted(await asyncio.gather(*(start() for _ in range(4)))) == [0, *[steps()[-1].number] * 3]


async def test_a_transaction_that_fails_leaves_nothing(dsn: str) -> None:
    pool = await open_pool(dsn, connections=2, statement_timeout_s=5)
    try:
        with pytest.raises(ZeroDivisionError):
            async with transaction(pool) as connection:
                await connection.execute("INSERT INTO units (serial, state) VALUES ('A1', 'invited')")
                raise ZeroDivisionError
        assert await pool.fetchval("SELECT count(*) FROM units") == 0
    finally:
        await pool.close()


async def _described(connection: asyncpg.Connection) -> list[tuple[str, str, str]]:
    rows = await connection.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        " ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]
