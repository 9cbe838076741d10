"""The tally detects removed rows and old rows put back, which the MAC of a row cannot show.

A keyed multiset hash (D. Clarke et al., "Incremental Multiset Hash Functions and Their Application to Memory Integrity
Checking", ASIACRYPT 2003, MSet-Add-Hash): each row adds HMAC-SHA256 of its MAC, under a key of its own, modulo 2^256.
So a change costs as much as the rows it changes. Sum and number of rows are sealed under the master key: whoever sees
the file never learns what a row adds.

An older copy of the whole file has an older tally that fits it; only something outside the registry can tell.
"""

from __future__ import annotations

import hmac
import sqlite3
from contextlib import suppress
from typing import Final

from edge.errors import SecretError
from edge.registry.rows import altered
from edge.registry.vault import RegistryKeys, seal_secret, unseal_secret

_MODULUS: Final = 1 << 256
_CONTEXT: Final = "tally"
_SUM_BYTES: Final = 32
_COUNT_BYTES: Final = 8


class Tally:
    """The sum over the rows that were added and not taken away."""

    def __init__(self, key: bytes, total: int = 0, count: int = 0) -> None:
        """*key* is :attr:`RegistryKeys.tally`."""
        self._key = key
        self._total = total
        self.count = count

    @classmethod
    def load(cls, database: sqlite3.Connection, keys: RegistryKeys) -> Tally:
        """The tally that the registry holds; zero for a new registry.

        Raises:
            RegistryError: it was altered.
        """
        row = database.execute("SELECT sealed FROM tally").fetchone()
        if row is None:
            return cls(keys.tally)
        with suppress(SecretError, TypeError):
            opened = unseal_secret(keys.master, row[0], _CONTEXT)
            return cls(
                keys.tally, int.from_bytes(opened[:_SUM_BYTES], "big"), int.from_bytes(opened[_SUM_BYTES:], "big")
            )
        raise altered()

    def add(self, row_mac: bytes) -> None:
        """Count a row with this MAC."""
        self._total = (self._total + self._share(row_mac)) % _MODULUS
        self.count += 1

    def take(self, row_mac: bytes) -> None:
        """No longer count a row with this MAC."""
        self._total = (self._total - self._share(row_mac)) % _MODULUS
        self.count -= 1

    def save(self, database: sqlite3.Connection, keys: RegistryKeys) -> None:
        """Write it into the registry, in the caller's transaction."""
        opened = self._total.to_bytes(_SUM_BYTES, "big") + self.count.to_bytes(_COUNT_BYTES, "big")
        database.execute("REPLACE INTO tally VALUES (1, ?)", (seal_secret(keys.master, opened, _CONTEXT),))

    def same(self, other: Tally) -> bool:
        """Whether *other*, of the same key, counts the same rows."""
        return (self._total, self.count) == (other._total, other.count)

    def _share(self, row_mac: bytes) -> int:
        return int.from_bytes(hmac.digest(self._key, row_mac, "sha256"), "big")
