"""Several processes write to one chain: daemon, officers' service and commands; what each adds is signed and stays."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.audit import audit
from edge.cases.evidence.signing import Signer
from edge.cases.review import record
from edge.cases.storage import unit_chain
from edge.cases.storage.database import open_to_read
from edge.cases.storage.head import Head, read_head, write_head
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import StoreLock
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.storage.wal import COPY, wal_path
from edge.cases.store import CaseStore
from edge.errors import CaseError, EvidenceError, SecretError
from tests.support.cases import SIGNER, UNIT, filled, names, packet, photo, trigger, unidentified
from tests.support.eventually import eventually

FILING = {"limit_kmh": 50.0, "site": "SP 235"}
EACH = 25


def _look(state: Path, officer: str, session: ChainSession | None = None) -> int:
    return record(state, 1, kind="view", officer=officer, signer=SIGNER, session=session)


def _look_often(state: Path, officer: str) -> None:
    with ChainSession(StateFolder(state), SIGNER) as session:
        for _ in range(EACH):
            _look(state, officer, session)


def _other_writer(folder: StateFolder) -> StoreLock:
    lock = StoreLock(folder)
    with lock.alone() as alone:
        assert alone
    return lock


def last_seq(state: Path) -> int:
    with closing(sqlite3.connect(StateFolder(state).database)) as database:
        return int(database.execute("SELECT max(seq) FROM entries").fetchone()[0])


@pytest.mark.timeout(300)
async def test_processes_that_write_at_once_make_one_signed_chain(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=_look_often, args=(tmp_path, name)) for name in ("conti", "bianchi")]
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    try:
        for other in others:
            other.start()
        filed = 0
        while any(other.is_alive() for other in others) or filed < EACH:
            number = await store.file_case(trigger(), [photo()], [packet()], **FILING)
            await store.enter_verdict(number, unidentified())
            await store.housekeep()
            filed += 1
        assert store.problem() is None
    finally:
        for other in others:
            other.join()
        await store.close()
    assert [other.exitcode for other in others] == [0, 0]
    says = audit(tmp_path, trusted=SIGNER.public_key)
    assert f"{3 + 2 * EACH + 2 * filed} entries, all signed" in says
    head = read_head(StateFolder(tmp_path))
    assert head is not None and head.seq == last_seq(tmp_path)
    assert not [name for name in names(tmp_path) if COPY in name]


async def test_a_head_never_goes_back_whoever_writes_it_last(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    folder = StateFolder(tmp_path)
    with ChainSession(folder, SIGNER) as first, ChainSession(folder, SIGNER) as second:
        _look(tmp_path, "conti", first)
        for _ in range(3):
            _look(tmp_path, "bianchi", second)
        second.close()
        assert read_head(folder) == _head_at(tmp_path, 7)
        first.close()
        assert read_head(folder) == _head_at(tmp_path, 7)


def _head_at(state: Path, seq: int) -> Head:
    with closing(sqlite3.connect(StateFolder(state).database)) as database:
        (digest,) = database.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
    return Head(seq, digest)


async def test_a_head_is_behind_the_chain_after_a_crash_at_any_place_and_never_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the log is emptied, before it is copied, between that and the file: the next writer goes on."""
    await filled(tmp_path, 1)

    def crash(*_arguments: object) -> None:
        raise KeyboardInterrupt

    folder = StateFolder(tmp_path)
    for place in ("empty_wal", "save_wal", "continue_chain", "write_head"):
        monkeypatch.setattr(unit_chain, "REMEMBER_S", 0.0)
        session = ChainSession(folder, SIGNER)
        with monkeypatch.context() as patch:
            calls = iter((False,)) if place == "continue_chain" else iter(())
            real = getattr(unit_chain, place)
            patch.setattr(
                unit_chain, place, lambda *a, real=real, calls=calls: real(*a) if next(calls, 1) == 0 else crash()
            )
            with pytest.raises(KeyboardInterrupt):
                _look(tmp_path, "conti", session)
        head = read_head(folder)
        assert head is not None and head == _head_at(tmp_path, head.seq)
        session.close()
        _look(tmp_path, "bianchi")
        assert read_head(folder) == _head_at(tmp_path, last_seq(tmp_path)), place
    assert "all signed" in audit(tmp_path, trusted=SIGNER.public_key)


