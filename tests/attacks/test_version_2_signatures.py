"""An attacker bends what version 2 signs: signatures, keys, and one statement passed off as another."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from Crypto.Hash import SHA1, SHA256, SHA512
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15, pss

from edge.crypto import (
    ChipCertificate,
    Ed25519Key,
    UnitCertificate,
    certify_chip,
    check_challenge,
    check_request,
    is_chips,
    is_signed,
    licence_hash,
    make_request,
    message_of,
    read_challenge,
    seal_uid,
)
from edge.crypto.chip_signature import enrolment_message
from edge.errors import LinkError, SecretError
from edge.model import Packet
from tests.support.link import ANNA
from tests.support.signed_link import (
    ANNAS_SIGNING_KEY,
    AUTHORITY,
    HERE,
    SERIAL,
    UNIT_SEED,
    VECTOR,
    ChipInMemory,
    octets,
)

VERIFY_KEY = ANNAS_SIGNING_KEY.public_key().export_key("DER")
MESSAGE = b"autovelox packet 2\nand so on"
L = 2**252 + 27742317777372353535851937790883648493
"""The order of Ed25519's group."""


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


# Signatures


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 64, 478])
def test_another_length_of_salt_is_no_signature(salt: int) -> None:
    assert not is_chips(VERIFY_KEY, MESSAGE, pss.new(ANNAS_SIGNING_KEY, salt_bytes=salt).sign(SHA256.new(MESSAGE)))


@pytest.mark.parametrize("hashed", [SHA1, SHA512], ids=["SHA-1", "SHA-512"])
def test_another_hash_is_no_signature(hashed: Any) -> None:
    assert not is_chips(VERIFY_KEY, MESSAGE, pss.new(ANNAS_SIGNING_KEY, salt_bytes=32).sign(hashed.new(MESSAGE)))


def test_other_paddings_of_the_same_key_are_no_signature() -> None:
    assert not is_chips(VERIFY_KEY, MESSAGE, pkcs1_15.new(ANNAS_SIGNING_KEY).sign(SHA256.new(MESSAGE)))
    other = pss.new(ANNAS_SIGNING_KEY, mask_func=lambda seed, count: pss.MGF1(seed, count, SHA1))
    assert not is_chips(VERIFY_KEY, MESSAGE, other.sign(SHA256.new(MESSAGE)))


def test_a_signature_has_one_form() -> None:
    """Neither modulus added, nor a byte before or behind: who copies a packet cannot give it another look."""
    signature = pss.new(ANNAS_SIGNING_KEY).sign(SHA256.new(MESSAGE))
    assert is_chips(VERIFY_KEY, MESSAGE, signature)
    number, n = int.from_bytes(signature, "big"), ANNAS_SIGNING_KEY.n
    others = [number + n, n - number, 0, 1, n, n - 1]
    bent = [each.to_bytes(513, "big")[-512:] for each in others] + [b"\0" + signature, signature + b"\0", signature[1:]]
    assert not any(is_chips(VERIFY_KEY, MESSAGE, each) for each in bent)
    unit, message = Ed25519Key(UNIT_SEED), b"autovelox challenge 2"
    honest = unit.sign(message)
    s = int.from_bytes(honest[32:], "little")
    assert is_signed(unit.public_key, message, honest)
    for bent_s in (s + L, L - s, 0):
        assert not is_signed(unit.public_key, message, honest[:32] + bent_s.to_bytes(32, "little"))


def test_no_key_in_a_challenge_makes_it_the_authoritys() -> None:
    """With a public key of small order one signature fits many texts; the authority's comes from a file alone."""
    identity = (1).to_bytes(32, "little")
    assert not is_signed(AUTHORITY.public_key, b"any", identity + bytes(32))
    forged = UnitCertificate(SERIAL, identity, "x", HERE, 2**40, identity + bytes(32))
    assert not forged.is_valid(AUTHORITY.public_key, 0)


def weak_keys() -> dict[str, RSA.RsaKey]:
    """Keys over Anna's modulus with other exponents: a short one, and one whose private half everybody guesses."""
    n, p, q = ANNAS_SIGNING_KEY.n, ANNAS_SIGNING_KEY.p, ANNAS_SIGNING_KEY.q
    phi = (p - 1) * (q - 1)
    short = next(e for e in range(3, 65536, 2) if math.gcd(e, phi) == 1)
    pairs = {"short": (short, pow(short, -1, phi)), "long": (pow(65537, -1, phi), 65537)}
    return {name: RSA.construct((n, e, d, p, q)) for name, (e, d) in pairs.items()}


@pytest.mark.parametrize("name", ["short", "long"])
def test_a_verify_key_that_others_could_sign_for_is_not_enrolled(name: str) -> None:
    """Its driver could deny every signature; and one with a long exponent costs the unit a hundred times more."""
    key = weak_keys()[name]
    verify_key = key.public_key().export_key("DER")
    assert not is_chips(verify_key, MESSAGE, pss.new(key).sign(SHA256.new(MESSAGE)))
    proof = pss.new(key).sign(SHA256.new(enrolment_message(ANNA.licence, verify_key)))
    document = json.loads(request_of(ANNA.licence)) | {"verify_key": text(verify_key), "proof": text(proof)}
    with pytest.raises(SecretError):
        check_request(json.dumps(document).encode(), ANNA.licence)


def test_a_verify_key_has_one_notation() -> None:
    """Another encoding of the same key would be another key to whoever compares hashes."""
    signature = pss.new(ANNAS_SIGNING_KEY).sign(SHA256.new(MESSAGE))
    pem = ANNAS_SIGNING_KEY.public_key().export_key("PEM")
    short = RSA.import_key(VERIFY_KEY).export_key("DER", pkcs=1)
    for other in (pem, short if short != VERIFY_KEY else pem, VERIFY_KEY + b"\0"):
        assert not is_chips(other, MESSAGE, signature)


