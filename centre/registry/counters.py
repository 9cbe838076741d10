"""The last counter that was seen of each chip, for all units: a counter that does not rise is that of a copied chip.

A chip is HMAC-SHA256 of its uid and what was seen of it is sealed, both under keys that the root key unwraps: the
table alone says of nobody that they drove by.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Final

from centre.database import Pool, taken, transaction
from centre.registry.lookup import COUNTERS, PostgresRegistry
from centre.registry.rows import altered
from edge.crypto import SealedKey, seal_secret, unseal_secret
from edge.errors import RegistryError, SecretError
from edge.model import CounterSeen
from edge.registry import pack_seen, unpack_seen

_READ: Final = "SELECT chip, sealed FROM registry.counters WHERE chip = ANY($1::bytea[])"
_WRITE: Final = (
    "INSERT INTO registry.counters (chip, sealed) VALUES ($1, $2)"
    " ON CONFLICT (chip) DO UPDATE SET sealed = excluded.sealed"
)
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(encode(c, 'hex'), 0)) FROM unnest($1::bytea[]) AS c"


class PostgresCounters:
    """What was seen of chips, by uid (:meth:`seen`, :meth:`note`) or by pseudonym, which needs no uid."""

    def __init__(self, pool: Pool, registry: PostgresRegistry) -> None:
        """Nothing is asked yet."""
        self._pool = pool
        self._registry = registry

    async def key(self) -> SealedKey:
        """The sealed key that makes pseudonyms: HMAC-SHA256 of the uid under it.

        Raises:
            RegistryError: the registry has none.
        """
        found = await self._registry.secret(COUNTERS)
        if found is None:
            raise RegistryError("the registry at the centre is not whole", "run autovelox-centre registry import")
        return found[1]

    async def seen(self, uids: Iterable[str]) -> Mapping[str, CounterSeen]:
        """What was seen last of those of *uids* that were seen before.

        Raises:
            RegistryError: a row was altered.
        """
        chips = await self._pseudonyms(uids)
        return {chips[chip]: seen for chip, seen in (await self.seen_of(chips)).items()}

    async def note(self, seen: Mapping[str, CounterSeen]) -> None:
        """Keep, of each uid, what is *seen* now if its counter is the highest.

        Raises:
            RegistryError: a row was altered.
        """
        await self.note_of({chip: seen[uid] for chip, uid in (await self._pseudonyms(seen)).items()})

    async def seen_of(self, chips: Iterable[bytes]) -> dict[bytes, CounterSeen]:
        """What was seen last of those of *chips*, pseudonyms, that were seen before."""
        key = await self.key()
        async with taken(self._pool) as connection:
            return _read(key, await connection.fetch(_READ, list(chips)))

    async def note_of(self, seen: Mapping[bytes, CounterSeen]) -> None:
        """As :meth:`note`, by pseudonym."""
        if not seen:
            return
        key = await self.key()
        seal = unseal_secret(key.key, key.sealed, key.context)
        async with transaction(self._pool) as connection:
            await connection.fetch(_LOCK, sorted(seen))  # whoever sees the same chip at once waits
            before = _read(key, await connection.fetch(_READ, list(seen)))
            rows = [
                (chip, sealed_counter(seal, chip, now))
                for chip, now in seen.items()
                if chip not in before or now.counter > before[chip].counter
            ]
            await connection.executemany(_WRITE, rows)

    async def _pseudonyms(self, uids: Iterable[str]) -> dict[bytes, str]:
        key = await self.key()
        secret = unseal_secret(key.key, key.sealed, key.context)
        return {pseudonym(secret, uid): uid for uid in uids}


def pseudonym(key: bytes, uid: str) -> bytes:
    """The chip of *uid* in the table of counters, 32 bytes; *key* is the unsealed one."""
    return hmac.digest(key, uid.encode(), "sha256")


def sealed_counter(key: bytes, chip: bytes, seen: CounterSeen) -> bytes:
    """What was *seen* of *chip*, sealed with what follows from the unsealed *key*."""
    return seal_secret(_sealing(key), pack_seen(seen), chip.hex())


def _sealing(key: bytes) -> bytes:
    return hmac.digest(key, b"autovelox centre 1: what was seen", "sha256")


def _read(key: SealedKey, rows: Iterable[tuple[bytes, bytes]]) -> dict[bytes, CounterSeen]:
    try:
        secret = _sealing(unseal_secret(key.key, key.sealed, key.context))
        return {chip: unpack_seen(unseal_secret(secret, sealed, chip.hex())) for chip, sealed in rows}
    except SecretError:
        raise altered() from None
