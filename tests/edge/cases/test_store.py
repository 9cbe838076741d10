"""The case store: nothing lost, nothing twice, nobody else remembered."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.signing import Signer
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.space import DiskSpace
from edge.cases.store import CaseStore
from edge.errors import CaseError, NoSuchCase, SecretError, StorageFull
from edge.model import Outcome, RadarReport, State
from tests.support.cases import SIGNER, UNIT, driver, filled, identified, packet, photo, trigger, unidentified

FILING = {"limit_kmh": 50.0, "site": "SP 235"}


async def open_store(state_dir: Path) -> CaseStore:
    return await CaseStore.open(state_dir, SIGNER, UNIT)


async def test_a_case_from_trigger_to_verdict(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    own, other, late = packet(), packet(), packet()
    number = await store.file_case(trigger(), [photo(1)], [own, other], **FILING)
    await store.add(number, photos=[photo(2)], packets=[late])
    pending = await store.load(number)
    assert [photo.read_bytes() for photo in pending.photos] == [photo(1).jpeg, photo(2).jpeg]
    assert pending.packets == (own, other, late)
    case = await store.enter_verdict(number, identified(own))
    with Archive(tmp_path) as archive:
        assert case == archive.case(number)
    assert (case.number, case.state, case.driver) == (1, State.DECIDED, driver())
    assert case.verdict is not None and case.verdict.outcome is Outcome.IDENTIFIED
    assert case.photos == ("frames/00000001/0.jpg", "frames/00000001/1.jpg")
    assert await store.pending() == ()
    await store.close()


async def test_the_lines_of_the_radar_are_signed_with_the_case_byte_for_byte(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    number = await store.file_case(trigger(), [photo()], [], **FILING)
    line = b'{"speed":72.4,"direction":"inbound"}\r\n\xff'
    await store.add(number, reports=[RadarReport(line, 1_790_000_000.25, 10**18 + 1)])
    await store.add(number, photos=[photo(1)])
    await store.enter_verdict(number, unidentified())
    await store.close()
    with Archive(tmp_path) as archive:
        (report,) = archive.manifest(number)["radar_reports"]
    assert base64.b64decode(report["line"]) == line
    assert (report["received_utc"], report["received_monotonic_ns"]) == (1_790_000_000.25, str(10**18 + 1))
    audit(tmp_path)


async def test_a_restart_finds_pending_cases_in_order(tmp_path: Path) -> None:
    await filled(tmp_path, 3, decide=False)
    store = await open_store(tmp_path)
    assert [case.number for case in await store.pending()] == [1, 2, 3]
    assert all(len(case.packets) == 2 for case in await store.pending())
    assert await store.file_case(trigger(), [], [], **FILING) == 4
    await store.close()


async def test_a_case_is_decided_once(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    number = await store.file_case(trigger(), [photo()], [], **FILING)
    await store.enter_verdict(number, unidentified())
    with pytest.raises(CaseError, match="decided already"):
        await store.enter_verdict(number, unidentified())
    with pytest.raises(CaseError, match="decided already"):
        await store.add(number, photos=[photo(1)])
    with pytest.raises(NoSuchCase):
        await store.enter_verdict(7, unidentified())
    await store.close()


async def test_one_daemon_a_folder(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    with pytest.raises(CaseError, match="another daemon"):
        await open_store(tmp_path)
    await store.close()
    await (await open_store(tmp_path)).close()


async def test_another_signing_key_is_refused(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    with pytest.raises(SecretError, match="put back that key file"):
        await CaseStore.open(tmp_path, Signer(bytes(32)), UNIT)


async def test_a_row_the_database_lost_comes_back_from_the_journal(tmp_path: Path) -> None:
    """Power fails after the journal is written and before the row is: the case is there after the restart."""
    store = await open_store(tmp_path)
    await store.file_case(trigger(), [photo()], [], **FILING)
    await store.close()
    StateFolder(tmp_path).database.unlink()
    StateFolder(tmp_path).head.unlink()  # remembered once the row is safe
    store = await open_store(tmp_path)
    assert [case.number for case in await store.pending()] == [1]
    assert await store.file_case(trigger(), [photo()], [], **FILING) == 2
    await store.close()


async def test_the_database_refuses_and_the_case_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await open_store(tmp_path)

    def refuse(*_arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr("edge.cases.storage.writer.insert_filed", refuse)
        number = await store.file_case(trigger(), [photo()], [packet()], **FILING)
        assert await store.waiting() == (number,), "known by its journal alone, and to be decided all the same"
        assert "the database refuses 1 cases" in (store.problem() or "")
        with pytest.raises(CaseError, match="the database refuses case 1"):
            await store.enter_verdict(number, unidentified())
    await store.enter_verdict(number, unidentified())
    assert store.problem() is None
    assert await store.file_case(trigger(), [photo()], [], **FILING) == number + 1
    await store.close()


@pytest.mark.parametrize("call", ["write", "fsync", "open"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
async def test_a_disk_that_refuses_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    """At whichever system call the disk reports an error, the caller gets it and the number is used again."""
    store = await open_store(tmp_path)
    real = getattr(os, call)
    for allowed in range(40):
        left = allowed

        def fail(*args: object, **kwargs: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(code, os.strerror(code))
            return real(*args, **kwargs)

        with monkeypatch.context() as broken:
            broken.setattr(os, call, fail)
            try:
                number = await store.file_case(trigger(), [photo(), photo(1)], [packet()], **FILING)
            except CaseError as error:
                assert isinstance(error, StorageFull) == (code == errno.ENOSPC)
                continue
        assert number == 1
        break
    else:
        pytest.fail("filing never succeeded")
    assert [case.number for case in await store.pending()] == [1]
    await store.close()
    assert sorted(path.name for path in (tmp_path / "frames" / "00000001").iterdir()) == [
        "0.jpg",
        "1.jpg",
        "pending.json",
    ]


async def test_a_cancelled_caller_leaves_whole_cases(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    for _ in range(5):
        task = asyncio.create_task(store.file_case(trigger(), [photo()], [packet()], **FILING))
        await asyncio.sleep(0.001)
        task.cancel()
        with suppress(asyncio.CancelledError):  # on a slow machine the case may be filed by now
            await task
    await store.close()
    store = await open_store(tmp_path)
    assert [case.number for case in await store.pending()] == [1, 2, 3, 4, 5]
    await store.close()


async def test_what_a_crash_left_half_done_is_swept(tmp_path: Path) -> None:
    await filled(tmp_path, 1, decide=False)
    orphan = tmp_path / "frames" / "00000002"
    orphan.mkdir()
    (orphan / "0.jpg").write_bytes(b"never filed")
    (tmp_path / "frames" / "00000001" / "1.jpg.part").write_bytes(b"half")
    (tmp_path / "frames" / "00000001" / "1.jpg").write_bytes(b"added, but the journal does not know")
    await (await open_store(tmp_path)).close()
    assert not orphan.exists()
    assert sorted(path.name for path in (tmp_path / "frames" / "00000001").iterdir()) == ["0.jpg", "pending.json"]


async def test_a_reader_delays_erasing_but_does_not_prevent_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.cases.storage.wal.PAUSES_S", (0.0,))
    store = await open_store(tmp_path)
    number = await store.file_case(trigger(), [photo()], [packet()], **FILING)
    with closing(sqlite3.connect(StateFolder(tmp_path).database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM cases").fetchone()
        await store.enter_verdict(number, unidentified())
        assert (tmp_path / "frames" / "00000001" / "pending.json").exists()
        reader.execute("COMMIT")
    await store.housekeep()
    assert not (tmp_path / "frames" / "00000001" / "pending.json").exists()
    await store.close()


async def test_a_full_disk_is_reported_early(tmp_path: Path) -> None:
    free = DiskSpace(StateFolder(tmp_path)).free_bytes()
    store = await CaseStore.open(tmp_path, SIGNER, UNIT, space=DiskSpace(StateFolder(tmp_path), 0, warn_bytes=2 * free))
    assert "MiB are left" in (store.shortage() or "")
    assert store.problem() is None
    await store.file_case(trigger(), [photo()], [], **FILING)
    await store.close()
    store = await CaseStore.open(tmp_path, SIGNER, UNIT, space=DiskSpace(StateFolder(tmp_path), reserve_bytes=2 * free))
    with pytest.raises(StorageFull, match="export and purge"):
        await store.file_case(trigger(), [photo()], [], **FILING)
    assert [case.number for case in await store.pending()] == [1]
    await store.close()


async def test_cases_filed_at_once_keep_their_numbers(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    numbers = await asyncio.gather(*(store.file_case(trigger(), [photo(n)], [], **FILING) for n in range(12)))
    assert sorted(numbers) == list(range(1, 13))
    await store.close()
    with Archive(tmp_path) as archive:
        assert archive.count() == 12


@pytest.mark.parametrize("damage", [b"", b"\0" * 900, b'{"content":{}}'])
async def test_a_damaged_journal_costs_its_packets_and_not_the_unit(tmp_path: Path, damage: bytes) -> None:
    await filled(tmp_path, 2, decide=False)
    (tmp_path / "frames" / "00000001" / "pending.json").write_bytes(damage)
    store = await open_store(tmp_path)
    first, second = await store.pending()
    assert (len(first.photos), first.packets, len(second.packets)) == (1, (), 2)
    await store.enter_verdict(1, unidentified())
    await store.enter_verdict(2, unidentified())
    await store.close()
    assert not list((tmp_path / "frames").glob("*/pending.json"))
    assert "2 cases" in audit(tmp_path)


async def test_a_damaged_journal_that_nothing_else_knows_of_is_named(tmp_path: Path) -> None:
    await filled(tmp_path, 1, decide=False)
    StateFolder(tmp_path).database.unlink()
    (tmp_path / "frames" / "00000001" / "pending.json").write_bytes(b"{}")
    with pytest.raises(CaseError, match="journal of case 1 is damaged"):
        await open_store(tmp_path)
    assert (tmp_path / "frames" / "00000001" / "0.jpg").exists()


async def test_a_folder_that_is_gone_is_reported_and_refuses_cases(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    store = await open_store(folder)
    folder.rename(tmp_path / "elsewhere")
    assert "cannot be reached" in (store.shortage() or "")
    with pytest.raises(CaseError, match="check the disk"):
        await store.file_case(trigger(), [photo()], [], **FILING)
    (tmp_path / "elsewhere").rename(folder)
    assert await store.file_case(trigger(), [photo()], [], **FILING) == 1
    await store.close()
