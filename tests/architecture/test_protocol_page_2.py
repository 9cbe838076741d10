"""Version 2 on the protocol's page: its vector is what the code does, its numbers are the code's own."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from Crypto.PublicKey import RSA

from edge.config import LinkSettings
from edge.crypto.chip_certificate import ChipCertificate, licence_hash
from edge.crypto.chip_key import REQUEST_FORMAT, check_request
from edge.crypto.chip_signature import enrolment_message, is_chips, packet_message
from edge.crypto.ed25519 import Ed25519Key
from edge.crypto.packet import Opened, open_packet
from edge.crypto.position import to_position
from edge.crypto.sealed_uid import INFO, SEALED_UID_BYTES, unseal_uid
from edge.crypto.signed_challenge import (
    CLOCK_TOLERANCE_S,
    DISTANCE_TOLERANCE_M,
    ChallengeSigner,
    challenge_message,
    check_challenge,
    read_challenge,
)
from edge.crypto.unit_certificate import UnitCertificate
from edge.model import Packet
from tests.support.link import VECTORS
from tests.support.signed_link import VECTOR

PAGE = (
    (Path(__file__).resolve().parents[2] / "docs" / "protocol.md")
    .read_text(encoding="utf-8")
    .partition("# Version 2")[2]
)


def test_the_challenge_of_the_vector_is_what_a_unit_sends() -> None:
    body = VECTOR["challenge"]
    certificate = UnitCertificate.of_record(body["certificate"])
    unit = Ed25519Key(bytes.fromhex(VECTOR["unit_seed"]))
    assert certificate.message().decode() == VECTOR["certificate_message"]
    assert certificate.signed_by(Ed25519Key(bytes.fromhex(VECTOR["authority_seed"]))) == certificate
    registry_key, place = bytes.fromhex(body["registry_key"]), to_position(body["position"])
    assert ChallengeSigner(unit, certificate, registry_key).body(body["nonce"], body["timestamp"]) == body
    message = challenge_message(body["unit"], place, body["nonce"], body["timestamp"], registry_key)
    assert message.decode() == VECTOR["challenge_message"]
    authority = bytes.fromhex(VECTOR["authority_key"])
    check_challenge(read_challenge(body), authority=authority, now_utc=body["timestamp"], position=place)


def test_the_packet_of_the_vector_opens() -> None:
    body, challenge = VECTOR["packet"], VECTOR["challenge"]
    sealed_uid, payload, signature = (base64.b64decode(body[name]) for name in ("uid", "payload", "signature"))
    private = bytes.fromhex(VECTOR["registry_private_key"])
    assert unseal_uid(private, sealed_uid, challenge["nonce"]) == (VECTOR["uid"], VECTOR["counter"])
    message = packet_message(
        unit=challenge["unit"],
        endpoint=VECTOR["endpoint"],
        nonce=challenge["nonce"],
        timestamp=challenge["timestamp"],
        counter=VECTOR["counter"],
        sealed_uid=sealed_uid,
        payload=payload,
    )
    assert message.decode() == VECTOR["packet_message"]
    assert is_chips(base64.b64decode(VECTOR["verify_key"]), message, signature)
    packet = Packet("", payload, challenge["nonce"], challenge["timestamp"], 0.0, 0)
    key = RSA.import_key(VECTORS[0]["private_key"])
    assert open_packet(key, packet) == Opened(VECTOR["plate"], VECTOR["licence"])


def test_the_proof_of_the_vector_holds() -> None:
    verify_key = base64.b64decode(VECTOR["verify_key"])
    assert RSA.import_key(VECTOR["signing_key"]).public_key().export_key("DER") == verify_key
    assert enrolment_message(VECTOR["licence"], verify_key).decode() == VECTOR["enrolment_message"]
    request = {
        "format": REQUEST_FORMAT,
        "licence": VECTOR["licence"],
        "verify_key": VECTOR["verify_key"],
        "proof": VECTOR["proof"],
    }
    assert check_request(json.dumps(request).encode(), VECTOR["licence"]) == verify_key


def test_the_chip_certificate_of_the_vector_holds() -> None:
    certificate = ChipCertificate.of_document(json.dumps(VECTOR["chip_certificate"]).encode())
    assert certificate.message().decode() == VECTOR["chip_certificate_message"]
    assert certificate.is_valid(bytes.fromhex(VECTOR["authority_key"]), certificate.valid_until - 1)
    assert certificate.licence_sha256 == licence_hash(VECTOR["licence"])
    assert base64.b64encode(certificate.verify_key).decode() == VECTOR["verify_key"]


def test_the_pages_numbers_and_lines_are_ours() -> None:
    settings = LinkSettings()
    for text in (
        f"within {settings.signed_ttl_s:g} s (`signed_ttl_s`)",
        f"within {CLOCK_TOLERANCE_S:g} s of the car's clock",
        f"within {DISTANCE_TOLERANCE_M:g} m of it",
        f"`{INFO.decode()}`",
        f"(88 bytes): {SEALED_UID_BYTES} bytes",
        f"`{REQUEST_FORMAT}`",
        *(VECTOR[name].partition("\n")[0] for name in VECTOR if name.endswith("_message")),
    ):
        assert text in PAGE, text
    for name in VECTOR:
        if name.endswith("_message"):
            assert f"`{name}`" in PAGE, name
