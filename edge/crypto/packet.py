"""Packets: one plate and one licence number, bound to one challenge, sealed so that only the police can open them.

Plaintext: UTF-8 JSON ``{"plate", "licence", "nonce", "timestamp", "hash"}``, where ``hash`` is the SHA-256 (hex, lower
case) of ``plate|licence|nonce|timestamp``. Encryption: RSA-OAEP (RFC 8017, section 7.1) with SHA-256 and MGF1-SHA-256
under a 4096-bit modulus, so a sealed packet is 512 bytes and its plaintext at most 446.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Any, Final

from Crypto.Cipher import oaep
from Crypto.Hash import SHA256
from Crypto.PublicKey.RSA import RsaKey

from edge.crypto import strict_json
from edge.crypto.rsa_key import KEY_BITS
from edge.errors import LinkError, PacketError
from edge.model import Packet, Rejection

PAYLOAD_BYTES: Final = KEY_BITS // 8
PLAINTEXT_BYTES: Final = PAYLOAD_BYTES - 2 * SHA256.digest_size - 2

_PLATE: Final = re.compile(r"[A-Z0-9]{1,12}", re.ASCII)
_LICENCE: Final = re.compile(r"[A-Z0-9]{1,20}", re.ASCII)
_FIELDS: Final = {"plate": str, "licence": str, "nonce": str, "timestamp": int, "hash": str}


@dataclass(frozen=True, slots=True)
class Opened:
    """The contents of an opened packet: the plate and the licence number, A-Z and 0-9 only."""

    plate: str = field(repr=False)
    licence: str = field(repr=False)


def is_licence(text: str) -> bool:
    """Whether *text* is a licence number that can be sent: 1 to 20 characters of A-Z and 0-9."""
    return _LICENCE.fullmatch(text) is not None


def digest(plate: str, licence: str, nonce: str, timestamp: int) -> str:
    """Return the packet's hash: SHA-256 of the four values joined by ``|``, as 64 lower-case hex characters."""
    return hashlib.sha256(f"{plate}|{licence}|{nonce}|{timestamp}".encode()).hexdigest()


def plaintext(*, plate: str, licence: str, nonce: str, timestamp: int) -> bytes:
    """Return the text that a packet seals: the JSON of the four values and their hash."""
    document = {"plate": plate, "licence": licence, "nonce": nonce, "timestamp": timestamp}
    return strict_json.dumps({**document, "hash": digest(plate, licence, nonce, timestamp)}).encode()


def seal(public_key: RsaKey, *, plate: str, licence: str, nonce: str, timestamp: int) -> bytes:
    """Seal *plate* and *licence* as the answer to the challenge (*nonce*, *timestamp* in Unix seconds).

    Returns:
        The ciphertext, :data:`PAYLOAD_BYTES` bytes.

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
        raise LinkError(
            "the unit's challenge is too long to be answered", "connect to a unit that speaks protocol version 1"
        )
    return oaep.new(public_key, hashmod=SHA256).encrypt(text)


def open_packet(private_key: RsaKey, packet: Packet) -> Opened:
    """Open *packet* and compare it with the challenge that it answers.

    Raises:
        PacketError: the packet does not decrypt, is not the one JSON object allowed, or answers another challenge. The
            reason is for the unit's own counters, never for the sender.
    """
    try:
        text = oaep.new(private_key, hashmod=SHA256).decrypt(packet.payload)
    except ValueError:
        raise PacketError(Rejection.DECRYPTION) from None
    return read_plaintext(text, packet)


def read_plaintext(text: bytes, packet: Packet) -> Opened:
    """Read the decrypted *text* of *packet* and compare it with the challenge.

    Raises:
        PacketError: as :func:`open_packet`, except for the decryption.
    """
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
    # By the exact type: True is an instance of int.
    if any(type(document[name]) is not kind for name, kind in _FIELDS.items()):
        raise PacketError(Rejection.FIELDS)
    if not all(document[name].isascii() for name in ("nonce", "hash")):
        raise PacketError(Rejection.FIELDS)  # compare_digest raises TypeError for other text
    if not _PLATE.fullmatch(document["plate"]) or not _LICENCE.fullmatch(document["licence"]):
        raise PacketError(Rejection.CHARACTERS)
    return document
