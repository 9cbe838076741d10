"""What every command does: read the configuration, connect, and say who asks."""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import asyncpg

from centre.config import Settings, load
from centre.database import Connection
from centre.errors import DatabaseError
from centre.records import Right, refuse, rights_of
from centre.registry import RootKey, load_root_key
from centre.service import database, own_files

LOGIN_UID = Path("/proc/self/loginuid")
NOBODY_LOGGED_IN = 2**32 - 1
Result = TypeVar("Result")


def with_database(
    args: argparse.Namespace,
    work: Callable[[Settings, Connection], Awaitable[Result]],
    *needs: Right,
    command: str = "",
) -> Result:
    """Connect to the configured database and do *work* on a connection, if who asks has all the rights it *needs*.

    *command* is what a refusal is entered with in the centre's chain.

    Raises:
        CentreError: a right is missing.
        DatabaseError: the database cannot be reached, or refuses.
    """
    settings = load(args.config)

    async def do() -> Result:
        async with database(settings) as pool, pool.acquire() as connection:
            if needs and not frozenset(needs) <= await rights_of(connection, account()):
                await refuse(connection, own_files(settings)[2], account(), needs, command)
            return await work(settings, connection)

    try:
        return asyncio.run(do())
    except asyncpg.PostgresError as error:
        raise DatabaseError(f"PostgreSQL refuses (SQLSTATE {error.sqlstate})", "read its log") from None


def account() -> str:
    """Who runs this command: the account that logged in, as the kernel remembers it, or else that of this process.

    The kernel keeps who logged in through ``sudo`` and ``su`` (audit(7), pam_loginuid(8)), so that officers who may run
    commands as the centre's account are told apart. The environment can be set to anything and is not asked.
    """
    uid = os.getuid()
    with suppress(OSError, ValueError):
        logged_in = int(LOGIN_UID.read_text(encoding="ascii"))
        uid = uid if logged_in == NOBODY_LOGGED_IN else logged_in
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def root_of(settings: Settings) -> RootKey:
    """The root key of the registry.

    Raises:
        SecretError: it cannot be read.
    """
    return RootKey(lambda: load_root_key(settings.registry.root_key_file, settings.registry.root_key_token))
