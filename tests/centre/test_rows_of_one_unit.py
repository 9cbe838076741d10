"""Statements smuggled into a unit's request: the service's role touches the rows of that unit and of nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from centre.database import DOOR, Pool, as_house, as_login, as_unit, at_the_door, open_pool
from centre.errors import Refused
from centre.units import visitor_of
from edge.cases.evidence import Signer
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of
from tests.support.centre_registry import as_role, connection_as

OTHER = Signer(bytes(range(1, 33)))
OF_CASES = ("entries", "forks", "cases", "files", "blobs", "blob_parts", "unit_keys", "alarms")
READABLE = tuple(name for name in OF_CASES if name != "forks")


@pytest_asyncio.fixture
async def service(centre: Centre, dsn: str, tmp_path: Path) -> AsyncIterator[Pool]:
    """Two units with cases, an alarm and a photo each; connections as the service has them."""
    for serial, signer in (("A1", SIGNER), ("B2", OTHER)):
        await filled(tmp_path / serial, 1, signer=signer)
        async with await centre.let_in(serial, signer, tmp_path) as client:
            await client.log_in(b"")
            await client.entries(lines_of(tmp_path / serial))
    await centre.pool.execute("INSERT INTO alarms (unit_id, kind, cause) SELECT id, 'fork', 'x' FROM units")
    await centre.pool.execute("INSERT INTO blob_parts SELECT unit_id, sha256, 0, '', month FROM blobs")
    await centre.pool.execute(
        "INSERT INTO forks SELECT unit_id, seq, hash, header, body, signature, key_id FROM entries WHERE seq = 1"
    )
    role = as_role(dsn, "autovelox_service")
    pool = await open_pool(dsn, connections=2, statement_timeout_s=10, service_dsn=role)
    yield pool
    await pool.close()


async def seen(service: Pool, table: str) -> set[int]:
    """Of which units a statement sees rows."""
    column = "id" if table == "units" else "unit_id"
    return {row[0] for row in await service.fetch(f"SELECT DISTINCT {column} FROM {table}")}


async def test_a_request_sees_its_units_rows_alone(service: Pool) -> None:
    for table in ("units", *READABLE):
        assert await seen(service, table) == set(), f"nobody's request sees nothing of {table}"
        for unit in (1, 2):
            with as_unit(unit):
                assert await seen(service, table) == {unit}, table


async def test_what_logs_in_sees_no_case(service: Pool) -> None:
    with as_login("B2"):
        assert await seen(service, "units") == {2}
        for table in READABLE:
            assert await seen(service, table) == set(), table
    with as_login("B2' OR '1'='1"):
        assert await seen(service, "units") == set()


async def test_the_centres_own_rounds_see_how_units_are_and_no_case(service: Pool) -> None:
    with as_house():
        assert await seen(service, "units") == await seen(service, "alarms") == {1, 2}
        for table in ("entries", "cases", "files", "blob_parts", "unit_keys", "tokens"):
            assert await seen(service, table) == set(), table


@pytest_asyncio.fixture
async def one(service: Pool, dsn: str) -> AsyncIterator[Pool]:
    """A pool of one connection, which every request gets after another."""
    pool = await open_pool(dsn, connections=1, statement_timeout_s=10, service_dsn=as_role(dsn, "autovelox_service"))
    yield pool
    await pool.close()


async def test_a_connection_that_goes_round_works_for_each_unit_in_turn(one: Pool) -> None:
    for unit in (1, 1, 2, 2, 1, 2, 1, 1):
        with as_unit(unit):
            assert await seen(one, "cases") == {unit}
    assert await seen(one, "cases") == set(), "nobody's request"
    with as_unit(2):
        assert await seen(one, "cases") == {2}


async def test_a_connection_is_told_anew_but_straight_from_the_door(one: Pool, centre: Centre) -> None:
    told: list[str] = []
    token = await token_of(centre)

    def note(record: Any) -> None:
        told.append(record.query)

    async def use() -> bool:
        """Whether the connection was told."""
        del told[:]
        with as_unit(1):
            assert await seen(one, "cases") == {1}
        return any(query.startswith("SET ") for query in told)

    async with one.acquire() as connection:
        connection.add_query_logger(note)
    for guess, is_told in ((1, False), (None, True), (2, True)):
        with at_the_door(guess) as door:
            async with one.acquire() as connection:
                assert (await visitor_of(connection, token, None, door)).unit == 1
        assert await use() is is_told
        assert await use() is True


async def token_of(centre: Centre) -> str:
    """A token of the first unit."""
    async with await centre.let_in_again("A1", SIGNER) as client:
        await client.log_in(b"")
        return client.authorization["Authorization"].removeprefix("Bearer ")


async def test_a_connection_in_place_of_one_that_ended_gets_its_pass(one: Pool, service: Pool) -> None:
    for _ in range(3):
        with as_unit(1):
            assert await seen(one, "cases") == {1}
            await service.execute("SELECT 1")  # another session
            async with one.acquire() as connection:
                connection.terminate()
            assert await seen(one, "cases") == {1}


@pytest.mark.parametrize("guess", [None, 1, 2], ids=["none", "right", "wrong"])
async def test_whatever_is_guessed_of_a_token_its_unit_is_the_databases_word(
    one: Pool, centre: Centre, guess: int | None
) -> None:
    token = await token_of(centre)
    with at_the_door(guess) as door:
        async with one.acquire() as connection:
            assert (await visitor_of(connection, token, None, door)).unit == 1
    for unit in (1, 2, 1):
        with as_unit(unit):
            assert await seen(one, "cases") == {unit}


async def test_a_token_that_is_none_opens_nothing_whatever_is_guessed(one: Pool) -> None:
    with at_the_door(2) as door:
        async with one.acquire() as connection:
            with pytest.raises(Refused):
                await visitor_of(connection, "none", None, door)
    assert await seen(one, "cases") == set()
    with as_unit(1):
        assert await seen(one, "cases") == {1}


async def test_a_statement_that_fails_at_the_door_gives_no_pass(one: Pool) -> None:
    """The session keeps the pass of before; the next request gets its own."""
    with as_unit(2):
        assert await seen(one, "cases") == {2}
    with at_the_door(1) as door:
        async with one.acquire() as connection:
            with pytest.raises(asyncpg.DataError):
                await connection.fetchval(f"SELECT {DOOR}, 1 / (length($2::text) - 1)", door.shown, "x")
    for unit in (1, 2):
        with as_unit(unit):
            assert await seen(one, "cases") == {unit}


SMUGGLED = (
    "SELECT set_config('autovelox.visit', 'unit 2 ' || split_part(current_setting('autovelox.visit'), ' ', 3), false)",
    "SELECT set_config('autovelox.visit', 'unit 2', false)",
    "SELECT set_config('autovelox.visit', 'unit 2 ', false)",
    "SET autovelox.visit = 'house -'",
    "SET autovelox.visit = ''",
    "RESET autovelox.visit",
    "SET row_security = off",
)


async def test_a_statement_cannot_give_itself_another_units_rows(service: Pool) -> None:
    for statement in SMUGGLED:
        with as_unit(1):
            async with service.acquire() as connection:
                await connection.execute(statement)
                try:
                    rows = await connection.fetch("SELECT unit_id FROM entries UNION SELECT unit_id FROM cases")
                except asyncpg.InsufficientPrivilegeError:
                    rows = []
                assert {row[0] for row in rows} <= {1}, statement
                await connection.execute("RESET row_security")
            assert await seen(service, "entries") == {1}, "and the next request on that connection is told anew"


REFUSED = (
    "SELECT secret FROM visit_secret",
    "SELECT visit_of('unit')",
    "UPDATE units SET state = 'active'",
    "UPDATE units SET serial = 'B2'",
    "UPDATE entries SET header = ''",
    "DELETE FROM entries",
    "TRUNCATE entries",
    "DELETE FROM cases",
    "DELETE FROM alarms",
    "SELECT * FROM forks",
    "DELETE FROM forks",
    "SELECT * FROM centre_entries",
    "INSERT INTO centre_entries VALUES (1, 'view', '', '', '', '', '')",
    "INSERT INTO units (serial, state) VALUES ('C3', 'active')",
    "ALTER TABLE entries DISABLE TRIGGER ALL",
    "CREATE TABLE mine (a integer)",
    "SET ROLE centre",
    "SET session_replication_role = replica",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT lo_import('/etc/hostname')",
    "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "ALTER POLICY of_its_unit ON cases USING (true)",
    "ALTER FUNCTION visiting_unit() OWNER TO autovelox_service",
)


async def test_what_the_routes_do_not_need_is_refused(service: Pool) -> None:
    for statement in REFUSED:
        with as_unit(1), pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute(statement)


ELSEWHERE = (
    "UPDATE units SET public_key = sha256('')",
    "UPDATE cases SET driver_name = 'Neri'",
    "UPDATE entries SET body = NULL",
    "UPDATE blobs SET lost_at = now()",
    "DELETE FROM files",
    "DELETE FROM blob_parts",
    "UPDATE alarms SET closed_at = now()",
)


async def test_what_is_written_stays_with_the_unit(centre: Centre, service: Pool) -> None:
    for statement in ELSEWHERE:
        table = next(word for word in statement.split() if word in (*OF_CASES, "units"))
        column = "id" if table == "units" else "unit_id"
        sql = f"SELECT md5(string_agg({table}::text, ';' ORDER BY {table}::text)) FROM {table} WHERE {column} = $1"
        own, others = await centre.pool.fetchval(sql, 1), await centre.pool.fetchval(sql, 2)
        with as_unit(1):
            await service.execute(statement)
        assert await centre.pool.fetchval(sql, 1) != own, "the statement does something"
        assert await centre.pool.fetchval(sql, 2) == others, statement


async def test_nothing_is_put_into_another_units_rows(service: Pool) -> None:
    with as_unit(1):
        for statement in (
            "INSERT INTO alarms (unit_id, kind, cause) VALUES (2, 'fork', 'y')",
            "INSERT INTO alarms (unit_id, kind, cause) VALUES (NULL, 'fork', 'y')",
            "INSERT INTO tokens (token_sha256, unit_id, until) VALUES ('x', 2, now())",
            "UPDATE cases SET unit_id = 2",
            "INSERT INTO blobs (unit_id, sha256) VALUES (2, 'x')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.execute(statement)


async def test_every_table_of_units_shows_its_rows_so(dsn: str) -> None:
    """A table that somebody adds is forgotten by nobody."""
    async with connection_as(dsn) as connection:
        rows: list[Any] = await connection.fetch(
            "SELECT relname, relrowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND (relname = 'units' OR EXISTS (SELECT FROM pg_attribute"
            "  WHERE attrelid = pg_class.oid AND attname = 'unit_id'))"
            " AND has_any_column_privilege('autovelox_service', oid, 'SELECT, INSERT, UPDATE')"
        )
        assert {row["relname"] for row in rows} >= {"units", "tokens", "challenges", *OF_CASES}
        assert [row["relname"] for row in rows if not row["relrowsecurity"]] == []


async def test_a_pass_ends_with_its_block(service: Pool) -> None:
    with ExitStack() as stack:
        stack.enter_context(as_unit(1))
        with as_unit(2):
            assert await seen(service, "cases") == {2}
        assert await seen(service, "cases") == {1}
    assert await seen(service, "cases") == set()
