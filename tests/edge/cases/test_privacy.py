"""Nobody else is remembered: after the verdict nothing of anybody but the offender is left anywhere."""

from __future__ import annotations

import base64
import errno
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from edge.cases.audit import audit
from edge.cases.backup import backup
from edge.cases.retention import purge
from edge.cases.review import record
from edge.cases.storage.durable import write_durably, write_together
from edge.cases.storage.intake import Intake
from edge.cases.storage.journal import Journal
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.cases.views import EventKind
from edge.errors import CaseError
from edge.model import Decision, Outcome, Packet, Reason
from tests.support.cases import SIGNER, UNIT, driver, everything, identified, photo, trigger, unidentified
from tests.support.judging import judged_by_two


def somebody() -> Packet:
    """A packet all of whose parts can be found again."""
    mark = secrets.token_bytes(512)
    return Packet(secrets.token_hex(16), mark, secrets.token_hex(16), 1_790_000_000, 1_790_000_000.5, 5)


def traces(folder: Path, packet: Packet) -> list[str]:
    """The files below *folder* that hold any part of *packet*, in any of the ways it is ever written."""
    wanted = [
        packet.uid.encode(),
        bytes.fromhex(packet.uid),
        packet.nonce.encode(),
        packet.payload[:24],
        base64.b64encode(packet.payload[:240])[:300],
    ]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(part in path.read_bytes() for part in wanted)]


async def test_only_the_offender_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    everybody: list[Packet] = []
    for index in range(6):
        own, others, late = somebody(), [somebody() for _ in range(4)], somebody()
        number = await store.file_case(trigger(), [photo(index)], [*others, own], limit_kmh=50.0, site="SP 235")
        await store.add(number, photos=[photo(index + 50)], packets=[late])
        assert traces(tmp_path, own) == ["pending.json"]
        assert traces(tmp_path, others[0]) == ["pending.json"]
        if index % 2:
            await store.enter_verdict(number, identified(own))
            everybody += [*others, late]
            assert traces(tmp_path, own)
            assert own.uid.encode() not in everything(tmp_path)
        else:
            await store.enter_verdict(number, unidentified())
            everybody += [*others, own, late]
        for packet in everybody:
            assert traces(tmp_path, packet) == [], "while the daemon runs: database, WAL and frames"
    await store.close()
    for packet in everybody:
        assert traces(tmp_path, packet) == []
        assert packet.uid not in caplog.text
    assert driver().licence not in caplog.text
    audit(tmp_path)


async def test_an_ambiguous_case_keeps_the_claims_that_explain_it_and_only_while_it_waits(tmp_path: Path) -> None:
    state = tmp_path / "state"
    store = await CaseStore.open(state, SIGNER, UNIT)
    own, accomplice, others = somebody(), somebody(), somebody()
    number = await store.file_case(trigger(), [photo()], [own, accomplice, others], limit_kmh=50.0, site="SP 235")
    verdict = replace(unidentified().verdict, outcome=Outcome.AMBIGUOUS, reason=Reason.SEVERAL_CLAIMS)
    await store.enter_verdict(number, Decision(verdict, kept=(own, accomplice)))
    await store.housekeep()
    kept = state / "frames" / "00000001" / "claims.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert traces(state, others) == []
    for packet in (own, accomplice):
        assert traces(state, packet) == ["claims.json"]
        assert packet.uid.encode() not in everything(state)
    audit(state)
    backup(state, tmp_path / "backup")
    assert traces(tmp_path / "backup", own) == []
    await store.close()

    store = await CaseStore.open(state, SIGNER, UNIT)  # a restart keeps them
    await store.housekeep()
    assert traces(state, own) == ["claims.json"]
    record(state, number, kind="view", officer="Conti", signer=SIGNER)
    await store.housekeep()
    assert kept.exists(), "a look is no judgement"
    with kept.open("rb") as held:
        judged_by_two(state, number, EventKind.DISMISS)
        await store.housekeep()
        assert set(held.read()) == {0}
    for packet in (own, accomplice):
        assert traces(state, packet) == []
    await store.close()
    audit(state)


