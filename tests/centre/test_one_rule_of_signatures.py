"""Which signatures count: one rule in a package's check, on the unit and at the centre, no laxer than OpenSSL's."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from Crypto.Signature import eddsa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from centre.delivery.chain import check, follow
from edge.cases.evidence import (
    DOMAIN,
    Chain,
    Link,
    Mismatch,
    Signature,
    Signer,
    check_chain,
    check_signatures,
    key_content,
    next_entry,
)
from edge.crypto import is_signed

ORDER = 2**252 + 27742317777372353535851937790883648493
BASE: Any = eddsa.import_public_key(bytes.fromhex("58" + "66" * 31)).pointQ
OF_ORDER_8: Any = eddsa.import_public_key(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
).pointQ
MESSAGES = [DOMAIN + bytes([number]) for number in range(64)]


def in_a_package(key: bytes, message: bytes, signature: bytes) -> bool:
    return _holds(check_signatures, key, message, signature)


def at_the_centre(key: bytes, message: bytes, signature: bytes) -> bool:
    return _holds(check, key, message, signature)


def _holds(checks: Callable[[list[Signature]], None], key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        checks([Signature(1, key, message, signature)])
    except Mismatch:
        return False
    return True


EVERYWHERE = (in_a_package, is_signed, at_the_centre)


def by_openssl(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return True


def encoded(point: Any) -> bytes:
    x, y = (int(each) for each in point.xy)
    return (y | (x & 1) << 255).to_bytes(32, "little")


NO_KEYS = [
    *(bytes.fromhex(text) for text in ("00" * 32, "00" * 31 + "80", "01" + "00" * 31, "01" + "00" * 30 + "80")),
    *(bytes.fromhex(text + "ff" * 30 + "7f") for text in ("ec", "ed", "ee", "ff")),
    *(bytes(32 - 1), bytes(33), b""),
    *(encoded(OF_ORDER_8 * times) for times in range(1, 8)),
]


def signed(secret: int, key: bytes, message: bytes, besides: Any = None) -> bytes:
    """A signature as RFC 8032 makes it, of a key whose point may be any; *besides* is added to the signature's own."""
    nonce = secrets.randbelow(ORDER)
    point = BASE * nonce
    first = encoded(point if besides is None else point + besides)
    digest = int.from_bytes(hashlib.sha512(first + key + message).digest(), "little")
    return first + ((nonce + digest * secret) % ORDER).to_bytes(32, "little")


def test_a_genuine_key_signs_everywhere() -> None:
    for number in range(20):
        signer, message = Signer(secrets.token_bytes(32)), MESSAGES[number]
        signature = signer.sign(message)
        assert all(holds(signer.public_key, message, signature) for holds in EVERYWHERE)
        assert not any(holds(signer.public_key, MESSAGES[63], signature) for holds in EVERYWHERE)
    secret = secrets.randbelow(ORDER)
    key = encoded(BASE * secret)
    assert all(holds(key, message, signed(secret, key, message)) for holds in EVERYWHERE for message in MESSAGES[:4])


@pytest.mark.parametrize("times", range(1, 8))
def test_a_key_of_mixed_order_signs_nothing(times: int) -> None:
    """Every second to eighth signature of it is one for OpenSSL too: it is refused for its key."""
    secret = secrets.randbelow(ORDER)
    key = encoded(BASE * secret + OF_ORDER_8 * times)
    made = [(message, signed(secret, key, message)) for message in MESSAGES]
    assert {by_openssl(key, *each) for each in made} == {True, False}
    assert not [holds for holds in EVERYWHERE for each in made[:20] if holds(key, *each)]
    assert not [holds for holds in EVERYWHERE for each in made if by_openssl(key, *each) and holds(key, *each)]


