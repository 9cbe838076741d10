"""Connections to PostgreSQL: one pool a process, transactions, and errors that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from centre.database.migrate import is_newest, migrate
from centre.database.types import Connection, Pool
from centre.database.visits import SECRET, Passes, Session, show
from centre.errors import DatabaseError

BUSY = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError, asyncpg.TooManyConnectionsError)
"""PostgreSQL is asked for too much at once: the same again, a little later, may do."""
GONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DiskFullError,
    asyncpg.ReadOnlySQLTransactionError,
    TimeoutError,
)
"""PostgreSQL stops, starts, recovers, is full or not to be reached; nothing that was not confirmed counts."""
CONNECT_TIMEOUT_S, ACQUIRE_TIMEOUT_S = 10.0, 10.0


class NoneFree(TimeoutError):
    """Every connection of the pool was in use for as long as anybody waits for one."""


def why_not(error: Exception) -> str:
    """What a log says of one of :data:`BUSY` or :data:`GONE`; its own text may hold a password or values."""
    if isinstance(error, NoneFree):
        return "every connection to PostgreSQL is in use: raise [database] connections if that goes on"
    state = "asked for too much at once" if isinstance(error, BUSY) else "away"
    return f"PostgreSQL is {state}: {type(error).__name__}"


async def open_pool(dsn: str, *, connections: int, statement_timeout_s: float, service_dsn: str | None = None) -> Pool:
    """Connect to *dsn*, bring the schema up to date, and open a pool of at most so many *connections*.

    The pool's connections go to *service_dsn*, the same database for a role with fewer rights, if there is one; that
    role sees what :mod:`centre.database.visits` says.

    Raises:
        DatabaseError: PostgreSQL cannot be reached, or through a pooler, or a newer program wrote the database.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
        try:
            await migrate(connection)
            secret = bytes(await connection.fetchval(SECRET))
        finally:
            await connection.close()
        passes = Passes(secret)
        return await _pool(
            service_dsn or dsn,
            connections,
            statement_timeout_s,
            "autovelox-centre",
            setup=passes.introduce,
        )
    except _UNUSABLE as error:
        raise _unusable(error) from None


async def open_as(dsn: str, *, connections: int, statement_timeout_s: float, name: str) -> Pool:
    """A pool of connections for a role that makes no schema; *name* is what the server shows for it.

    They see the rows of the unit whose token is shown (:func:`centre.database.visits.showing`).

    Raises:
        DatabaseError: PostgreSQL cannot be reached, or through a pooler, or the centre has not made the schema yet.
    """
    try:
        pool = await _pool(dsn, connections, statement_timeout_s, name, setup=show)
    except _UNUSABLE as error:
        raise _unusable(error) from None
    try:
        is_made = await is_newest(pool)
    except asyncpg.PostgresError:
        is_made = False
    if not is_made:
        await pool.close()
        raise DatabaseError(
            "the database has another schema than this program", "start the centre of this version first"
        )
    return pool


_UNUSABLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def _unusable(error: Exception) -> DatabaseError:
    # asyncpg's messages about a connection may repeat the URL, which may hold a password.
    return DatabaseError(
        f"PostgreSQL cannot be used ({type(error).__name__})", "check [database] url and the server's log"
    )


async def _pool(
    dsn: str,
    connections: int,
    statement_timeout_s: float,
    name: str,
    setup: Callable[[Connection], Awaitable[None]],
) -> Pool:
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=connections,
        timeout=CONNECT_TIMEOUT_S,
        connection_class=Session,
        init=_is_direct,
        setup=setup,
        reset=_leave,
        server_settings={
            "application_name": name,
            "statement_timeout": str(round(1e3 * statement_timeout_s)),
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "60000",
        },
    )


async def _is_direct(connection: Connection) -> None:
    """What a pool does with a new connection: refuse a pooler's, which may give our session to another client."""
    if await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid():
        raise DatabaseError(
            "a pooler answers in PostgreSQL's place, so that a session may be another client's",
            "give the address of PostgreSQL itself: the centre pools its connections",
        )


async def _leave(connection: Connection) -> None:
    """Whose request a session is for is said before each use; nothing else is set that outlives a transaction."""


@asynccontextmanager
async def taken(pool: Pool, wait_s: float | None = None) -> AsyncIterator[Connection]:
    """A connection of *pool*, which is given back at the end of the block; None: waited for as requests wait.

    Raises:
        NoneFree: none was free in time.
    """
    try:
        # asyncpg's own takes a task of its own each time.
        async with asyncio.timeout(ACQUIRE_TIMEOUT_S if wait_s is None else wait_s):
            connection = await pool.acquire()
    except TimeoutError:
        raise NoneFree from None
    try:
        yield connection
    finally:
        await pool.release(connection)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """One transaction on a connection of *pool*: committed at the end of the block, else rolled back.

    Raises:
        BUSY, GONE: as they say.
    """
    async with taken(pool) as connection, connection.transaction():
        yield connection
