"""The registry at the centre, as whoever may read it asks it: the contract of the unit's own, on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Final, TypeVar

from centre.database import Pool, Row, taken
from centre.registry.keys import RootKey, ShardKeys, chip_context
from centre.registry.rows import KEY, ChipRow, Value, altered, licence_hash, mac, select, verified
from edge.crypto import SealedKey
from edge.errors import RegistryError, SecretError
from edge.model import Driver
from edge.registry import RegisteredKey, UidKey, check_portrait, uid_hash

UIDS: Final = "uids"
COUNTERS: Final = "counters"
_READ: Final = "SELECT name, key_id, public, sealed, mac FROM registry.secrets WHERE name = $1"
T = TypeVar("T")


class PostgresRegistry:
    """Looks up drivers and keys with the root key in memory. Make one with :meth:`open`.

    Shards' keys are unwrapped once and kept; private keys leave it sealed, each with the key that opens it alone.
    """

    def __init__(self, pool: Pool, root: RootKey) -> None:
        """Use :meth:`open`."""
        self._pool = pool
        self._root = root
        self._keys: dict[int, ShardKeys] = {}

    @classmethod
    async def open(cls, pool: Pool, load_root: Callable[[], bytes]) -> PostgresRegistry:
        """The registry that *pool* reaches; *load_root* reads the root key, 32 bytes, also after a rotation.

        Raises:
            RegistryError: there is no registry at the centre yet.
            SecretError: the root key cannot be read, or is another registry's.
        """
        root = await asyncio.to_thread(RootKey, load_root)
        sealed = await pool.fetchval("SELECT sealed FROM registry.root")
        if sealed is None:
            raise RegistryError("there is no registry at the centre", "run autovelox-centre registry import")
        root.check(sealed)
        return cls(pool, root)

    async def chips(self, hashes: Collection[bytes], *, hide: bool = True) -> dict[bytes, RegisteredKey]:
        """The keys of those chips in *hashes* (SHA-256 of their uids) that are registered, revoked ones too, by hash.

        *hide*: licences leave the database as their SHA-256 (hex) alone, so that nothing here remembers them.

        Raises:
            RegistryError: a chip's row was altered.
            SecretError: the root key is another one by now.
        """
        rows = await self._all("chips", "WHERE uid_sha256 = ANY($1::bytea[])", list(hashes), hide=hide)
        found = {}
        for values in rows:
            chip = ChipRow(*values)  # type: ignore[arg-type]
            found[chip.uid_sha256] = RegisteredKey(
                uid=chip.uid_sha256.hex(),
                licence=chip.licence.hex() if isinstance(chip.licence, bytes) else chip.licence,
                sealed_key=chip.sealed_key,
                unsealing_key=self._keys[chip.key_id].chip(chip.uid_sha256),
                context=chip_context(chip.key_id, chip.uid_sha256, licence_hash(chip.licence)),
                valid_from=chip.valid_from,
                revoked_at=chip.revoked_at,
                verify_key=chip.verify_key,
                certified_until=chip.certified_until,
                certification=chip.certification,
            )
        return found

    async def keys(self, uids: Iterable[str]) -> dict[str, RegisteredKey]:
        """The keys of those chips in *uids* that the registry has, revoked ones too, by uid.

        Raises:
            RegistryError, SecretError: as :meth:`chips`.
        """
        wanted = {uid_hash(uid): uid for uid in uids}
        return {wanted[digest]: key for digest, key in (await self.chips(wanted, hide=False)).items()}

    async def known(self, uids: Iterable[str]) -> frozenset[str]:
        """Those of *uids* that the registry has a chip of, revoked ones too; nothing of their rows is checked."""
        wanted = {uid_hash(uid): uid for uid in uids}
        sql = "SELECT uid_sha256 FROM registry.chips WHERE uid_sha256 = ANY($1::bytea[])"
        return frozenset(wanted[row[0]] for row in await self._fetch(sql, list(wanted)))

    async def uid_key(self) -> UidKey | None:
        """What cars seal their uids to; None where no registry with such a key was taken over.

        Raises:
            RegistryError: the key was altered.
        """
        found = await self.secret(UIDS)
        return UidKey(*found) if found is not None else None

    async def secret(self, name: str) -> tuple[bytes, SealedKey] | None:
        """The public and the sealed private half of what belongs to no driver, by its *name*; None if there is none.

        Raises:
            RegistryError: it was altered.
        """
        rows = await self._fetch(_READ, name)
        if not rows:
            return None
        row = rows[0]
        keys = await self._shard_keys([row["key_id"]])
        values = (name, row["key_id"], row["public"], row["sealed"])
        if mac(keys[row["key_id"]].rows, "secrets", values) != row["mac"]:
            raise altered()
        return row["public"], SealedKey(row["sealed"], keys[row["key_id"]].seal, f"{name} {row['key_id']}")

    async def driver(self, licence: str) -> Driver:
        """The driver who holds *licence*.

        Raises:
            RegistryError: no driver holds it (any more), or the driver's row was altered.
        """
        rows = await self._all("drivers", "WHERE licence = $1", licence)
        if not rows:
            raise RegistryError(
                "the registry no longer has the holder of a licence",
                "restore it from a backup: the case waits until then",
            )
        number, _, *texts, portrait_sha256 = rows[0]
        found = await self._fetch("SELECT image FROM registry.portraits WHERE licence = $1", licence)
        values = (number, *texts, check_portrait(found[0][0] if found else None, portrait_sha256))
        return Driver(*values)  # type: ignore[arg-type]

    async def keeper(self, plate: str) -> str | None:
        """The licence number of the registered keeper of *plate*; None if the registry has none.

        Raises:
            RegistryError: the vehicle's row was altered.
        """
        rows = await self._all("vehicles", "WHERE plate = $1", plate)
        return str(rows[0][2]) if rows else None

    async def country(self, plate: str) -> str | None:
        """The country (ISO 3166-1) in which the vehicle with *plate* is registered; None where it is not known.

        Raises:
            RegistryError: the vehicle's row was altered.
        """
        rows = await self._all("vehicles", "WHERE plate = $1", plate)
        return str(rows[0][3]) if rows and rows[0][3] is not None else None

    async def _all(self, table: str, where: str, *parameters: object, hide: bool = False) -> list[tuple[Value, ...]]:
        """The verified rows of *table* that *where* names."""
        rows = await self._fetch(select(table, where, hide=hide), *parameters)
        keys = await self._shard_keys({row[KEY] for row in rows})
        return [verified(keys[row[KEY]].rows, table, tuple(row)) for row in rows]

    async def _fetch(self, sql: str, *parameters: object) -> list[Row]:
        async with taken(self._pool) as connection:
            rows: list[Row] = await connection.fetch(sql, *parameters)
            return rows

    async def _shard_keys(self, key_ids: Iterable[int]) -> Mapping[int, ShardKeys]:
        missing = [key_id for key_id in key_ids if key_id not in self._keys]
        if missing:
            await self._again(lambda: self._unwrap(missing))
        return self._keys

    async def _unwrap(self, key_ids: list[int]) -> None:
        sql = "SELECT id, shard, sealed FROM registry.shard_keys WHERE id = ANY($1::integer[])"
        for row in await self._fetch(sql, key_ids):
            self._keys[row["id"]] = ShardKeys.of(row["id"], self._root.unwrap(row["shard"], row["sealed"]))
        if not set(key_ids) <= self._keys.keys():
            raise altered()

    async def _again(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do *work*; where the root key does not fit, read it anew: it may have been rotated since."""
        try:
            return await work()
        except SecretError:
            await asyncio.to_thread(self._root.again)
            return await work()