@pytest.mark.parametrize("times", range(1, 8))
def test_a_point_of_small_order_in_a_signature_is_wrong_everywhere(times: int) -> None:
    """The key is a genuine one; PyCryptodome's own check takes the signature, OpenSSL's refuses it."""
    secret = secrets.randbelow(ORDER)
    key = encoded(BASE * secret)
    signature = signed(secret, key, MESSAGES[0], OF_ORDER_8 * times)
    eddsa.new(eddsa.import_public_key(key), mode="rfc8032").verify(MESSAGES[0], signature)
    assert not by_openssl(key, MESSAGES[0], signature)
    assert not [holds for holds in EVERYWHERE if holds(key, MESSAGES[0], signature)]


def test_a_signature_whose_point_is_the_identity_is_wrong_everywhere() -> None:
    """OpenSSL's equation holds, libsodium refuses it: its second half over the digest is the secret."""
    secret = secrets.randbelow(ORDER)
    key, first = encoded(BASE * secret), b"\1" + bytes(31)
    digest = int.from_bytes(hashlib.sha512(first + key + MESSAGES[0]).digest(), "little")
    signature = first + (digest * secret % ORDER).to_bytes(32, "little")
    assert by_openssl(key, MESSAGES[0], signature)
    assert not [holds for holds in EVERYWHERE if holds(key, MESSAGES[0], signature)]


@pytest.mark.parametrize("key", NO_KEYS)
def test_a_key_that_is_no_key_signs_nothing(key: bytes) -> None:
    for first in (key[:32].ljust(32, b"\0"), encoded(BASE), b"\1" + bytes(31)):
        assert not [holds for holds in EVERYWHERE if holds(key, MESSAGES[0], first + bytes(32))]


@pytest.mark.parametrize("holds", EVERYWHERE)
def test_a_signature_that_is_none_is_wrong(holds: Callable[[bytes, bytes, bytes], bool]) -> None:
    signer = Signer(bytes(range(32)))
    good = signer.sign(MESSAGES[0])
    more = int.from_bytes(good[32:], "little") + ORDER
    for signature in (b"", good[:63], good + b"\0", bytes(64), b"\xff" * 64, good[:32] + more.to_bytes(32, "little")):
        assert not holds(signer.public_key, MESSAGES[0], signature)
    for place in range(0, 64, 5):
        altered = bytearray(good)
        altered[place] ^= 1
        assert not holds(signer.public_key, MESSAGES[0], bytes(altered))


def introducing(key: bytes) -> list[Link]:
    """A unit's genuine first key, an entry of it that introduces *key*, and one more."""
    signer, last, links = Signer(bytes(range(32))), None, []
    new = {"key_id": hashlib.sha256(key).hexdigest()[:16], "public_key": key.hex(), "supersedes": signer.key_id}
    for kind, content in (("key", key_content(signer, supersedes=None)), ("key", new)):
        entry = next_entry(last, kind, None, content, at_utc=1.0, signer=signer)
        last = entry.seq, entry.hash
        links.append(Link(entry.header, entry.body, entry.signature, entry.key_id))
    return links


def at_the_centre_after_the_first(links: list[Link]) -> object:
    return follow(follow(Chain(), links[:1]), links[1:])


TAKEN_IN = {
    "in a package and on the unit": check_chain,
    "at the centre": lambda links: follow(Chain(), links),
    "at the centre, later": at_the_centre_after_the_first,
}


@pytest.mark.parametrize("takes", TAKEN_IN.values(), ids=TAKEN_IN)
def test_a_key_that_is_none_is_refused_where_it_is_introduced(takes: Callable[[list[Link]], object]) -> None:
    """The entry that introduces it is signed by a genuine key; nobody could go on with it, or everybody."""
    takes(introducing(Signer(bytes(32)).public_key))
    for key in (*NO_KEYS, *(encoded(BASE * 7 + OF_ORDER_8 * times) for times in range(1, 8))):
        with pytest.raises(Mismatch, match="entry 2 is none that a unit introduces") as found:
            takes(introducing(key))
        assert found.value.entry == 2
