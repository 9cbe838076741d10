"""Each work beside filing waits while a case is filed, holding nothing that others need, and then goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.audit import audit
from edge.cases.backup import backup
from edge.cases.export import export_cases, export_report
from edge.cases.retention import purge
from edge.cases.review import record
from edge.cases.storage.database import connect
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.outbox import Outbox
from edge.cases.storage.right_of_way import RightOfWay
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.storage.wal import empty_wal
from edge.cases.store import CaseStore
from tests.support.cases import SIGNER, UNIT, filled, packet, photo, trigger, unidentified
from tests.support.patience import Endless, endless, has_begun, waiting

FILING = {"limit_kmh": 50.0, "site": "SP 235"}


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Endless:
    """This process's patience, which never ends."""
    return endless(monkeypatch)


WORKS: dict[str, Callable[[Path, Path], object]] = {
    "a look": lambda state, _to: record(state, 1, kind="view", officer="Conti", signer=SIGNER),
    "a judgement": lambda state, _to: record(
        state, 1, kind="dismiss", officer="Conti", reason="no plate", signer=SIGNER
    ),
    "a report": lambda state, to: export_report(state, 1, to / "r.pdf", officer="Conti", signer=SIGNER),
    "a package": lambda state, to: export_cases(state, [1, 2], to / "p.zip", officer="Conti", signer=SIGNER),
    "a package for a reader": lambda state, to: export_cases(
        state, [1, 2], to / "p.zip", officer="Conti", signer=SIGNER, durably=False
    ),
    "a verification": lambda state, _to: audit(state),
    "a backup": lambda state, to: backup(state, to / "backup"),
    "a purge": lambda state, _to: purge(state, [1], reason="retention period over", signer=SIGNER),
    "a delivery": lambda state, _to: Outbox(state).lines(0, 99, 1 << 20),
    "a photo for the centre": lambda state, _to: Outbox(state).file(1, 0, "0" * 64),
    "what the centre confirms": lambda state, _to: Outbox(state).confirm(1, "0" * 64, settled=0, cases=0),
}


@pytest.mark.parametrize("what", list(WORKS))
async def test_every_work_waits_with_no_lock_and_goes_on(tmp_path: Path, what: str, patience: Endless) -> None:
    """While it waits another process can write to the database at once; when the case is filed it ends as ever."""
    state, to = tmp_path / "state", tmp_path / "to"
    to.mkdir()
    await filled(state, 2)
    way = RightOfWay(StateFolder(state))
    with waiting(way, patience, lambda: WORKS[what](state, to)):
        with closing(sqlite3.connect(StateFolder(state).database, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        assert not list(to.glob("**/*.zip")), "nothing is finished meanwhile"
    way.close()
    assert audit(state).startswith("Everything holds")


async def test_the_log_is_emptied_when_no_case_is_filed(tmp_path: Path, patience: Endless) -> None:
    await filled(tmp_path, 1)
    folder = StateFolder(tmp_path)
    with ChainSession(folder, SIGNER) as session, closing(connect(folder.database)) as database:
        record(tmp_path, 1, kind="view", officer="Conti", signer=SIGNER, session=session)
        way = RightOfWay(folder)

        def work() -> bool:
            with closing(connect(folder.database)) as own:
                return empty_wal(own, folder.database)

        with waiting(way, patience, work) as emptying:
            database.execute("BEGIN IMMEDIATE")  # nobody holds the lock
            database.execute("ROLLBACK")
        assert emptying.result()
        way.close()


async def test_the_units_own_work_on_earlier_cases_waits_and_filing_does_not(tmp_path: Path, patience: Endless) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    try:
        first = await store.file_case(trigger(), [photo()], [packet()], **FILING)
        await store.housekeep()
        store.right_of_way.take(1)
        second = await store.file_case(trigger(), [photo(1)], [packet()], **FILING)
        await store.add(second, photos=[photo(2)])
        await has_begun(patience)
        with closing(sqlite3.connect(StateFolder(tmp_path).database)) as database:
            assert database.execute("SELECT count(*) FROM cases").fetchone() == (1,), "it is entered afterwards"
        store.right_of_way.give_back(1)
        await store.enter_verdict(first, unidentified())
        assert await store.waiting() == (second,)
    finally:
        await store.close()
