"""Emptying SQLite's write-ahead log (WAL) so that a crash during it loses nothing.

A checkpoint overwrites pages of the database with pages of the WAL. If the process dies in the middle and the WAL is
damaged as well, the last commits cannot be replayed, and a database of which half is overwritten is lost. So the WAL is
copied to a file before every checkpoint, and repaired from that copy before the database is opened again.

The copy alone makes commits as safe as an emptied WAL does (:func:`save_wal`): a power cut may tear what is being
written, which is the WAL or the copy, never both. Whoever promises that an entry stays needs no checkpoint for it.

WAL format: https://www.sqlite.org/fileformat2.html#walformat (32 bytes of header, which change with each reset).
"""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.cases.storage.durable import PART, erase, is_own, sync_file, write_durably
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.right_of_way import give_way, never_giving_way
from edge.cases.storage.thrown_away import FRAME_HEADER_BYTES, HEADER_BYTES, clear_away, has_more, put_back

COPY = "-wal.copy-"
PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0)
"""How long the WAL is left alone after so many attempts in a row to empty it failed: each one copies it."""


def wal_path(database: Path) -> Path:
    """The WAL of the database at that path."""
    return database.with_name(database.name + "-wal")


def save_wal(path: Path) -> Path | None:
    """Copy the WAL of the database at *path* durably. The caller holds the write lock.

    A copy that this process made of the same WAL's beginning is added to. All that was committed survives a power cut
    that tears the WAL from then on, for as long as the copy stays.

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
    copy = _own_copy(path)
    if not _add_to(copy, data):
        write_durably(copy, data)
    return copy


def wal_is_empty(path: Path) -> bool:
    """Whether nothing waits in the WAL of the database at *path*.

    Raises:
        OSError: the disk reports an error.
    """
    try:
        return wal_path(path).stat().st_size == 0
    except FileNotFoundError:
        return True


def _add_to(copy: Path, wal: bytes) -> bool:
    """Add to *copy* what *wal* has more; False where it is no copy of that log's beginning, or there is none."""
    try:
        file = os.fdopen(os.open(copy, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK), "r+b")
    except OSError:  # none, or what stands in its place is none: the caller replaces it
        return False
    with file:
        if not is_own(os.fstat(file.fileno()), copy.parent):
            return False
        saved = file.read()
        if len(saved) < HEADER_BYTES or not wal.startswith(saved):
            return False
        if len(saved) < len(wal):
            try:
                file.write(memoryview(wal)[len(saved) :])
                sync_file(file)
            except OSError:
                copy.unlink(missing_ok=True)  # nobody knows what of it is on the disk
                raise
    return True


def _own_copy(path: Path) -> Path:
    return path.with_name(f"{path.name}{COPY}{os.getpid()}")


def empty_wal(database: sqlite3.Connection, path: Path) -> bool:
    """Move the WAL into the database at *path*, to which *database* is a connection in autocommit mode.

    It never waits for a reader or a writer, who may stay for a minute; but it begins when no case is being filed.

    Returns:
        False if one of them prevented it: the WAL and its copy stay then.

    Raises:
        sqlite3.Error: SQLite reports an error.
        OSError: the disk reports an error.
    """
    give_way(StateFolder(path.parent))
    with _at_once(database), never_giving_way():  # from copy to checkpoint nothing waits: others add to the log
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
        if copy is None:  # another process emptied it
            erase(_own_copy(path))
            _erase_left(path)
            return True
        emptied = bool(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    if emptied:
        give_way(StateFolder(path.parent))
        erase(copy)
        _erase_left(path)
    return emptied


def _erase_left(path: Path) -> None:
    """Erase the copies that processes left which have ended: the WAL they were of is in the database by now."""
    for copy in _copies(path):
        if not _runs(_owner(copy)):
            erase(copy)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


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
    """Repair a WAL that was damaged during a checkpoint, before anybody opens the database; remove its copies.

    Where another program has opened the database before, and removed the damaged WAL, it is put back.
    Whoever has the database open already goes on with what could be read of the damaged WAL. Nobody else may start a
    checkpoint meanwhile.

    Raises:
        OSError: the disk reports an error.
    """
    clear_away(path.parent)
    copies = _copies(path)
    for copy in copies:
        lost = _lost(path, copy)
        if lost:
            with wal_path(path).open("r+b") as file:
                file.write(lost)
                sync_file(file)
    if copies and wal_is_empty(path) and path.is_file():
        put_back(path, wal_path(path), [copy.read_bytes() for copy in copies if _counts(copy)])
    for copy in copies:
        copy.unlink()


def is_torn(path: Path) -> bool:
    """Whether a copy of the WAL has commits that the WAL, or the database in its place, has lost. Needs no lock.

    Raises:
        OSError: the disk reports an error, or this account may not read them.
    """
    for copy in _copies(path):
        with suppress(FileNotFoundError):  # removed in this moment: the WAL was emptied or mended
            if _lost(path, copy):
                return True
            if wal_is_empty(path) and _counts(copy) and not _runs(_owner(copy)) and has_more(path, copy.read_bytes()):
                return True
    return False


def _copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}{COPY}*"))


def _counts(copy: Path) -> bool:
    """Whether *copy* was finished, and is the unit's."""
    return not copy.name.endswith(PART) and is_own(copy.lstat(), copy.parent)


def _owner(copy: Path) -> int:
    """The process that made *copy*; 0, which always runs, where the name does not say so."""
    owner = copy.name.removesuffix(PART).rpartition("-")[2]
    return int(owner) if owner.isdecimal() else 0


def _lost(path: Path, copy: Path) -> bytes:
    """What has to be written over the WAL, from its beginning; nothing if the WAL holds all commits of *copy*.

    The copy may end in frames that were never committed, or are left of an earlier WAL: in the WAL itself commits may
    have replaced them since.
    """
    if not _counts(copy):
        return b""
    saved = copy.read_bytes()  # before the WAL, which may grow in between
    try:
        found = wal_path(path).read_bytes()
    except FileNotFoundError:
        return b""
    if len(saved) < HEADER_BYTES or found[:HEADER_BYTES] != saved[:HEADER_BYTES] or found.startswith(saved):
        return b""
    size = FRAME_HEADER_BYTES + int.from_bytes(saved[8:12], "big")
    if size % 8:
        return b""
    start = HEADER_BYTES
    while found[start : start + size] == saved[start : start + size] and start < len(saved):
        start += size
    end = _committed(saved, start, size)
    return saved[:end] if end > _committed(found, start, size) else b""


def _committed(wal: bytes, start: int, size: int) -> int:
    """Where the last commit ends in *wal*, whose frames have *size* bytes; *start* if none follows the frames before.

    Each frame's checksum continues that of the frame before, or of the header (sqlite.org/fileformat2.html, section 4).
    """
    words = "<" if int.from_bytes(wal[:4], "big") & 1 == 0 else ">"
    before = start - size + 16 if start > HEADER_BYTES else HEADER_BYTES - 8
    first, second = struct.unpack_from(">II", wal, before)
    end = start
    for at in range(start, len(wal) - size + 1, size):
        frame = wal[at : at + size]
        summed = frame[:8] + frame[FRAME_HEADER_BYTES:]
        for one, other in struct.iter_unpack(f"{words}II", summed):
            first = (first + one + second) & 0xFFFFFFFF
            second = (second + other + first) & 0xFFFFFFFF
        if frame[8:16] != wal[16:24] or struct.unpack_from(">II", frame, 16) != (first, second):
            break
        if frame[4:8] != bytes(4):
            end = at + size
    return end