# One statement passed off as another


def request_of(licence: str) -> bytes:
    return make_request(ChipInMemory(), licence)


def test_what_is_signed_for_one_purpose_is_no_other() -> None:
    """The authority signs units and chips with one key, a chip packets and its request: each text has its heading."""
    until = 2**33
    chip = certify_chip(request_of(ANNA.licence), AUTHORITY, until)
    unit = UnitCertificate(SERIAL, Ed25519Key(UNIT_SEED).public_key, "Udine", HERE, until).signed_by(AUTHORITY)
    assert not replace(unit, signature=chip.signature).is_valid(AUTHORITY.public_key, 0)
    assert not replace(chip, signature=unit.signature).is_valid(AUTHORITY.public_key, 0)
    with pytest.raises(ValueError):
        UnitCertificate.of_record(json.loads(chip.document()))
    with pytest.raises(SecretError):
        ChipCertificate.of_document(json.dumps(unit.record()).encode())
    packet = Packet(ANNA.uid, b"p" * 512, "0" * 32, 1, 0.0, 0, version=2, sealed_uid=b"u" * 120, unit=SERIAL)
    proof = base64.b64decode(json.loads(request_of(ANNA.licence))["proof"])
    assert not is_chips(VERIFY_KEY, message_of(packet), proof)
    assert not is_chips(
        VERIFY_KEY, enrolment_message(ANNA.licence, VERIFY_KEY), ChipInMemory().sign(message_of(packet))
    )


def test_a_unit_certifies_nobody() -> None:
    """A stolen unit's key makes no other unit, and no chip."""
    until = 2**33
    stolen = Ed25519Key(UNIT_SEED)
    other = UnitCertificate("AVX-6666", stolen.public_key, "elsewhere", HERE, until).signed_by(stolen)
    assert not other.is_valid(AUTHORITY.public_key, 0)
    chip = ChipCertificate(licence_hash(ANNA.licence), VERIFY_KEY, until)
    assert not replace(chip, signature=stolen.sign(chip.message())).is_valid(AUTHORITY.public_key, 0)


@pytest.mark.parametrize(
    "licence",
    ["\ud800", "", "UD 1", "a", "UD1\nUD2", "U" * 21, "U" * 100_000],
    ids=["surrogate", "empty", "blank", "small", "two lines", "long", "longest"],
)
def test_a_request_for_what_is_no_licence_number_is_refused(licence: str) -> None:
    document = json.loads(request_of(ANNA.licence)) | {"licence": licence}
    for check in (lambda request: check_request(request, licence), lambda request: certify_chip(request, AUTHORITY, 9)):
        with pytest.raises(SecretError):
            check(json.dumps(document).encode())


# What a camera sends to a car


def challenge(**changes: Any) -> dict[str, Any]:
    return {**VECTOR["challenge"], **changes}


@pytest.mark.parametrize("huge", [10**400, -(10**400), 2**53, -1], ids=["huge", "minus huge", "2^53", "before 1970"])
def test_a_time_without_end_is_no_challenge(huge: int) -> None:
    """A stolen unit signs what it likes: no number ends the car's software."""
    with pytest.raises(ValueError):
        read_challenge(challenge(timestamp=huge))
    certificate = {**VECTOR["challenge"]["certificate"], "valid_until": huge}
    with pytest.raises(ValueError):
        read_challenge(challenge(certificate=certificate))


@pytest.mark.parametrize(
    "bend", [str.upper, lambda key: f" {key[:-1]}{key[-1]} "[:64], lambda key: key[:2] + " " + key[2:]],
    ids=["capitals", "blanks around", "a blank inside"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["registry_key", "signature"])
def test_a_key_has_one_notation(name: str, bend: Callable[[str], str]) -> None:
    with pytest.raises(ValueError):
        read_challenge(challenge(**{name: bend("ab" + VECTOR["challenge"][name][2:])}))


SMALL = ["00" * 32, "01" + "00" * 31, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"]


@pytest.mark.parametrize("key", SMALL, ids=["0", "1", "p - 1"])
def test_a_registry_key_that_everybody_could_open_gets_nothing(key: str) -> None:
    """Points of small order: what is sealed to them opens without a private key."""
    with pytest.raises(LinkError, match="registry key"):
        seal_uid(bytes.fromhex(key), ANNA.uid, 1, "0" * 32)


def test_a_cameras_own_registry_key_is_not_what_the_unit_signed() -> None:
    """Somebody between car and unit who wants to read the uid exchanges the key that it is sealed to."""
    own = challenge(registry_key="09" + "00" * 31)
    with pytest.raises(LinkError, match="not signed"):
        check_challenge(read_challenge(own), authority=AUTHORITY.public_key, now_utc=VECTOR["challenge"]["timestamp"])


@pytest.mark.parametrize(("skew_s", "answered"), [(-30.0, True), (30.0, True), (-30.5, False), (30.5, False)])
def test_the_clock_may_err_by_half_a_minute_and_no_more(skew_s: float, answered: bool) -> None:
    now = VECTOR["challenge"]["timestamp"] + skew_s
    try:
        check_challenge(read_challenge(challenge()), authority=AUTHORITY.public_key, now_utc=now)
    except LinkError as error:
        assert not answered and "clock" in error.cause
    else:
        assert answered


def test_the_vectors_packet_is_what_is_signed() -> None:
    """So that the tests above bend what is right."""
    sent = VECTOR["packet"]
    signature, message = octets(sent, "signature"), VECTOR["packet_message"].encode()
    assert is_chips(VERIFY_KEY, message, signature)
