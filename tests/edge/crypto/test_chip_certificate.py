"""The authority's word for a chip: for one licence and one key, until its end, and by that authority alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.crypto import ChipCertificate, Ed25519Key, certify_chip, licence_hash, make_request, read_authority
from edge.crypto.chip_key import save_chip_key
from edge.errors import SecretError
from tests.support.link import ANNA, BRUNO

AUTHORITY, ANOTHER = Ed25519Key(bytes(32)), Ed25519Key(bytes([1]) * 32)
UNTIL = 2_000_000_000


@pytest.fixture(scope="module")
def request_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_request(save_chip_key(tmp_path_factory.mktemp("chip") / "key", ANNA.key), ANNA.licence)


def test_it_says_whose_key_it_is_and_until_when(request_bytes: bytes) -> None:
    certificate = certify_chip(request_bytes, AUTHORITY, UNTIL)
    assert certificate.licence_sha256 == licence_hash(ANNA.licence)
    assert certificate.verify_key == ANNA.key.public_key().export_key("DER")
    assert certificate.is_valid(AUTHORITY.public_key, UNTIL - 1)
    assert not certificate.is_valid(AUTHORITY.public_key, UNTIL)
    assert not certificate.is_valid(ANOTHER.public_key, 0)
    assert ChipCertificate.of_document(certificate.document()) == certificate


@pytest.mark.parametrize(
    "change",
    [
        {"licence_sha256": licence_hash(BRUNO.licence)},
        {"verify_key": BRUNO.key.public_key().export_key("DER")},
        {"valid_until": UNTIL + 1},
    ],
    ids=["licence", "key", "end"],
)
def test_every_field_is_signed(request_bytes: bytes, change: dict[str, object]) -> None:
    certificate = certify_chip(request_bytes, AUTHORITY, UNTIL)
    assert not replace(certificate, **change).is_valid(AUTHORITY.public_key, 0)  # type: ignore[arg-type]


def test_without_the_proof_nothing_is_certified(request_bytes: bytes) -> None:
    stolen = json.loads(request_bytes) | {"licence": BRUNO.licence}
    for request in (json.dumps(stolen).encode(), b"{}", b"[1]", b"", json.dumps(stolen | {"licence": 7}).encode()):
        with pytest.raises(SecretError, match=r"does not prove|not the request"):
            certify_chip(request, AUTHORITY, UNTIL)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "autovelox-chip-certificate/1"},
        {"licence_sha256": "0" * 63},
        {"licence_sha256": "0" * 64 + "\n"},
        {"verify_key": "AAAA"},
        {"verify_key": None},
        {"valid_until": "2"},
        {"valid_until": True},
        {"signature": "00"},
    ],
    ids=range(8),
)
def test_what_is_no_certificate_is_refused(request_bytes: bytes, change: dict[str, object]) -> None:
    document = json.loads(certify_chip(request_bytes, AUTHORITY, UNTIL).document()) | change
    with pytest.raises(SecretError, match="not the certificate of a chip"):
        ChipCertificate.of_document(json.dumps(document).encode())


def test_the_authoritys_key_is_read_from_its_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "authority.json"
    with pytest.raises(SecretError, match="cannot be read"):
        read_authority(path)
    for text in ("", "[]", '{"format": "autovelox-authority/2", "key": "00"}', '{"format": "x", "key": 7}'):
        path.write_text(text)
        with pytest.raises(SecretError, match="not the public key of an authority"):
            read_authority(path)
