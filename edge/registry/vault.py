"""Private keys at rest: AES-256-GCM (NIST SP 800-38D) under the unit's master key.

A sealed value is ``nonce (12) | tag (16) | ciphertext``; the context it belongs to (a driver's uid) is authenticated
with it, so that a sealed key moved to another row does not open.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from Crypto.Cipher import AES

from edge.crypto.keyfile import KEY_BYTES, read_key, write_key
from edge.errors import SecretError

WHAT = "the master key"
NONCE_BYTES = 12
TAG_BYTES = 16


def load_master_key(path: Path) -> bytes:
    """The 32-byte master key of the file, or systemd credential of the same name, at *path*.

    Raises:
        SecretError: it is missing, unreadable, readable by others, or no key.
    """
    return read_key(path, WHAT)


def create_master_key(path: Path) -> bytes:
    """Make a master key and write it to *path* (mode 0600).

    Raises:
        SecretError: the file exists already or cannot be written.
    """
    key = secrets.token_bytes(KEY_BYTES)
    write_key(path, key, WHAT)
    return key


def seal(master_key: bytes, plaintext: bytes, context: str) -> bytes:
    """*plaintext* sealed for *context*."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AES.new(master_key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(context.encode("utf-8"))
    ciphertext, tag = cipher.encrypt_and_digest(plaintext)
    return nonce + tag + ciphertext


def unseal(master_key: bytes, sealed: bytes, context: str) -> bytes:
    """What was sealed for *context*.

    Raises:
        SecretError: another master key sealed it, for another context, or it was altered.
    """
    nonce, tag, ciphertext = (
        sealed[:NONCE_BYTES],
        sealed[NONCE_BYTES : NONCE_BYTES + TAG_BYTES],
        sealed[NONCE_BYTES + TAG_BYTES :],
    )
    try:
        cipher = AES.new(master_key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
        cipher.update(context.encode("utf-8"))
        return bytes(cipher.decrypt_and_verify(ciphertext, tag))
    except ValueError:
        raise SecretError(
            "the master key does not open the registry", "put back the key it was made with, or finish a rotation"
        ) from None
