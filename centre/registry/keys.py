"""The key hierarchy: a root key unwraps the keys of shards; a shard's key seals the private keys of its drivers' chips.

The root key is a file of 32 bytes that only its owner may read, or a systemd credential of that name; or it is wrapped
by a key in a PKCS#11 token, and the file holds that. Keys of one
purpose are derived from it and from each shard's key by HMAC-SHA256 (NIST SP 800-108, one block), so that nothing of
one purpose can be passed off as something of another. A shard's key belongs to one shard: its number is authenticated
with it. A chip's private key belongs to one chip, licence and shard's key, in the same way.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from centre.registry.token import WRAPPED_BYTES, unwrap, wrap
from edge.crypto import KEY_BYTES, read_key, seal_secret, unseal_secret, write_key
from edge.errors import SecretError

ROOT_NAME: Final = "the root key"
OF_NO_DRIVER: Final = -1
"""The shard of what belongs to no driver."""
CHECK_VALUE: Final = b"autovelox centre registry 1"


def load_root_key(path: Path, token: str | None = None) -> bytes:
    """The root key, 32 bytes, of the file, or systemd credential of the same name, at *path*.

    With a *token*, a PKCS#11 URI, the file holds it wrapped by a key in that token.

    Raises:
        SecretError: it is missing, unreadable, readable by others, no key, or not unwrapped by the token.
    """
    found = read_key(path, ROOT_NAME, sizes=(KEY_BYTES, WRAPPED_BYTES))
    if token is None and len(found) == WRAPPED_BYTES:
        raise SecretError("the root key is wrapped by a token", "name it: [registry] root_key_token")
    if token is not None and len(found) == KEY_BYTES:
        raise SecretError("the root key is not wrapped by the token", "run autovelox-centre registry rotate-root")
    return found if token is None else unwrap(token, found)


def load_former_key(path: Path, token: str | None) -> bytes:
    """The root key at *path* that is to be rotated: one that no *token* wrapped yet may get a successor that one wraps.

    Raises:
        SecretError: as :func:`load_root_key`.
    """
    found = read_key(path, ROOT_NAME, sizes=(KEY_BYTES, WRAPPED_BYTES))
    return found if len(found) == KEY_BYTES else load_root_key(path, token)


def make_root_key(path: Path, token: str | None = None) -> None:
    """Write a new root key to *path*, wrapped by the *token* if there is one.

    Raises:
        SecretError: the file exists or cannot be written, or the token cannot be used.
    """
    key = secrets.token_bytes(KEY_BYTES)
    write_key(path, key if token is None else wrap(token, key), ROOT_NAME)


def shard_of(licence: str, shards: int) -> int:
    """The shard, from 0, of the driver of *licence* among so many *shards*."""
    return int.from_bytes(hashlib.sha256(licence.encode("utf-8")).digest()[:4], "big") % shards


@dataclass(frozen=True, slots=True)
class ShardKeys:
    """What the key of one shard is used as: ``rows`` for the MACs of its rows, ``seal`` for what belongs to no chip."""

    key_id: int
    rows: bytes = field(repr=False)
    seal: bytes = field(repr=False)
    pseudonyms: bytes = field(repr=False)
    _chips: bytes = field(repr=False)

    @classmethod
    def of(cls, key_id: int, key: bytes) -> ShardKeys:
        """Derive them from the shard's *key* (32 bytes)."""
        rows, seal, pseudonyms, chips = (_derived(key, name) for name in ("rows", "seal", "pseudonyms", "chips"))
        return cls(key_id, rows, seal, pseudonyms, chips)

    def chip(self, uid_sha256: bytes) -> bytes:
        """The key (32 bytes) that seals the private key of this chip, and of no other."""
        return hmac.digest(self._chips, uid_sha256, "sha256")


def chip_context(key_id: int, uid_sha256: bytes, licence_sha256: bytes) -> str:
    """What the private key of a chip is authenticated with: the shard's key, the hashes of uid and licence."""
    return f"chip {key_id} {uid_sha256.hex()} {licence_sha256.hex()}"


class RootKey:
    """Wraps and unwraps the keys of shards; *load* reads the root key, anew after it was rotated."""

    def __init__(self, load: Callable[[], bytes]) -> None:
        """Read the key now.

        Raises:
            SecretError: it cannot be read.
        """
        self._load = load
        self._key = load()

    def again(self) -> None:
        """Read the key anew: another program rotated it."""
        self._key = self._load()

    def new_check(self) -> bytes:
        """A known value, sealed: shows later whether a key is the right one."""
        return seal_secret(_derived(self._key, "check"), CHECK_VALUE, "root")

    def check(self, sealed: bytes) -> None:
        """Check that this is the registry's root key.

        Raises:
            SecretError: it is another one.
        """
        try:
            found = unseal_secret(_derived(self._key, "check"), sealed, "root")
        except SecretError:
            found = b""
        if found != CHECK_VALUE:
            raise SecretError("the root key is another registry's", "put back the key file, or finish its rotation")

    def wrap(self, shard: int, key: bytes) -> bytes:
        """The *key* (32 bytes) of *shard*, sealed."""
        return seal_secret(_derived(self._key, "shards"), key, f"shard {shard}")

    def unwrap(self, shard: int, sealed: bytes) -> bytes:
        """The key of *shard*, 32 bytes.

        Raises:
            SecretError: it was sealed under another root key, or is another shard's.
        """
        try:
            return unseal_secret(_derived(self._key, "shards"), sealed, f"shard {shard}")
        except SecretError:
            raise SecretError(
                "the root key does not unwrap a shard's key", "put back the key file, or finish its rotation"
            ) from None


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"autovelox centre 1: {purpose}".encode(), "sha256")
