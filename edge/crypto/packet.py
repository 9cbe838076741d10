"""Sealing and opening: one plate and one licence number, bound to one challenge, for the police alone.

Plaintext: UTF-8 JSON ``{"plate", "licence", "nonce", "timestamp", "hash"}``, where ``hash`` is the SHA-256 (hex, lower
case) of ``plate|licence|nonce|timestamp``. Encryption: RSA-OAEP (RFC 8017, section 7.1) with SHA-256 and MGF1-SHA-256
under a 4096-bit modulus, so a sealed packet is 512 bytes and its plaintext at most 446.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from Crypto.Cipher import oaep
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.PublicKey.RSA import RsaKey
from Crypto.Random import get_random_bytes

from edge.crypto import strict_json
from edge.errors import LinkError, PacketError, SecretError
from edge.model import Packet, Rejection

KEY_BITS: Final = 4096
PAYLOAD_BYTES: Final = KEY_BITS // 8
PLAINTEXT_BYTES: Final = PAYLOAD_BYTES - 2 * SHA256.digest_size - 2
PUBLIC_EXPONENT: Final = 65537

_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_LONG_FORM: Final = 0x80
"""From here on a length octet says how many octets of length follow."""

_PLATE: Final = re.compile(r"[A-Z0-9]{1,12}", re.ASCII)
_LICENCE: Final = re.compile(r"[A-Z0-9]{1,20}", re.ASCII)
_FIELDS: Final = {"plate": str, "licence": str, "nonce": str, "timestamp": int, "hash": str}


@dataclass(frozen=True, slots=True)
class Opened:
    """What a packet said: the plate and the licence number, A-Z and 0-9 only."""

    plate: str = field(repr=False)
    licence: str = field(repr=False)


def generate_private_key(progress: Callable[[], None] | None = None) -> RsaKey:
    """Make a key pair of two 2048-bit primes; takes seconds. *progress* is called at every prime candidate."""

    def randomness(count: int) -> bytes:
        if progress is not None:
            progress()
        return get_random_bytes(count)

    return RSA.generate(KEY_BITS, randfunc=randomness, e=PUBLIC_EXPONENT)


def load_private_key(der: bytes) -> RsaKey:
    """Read a PKCS#1 private key (RFC 8017, appendix A.1.2) of :data:`KEY_BITS` bits from its DER.

    PyCryptodome's own import tests both primes again, which costs as much as ten decryptions; the registry's seal
    vouches for the bytes already, so only the cheap relations ``p * q = n`` and ``q * coefficient = 1 (mod p)`` are
    checked here.

    Raises:
        SecretError: the bytes are not such a key.
    """
    try:
        version, n, e, d, p, q, _, _, coefficient = _integers(der)
        if version != 0 or p * q != n or n.bit_length() != KEY_BITS or e != PUBLIC_EXPONENT:
            raise ValueError("not a key of ours")
        if not 0 < coefficient < p or q * coefficient % p != 1:
            raise ValueError("not the coefficient of p and q")
        # PyCryptodome wants the inverse of its first prime modulo its second, and inverts again, which takes as long as
        # the rest, unless the smaller prime comes first. From q * c + p * x = 1 the other inverse is at hand: x.
        components = (n, e, d, p, q, (1 - q * coefficient) // p % q) if p < q else (n, e, d, q, p, coefficient)
        return RSA.construct(components, consistency_check=False)
    except (ValueError, TypeError, IndexError):
        raise SecretError("a private key in the registry is damaged", "enrol its driver again") from None


def _integers(der: bytes) -> list[int]:
    """The numbers of a DER SEQUENCE of INTEGERs (X.690), negative ones included.

    PyCryptodome's DerSequence takes as long as the rest of loading a key: together an eighth of a decryption.
    """
    numbers: list[int] = []
    at, end = _contents(der, 0, _SEQUENCE)
    if end != len(der):
        raise ValueError("the sequence has another length than the text")
    while at < end:
        start, at = _contents(der, at, _INTEGER)
        numbers.append(int.from_bytes(der[start:at], "big", signed=True))
    return numbers


def _contents(der: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the contents of the element with *tag* at *at* begin and end."""
    if der[at] != tag:
        raise ValueError("an element of another kind")
    length, start = der[at + 1], at + 2
    if length > _LONG_FORM:
        size, start = length - _LONG_FORM, start + length - _LONG_FORM
        length = int.from_bytes(der[start - size : start], "big")
    if start + length > len(der):
        raise ValueError("an element longer than the text")
    return start, start + length


