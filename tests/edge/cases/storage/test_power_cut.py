"""A power cut in a checkpoint that tears the log as well: whoever opens the store first mends it, readers too."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.review import record
from edge.cases.storage import database as opening
from edge.cases.storage.database import open_to_read
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import StoreLock, nobody_writes
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.storage.wal import COPY, wal_path
from edge.cases.store import CaseStore
from edge.errors import CaseError
from tests.support.cases import SIGNER, UNIT, names
from tests.support.torn import cut_off


def _held(folder: StateFolder) -> list[int]:
    with Archive(folder.root) as archive:
        return sorted(row.number for row in archive.summaries() if row.is_held)


def _look(folder: StateFolder) -> None:
    with ChainSession(folder, SIGNER) as session:
        record(folder.root, 4, kind="view", officer="rossi", signer=SIGNER, session=session)


async def test_a_reader_that_opens_the_store_first_loses_no_hold(tmp_path: Path) -> None:
    folder = await cut_off(tmp_path)
    with Archive(folder.root) as archive:
        assert archive.count() == 6
        _look(folder)
    assert _held(folder) == [1, 2, 3]
    assert "17 entries, all signed" in audit(folder.root, trusted=SIGNER.public_key)


async def test_a_unit_that_starts_beside_a_reader_loses_no_hold(tmp_path: Path) -> None:
    folder = await cut_off(tmp_path)
    with Archive(folder.root) as archive:
        assert archive.count() == 6
        store = await CaseStore.open(folder.root, SIGNER, UNIT)
        await store.close()
    assert _held(folder) == [1, 2, 3]
    assert not [name for name in names(folder.root) if COPY in name]


@pytest.mark.parametrize("damaged", [0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("moved", [0.3, 0.5, 0.8])
async def test_a_database_that_is_half_overwritten_is_mended_before_it_is_read(
    tmp_path: Path, moved: float, damaged: float
) -> None:
    folder = await cut_off(tmp_path, moved, damaged)
    _look(folder)
    assert _held(folder) == [1, 2, 3]
    assert "17 entries, all signed" in audit(folder.root, trusted=SIGNER.public_key)


async def test_who_may_not_write_reads_and_mends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = await cut_off(tmp_path)
    log = wal_path(folder.database).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)
        open_to_read(folder).close()
    assert wal_path(folder.database).read_bytes() == log
    _look(folder)
    assert _held(folder) == [1, 2, 3]


async def test_a_reader_waits_for_whoever_is_about_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = await cut_off(tmp_path)
    monkeypatch.setattr(opening, "TRIES", 2)
    lock = StoreLock(folder)
    with pytest.raises(CaseError, match="is being mended"):
        open_to_read(folder)
    lock.release()
    assert _held(folder) == [1, 2, 3]


async def test_of_two_that_start_together_the_first_is_alone(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    first = StoreLock(folder)
    others: list[bool] = []

    def second() -> None:
        lock = StoreLock(folder)
        with lock.alone() as alone:
            others.append(alone)
        lock.release()

    thread = threading.Thread(target=second)
    thread.start()
    thread.join(0.2)
    assert others == []
    with first.alone() as alone, nobody_writes(folder) as nobody:
        assert alone and not nobody
    thread.join()
    first.release()
    assert others == [False]
