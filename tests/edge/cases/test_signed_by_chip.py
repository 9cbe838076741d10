"""A case of protocol version 2 holds the chip's signature: verify.py checks it, and says what a case rests on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases.evidence.manifest import packet_record, to_packet
from edge.cases.evidence.verify import Mismatch, NotProved, verify_package
from edge.cases.export import export_cases
from edge.cases.store import CaseStore
from edge.crypto import ChipCertificate, Ed25519Key, licence_hash
from edge.errors import EvidenceError
from edge.model import Packet
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger
from tests.support.papers import signed

AUTHORITY = Ed25519Key(bytes(32))
UNTIL = 4_000_000_000


def certified(own: Packet, licence: str = "UD1234567A", until: int = UNTIL, by: Ed25519Key = AUTHORITY) -> Packet:
    """The packet of a chip whose key the authority certified, as the registry has it."""
    certificate = ChipCertificate(licence_hash(licence), own.verify_key, until)
    return replace(own, certified_until=until, certification=by.sign(certificate.message()))


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


async def test_the_authoritys_word_for_the_chip_is_checked_where_its_key_is_given(tmp_path: Path) -> None:
    package = await exported(tmp_path, certified(signed()))
    facts = "\n".join(verify_package(package, SIGNER.public_key, None, AUTHORITY.public_key).facts)
    assert "the authority you trust certified it for this driver until 2096-10-02" in facts
    assert "certified until 2096-10-02" in "\n".join(verify_package(package, SIGNER.public_key).facts)
    with pytest.raises(Mismatch, match="did not certify the chip"):
        verify_package(package, SIGNER.public_key, None, Ed25519Key(bytes([1]) * 32).public_key)


@pytest.mark.parametrize(
    "forged",
    [
        lambda: certified(signed(), licence="ANOTHER"),
        lambda: certified(signed(), by=Ed25519Key(bytes([1]) * 32)),
        lambda: replace(certified(signed()), certified_until=UNTIL + 1),
        lambda: replace(certified(signed()), certification=b"short"),
    ],
    ids=["licence", "authority", "end", "signature"],
)
async def test_a_key_that_the_registrys_keeper_made_up_does_not_hold(
    tmp_path: Path, forged: Callable[[], Packet]
) -> None:
    """Who may write the registry enrols a key of their own, and signs as the driver: the authority did not."""
    package = await exported(tmp_path, forged())
    with pytest.raises(Mismatch, match="did not certify the chip of case 1"):
        verify_package(package, SIGNER.public_key, None, AUTHORITY.public_key)


async def test_a_certificate_that_was_over_does_not_hold(tmp_path: Path) -> None:
    package = await exported(tmp_path, certified(signed(), until=signed().challenged_at))
    with pytest.raises(Mismatch, match="was over when it answered"):
        verify_package(package, SIGNER.public_key, None, AUTHORITY.public_key)


@pytest.mark.parametrize("own", [signed, packet], ids=["not certified", "version 1"])
async def test_leaving_the_certificate_out_proves_nothing_to_who_asks_for_it(
    tmp_path: Path, own: Callable[[], Packet]
) -> None:
    package = await exported(tmp_path, own())
    verify_package(package, SIGNER.public_key)
    with pytest.raises(NotProved, match="holds no certificate"):
        verify_package(package, SIGNER.public_key, None, AUTHORITY.public_key)


def test_a_packet_comes_back_from_the_journal_as_it_was() -> None:
    for own in (packet(), signed(), certified(signed())):
        assert to_packet(json.loads(json.dumps(packet_record(own)))) == own


def test_a_packet_of_version_1_is_recorded_as_it_always_was() -> None:
    fields = {"uid", "payload", "nonce", "challenged_at", "received_utc", "received_monotonic_ns"}
    assert packet_record(packet()).keys() == fields
