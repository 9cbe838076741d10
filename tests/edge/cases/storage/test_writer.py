"""The writer: journal before database, one thread, and acts that end whether their caller waits or not."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.cases.archive import Archive
from edge.cases.storage import entries
from edge.cases.storage.database import transaction
from edge.cases.storage.intake import Intake
from edge.cases.storage.journal import Journal
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import is_locked
from edge.cases.storage.wal import wal_path
from edge.cases.storage.writer import Writer
from edge.cases.store import CaseStore
from edge.errors import CaseError
from tests.support.cases import SIGNER, UNIT, filled, names, packet, photo, trigger, unidentified

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
    await store.file_case(trigger(), [photo()], [packet()], **FILING)
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
    await store.enter_verdict(await store.file_case(trigger(), [], [packet()], **FILING), unidentified())
    await store.close()
    assert wal_sizes == [0]


async def test_the_journal_is_written_on_threads_that_wait_for_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set[tuple[str, str]]()

    def watched(real: Any) -> Any:
        def write(*what: Any) -> Any:
            found.add((real.__name__, threading.current_thread().name.rpartition("_")[0]))
            return real(*what)

        return write

    monkeypatch.setattr(Intake, "put", watched(Intake.put))
    monkeypatch.setattr(Journal, "write_document", watched(Journal.write_document))
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    numbers = await asyncio.gather(*(store.file_case(trigger(), [], [], **FILING) for _ in range(4)))
    await asyncio.gather(*(store.add(number, packets=[packet()]) for number in numbers))
    await store.close()
    assert found == {("put", "case-filing"), ("write_document", "case-adding")}
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("case-")]
    assert not left, "a thread is still there after close"


async def held(path: Path, seconds: float, begin: str) -> None:
    """Hold a transaction on the database for so long, as another program does."""

    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute(begin)
            other.execute("SELECT count(*) FROM cases").fetchone()
            time.sleep(seconds)
            other.execute("ROLLBACK")

    await asyncio.to_thread(hold)


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE"], ids=["a reader", "a writer"])
async def test_filing_waits_for_nobody_who_holds_the_database(tmp_path: Path, begin: str) -> None:
    """The order of the ends says it, no clock: all cases are on the disk while the other program is still there."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    await store.enter_verdict(await store.file_case(trigger(), [photo()], [packet()], **FILING), unidentified())
    ends: list[str] = []

    def note(task: asyncio.Task[Any]) -> None:
        ends.append(task.get_name())

    async def file() -> None:
        keeping = [asyncio.create_task(store.housekeep())]
        for index in range(8):
            number = await store.file_case(trigger(), [photo(index)], [packet()], **FILING)
            await store.add(number, photos=[photo(index + 1)], packets=[packet()])
            assert len((await store.load(number)).photos) == 2
        filing.set_result(keeping)

    filing: asyncio.Future[list[asyncio.Task[None]]] = asyncio.get_running_loop().create_future()
    holder = asyncio.create_task(held(StateFolder(tmp_path).database, 3.0, begin), name="holder")
    holder.add_done_callback(note)
    await asyncio.sleep(0.3)
    filed = asyncio.create_task(file(), name="filed")
    filed.add_done_callback(note)
    await asyncio.gather(holder, filed)
    assert ends == ["filed", "holder"]
    await asyncio.gather(*await filing, return_exceptions=True)
    assert await store.waiting() == tuple(range(2, 10))
    await store.close()


async def test_a_case_that_is_being_filed_is_no_refusal(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    holder = asyncio.create_task(held(StateFolder(tmp_path).database, 0.5, "BEGIN IMMEDIATE"))
    await asyncio.sleep(0.1)
    await store.file_case(trigger(), [photo()], [packet()], **FILING)
    assert store.problem() is None
    await holder
    assert await store.waiting() == (1,)
    assert store.problem() is None
    await store.close()


async def test_nothing_is_added_to_a_case_while_it_is_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A photo that no manifest names would be damage; a decision that fails leaves the case open for more."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    number = await store.file_case(trigger(), [photo()], [packet()], **FILING)
    deciding, added = threading.Event(), threading.Event()

    def insert_decided(*_arguments: Any) -> None:
        deciding.set()
        added.wait(20)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("edge.cases.storage.writer.insert_decided", insert_decided)
    decision = asyncio.create_task(store.enter_verdict(number, unidentified()))
    await asyncio.to_thread(deciding.wait, 20)
    with pytest.raises(CaseError, match="decided already"):
        await store.add(number, photos=[photo(1)])
    added.set()
    with pytest.raises(CaseError, match="cannot be used"):
        await decision
    await store.add(number, photos=[photo(2)])
    assert len((await store.load(number)).photos) == 2
    await store.close()


async def test_close_waits_for_acts_whose_callers_were_cancelled(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    acts = [asyncio.create_task(store.file_case(trigger(), [photo()], [], **FILING)) for _ in range(5)]
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
    act = asyncio.create_task(store.enter_verdict(7, unidentified()))
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
