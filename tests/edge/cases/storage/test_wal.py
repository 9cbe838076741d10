"""The copy of the write-ahead log: a checkpoint that was cut short and a damaged WAL lose nothing together."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.storage import wal as storage_wal
from edge.cases.storage.wal import COPY, empty_wal, is_torn, mend_wal, save_wal, wal_path


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


def test_commits_that_replaced_the_uncommitted_end_of_the_copy_stay(half_done: Path) -> None:
    """A log that was begun anew is not cut off: behind its newest commit lie frames of the log before."""
    mend_wal(half_done)
    wal = wal_path(half_done)
    with closing(sqlite3.connect(half_done, isolation_level=None)) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("INSERT INTO t VALUES (4, 'before the copy')")
        kept = wal.read_bytes()
        copy = half_done.with_name(f"{half_done.name}{COPY}7")
        copy.write_bytes(kept + kept[32 : 32 + 2 * 4120])
        database.execute("INSERT INTO t VALUES (5, 'after the copy')")
        before = wal.read_bytes()
        assert before[: len(kept)] == kept and len(before) > len(kept)
        damaged = half_done.with_name("damaged.sqlite")
        shutil.copy(half_done, damaged)
        shutil.copy(copy, damaged.with_name(f"{damaged.name}{COPY}7"))
        wal_path(damaged).write_bytes(before[: len(kept) - 4120] + bytes(4120) + before[len(kept) :])
        assert is_torn(damaged) and not is_torn(half_done)
        for path in (half_done, damaged):
            mend_wal(path)
            assert wal_path(path).read_bytes() == before
    assert rows(half_done) == [0, 1, 2, 3, 4, 5]


def test_an_empty_wal_needs_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        assert empty_wal(database, path)
        assert save_wal(path) is None
        assert empty_wal(database, path)
    mend_wal(path)


def test_a_copy_that_an_ended_process_left_goes_with_the_next_emptied_wal(tmp_path: Path) -> None:
    """It may hold what was purged since."""
    path = tmp_path / "cases.sqlite"
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = path.with_name(f"{path.name}{COPY}{ended.pid}")
    running = path.with_name(f"{path.name}{COPY}{os.getppid()}")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (n)")
        for copy in (left, running):
            copy.write_bytes(b"what was purged")
        assert empty_wal(database, path)
        assert not left.exists()
        assert running.exists(), "its process may need it"
        left.write_bytes(b"what was purged")
        assert empty_wal(database, path), "nothing to do"
        assert not left.exists()


@pytest.mark.parametrize("damage", ["last page", "cut off", "all but the header"])
def test_what_a_copy_holds_survives_a_torn_log_without_a_checkpoint(tmp_path: Path, damage: str) -> None:
    """Of a log that grew between two copies: the second copy adds to the first, and the log is mended from it."""
    live, path = tmp_path / "live.sqlite", tmp_path / "cases.sqlite"
    inodes = set()
    with closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)")
        for n in range(3):
            database.execute("INSERT INTO t VALUES (?, zeroblob(9000))", (n,))
            copy = save_wal(live)
            assert copy is not None and copy.read_bytes() == wal_path(live).read_bytes()
            inodes.add(copy.stat().st_ino)
        assert copy is not None and len(inodes) == 1, "added to, not written anew"
        database.execute("INSERT INTO t VALUES (3, 'after the copy, torn')")
        for source in (live, wal_path(live), copy):
            shutil.copy(source, path.with_name(path.name + source.name.removeprefix(live.name)))
    wal = wal_path(path)
    size = wal.stat().st_size
    if damage == "last page":
        with wal.open("r+b") as file:
            file.seek(size - 4096 - 6000)  # the torn commit, and the end of the one before it
            file.write(os.urandom(4096 + 6000))
    else:
        os.truncate(wal, size - 9000 if damage == "cut off" else 32)
    assert is_torn(path)
    mend_wal(path)
    assert rows(path) == [0, 1, 2]


def test_a_copy_of_another_log_or_in_anothers_place_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE t (n)")
        copy = save_wal(path)
        assert copy is not None
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_bytes(copy.read_bytes())
        for there in (b"x" * 40_000, b"", copy.read_bytes()[:-1] + b"?", None):
            copy.unlink()
            if there is None:
                copy.symlink_to(elsewhere)
            else:
                copy.write_bytes(there)
            database.execute("INSERT INTO t VALUES (1)")
            assert save_wal(path) == copy
            assert not copy.is_symlink() and copy.read_bytes() == wal_path(path).read_bytes()
        assert len(elsewhere.read_bytes()) < len(copy.read_bytes()), "a link is not followed"


def test_a_copy_that_could_not_be_added_to_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed sync nobody knows what of it is on the disk."""
    path = tmp_path / "cases.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE t (n)")
        copy = save_wal(path)
        assert copy is not None
        database.execute("INSERT INTO t VALUES (1)")

        def fail(*_: object) -> None:
            raise OSError(5, "the disk fails")

        with monkeypatch.context() as patch:
            patch.setattr(storage_wal, "sync_file", fail)
            with pytest.raises(OSError, match="the disk fails"):
                save_wal(path)
        assert not copy.exists()
        assert save_wal(path) == copy and copy.read_bytes() == wal_path(path).read_bytes()


def test_a_copy_goes_though_another_process_emptied_the_log(tmp_path: Path) -> None:
    """It may hold what was purged since."""
    path = tmp_path / "cases.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE t (n)")
        copy = save_wal(path)
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert copy is not None and copy.exists()
        assert empty_wal(database, path)
        assert not copy.exists()
