"""Nobody else is remembered: after the verdict nothing of anybody but the offender is left anywhere."""

from __future__ import annotations

import base64
import logging
import secrets
from pathlib import Path

import pytest
from casekit import SIGNER, UNIT, driver, everything, frame, identified, trigger, unidentified

from edge.cases.audit import audit
from edge.cases.store import CaseStore
from edge.model import Packet


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
        number = await store.file(trigger(), [frame(index)], [*others, own], limit_kmh=50.0, site="SP 235")
        await store.add(number, frames=[frame(index + 50)], packets=[late])
        assert traces(tmp_path, own) == ["pending.json"]
        assert traces(tmp_path, others[0]) == ["pending.json"]
        if index % 2:
            await store.decide(number, identified(own))
            everybody += [*others, late]
            assert traces(tmp_path, own)
            assert own.uid.encode() not in everything(tmp_path)
        else:
            await store.decide(number, unidentified())
            everybody += [*others, own, late]
        for packet in everybody:
            assert traces(tmp_path, packet) == [], "while the daemon runs: database, WAL and frames"
    await store.close()
    for packet in everybody:
        assert traces(tmp_path, packet) == []
        assert packet.uid not in caplog.text
    assert driver().licence not in caplog.text
    audit(tmp_path)


async def test_the_blocks_of_a_removed_journal_are_overwritten(tmp_path: Path) -> None:
    """Whoever holds the removed file open, as a forensic tool would hold its blocks, reads zeros."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    packet = somebody()
    number = await store.file(trigger(), [frame()], [packet], limit_kmh=50.0, site="SP 235")
    with (tmp_path / "frames" / f"{number:08d}" / "pending.json").open("rb") as held:
        assert packet.uid.encode() in held.read()
        await store.decide(number, unidentified())
        held.seek(0)
        assert set(held.read()) == {0}
    await store.close()


def test_values_of_people_do_not_show_in_reprs() -> None:
    packet, who = somebody(), driver()
    shown = repr(packet) + repr(who) + repr(identified(packet)) + repr(unidentified())
    for secret in (packet.uid, packet.nonce, who.licence, who.first_name, who.last_name, "AB123CD", "ZZ999ZZ"):
        assert secret not in shown
