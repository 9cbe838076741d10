"""The master key, and the keys that are derived from it, one a purpose."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from edge.crypto import KEY_BYTES, read_key, seal_secret, unseal_secret, write_key

__all__ = ["KEY_NAME", "RegistryKeys", "create_master_key", "load_master_key", "seal_secret", "unseal_secret"]

KEY_NAME = "the master key"


@dataclass(frozen=True, slots=True)
class RegistryKeys:
    """What the master key is used as. Nothing of one purpose can be passed off as something of another.

    Attributes:
        master: the master key itself, 32 bytes; it seals the key check and the tally.
        rows: the key of the rows' MACs.
        tally: the key of what the rows add to the tally, :mod:`edge.registry.tally`.
        uids: the key that seals the private half of the registry's own key pair, :mod:`edge.registry.uid_key`.
    """

    master: bytes = field(repr=False)
    rows: bytes = field(repr=False)
    tally: bytes = field(repr=False)
    uids: bytes = field(repr=False)
    _chips: bytes = field(repr=False)

    @classmethod
    def of(cls, master_key: bytes) -> RegistryKeys:
        """Derive the keys from *master_key* (32 bytes): HMAC-SHA256 as in NIST SP 800-108, one block."""
        rows, tally, uids, chips = (
            hmac.digest(master_key, f"autovelox registry 2: {purpose}".encode(), "sha256")
            for purpose in ("rows", "tally", "uids", "chips")
        )
        return cls(master_key, rows, tally, uids, chips)

    def chip(self, uid_sha256: bytes) -> bytes:
        """The key (32 bytes) that seals the private key of this chip, and of no other."""
        return hmac.digest(self._chips, uid_sha256, "sha256")


def load_master_key(path: Path) -> bytes:
    """The 32-byte master key of the file, or systemd credential of the same name, at *path*.

    Raises:
        SecretError: it is missing, unreadable, readable by others, or not a key.
    """
    return read_key(path, KEY_NAME, make="make one with autovelox registry init")


def create_master_key(path: Path) -> bytes:
    """Make a master key and write it to *path* (mode 0600).

    Raises:
        SecretError: the file exists already or cannot be written.
    """
    key = secrets.token_bytes(KEY_BYTES)
    write_key(path, key, KEY_NAME)
    return key
