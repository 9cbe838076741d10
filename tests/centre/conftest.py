"""One PostgreSQL for the tests of a process; a database, and a centre at work, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from Crypto.PublicKey.RSA import RsaKey

from edge.crypto import generate_private_key
from edge.registry import create_master_key, create_registry
from tests.support.centre import Centre, Postgres, centre_at_work


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres(in_memory=True) as server:
        yield server


@pytest_asyncio.fixture
async def dsn(postgres: Postgres) -> AsyncIterator[str]:
    async with postgres.database() as name:
        yield postgres.server.dsn_of(name)


@pytest_asyncio.fixture
async def centre(dsn: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with centre_at_work(dsn, tmp_path / "centre") as running:
        yield running


@pytest.fixture(scope="session")
def key_pair() -> RsaKey:
    """One real key pair for all tests here: making it takes seconds."""
    return generate_private_key()


@pytest.fixture
def place(tmp_path: Path, key_pair: RsaKey, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a unit's registry and master key; enrolling there takes the session's key pair."""
    monkeypatch.setattr("edge.registry.enrol.generate_private_key", lambda _progress: key_pair)
    create_registry(tmp_path / "registry.sqlite")
    create_master_key(tmp_path / "master.key")
    return tmp_path
