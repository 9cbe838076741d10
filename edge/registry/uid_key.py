"""The registry's own key pair: cars seal their uids to it (X25519, protocol version 2).

The private half is sealed like those of the chips, the public half is covered by a MAC like every row: whoever could
exchange it would learn who drives by.
"""

from __future__ import annotations

import hmac
import sqlite3
from dataclasses import dataclass, field
from typing import Final

from edge.crypto import SealedKey, new_registry_key
from edge.registry.rows import altered, mac
from edge.registry.vault import RegistryKeys, seal_secret, unseal_secret

READ: Final = "SELECT public, sealed, mac FROM registry_key"
HAS_KEY: Final = "SELECT 1 FROM sqlite_master WHERE name = 'registry_key'"
"""Whether the registry has the table at all: one of version 2 has not."""
_TABLE: Final = "registry_key"


@dataclass(frozen=True, slots=True)
class UidKey:
    """What uids are sealed to: the public half, 32 bytes, and the private half as an opener gets it."""

    public: bytes
    private: SealedKey = field(repr=False)


def uid_key(keys: RegistryKeys, row: tuple[bytes, bytes, bytes] | sqlite3.Row) -> UidKey:
    """The key in a *row* of :data:`READ`.

    Raises:
        RegistryError: the registry's keys did not make it.
    """
    public, sealed, found = row
    if not isinstance(found, bytes) or not hmac.compare_digest(found, mac(keys.rows, _TABLE, (public, sealed))):
        raise altered()
    return UidKey(public, SealedKey(sealed, keys.uids, public.hex()))


def make_uid_key(database: sqlite3.Connection, keys: RegistryKeys) -> None:
    """Make the key pair of a registry that has none, in the caller's transaction."""
    if database.execute(READ).fetchone() is None:
        private, public = new_registry_key()
        _write(database, keys, public, private)


def seal_uid_key_again(database: sqlite3.Connection, old: RegistryKeys, new: RegistryKeys) -> None:
    """Seal the private half anew, from keys *old* to keys *new*, in the caller's transaction.

    Raises:
        RegistryError: the row was altered.
        SecretError: the private half does not open.
    """
    if (row := database.execute(READ).fetchone()) is not None:
        found = uid_key(old, row)
        private = unseal_secret(found.private.key, found.private.sealed, found.private.context)
        _write(database, new, found.public, private)


def _write(database: sqlite3.Connection, keys: RegistryKeys, public: bytes, private: bytes) -> None:
    sealed = seal_secret(keys.uids, private, public.hex())
    values = (public, sealed, mac(keys.rows, _TABLE, (public, sealed)))
    database.execute("REPLACE INTO registry_key VALUES (1, ?, ?, ?)", values)
