"""The unit's signing key: Ed25519 (RFC 8032), one 32-byte seed in a key file.

A key enters the chain by a ``key`` entry that holds its public half. The first key signs its own entry; every later
one is signed by the key it supersedes, so whoever trusts the first key can check all others. Once its successor is in
the chain, a key signs nothing any more.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path

from edge.cases.evidence.chain import Signs
from edge.crypto import KEY_BYTES, Ed25519Key, public_pem, read_key, write_key

KEY_NAME = "the signing key"
MAKE = "make one with autovelox cases init-key"
KEY_KIND = "key"


class Signer:
    """Signs entries with the Ed25519 key of *seed* (32 bytes); only the public half can be read from it."""

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair."""
        self._key = Ed25519Key(seed)
        self.public_key = self._key.public_key
        self.key_id = hashlib.sha256(self.public_key).hexdigest()[:16]

    def public_pem(self) -> str:
        """The public key as PEM text."""
        return public_pem(self.public_key)

    def __repr__(self) -> str:
        return f"Signer({self.key_id})"

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of *message*."""
        return self._key.sign(message)


def load_signer(path: Path) -> Signer:
    """The signer with the key of the file, or of the systemd credential of the same name, at *path*.

    Raises:
        SecretError: the key is missing, unreadable, or readable by others.
    """
    return Signer(read_key(path, KEY_NAME, make=MAKE))


def create_signing_key(path: Path) -> Signer:
    """Make a new key and write it to *path*.

    Raises:
        SecretError: the file exists already or cannot be written.
    """
    seed = secrets.token_bytes(KEY_BYTES)
    write_key(path, seed, KEY_NAME)
    return Signer(seed)


def key_content(signer: Signs, *, supersedes: str | None) -> dict[str, object]:
    """The content of the ``key`` entry that introduces *signer*'s key; *supersedes* is the id of the key before it."""
    return {"key_id": signer.key_id, "public_key": signer.public_key.hex(), "supersedes": supersedes}


def known_key_id(key_body: bytes) -> str:
    """The key that a ``key`` entry with this body introduces."""
    return str(json.loads(key_body)["key_id"])
