"""The case database: how it is opened, its transactions, and the versions of its schema.

One SQLite file in WAL mode with ``synchronous=FULL``: a commit that returned survives a power cut. ``secure_delete``
overwrites what is deleted. Its writers empty the WAL (:mod:`edge.cases.storage.wal`), never SQLite on its own.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from importlib import resources
from pathlib import Path

from edge.cases.storage.durable import PRIVATE
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import BETWEEN_TRIES_S, TRIES, nobody_writes
from edge.cases.storage.right_of_way import never_giving_way
from edge.cases.storage.wal import empty_wal, is_torn, mend_wal
from edge.errors import CaseError, why

BUSY_S = 10.0
"""Seconds that a statement waits for another connection's lock."""
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA foreign_keys = ON",
)


@lru_cache(maxsize=1)
def migrations() -> tuple[str, ...]:
    """The SQL scripts of the schema, oldest first; version N is the result of the first N scripts."""
    folder = resources.files("edge.cases.storage") / "schema"
    scripts = sorted((entry for entry in folder.iterdir() if re.match(r"\d{3}_.*\.sql$", entry.name)), key=str)
    return tuple(script.read_text(encoding="utf-8") for script in scripts)


def connect(path: Path, *, for_threads: bool = False) -> sqlite3.Connection:
    """A connection that may write, in autocommit mode; the schema stays as it is.

    *for_threads*: several threads use it, one at a time.

    Raises:
        sqlite3.Error: the database cannot be opened.
    """
    database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=not for_threads)
    try:
        for pragma in PRAGMAS:
            database.execute(pragma)
    except sqlite3.Error:
        database.close()
        raise
    return database


@contextmanager
def transaction(database: sqlite3.Connection, patience_s: float | None = None) -> Iterator[None]:
    """One write transaction: committed at the end of the block, rolled back if the block raises.

    It waits *patience_s* for another process that writes (default: :data:`BUSY_S`), and for no filing: whoever gives
    way does it before.

    Raises:
        sqlite3.Error: SQLite reports an error; :func:`is_busy` tells whether another process writes.
    """
    database.execute(f"PRAGMA busy_timeout = {round(1e3 * (BUSY_S if patience_s is None else patience_s))}")
    with never_giving_way():
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
            database.execute("COMMIT")
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")


def is_busy(error: Exception) -> bool:
    """Whether the *error* says that another process writes, or keeps from writing, at the moment."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def write_transaction(folder: StateFolder) -> Iterator[sqlite3.Connection]:
    """One write transaction on an existing store that nobody else writes to; what it adds is not checked.

    What is committed is moved out of the WAL at the end.

    Raises:
        CaseError: there is no store, or it cannot be written.
    """
    open_to_read(folder).close()
    path = folder.database
    try:
        with closing(connect(path)) as database:
            with transaction(database):
                yield database
            empty_wal(database, path)
    except (sqlite3.Error, OSError) as error:
        raise CaseError(f"{path} cannot be written ({why(error)})", "check its permissions and the disk") from None


def migrate(path: Path, target: int | None = None) -> int:
    """Create the database at *path*, or bring it to schema version *target* (default: the newest), step by step.

    Each step is one transaction. The caller holds the folder's lock, because the WAL is repaired first.

    Returns:
        The version the database had before; 0 if it did not exist.

    Raises:
        CaseError: it is damaged, or a newer program wrote it.
    """
    steps = migrations()
    try:
        mend_wal(path)
        with closing(connect(path)) as database:
            before = version(database)
            if before > len(steps):
                raise CaseError(f"{path} was written by a newer program (schema {before})", "update this program")
            for number in range(before + 1, (len(steps) if target is None else target) + 1):
                script = f"BEGIN IMMEDIATE;{steps[number - 1]};PRAGMA user_version = {number};COMMIT;"
                database.executescript(script)
            path.chmod(PRIVATE)  # SQLite gives its other files the same mode
            empty_wal(database, path)
    except (sqlite3.Error, OSError) as error:
        raise CaseError(f"{path} cannot be opened ({why(error)})", "restore the last backup") from None
    return before


def version(database: sqlite3.Connection) -> int:
    """Schema version of an open database.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    (number,) = database.execute("PRAGMA user_version").fetchone()
    return int(number)


def ensure_store(folder: StateFolder) -> None:
    """Refuse a folder without a case database.

    Raises:
        CaseError: there is no store, or this account may not look for it.
    """
    path = folder.database
    try:
        exists = path.is_file()
    except PermissionError:
        raise CaseError(
            f"this account may not read the cases in {folder.root}", "ask the unit's service: leave --state-dir out"
        ) from None
    if not exists:
        raise CaseError(
            f"there is no case store in {folder.root}", "start the unit there first, or name the right folder"
        )


def open_to_read(folder: StateFolder, *, for_threads: bool = False) -> sqlite3.Connection:
    """A read-only connection to an existing store; *for_threads*: several threads use it, one at a time.

    The WAL is mended before, if a power cut damaged it and this account may write it.

    Raises:
        CaseError: there is no store, it cannot be read, or it has another schema version than this program.
    """
    database, found = open_any_version(folder, for_threads=for_threads)
    newest = len(migrations())
    if found != newest:
        database.close()
        remedy = "start the unit once, it updates the store" if found < newest else "update this program"
        raise CaseError(f"{folder.database} has schema {found}, this program reads {newest}", remedy)
    return database


def open_any_version(folder: StateFolder, *, for_threads: bool = False) -> tuple[sqlite3.Connection, int]:
    """As :func:`open_to_read`, of whatever schema version, which is returned too.

    Raises:
        CaseError: there is no store, or it cannot be read.
    """
    ensure_store(folder)
    _mend_to_read(folder)
    path = folder.database
    try:
        database = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=not for_threads,
        )
        try:
            return database, version(database)
        except sqlite3.Error:
            database.close()
            raise
    except sqlite3.Error as error:
        raise CaseError(
            f"{path} cannot be read ({why(error)})", "check its permissions, or restore the last backup"
        ) from None


def _mend_to_read(folder: StateFolder) -> None:
    """Mend the WAL before a reader makes SQLite's index of it: what that misses, the next writer would write over.

    An account that may not write the folder makes an index for itself alone, and harms nothing.
    """
    path = folder.database
    try:
        for _ in range(TRIES):
            if not os.access(folder.root, os.W_OK) or not is_torn(path):
                return
            with nobody_writes(folder) as alone:
                if alone:
                    mend_wal(path)
                    return
            time.sleep(BETWEEN_TRIES_S)  # somebody has just come and mends it
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return
        raise CaseError(f"{path} cannot be mended ({error.strerror})", "check the disk") from None
    raise CaseError(f"the log of {path} is being mended", "try again in a moment")
