"""Sealing secrets at rest: AES-256-GCM (NIST SP 800-38D).

A sealed value is ``nonce (12 bytes) | tag (16 bytes) | ciphertext``. The context that it belongs to (a chip's row) is
authenticated with it, so that a value that was moved elsewhere does not open.
"""

from __future__ import annotations

import secrets
from typing import Final

from Crypto.Cipher import AES

from edge.errors import SecretError

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


def seal_secret(key: bytes, plaintext: bytes, context: str) -> bytes:
    """Seal *plaintext* for *context*; *key* has 32 bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(context.encode("utf-8"))
    ciphertext, tag = cipher.encrypt_and_digest(plaintext)
    return nonce + tag + ciphertext


def unseal_secret(key: bytes, sealed: bytes, context: str) -> bytes:
    """The plaintext of *sealed*, which was sealed for *context*.

    Raises:
        SecretError: it was sealed with another key or for another context, or it was altered.
    """
    nonce, tag, ciphertext = (
        sealed[:NONCE_BYTES],
        sealed[NONCE_BYTES : NONCE_BYTES + TAG_BYTES],
        sealed[NONCE_BYTES + TAG_BYTES :],
    )
    try:
        cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
        cipher.update(context.encode("utf-8"))
        return bytes(cipher.decrypt_and_verify(ciphertext, tag))
    except ValueError:
        raise SecretError(
            "the master key does not open the registry", "put back the key it was made with, or finish a rotation"
        ) from None
