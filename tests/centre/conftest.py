"""One PostgreSQL for the tests of a process; a database, and a centre at work, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.centre import Centre, Postgres, centre_at_work


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest_asyncio.fixture
async def dsn(postgres: Postgres) -> AsyncIterator[str]:
    async with postgres.database() as name:
        yield postgres.server.dsn_of(name)


@pytest_asyncio.fixture
async def centre(dsn: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with centre_at_work(dsn, tmp_path / "centre") as running:
        yield running
