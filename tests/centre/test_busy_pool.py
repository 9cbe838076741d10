"""Every connection to PostgreSQL in use: whoever comes is asked to come again, and nobody hangs."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from centre.database import NoneFree, Pool, open_pool, why_not
from centre.delivery import tidy_up
from centre.records import stamp_heads
from centre.registry import PostgresCounters, PostgresRegistry, load_root_key
from centre.web import ROUTES
from edge.delivery import trusting
from edge.delivery.wire import LINES_TYPE
from tests.support.cases import SIGNER
from tests.support.centre import centre_at_work
from tests.support.centre_registry import pool_as, take_over
from tests.support.eventually import eventually
from tests.support.openings import PEOPLE, enrol

JSON = "application/json"
JOIN = {"unit": "A1", "public_key": "0" * 64, "signature": "0" * 128, "code_secret": "0" * 20}
TOKEN = {"unit": "A1", "challenge": "0" * 64, "signature": "0" * 128}
BODIES: dict[str, tuple[str, bytes]] = {
    "/v1/join": (JSON, json.dumps(JOIN).encode()),
    "/v1/challenges": (JSON, b'{"unit": "A1"}'),
    "/v1/tokens": (JSON, json.dumps(TOKEN).encode()),
    "/v1/entries": (LINES_TYPE, b"{}\n"),
    "/v1/status": (JSON, b"{}"),
}


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[Pool]:
    """The pools of centres that start from here on, of whose connections nobody waits long for one."""
    made: list[Pool] = []

    async def opened(dsn: str, **more: Any) -> Pool:
        made.append(await open_pool(dsn, **more))
        return made[-1]

    monkeypatch.setattr("centre.service.main.open_pool", opened)
    monkeypatch.setattr("centre.database.pool.ACQUIRE_TIMEOUT_S", 0.05)
    return made


async def take_all(pool: Pool, stack: AsyncExitStack) -> None:
    """Take every connection of *pool* until the *stack* closes."""
    for _ in range(pool.get_max_size()):
        await stack.enter_async_context(pool.acquire())


async def test_every_address_asks_to_come_again(dsn: str, tmp_path: Path, pools: list[Pool]) -> None:
    async with (
        centre_at_work(dsn, tmp_path / "centre") as centre,
        await centre.let_in("A1", SIGNER, tmp_path) as client,
    ):
        await client.log_in(b"")
        found, answered = {}, aiohttp.ClientTimeout(total=20)  # a place in the pool comes never
        async with (
            AsyncExitStack() as stack,
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trusting(centre.authority)), timeout=answered
            ) as session,
        ):
            await take_all(pools[0], stack)
            for method, path, _ in ROUTES:
                kind, body = BODIES.get(path, ("application/octet-stream", b""))
                async with session.request(
                    method,
                    centre.url + path.replace("{sha256}", "0" * 64),
                    data=body or None,
                    headers={**client.authorization, "Content-Type": kind},
                ) as response:
                    found[method, path] = (response.status, "Retry-After" in response.headers)
        assert found.pop(("GET", "/v1/authority")) == (200, False), "it asks no database"
        assert set(found.values()) == {(503, True)}
        await client.head()


async def test_upkeep_neither_hangs_nor_ends(
    dsn: str, tmp_path: Path, pools: list[Pool], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It gives its round up, says why, and does the work in a later one."""
    monkeypatch.setattr("centre.service.main.FORGET_S", 0.01)
    async with centre_at_work(dsn, tmp_path / "centre") as centre:
        await centre.invite("A1")
        async with AsyncExitStack() as stack:
            owner = await stack.enter_async_context(centre.pool.acquire())
            await take_all(pools[0], stack)
            await owner.execute(
                "INSERT INTO tokens (token_sha256, unit_id, until) SELECT sha256('over'), id, now() FROM units"
            )
            await eventually(lambda: "upkeep waits for its next round: every connection" in caplog.text)
            assert await owner.fetchval("SELECT count(*) FROM tokens") == 1
        async with asyncio.timeout(20):
            while await centre.pool.fetchval("SELECT count(*) FROM tokens"):  # noqa: ASYNC110 - another task's work
                await asyncio.sleep(0.01)


async def test_each_part_of_upkeep_waits_no_longer_than_a_request(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("centre.database.pool.ACQUIRE_TIMEOUT_S", 0.05)
    pool = await open_pool(dsn, connections=2, statement_timeout_s=5)
    stamped = list[bytes]()

    def stamp(document: bytes) -> bytes:
        stamped.append(document)
        return b"stamp"

    async with AsyncExitStack() as stack:
        stack.push_async_callback(pool.close)
        await take_all(pool, stack)
        for work in (tidy_up(pool), tidy_up(pool, every_month=True), stamp_heads(pool, "test", stamp)):
            with pytest.raises(NoneFree):
                await asyncio.wait_for(work, 20)
    assert not stamped


async def test_the_registry_says_that_it_is_busy(dsn: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = enrol(place)
    await take_over(dsn, place)
    monkeypatch.setattr("centre.database.pool.ACQUIRE_TIMEOUT_S", 0.05)
    async with pool_as(dsn, "autovelox_opener") as pool, AsyncExitStack() as stack:
        registry = await PostgresRegistry.open(pool, lambda: load_root_key(place / "root.key"))
        counters = PostgresCounters(pool, registry)
        await counters.key()
        await take_all(pool, stack)
        for asked in (
            registry.driver(next(iter(PEOPLE))),
            registry.known([next(iter(people.values())).uid]),
            registry.uid_key(),
            registry.keeper("CD456EF"),
            counters.seen_of([bytes(32)]),
        ):
            with pytest.raises(TimeoutError):
                await asked


def test_the_log_tells_a_busy_postgresql_from_one_that_is_away() -> None:
    assert (
        why_not(asyncpg.QueryCanceledError("secret")) == "PostgreSQL is asked for too much at once: QueryCanceledError"
    )
    assert why_not(ConnectionRefusedError("secret")) == "PostgreSQL is away: ConnectionRefusedError"
