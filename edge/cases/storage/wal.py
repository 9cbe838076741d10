"""Emptying SQLite's write-ahead log without betting on it.

A checkpoint overwrites pages of the database with those of the WAL. If the process dies in the middle and the WAL turns
out damaged, its last commits cannot be replayed, and a database of which half is overwritten is lost. So the WAL is
copied to a file of its own before every checkpoint, and mended from that copy before the database is opened again.
WAL format: https://www.sqlite.org/fileformat2.html#walformat (32 bytes of header, which begin anew with each reset).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from edge.cases.storage.durable import PART, write_durably

CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"
HEADER_BYTES = 32
COPY = "-wal.copy-"


def wal_path(database: Path) -> Path:
    """The WAL of the database at that path."""
    return database.with_name(database.name + "-wal")


def save_wal(path: Path) -> Path | None:
    """Copy the WAL of the database *path*, durably; None if it is empty. Hold the write lock meanwhile.

    Raises:
        OSError: the disk refuses.
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


def empty_wal(database: sqlite3.Connection, path: Path) -> bool:
    """Move the WAL into the database; False if a reader was in the way.

    Raises:
        sqlite3.Error: the database refuses.
        OSError: the disk does.
    """
    database.execute("BEGIN IMMEDIATE")
    try:
        copy = save_wal(path)
    finally:
        database.execute("ROLLBACK")
    if copy is None:
        return True
    done = bool(database.execute(CHECKPOINT).fetchone()[0] == 0)
    if done:
        copy.unlink(missing_ok=True)
    return done


def mend_wal(path: Path) -> None:
    """Put right a WAL that was damaged during a checkpoint; nobody else may start a checkpoint meanwhile.

    Raises:
        OSError: the disk refuses.
    """
    wal = wal_path(path)
    for copy in sorted(path.parent.glob(f"{path.name}{COPY}*")):
        if not copy.name.endswith(PART):
            saved, found = copy.read_bytes(), wal.read_bytes() if wal.exists() else b""
            same_wal = found[:HEADER_BYTES] == saved[:HEADER_BYTES]
            if same_wal and found[: len(saved)] != saved:
                with wal.open("r+b") as file:
                    file.write(saved)
                    file.flush()
                    os.fsync(file.fileno())
        copy.unlink()
