"""What a chip signs in protocol version 2: its packets, and at enrolment that it has the key.

RSASSA-PSS (RFC 8017, section 8.1) with SHA-256, MGF1-SHA-256 and a salt of 32 bytes, under a key of 4096 bits. What is
signed is lines of text with a heading of their own.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.PublicKey.RSA import RsaKey
from Crypto.Signature import pss

from edge.crypto.rsa_key import KEY_BITS, PUBLIC_EXPONENT
from edge.errors import SecretError
from edge.model import Packet

SIGNATURE_BYTES: Final = KEY_BITS // 8

_PACKET: Final = "autovelox packet 2"
_ENROLMENT: Final = "autovelox enrolment 2"


def packet_message(
    *, unit: str, endpoint: str, nonce: str, timestamp: int, counter: int, sealed_uid: bytes, payload: bytes
) -> bytes:
    """What a chip signs of a packet.

    Args:
        unit: the serial number of the unit that made the challenge.
        endpoint: SHA-256 of the unit's TLS certificate as the car saw it, 64 hexadecimal characters (as RFC 5929's
            ``tls-server-end-point``, but always SHA-256); empty without TLS, which is on loopback alone.
        nonce: the challenge's nonce.
        timestamp: the challenge's time, Unix seconds.
        counter: the chip's counter, which is sealed with the uid.
        sealed_uid: the uid as it is sent, sealed.
        payload: the payload as it is sent, sealed.
    """
    digests = (hashlib.sha256(each).hexdigest() for each in (sealed_uid, payload))
    return "\n".join((_PACKET, unit, endpoint or "-", nonce, str(timestamp), str(counter), *digests)).encode()


def message_of(packet: Packet) -> bytes:
    """What the chip must have signed for *packet*, a packet of version 2."""
    return packet_message(
        unit=packet.unit,
        endpoint=packet.endpoint,
        nonce=packet.nonce,
        timestamp=packet.challenged_at,
        counter=packet.counter,
        sealed_uid=packet.sealed_uid,
        payload=packet.payload,
    )


def sign_message(key: RsaKey, message: bytes) -> bytes:
    """The signature of *message* with the private *key*, :data:`SIGNATURE_BYTES` bytes."""
    return bytes(pss.new(key).sign(SHA256.new(message)))


def is_chips(verify_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether *signature* of *message* was made with the key whose public half is *verify_key* (DER)."""
    try:
        pss.new(load_verify_key(verify_key)).verify(SHA256.new(message), signature)
    except (ValueError, SecretError):
        return False
    return True


@lru_cache(maxsize=64)  # a public key, of which rubbish may come many times; loading it costs twice a verification
def load_verify_key(der: bytes) -> RsaKey:
    """The public half of a chip's signing key, from the DER of its ``SubjectPublicKeyInfo``.

    Raises:
        SecretError: the bytes are not a public RSA key of :data:`~edge.crypto.rsa_key.KEY_BITS` bits with the exponent
            65537 (another one makes signatures easy to forge, or slow to check), or are another encoding of it.
    """
    try:
        key = RSA.import_key(der)
    except (ValueError, IndexError, TypeError):
        raise SecretError("a chip's verify key cannot be read", "let the chip make its request again") from None
    if key.has_private() or (key.size_in_bits(), key.e) != (KEY_BITS, PUBLIC_EXPONENT):
        raise SecretError(
            f"a verify key is not a public key of {KEY_BITS} bits with the exponent {PUBLIC_EXPONENT}",
            "let the chip make its request again",
        )
    if key.export_key("DER") != der:
        raise SecretError("a verify key is not in DER", "let the chip make its request again")
    return key


def enrolment_message(licence: str, verify_key: bytes) -> bytes:
    """What a chip signs to prove, for the driver of *licence*, that it has the private half of *verify_key* (DER)."""
    return "\n".join((_ENROLMENT, licence, hashlib.sha256(verify_key).hexdigest())).encode()
