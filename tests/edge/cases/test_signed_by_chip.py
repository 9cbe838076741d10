"""A case of protocol version 2 holds the chip's signature: verify.py checks it, and says what a case rests on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases.evidence.manifest import packet_record, to_packet
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases
from edge.cases.store import CaseStore
from edge.crypto.chip_signature import message_of, sign_message
from edge.errors import EvidenceError
from edge.model import Packet
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger
from tests.support.signed_link import ANNAS_SIGNING_KEY


def signed() -> Packet:
    """A packet whose chip signed it, as the opener hands it on."""
    own = replace(
        packet(),
        version=2,
        sealed_uid=b"u" * 120,
        counter=7,
        unit="AVX-0042",
        endpoint="ab" * 32,
        verify_key=ANNAS_SIGNING_KEY.public_key().export_key("DER"),
    )
    return replace(own, signature=sign_message(ANNAS_SIGNING_KEY, message_of(own)))


async def exported(folder: Path, own: Packet) -> Path:
    store = await CaseStore.open(folder, SIGNER, UNIT)
    number = await store.file_case(trigger(), [photo()], [own, packet()], limit_kmh=50.0, site="SP 235")
    await store.enter_verdict(number, identified(own))
    await store.close()
    export_cases(folder, [number], folder / "case.zip", officer="Isp. M. Conti", signer=SIGNER)
    return folder / "case.zip"


async def test_the_package_proves_that_the_chip_signed(tmp_path: Path) -> None:
    facts = "\n".join(verify_package(await exported(tmp_path, signed()), SIGNER.public_key).facts)
    assert "the driver's chip signed the answer" in facts


async def test_a_case_of_version_1_says_that_nothing_is_signed(tmp_path: Path) -> None:
    facts = "\n".join(verify_package(await exported(tmp_path, packet()), SIGNER.public_key).facts)
    assert "protocol version 1: the answer is not signed" in facts


@pytest.mark.parametrize(
    "change",
    [
        {"counter": 8}, {"unit": "AVX-0043"}, {"endpoint": ""}, {"nonce": "1" * 32}, {"challenged_at": 1},
        {"payload": b"p"}, {"sealed_uid": b"v" * 120}, {"signature": b"s" * 512}, {"verify_key": b""},
    ],
    ids=range(9),
)  # fmt: skip
async def test_what_an_insider_made_up_does_not_hold(tmp_path: Path, change: dict[str, object]) -> None:
    """The unit's own signing key signs the case; the chip's signature is not theirs to make. verify.py looks."""
    with pytest.raises(EvidenceError, match="the driver's chip did not sign"):
        await exported(tmp_path, replace(signed(), **change))  # type: ignore[arg-type]


def test_a_packet_comes_back_from_the_journal_as_it_was() -> None:
    for own in (packet(), signed()):
        assert to_packet(json.loads(json.dumps(packet_record(own)))) == own


def test_a_packet_of_version_1_is_recorded_as_it_always_was() -> None:
    fields = {"uid", "payload", "nonce", "challenged_at", "received_utc", "received_monotonic_ns"}
    assert packet_record(packet()).keys() == fields
