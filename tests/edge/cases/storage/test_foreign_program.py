"""Another program, ``sqlite3``, opens a store whose log a power cut tore, before a program of ours does."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.review import record
from edge.cases.storage.database import connect
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.thrown_away import LAID_OVER
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.storage.wal import COPY, empty_wal, is_torn, save_wal, wal_path
from edge.cases.store import CaseStore
from tests.support.cases import SIGNER, UNIT, filled, names
from tests.support.torn import cut_off

FOREIGN = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
try:
    database.execute(sys.argv[2])
    database.commit()
except sqlite3.DatabaseError:
    pass
database.close()
"""
LOOK = "SELECT count(*) FROM cases"


def _foreign(folder: StateFolder, sql: str = LOOK) -> None:
    """What ``sqlite3`` does that somebody opens the store with: look, and close."""
    subprocess.run([sys.executable, "-I", "-c", FOREIGN, folder.database, sql], check=True)
    assert not wal_path(folder.database).exists()


def _ended() -> int:
    """The id of a process that runs no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def _held(folder: StateFolder) -> list[int]:
    with Archive(folder.root) as archive:
        return sorted(row.number for row in archive.summaries() if row.is_held)


def _look(folder: StateFolder) -> None:
    with ChainSession(folder, SIGNER) as session:
        record(folder.root, 4, kind="view", officer="rossi", signer=SIGNER, session=session)


def _read(folder: StateFolder) -> None:
    with Archive(folder.root) as archive:
        assert archive.count() == 6


async def _run(folder: StateFolder) -> None:
    store = await CaseStore.open(folder.root, SIGNER, UNIT)
    await store.close()


@pytest.mark.parametrize("damaged", [0.3, 0.8])
@pytest.mark.parametrize("moved", [0.0, 0.5, 1.0])
async def test_what_it_threw_away_is_put_back(tmp_path: Path, moved: float, damaged: float) -> None:
    folder = await cut_off(tmp_path, moved, damaged)
    _foreign(folder)
    _look(folder)
    assert _held(folder) == [1, 2, 3]
    assert "17 entries, all signed" in audit(folder.root, trusted=SIGNER.public_key)
    assert not [name for name in names(folder.root) if COPY in name or LAID_OVER in name]


@pytest.mark.parametrize("first", [_read, _look], ids=["reader", "writer"])
async def test_whoever_comes_first_puts_it_back(tmp_path: Path, first: Callable[[StateFolder], None]) -> None:
    folder = await cut_off(tmp_path, 0.0, 0.8)
    (copy,) = folder.root.glob(f"*{COPY}*")
    copy.rename(folder.root / f"cases.sqlite{COPY}{_ended()}")  # a reader leaves alone what a process has that runs
    _foreign(folder)
    first(folder)
    assert _held(folder) == [1, 2, 3]


async def test_the_unit_puts_it_back_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = await cut_off(tmp_path, 0.0, 0.8)
    _foreign(folder)
    with caplog.at_level(logging.WARNING):
        await _run(folder)
    assert "had removed the log" in caplog.text and "to 16 are back" in caplog.text
    assert _held(folder) == [1, 2, 3]
    assert not folder.foreign()


async def test_what_it_wrote_itself_is_never_mixed_with_what_it_threw_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its pages and those of the copy do not make one database: nothing is put back, and the unit says so."""
    folder = await cut_off(tmp_path, 0.0, 0.8)
    _foreign(folder, "UPDATE cases SET plate_text = hex(zeroblob(3000))")
    with caplog.at_level(logging.WARNING):
        await _run(folder)
    assert "cannot be put back" in caplog.text
    with closing(sqlite3.connect(folder.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(_held(folder)) < 3


async def test_an_older_copy_puts_nothing_back(tmp_path: Path) -> None:
    """A process that ended left its copy; others wrote and emptied the log since."""
    folder = StateFolder(tmp_path / "state")
    await filled(folder.root, 6)
    kept = tmp_path / "kept"
    with closing(sqlite3.connect(folder.database)) as reader, ChainSession(folder, SIGNER) as session:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM cases").fetchall()
        for number in (1, 2, 3):
            record(folder.root, number, kind="hold", officer="rossi", reason="appeal", signer=SIGNER, session=session)
        copy = save_wal(folder.database)
        assert copy is not None
        shutil.copy(copy, kept)
    for number in (1, 2):
        with ChainSession(folder, SIGNER) as session:
            record(folder.root, number, kind="release", officer="rossi", reason="done", signer=SIGNER, session=session)
    with closing(connect(folder.database)) as database:
        assert empty_wal(database, folder.database)
    shutil.copy(kept, folder.root / f"cases.sqlite{COPY}{_ended()}")
    assert not is_torn(folder.database)
    _look(folder)
    assert _held(folder) == [3]
    assert "19 entries, all signed" in audit(folder.root, trusted=SIGNER.public_key)


async def test_nothing_is_left_of_a_look_that_was_cut_short(tmp_path: Path) -> None:
    folder = await cut_off(tmp_path, 0.0, 0.8)
    left = folder.root / f"{LAID_OVER}1"
    left.mkdir()
    os.link(folder.database, left / "cases.sqlite")
    assert not folder.foreign()
    _look(folder)
    assert not left.exists()
