"""What every command does: read the configuration, connect, and say who asks."""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from centre.config import Settings, load
from centre.database import Connection
from centre.errors import DatabaseError
from centre.service import database

Result = TypeVar("Result")


def with_database(args: argparse.Namespace, work: Callable[[Settings, Connection], Awaitable[Result]]) -> Result:
    """Connect to the configured database and do *work* on a connection.

    Raises:
        DatabaseError: it cannot be reached, or refuses.
    """
    settings = load(args.config)

    async def do() -> Result:
        async with database(settings) as pool, pool.acquire() as connection:
            return await work(settings, connection)

    try:
        return asyncio.run(do())
    except asyncpg.PostgresError as error:
        raise DatabaseError(f"PostgreSQL refuses (SQLSTATE {error.sqlstate})", "read its log") from None


def account() -> str:
    """The account of this process, from the system's table: the environment can be set to anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
