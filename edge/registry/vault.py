"""Sealing private keys: AES-256-GCM (NIST SP 800-38D) under the registry's master key.

A sealed value is ``nonce (12 bytes) | tag (16 bytes) | ciphertext``. The context that it belongs to (a chip's uid) is
authenticated with it, so that a sealed key that was moved to another row does not open.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from Crypto.Cipher import AES

from edge.crypto.keyfile import KEY_BYTES, read_key, write_key
from edge.errors import SecretError

KEY_NAME = "the master key"
NONCE_BYTES = 12
TAG_BYTES = 16


def load_master_key(path: Path) -> bytes:
    """The 32-byte master key of the file, or systemd credential of the same name, at *path*.

    Raises:
        SecretError: it is missing, unreadable, readable by others, or not a key.
    """
    return read_key(path, KEY_NAME)


def create_master_key(path: Path) -> bytes:
    """Make a master key and write it to *path* (mode 0600).

    Raises:
        SecretError: the file exists already or cannot be written.
    """
    key = secrets.token_bytes(KEY_BYTES)
    write_key(path, key, KEY_NAME)
    return key


def seal(master_key: bytes, plaintext: bytes, context: str) -> bytes:
    """Seal *plaintext* for *context*; *master_key* has 32 bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AES.new(master_key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(context.encode("utf-8"))
    ciphertext, tag = cipher.encrypt_and_digest(plaintext)
    return nonce + tag + ciphertext


def unseal(master_key: bytes, sealed: bytes, context: str) -> bytes:
    """The plaintext of *sealed*, which was sealed for *context*.

    Raises:
        SecretError: it was sealed with another master key or for another context, or it was altered.
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
