"""The copy of the write-ahead log: a checkpoint that was cut short and a damaged WAL lose nothing together."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.storage.wal import COPY, empty_wal, mend_wal, save_wal, wal_path


@pytest.fixture
def half_done(tmp_path: Path) -> Iterator[Path]:
    """A database of which a checkpoint has overwritten some pages, its WAL, and the WAL's copy; nobody has it open."""
    live, path = tmp_path / "live.sqlite", tmp_path / "cases.sqlite"
    with closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)")
        database.execute("INSERT INTO t VALUES (0, 'in the database')")
        assert empty_wal(database, live)
        old = live.read_bytes()
        for n in range(1, 4):
            database.execute("INSERT INTO t VALUES (?, zeroblob(9000))", (n,))
        copy = save_wal(live)
        assert copy is not None
        shutil.copy(wal_path(live), wal_path(path))
        shutil.copy(copy, path.with_name(f"{path.name}{COPY}99"))
        assert empty_wal(database, live)
        new = live.read_bytes()
    path.write_bytes(new[:8192] + old[8192:].ljust(len(new) - 8192, b"\0"))
    yield path


def rows(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [n for (n,) in database.execute("SELECT n FROM t ORDER BY n")]


@pytest.mark.parametrize("damage", ["a page", "the end", "everything but the header"])
def test_a_damaged_wal_is_mended_from_its_copy(half_done: Path, damage: str) -> None:
    wal = wal_path(half_done)
    size = wal.stat().st_size
    if damage == "a page":
        with wal.open("r+b") as file:
            file.seek(size - 2000)
            file.write(os.urandom(64))
    else:
        os.truncate(wal, size - 1000 if damage == "the end" else 32)
    mend_wal(half_done)
    assert rows(half_done) == [0, 1, 2, 3]
    assert not list(half_done.parent.glob(f"{half_done.name}{COPY}*"))


def test_a_whole_wal_is_left_as_it_is(half_done: Path) -> None:
    before = wal_path(half_done).read_bytes()
    mend_wal(half_done)
    assert wal_path(half_done).read_bytes() == before
    assert rows(half_done) == [0, 1, 2, 3]


def test_a_copy_of_an_earlier_wal_is_thrown_away(half_done: Path) -> None:
    """After a checkpoint the WAL begins anew, with another header: the copy says nothing about it."""
    mend_wal(half_done)
    with closing(sqlite3.connect(half_done, isolation_level=None)) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        stale = save_wal(half_done)
        assert stale is not None
        kept = stale.read_bytes()
        assert empty_wal(database, half_done)
        database.execute("INSERT INTO t VALUES (4, 'after')")
        (half_done.parent / f"{half_done.name}{COPY}7").write_bytes(kept)
        before = wal_path(half_done).read_bytes()
        mend_wal(half_done)
        assert wal_path(half_done).read_bytes() == before
    assert rows(half_done) == [0, 1, 2, 3, 4]


def test_an_empty_wal_needs_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        assert empty_wal(database, path)
        assert save_wal(path) is None
        assert empty_wal(database, path)
    mend_wal(path)
