"""What another program threw away with a write-ahead log that a power cut had torn, put back from the log's copy.

SQLite takes what it can read of a torn log for all of it, and its last connection removes the log when it closes: a
``sqlite3`` that somebody opens the store with loses whatever came after the tear, and may leave pages of which a
checkpoint had written newer versions. The copy of the log (:mod:`edge.cases.storage.wal`) still has every page of those
commits. Laid over the database as its log it shows the store as it was; whether that is the better one, the number of
the newest entry says, for entries are only ever added.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp

from edge.cases.storage.durable import write_durably

log = logging.getLogger(__name__)

HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24
PAGE_SIZES = frozenset(1 << bits for bits in range(9, 17))
LAID_OVER = ".log-laid-over-"
"""Beginning of the name of the folder in which a database is looked at with its log's copy."""


def has_more(path: Path, copy: bytes) -> bool:
    """Whether the database at *path*, whose log is empty, would have more entries with *copy* as its log.

    Raises:
        OSError: the disk reports an error.
    """
    if not _differs(path, copy):
        return False  # as a checkpoint leaves it
    with _laid_over(path, copy) as there:
        return _more(_newest(path), there) is not None


def put_back(path: Path, log_path: Path, copies: Iterable[bytes]) -> None:
    """Make that one of *copies* the log of the database at *path* which gives back most entries, if any does.

    The database's log at *log_path* is empty, and the caller is alone with the store.

    Raises:
        OSError: the disk reports an error.
    """
    before, newest, best = _newest(path), 0, b""
    for copy in copies:
        if not _differs(path, copy):
            continue
        with _laid_over(path, copy) as there:
            found = _more(before, there)
            if found is None or found <= newest:
                continue
            if _is_whole(there):
                newest, best = found, copy
            else:
                log.critical(
                    "another program opened %s after a power cut and wrote to it: entries up to %d cannot be put back, "
                    "compare it with the last backup",
                    path,
                    found,
                )
    if best:
        write_durably(log_path, best)
        log.warning(
            "another program had removed the log of %s, which a power cut had torn: entries %d to %d are back",
            path,
            before[0] + 1 if before else 1,
            newest,
        )


def clear_away(folder: Path) -> None:
    """Remove what a look that was cut short left in *folder*."""
    for left in folder.glob(f"{LAID_OVER}*"):
        shutil.rmtree(left, ignore_errors=True)


def _differs(path: Path, copy: bytes) -> bool:
    """Whether the database at *path* does not have all pages as the last commit in *copy* left them."""
    size = int.from_bytes(copy[8:12], "big")
    if len(copy) < HEADER_BYTES or size not in PAGE_SIZES:
        return False
    pages: dict[int, int] = {}
    committed: dict[int, int] = {}
    step, count = FRAME_HEADER_BYTES + size, 0
    for at in range(HEADER_BYTES, len(copy) - step + 1, step):
        if copy[at + 8 : at + 16] != copy[16:24]:
            break  # left of an earlier log
        pages[int.from_bytes(copy[at : at + 4], "big")] = at + FRAME_HEADER_BYTES
        if in_all := int.from_bytes(copy[at + 4 : at + 8], "big"):
            committed, count = dict(pages), in_all
    with path.open("rb") as database:
        for page, at in committed.items():
            database.seek((page - 1) * size)
            if page <= count and database.read(size) != copy[at : at + size]:
                return True
    return False


@contextmanager
def _laid_over(path: Path, copy: bytes) -> Iterator[Path]:
    """The database under another name of the same file, with *copy* as its log; it must only be read."""
    folder = Path(mkdtemp(prefix=LAID_OVER, dir=path.parent))
    try:
        there = folder / path.name
        try:
            there.hardlink_to(path)
        except OSError:  # a file has one name on this disk
            shutil.copyfile(path, there)
        there.with_name(there.name + "-wal").write_bytes(copy)
        yield there
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _newest(path: Path) -> tuple[int, str] | None:
    """Number and hash of the newest entry; None if there is none, or none can be read."""
    try:
        with closing(_read(path)) as database:
            row = database.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    except sqlite3.Error:
        return None
    return (int(row[0]), str(row[1])) if row else None


def _more(before: tuple[int, str] | None, there: Path) -> int | None:
    """The number of the newest entry *there*, if the database there has the entry *before* and newer ones."""
    after = _newest(there)
    if after is None or before is None or after[0] <= before[0]:
        return after[0] if after is not None and before is None else None
    try:
        with closing(_read(there)) as database:
            row = database.execute("SELECT hash FROM entries WHERE seq = ?", (before[0],)).fetchone()
    except sqlite3.Error:
        return None
    return after[0] if row is not None and row[0] == before[1] else None


def _is_whole(path: Path) -> bool:
    try:
        with closing(_read(path)) as database:
            return bool(database.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    except sqlite3.Error:
        return False
