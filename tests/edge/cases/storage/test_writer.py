"""The writer: journal before database, one thread, and acts that end whether their caller waits or not."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.cases.archive import Archive
from edge.cases.storage import entries
from edge.cases.storage.database import transaction
from edge.cases.storage.journal import Journal, JournalFile
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import is_locked
from edge.cases.storage.wal import wal_path
from edge.cases.storage.writer import Writer
from edge.cases.store import CaseStore
from edge.errors import CaseError
from tests.support.cases import SIGNER, UNIT, filled, frame, names, packet, trigger, unidentified

FILING = {"limit_kmh": 50.0, "site": "SP 235"}


async def test_the_journal_holds_a_case_before_the_database_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []

    def insert_filed(database: sqlite3.Connection, *arguments: Any) -> None:
        folder = StateFolder(tmp_path)
        seen.append((folder.photo(1, 0).exists(), folder.journal(1).exists()))
        entries.insert_filed(database, *arguments)

    monkeypatch.setattr("edge.cases.storage.writer.insert_filed", insert_filed)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    await store.file(trigger(), [frame()], [packet()], **FILING)
    await store.close()
    assert seen == [(True, True)]


async def test_the_journal_is_erased_after_the_verdict_left_the_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, wal_sizes = Journal.erase, []

    def erase(journal: Journal, number: int) -> None:
        wal_sizes.append(wal_path(StateFolder(tmp_path).database).stat().st_size)
        real(journal, number)

    monkeypatch.setattr(Journal, "erase", erase)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    await store.decide(await store.file(trigger(), [], [packet()], **FILING), unidentified())
    await store.close()
    assert wal_sizes == [0]


async def test_all_acts_run_on_the_writers_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, threads = Journal.write, set()

    def write(journal: Journal, number: int, file: JournalFile) -> None:
        threads.add(threading.current_thread().name)
        real(journal, number, file)

    monkeypatch.setattr(Journal, "write", write)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    numbers = await asyncio.gather(*(store.file(trigger(), [], [], **FILING) for _ in range(4)))
    await asyncio.gather(*(store.add(number, packets=[packet()]) for number in numbers))
    await store.close()
    assert len(threads) == 1
    assert not threads & {thread.name for thread in threading.enumerate()}, "the thread is still there after close"


async def test_close_waits_for_acts_whose_callers_were_cancelled(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    acts = [asyncio.create_task(store.file(trigger(), [frame()], [], **FILING)) for _ in range(5)]
    await asyncio.sleep(0)
    for act in acts:
        act.cancel()
    await asyncio.gather(*acts, return_exceptions=True)
    await store.close()
    with Archive(tmp_path) as archive:
        assert archive.count() == 5


async def test_a_failure_after_the_caller_was_cancelled_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    act = asyncio.create_task(store.decide(7, unidentified()))
    await asyncio.sleep(0)
    act.cancel()
    with pytest.raises(asyncio.CancelledError):
        await act
    await store.close()
    await asyncio.sleep(0)
    assert "there is no case 7" in caplog.text


async def test_an_open_that_is_cancelled_unlocks_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path, 1)
    begun, cancelled, real = threading.Event(), threading.Event(), Writer.open

    def slow_open(*arguments: Any) -> Writer:
        begun.set()
        cancelled.wait()
        return real(*arguments)

    monkeypatch.setattr(Writer, "open", slow_open)
    opening = asyncio.create_task(CaseStore.open(tmp_path, SIGNER, UNIT))
    await asyncio.to_thread(begun.wait)
    opening.cancel()
    cancelled.set()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert not is_locked(StateFolder(tmp_path))
    assert "cases.sqlite-shm" not in names(tmp_path), "the database is still open"


def test_a_transaction_that_fails_leaves_nothing() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("CREATE TABLE t (n INTEGER)")
        with pytest.raises(CaseError), transaction(database):
            database.execute("INSERT INTO t VALUES (1)")
            raise CaseError("something failed", "try again")
        assert not database.in_transaction
        with transaction(database):
            database.execute("INSERT INTO t VALUES (2)")
        assert database.execute("SELECT n FROM t").fetchall() == [(2,)]