async def test_a_head_ahead_of_the_chain_is_an_alarm(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    write_head(StateFolder(tmp_path), Head(4, "0" * 64))
    with pytest.raises(EvidenceError, match="does not hold entry 4"):
        _look(tmp_path, "conti")


async def test_nobody_signs_with_another_key(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    other = Signer(bytes(range(1, 33)))
    with pytest.raises(SecretError, match="the cases are signed with key"):
        record(tmp_path, 1, kind="view", officer="conti", signer=other)
    assert last_seq(tmp_path) == 3


@pytest.mark.timeout(120)
async def test_somebody_who_reads_for_long_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint of the log would wait for the reader, with the write lock held: nothing could be filed meanwhile."""
    monkeypatch.setattr("edge.cases.storage.database.BUSY_S", 1000.0)  # who waits for the reader waits for ever
    await filled(tmp_path, 2)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    with closing(open_to_read(StateFolder(tmp_path))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        for _ in range(3):
            number = await store.file_case(trigger(), [photo()], [], **FILING)
            await store.enter_verdict(number, unidentified())
            await store.housekeep()
            _look(tmp_path, "conti")
        assert wal_path(StateFolder(tmp_path).database).stat().st_size > 0, "the reader holds no checkpoint up"
        reader.execute("ROLLBACK")
    await store.close()
    assert "all signed" in audit(tmp_path, trusted=SIGNER.public_key)


@pytest.mark.timeout(120)
async def test_a_trigger_is_filed_while_another_process_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its case is safe in the journal, and complete; the database gets it as soon as it takes it."""
    monkeypatch.setattr("edge.cases.storage.database.BUSY_S", 1000.0)  # who waits for the writer waits for ever
    await filled(tmp_path, 1)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    with closing(sqlite3.connect(StateFolder(tmp_path).database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        numbers = [await store.file_case(trigger(), [photo()], [packet()], **FILING) for _ in range(3)]
        await store.add(numbers[0], photos=[photo(2)])
        deciding = asyncio.create_task(store.enter_verdict(3, unidentified()))
        assert await store.file_case(trigger(), [photo()], [packet()], **FILING) == 5
        assert not deciding.done()
        other.execute("ROLLBACK")
    assert (await deciding).number == 3
    await store.close()
    assert "5 cases, 8 entries, all signed" in audit(tmp_path, trusted=SIGNER.public_key)


async def test_a_write_that_does_not_end_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.cases.storage.database.BUSY_S", 0.0)
    await filled(tmp_path, 1)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    with closing(sqlite3.connect(StateFolder(tmp_path).database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await store.file_case(trigger(), [photo()], [], **FILING)
        await eventually(lambda: "refuses 1 cases" in (store.problem() or ""))
    await store.housekeep()
    assert store.problem() is None
    await store.close()


async def test_the_log_is_mended_by_whoever_is_alone_with_the_store(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    folder = StateFolder(tmp_path)
    lock = _other_writer(folder)
    stale = tmp_path / f"cases.sqlite{COPY}{os.getppid()}"
    stale.write_bytes(b"stale")
    _look(tmp_path, "conti")
    assert stale.exists(), "mended beside another writer"
    lock.release()
    _look(tmp_path, "conti")
    assert not stale.exists()


async def test_an_older_schema_is_not_migrated_beside_another_writer(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    lock = _other_writer(StateFolder(tmp_path))
    with closing(sqlite3.connect(StateFolder(tmp_path).database)) as database:
        database.execute("PRAGMA user_version = 1")
    with pytest.raises(CaseError, match="has schema 1"):
        await CaseStore.open(tmp_path, SIGNER, UNIT)
    lock.release()


async def test_a_store_that_was_exchanged_is_opened_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    await filled(state, 1)
    with ChainSession(StateFolder(state), SIGNER) as session:
        _look(state, "conti", session)
        state.rename(tmp_path / "before")
        await filled(state, 2)
        _look(state, "conti", session)
    assert last_seq(state) == 6
    assert "4 entries, all signed" in audit(tmp_path / "before")


async def test_threads_of_one_session_take_turns(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    with ChainSession(StateFolder(tmp_path), SIGNER) as session:
        threads = [
            threading.Thread(target=lambda: [_look(tmp_path, "conti", session) for _ in range(5)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert "23 entries, all signed" in audit(tmp_path, trusted=SIGNER.public_key)


async def test_everything_is_the_units_own(tmp_path: Path) -> None:
    """Whatever the umask, and for a store that an earlier version opened to a group."""
    state = tmp_path / "state"
    await filled(state, 1)
    state.chmod(0o3770)
    StateFolder(state).database.chmod(0o660)
    await filled(state, 1)
    for path in (state, *state.rglob("*")):
        assert path.stat().st_mode & 0o7777 == (0o700 if path.is_dir() else 0o600), path
    assert json.loads(StateFolder(state).head.read_bytes())["format"] == 2
    assert "store.lock" in names(state)