async def test_a_purge_takes_the_claims_with_it(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    own = somebody()
    number = await store.file_case(trigger(), [photo()], [own], limit_kmh=50.0, site="SP 235")
    verdict = replace(unidentified().verdict, outcome=Outcome.AMBIGUOUS, reason=Reason.SEVERAL_CLAIMS)
    await store.enter_verdict(number, Decision(verdict, kept=(own,)))
    await store.close()
    with (tmp_path / "frames" / "00000001" / "claims.json").open("rb") as held:
        purge(tmp_path, [number], reason="retention period over", signer=SIGNER)
        assert set(held.read()) == {0}
    assert traces(tmp_path, own) == []
    audit(tmp_path)


async def test_the_blocks_of_a_removed_journal_are_overwritten(tmp_path: Path) -> None:
    """Whoever holds the removed file open, as a forensic tool would hold its blocks, reads zeros."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    packet = somebody()
    number = await store.file_case(trigger(), [photo()], [packet], limit_kmh=50.0, site="SP 235")
    await store.load(number)
    with (tmp_path / "frames" / f"{number:08d}" / "pending.json").open("rb") as held:
        assert packet.uid.encode() in held.read()
        await store.enter_verdict(number, unidentified())
        held.seek(0)
        assert set(held.read()) == {0}
    await store.close()


async def test_the_blocks_of_a_replaced_journal_are_overwritten(tmp_path: Path) -> None:
    """What is added to a pending case makes a new journal: the one before must not live on in free blocks."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    packet = somebody()
    number = await store.file_case(trigger(), [photo()], [packet], limit_kmh=50.0, site="SP 235")
    await store.load(number)
    with (tmp_path / "frames" / f"{number:08d}" / "pending.json").open("rb") as held:
        await store.add(number, packets=[somebody()])
        assert set(held.read()) == {0}
    assert len((await store.load(number)).packets) == 2
    await store.close()


async def test_the_record_of_a_case_that_has_its_files_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever becomes of the case: the intake keeps nobody's packet, nor a photo that a purge could not reach."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    own, other, seen = somebody(), somebody(), list[str]()
    real = Journal.write_document

    def write_document(journal: Journal, *what: Any) -> None:
        seen.extend(traces(tmp_path, other))
        real(journal, *what)

    monkeypatch.setattr(Journal, "write_document", write_document)
    with StateFolder(tmp_path).intake.open("rb") as held:
        number = await store.file_case(trigger(), [photo()], [own, other], limit_kmh=50.0, site="SP 235")
        await store.load(number)
        assert set(held.read()) == {0}
    assert seen == ["intake.bin"]
    assert traces(tmp_path, other) == ["pending.json"]
    await store.enter_verdict(number, identified(own))
    assert traces(tmp_path, other) == []
    await store.close()


async def test_the_journal_of_a_case_that_never_was_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses to sync the folder, after the journal has its name: nothing of the packets may stay."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    monkeypatch.setattr(Intake, "put", lambda *_: False)  # full
    held: list[BinaryIO] = []

    def refuse(folder: Path) -> None:
        if (journal := folder / "pending.json").exists():
            held.append(journal.open("rb"))
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken, pytest.raises(CaseError):
        broken.setattr("edge.cases.storage.journal.write_together", partial(_written, refuse))
        await store.file_case(trigger(), [photo()], [somebody()], limit_kmh=50.0, site="SP 235")
    for file in held:
        with file:
            assert set(file.read()) == {0}
    assert len(held) == 1
    assert list((tmp_path / "frames").iterdir()) == []
    await store.close()


def _written(refuse: Callable[[Path], None], files: Sequence[tuple[Path, bytes]], last: Path, data: bytes) -> None:
    write_together(files, last, data)
    refuse(last.parent)


def test_a_half_written_journal_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full in the middle: what was written of it is overwritten before its blocks are free again."""
    real, held = os.write, []

    def half(handle: int, data: bytes) -> int:
        if held:
            raise OSError(errno.ENOSPC, "No space left on device")
        held.append((tmp_path / "pending.json.part").open("rb"))
        return real(handle, data[:100])

    with monkeypatch.context() as broken, pytest.raises(OSError, match="No space"):
        broken.setattr(os, "write", half)
        write_durably(tmp_path / "pending.json", b"somebody's packet" * 100, secret=True)
    with held[0] as file:
        assert file.read() == bytes(100)
    assert list(tmp_path.iterdir()) == []


def test_values_of_people_do_not_show_in_reprs() -> None:
    packet, who = somebody(), driver()
    shown = repr(packet) + repr(who) + repr(identified(packet)) + repr(unidentified())
    for secret in (packet.uid, packet.nonce, who.licence, who.first_name, who.last_name, "AB123CD", "ZZ999ZZ"):
        assert secret not in shown