def load_public_key(pem: str) -> RsaKey:
    """Read a chip's public key from PEM text.

    Raises:
        SecretError: it is not a public RSA key of :data:`KEY_BITS` bits.
    """
    try:
        key = RSA.import_key(pem)
    except (ValueError, IndexError, TypeError):
        raise SecretError("the chip's public key cannot be read", "enrol the driver again") from None
    if key.size_in_bits() != KEY_BITS or key.has_private():
        raise SecretError(f"the chip's key is not a public key of {KEY_BITS} bits", "enrol the driver again")
    return key


def digest(plate: str, licence: str, nonce: str, timestamp: int) -> str:
    """The packet's hash: SHA-256 of the four values joined by ``|``, as 64 lower-case hex characters."""
    return hashlib.sha256(f"{plate}|{licence}|{nonce}|{timestamp}".encode()).hexdigest()


def plaintext(*, plate: str, licence: str, nonce: str, timestamp: int) -> bytes:
    """What a packet seals: the JSON of the four values and their hash."""
    document = {"plate": plate, "licence": licence, "nonce": nonce, "timestamp": timestamp}
    return strict_json.dumps({**document, "hash": digest(plate, licence, nonce, timestamp)}).encode()


def seal(public_key: RsaKey, *, plate: str, licence: str, nonce: str, timestamp: int) -> bytes:
    """Seal *plate* and *licence* as the answer to the challenge (*nonce*, *timestamp* in Unix seconds): 512 bytes.

    Raises:
        LinkError: a value is too long or has characters other than A-Z and 0-9.
    """
    if not _PLATE.fullmatch(plate):
        raise LinkError("the plate cannot be sent", "write 1 to 12 characters of A-Z and 0-9, without spaces or dashes")
    if not _LICENCE.fullmatch(licence):
        raise LinkError(
            "the licence number cannot be sent", "write 1 to 20 characters of A-Z and 0-9, without spaces or dashes"
        )
    text = plaintext(plate=plate, licence=licence, nonce=nonce, timestamp=timestamp)
    if len(text) > PLAINTEXT_BYTES:
        raise LinkError("the unit's challenge is too long to be answered", "it does not speak protocol version 1")
    return oaep.new(public_key, hashmod=SHA256).encrypt(text)


def open_packet(private_key: RsaKey, packet: Packet) -> Opened:
    """Open *packet* and hold it against the challenge it answers.

    Raises:
        PacketError: it does not decrypt, is not the one JSON object allowed, or answers another challenge; the reason
            is for the unit's own counters and never for the sender.
    """
    try:
        text = oaep.new(private_key, hashmod=SHA256).decrypt(packet.payload)
    except ValueError:
        raise PacketError(Rejection.DECRYPTION) from None
    return read_plaintext(text, packet)


def read_plaintext(text: bytes, packet: Packet) -> Opened:
    """What the decrypted *text* of *packet* says; see :func:`open_packet` for the errors."""
    try:
        document = strict_json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PacketError(Rejection.JSON) from None
    fields = _checked(document)
    if not hmac.compare_digest(fields["nonce"], packet.nonce):
        raise PacketError(Rejection.NONCE)
    if fields["timestamp"] != packet.challenged_at:
        raise PacketError(Rejection.TIMESTAMP)
    expected = digest(fields["plate"], fields["licence"], fields["nonce"], fields["timestamp"])
    if not hmac.compare_digest(fields["hash"], expected):
        raise PacketError(Rejection.HASH)
    return Opened(plate=fields["plate"], licence=fields["licence"])


def _checked(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict) or document.keys() != _FIELDS.keys():
        raise PacketError(Rejection.FIELDS)
    # By identity: True is an instance of int.
    if any(type(document[name]) is not kind for name, kind in _FIELDS.items()):
        raise PacketError(Rejection.FIELDS)
    if not all(document[name].isascii() for name in ("nonce", "hash")):
        raise PacketError(Rejection.FIELDS)  # compare_digest takes no other text
    if not _PLATE.fullmatch(document["plate"]) or not _LICENCE.fullmatch(document["licence"]):
        raise PacketError(Rejection.CHARACTERS)
    return document
