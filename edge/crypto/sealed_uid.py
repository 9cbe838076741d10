"""Uid and counter of protocol version 2, sealed to the registry: another ciphertext each time, so nobody follows a car.

HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. ``info`` is :data:`INFO`, the
associated data is the challenge's nonce. What is sealed: the uid, filled up with zero bytes to 64, so that its length
does not show, and the counter in 8 bytes, big endian: in clear it would tell one car from the others.
"""

from __future__ import annotations

import re
from typing import Final

from Crypto.Protocol import HPKE
from Crypto.Protocol.DH import import_x25519_private_key, import_x25519_public_key
from Crypto.Random import get_random_bytes

from edge.crypto.notation import MAX_WHOLE
from edge.errors import LinkError, PacketError
from edge.model import Rejection

INFO: Final = b"autovelox uid 2"
UID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""What a uid is, in every version."""
KEY_BYTES: Final = 32
MAX_COUNTER: Final = MAX_WHOLE
_UID_BYTES: Final = 64
_COUNTER_BYTES: Final = 8
_ENC_BYTES: Final = 32
_TAG_BYTES: Final = 16
SEALED_UID_BYTES: Final = _ENC_BYTES + _UID_BYTES + _COUNTER_BYTES + _TAG_BYTES


def new_registry_key() -> tuple[bytes, bytes]:
    """A key pair for uids to be sealed to: private and public half, 32 bytes each (X25519, RFC 7748)."""
    private = get_random_bytes(KEY_BYTES)
    return private, registry_public_key(private)


def registry_public_key(private: bytes) -> bytes:
    """The public half (32 bytes) of *private* (32 bytes)."""
    return bytes(import_x25519_private_key(private).public_key().export_key(format="raw"))


def seal_uid(registry_key: bytes, uid: str, counter: int, nonce: str) -> bytes:
    """Seal *uid* and *counter* to the registry's public key (32 bytes) in answer to the challenge with *nonce*.

    Returns:
        The encapsulated key and the ciphertext, :data:`SEALED_UID_BYTES` bytes.

    Raises:
        LinkError: the key is none, or the uid or the counter is none.
    """
    if not UID.fullmatch(uid) or not 0 < counter <= MAX_COUNTER:
        raise LinkError("the chip's uid cannot be sent", "enrol the driver again to get a fresh chip file")
    try:
        receiver = import_x25519_public_key(registry_key)
        sender = HPKE.new(receiver_key=receiver, aead_id=HPKE.AEAD.AES256_GCM, info=INFO)
        text = uid.encode().ljust(_UID_BYTES, b"\0") + counter.to_bytes(_COUNTER_BYTES, "big")
        ciphertext = sender.seal(text, auth_data=nonce.encode())
    except ValueError:
        raise LinkError("the unit's registry key is none", "report the place to the authority") from None
    return bytes(sender.enc + ciphertext)


def unseal_uid(private: bytes, sealed: bytes, nonce: str) -> tuple[str, int]:
    """The uid and the counter that were sealed, in answer to *nonce*, to the public half of *private* (32 bytes).

    Raises:
        PacketError: they were sealed to another key or for another nonce, or are none.
    """
    try:
        receiver = HPKE.new(
            receiver_key=import_x25519_private_key(private),
            enc=sealed[:_ENC_BYTES],
            aead_id=HPKE.AEAD.AES256_GCM,
            info=INFO,
        )
        text = bytes(receiver.unseal(sealed[_ENC_BYTES:], auth_data=nonce.encode()))
        uid = text[:_UID_BYTES].rstrip(b"\0").decode("ascii")
    except ValueError:
        raise PacketError(Rejection.SEALED_UID) from None
    counter = int.from_bytes(text[_UID_BYTES:], "big")
    if len(text) != _UID_BYTES + _COUNTER_BYTES or not UID.fullmatch(uid) or not 0 < counter <= MAX_COUNTER:
        raise PacketError(Rejection.SEALED_UID)
    return uid, counter
