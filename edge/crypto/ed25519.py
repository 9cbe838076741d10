"""Ed25519 (RFC 8032) for what units and the authority sign: a 32-byte seed in a key file, a 32-byte public key.

With the library ``cryptography``: each visit of version 2 costs the unit one signature, and OpenSSL's is three times
faster than PyCryptodome's. A public key counts whose point is of the group of prime order (RFC 8032 leaves that open):
with others some programs take a signature that others refuse. So do they if a signature's point is the neutral element.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_ORDER: Final = (1 << 252) + 27742317777372353535851937790883648493
_NEUTRAL: Final = b"\x01" + 31 * b"\x00"


class Ed25519Key:
    """Signs with the key of a seed; only the public half can be read from it."""

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair from *seed*, 32 bytes."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"Ed25519Key({self.public_key.hex()[:16]})"

    def sign(self, message: bytes) -> bytes:
        """The signature of *message*, 64 bytes."""
        return self._key.sign(message)


def public_pem(public_key: bytes) -> str:
    """The *public_key* (32 bytes) as PEM text, a SubjectPublicKeyInfo of RFC 8410."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PublicKey.from_public_bytes(public_key)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether *signature* (64 bytes) of *message* is of the key whose public half is *public_key* (32 bytes)."""
    if not is_key(public_key) or signature[:32] == _NEUTRAL:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=1024)
def is_key(public_key: bytes) -> bool:
    """Whether *public_key* is a public half: a point of the group of prime order; milliseconds, once each."""
    from Crypto.Signature import eddsa  # OpenSSL tells no points; who only signs asks none

    try:
        point = eddsa.import_public_key(public_key).pointQ
    except ValueError:
        return False
    return not point.is_point_at_infinity() and bool((point * _ORDER).is_point_at_infinity())
