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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.cases.storage.durable import PART, is_own, sync_file, write_durably

HEADER_BYTES = 32
COPY = "-wal.copy-"
PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0)
"""How long the WAL is left alone after so many attempts in a row to empty it failed: each one copies it."""


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

    It never waits for a reader or a writer, who may stay for a minute.

    Returns:
        False if one of them prevented it: the WAL and its copy stay then.

    Raises:
        sqlite3.Error: SQLite reports an error.
        OSError: the disk reports an error.
    """
    with _at_once(database):
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                return False
            raise
        try:
            copy = save_wal(path)
        finally:
            database.execute("ROLLBACK")
        if copy is None:
            return True
        emptied = bool(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    if emptied:
        copy.unlink(missing_ok=True)
    return emptied


class Checkpoints:
    """Empties the WAL of one connection now and then, and leaves it alone for a while where somebody prevents it."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        """*database* is a connection to the database at *path*, in autocommit mode."""
        self._database = database
        self._path = path
        self._failures = 0
        self._after_s = 0.0
        self._emptied_s = time.monotonic()

    @property
    def age_s(self) -> float:
        """Seconds since the WAL was last empty. May be read from any thread."""
        return time.monotonic() - self._emptied_s

    def pause_is_over(self) -> None:
        """Let the next attempt be made, whatever happened before."""
        self._after_s = 0.0

    def empty(self) -> bool:
        """Empty the WAL, see :func:`empty_wal`; False also where somebody prevented it a moment ago.

        Raises:
            sqlite3.Error: SQLite reports an error.
            OSError: the disk reports an error.
        """
        if time.monotonic() < self._after_s:
            return False
        if empty_wal(self._database, self._path):
            self._failures, self._emptied_s = 0, time.monotonic()
            return True
        self._after_s = time.monotonic() + PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1
        return False


@contextmanager
def _at_once(database: sqlite3.Connection) -> Iterator[None]:
    """In this block *database* waits for nobody's lock."""
    (waits_ms,) = database.execute("PRAGMA busy_timeout").fetchone()
    database.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        database.execute(f"PRAGMA busy_timeout = {waits_ms}")


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
