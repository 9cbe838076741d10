"""Ed25519 (RFC 8032) for what units and the authority sign: a 32-byte seed in a key file, a 32-byte public key."""

from __future__ import annotations

from typing import Final

from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


class Ed25519Key:
    """Signs with the key of a seed; only the public half can be read from it."""

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair from *seed*, 32 bytes."""
        key = ECC.construct(curve="Ed25519", seed=seed)
        self._scheme = eddsa.new(key, mode="rfc8032")
        self.public_key = bytes(key.public_key().export_key(format="raw"))

    def __repr__(self) -> str:
        return f"Ed25519Key({self.public_key.hex()[:16]})"

    def sign(self, message: bytes) -> bytes:
        """The signature of *message*, 64 bytes."""
        return bytes(self._scheme.sign(message))


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether *signature* (64 bytes) of *message* is of the key whose public half is *public_key* (32 bytes)."""
    try:
        eddsa.new(eddsa.import_public_key(public_key), mode="rfc8032").verify(message, signature)
    except ValueError:
        return False
    return True
