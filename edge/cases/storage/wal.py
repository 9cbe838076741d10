"""Emptying SQLite's write-ahead log (WAL) so that a crash during it loses nothing.

A checkpoint overwrites pages of the database with pages of the WAL. If the process dies in the middle and the WAL is
damaged as well, the last commits cannot be replayed, and a database of which half is overwritten is lost. So the WAL is
copied to a file before every checkpoint, and repaired from that copy before the database is opened again.

WAL format: https://www.sqlite.org/fileformat2.html#walformat (32 bytes of header, which change with each reset).
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from edge.cases.storage.durable import PART, is_own, sync_file, write_durably

HEADER_BYTES = 32
RETRY_S = 10.0
COPY = "-wal.copy-"


def wal_path(database: Path) -> Path:
    """The WAL of the database at that path."""
    return database.with_name(database.name + "-wal")


def save_wal(path: Path) -> Path | None:
    """Copy the WAL of the database at *path* durably. The caller holds the write lock.

    Returns:
        The copy, or None if the WAL is empty.

    Raises:
        OSError: the disk reports an error.
    """
    try:
        data = wal_path(path).read_bytes()
    except FileNotFoundError:
        return None
    if not data:
        return None
    copy = path.with_name(f"{path.name}{COPY}{os.getpid()}")
    write_durably(copy, data)
    return copy


def wal_is_empty(path: Path) -> bool:
    """Whether nothing waits in the WAL of the database at *path*; it stays so while the caller holds the write lock.

    Raises:
        OSError: the disk reports an error.
    """
    try:
        return wal_path(path).stat().st_size == 0
    except FileNotFoundError:
        return True


def empty_wal(database: sqlite3.Connection, path: Path) -> bool:
    """Move the WAL into the database at *path*, to which *database* is a connection in autocommit mode.

    It waits for nobody: a checkpoint that waits for a reader holds the write lock, and nobody could file a case while
    somebody verifies.

    Returns:
        False if a reader or another writer prevented it: the WAL and its copy stay then.

    Raises:
        sqlite3.Error: SQLite reports an error.
        OSError: the disk reports an error.
    """
    (patience_ms,) = database.execute("PRAGMA busy_timeout").fetchone()
    database.execute("PRAGMA busy_timeout = 0")
    try:
        database.execute("BEGIN IMMEDIATE")
        try:
            copy = save_wal(path)
        finally:
            database.execute("ROLLBACK")
        if copy is None:
            return True
        emptied = bool(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    finally:
        database.execute(f"PRAGMA busy_timeout = {patience_ms}")
    if emptied:
        copy.unlink(missing_ok=True)
    return emptied


class Wal:
    """The WAL of one connection's database, emptied now and then.

    Once a reader kept it from being emptied it is left alone for :data:`RETRY_S`: each try copies it.
    """

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        """Empty it through *database*, a connection to the database at *path*."""
        self._database = database
        self._path = path
        self._next_s = 0.0

    def hurry(self) -> None:
        """Leave it alone no longer."""
        self._next_s = 0.0

    def empty(self) -> bool:
        """As :func:`empty_wal`; False as well while it is left alone."""
        if time.monotonic() < self._next_s:
            return False
        emptied = empty_wal(self._database, self._path)
        self._next_s = 0.0 if emptied else time.monotonic() + RETRY_S
        return emptied


def mend_wal(path: Path) -> None:
    """Repair a WAL that was damaged during a checkpoint. Nobody else may start a checkpoint meanwhile.

    Raises:
        OSError: the disk reports an error.
    """
    wal = wal_path(path)
    for copy in sorted(path.parent.glob(f"{path.name}{COPY}*")):
        if not copy.name.endswith(PART) and is_own(copy.lstat(), copy.parent):
            saved, found = copy.read_bytes(), wal.read_bytes() if wal.exists() else b""
            same_wal = found[:HEADER_BYTES] == saved[:HEADER_BYTES]
            if same_wal and found[: len(saved)] != saved:
                with wal.open("r+b") as file:
                    file.write(saved)
                    sync_file(file)
        copy.unlink()
