"""A registry at the centre for a test: taken over from a unit's, and asked with the rights of the opening service."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from centre.database import Pool
from centre.registry import ROOT_NAME, PostgresRegistry, RootKey, import_registry, load_root_key
from edge.crypto import write_key

SHARDS = 4


def as_role(dsn: str, role: str) -> str:
    """The database at *dsn*, asked as *role*."""
    return dsn.replace("user=centre", f"user={role}")


@asynccontextmanager
async def pool_as(dsn: str, role: str) -> AsyncIterator[Pool]:
    """Connections to the database at *dsn* as *role*."""
    async with asyncpg.create_pool(as_role(dsn, role), min_size=1, max_size=4) as pool:
        yield pool


@asynccontextmanager
async def connection_as(dsn: str, role: str = "centre") -> AsyncIterator[Any]:
    """One connection to the database at *dsn* as *role*."""
    connection = await asyncpg.connect(as_role(dsn, role))
    try:
        yield connection
    finally:
        await connection.close()


def root_of(place: Path) -> RootKey:
    """The root key in the folder, made if there is none."""
    file = place / "root.key"
    if not file.exists():
        write_key(file, secrets.token_bytes(32), ROOT_NAME)
    return RootKey(lambda: load_root_key(file))


async def take_over(dsn: str, place: Path, shards: int = SHARDS) -> dict[str, int]:
    """Import the unit's registry in the folder *place*."""
    async with connection_as(dsn) as connection:
        return await import_registry(
            connection,
            root_of(place),
            file=place / "registry.sqlite",
            master_key_file=place / "master.key",
            shards=shards,
        )


@asynccontextmanager
async def at_centre(dsn: str, place: Path) -> AsyncIterator[PostgresRegistry]:
    """The registry at the centre, as the opening service has it."""
    async with pool_as(dsn, "autovelox_opener") as pool:
        yield await PostgresRegistry.open(pool, lambda: load_root_key(place / "root.key"))
