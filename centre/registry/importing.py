"""Taking a unit's registry over: every driver, chip and vehicle, the key that uids are sealed to, the chips' counters.

One transaction: everything or nothing. The unit's file is checked whole before (MACs, tally, portraits), and each
private key is sealed anew under the key of its driver's shard.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from centre.database import Connection
from centre.registry.counters import sealed_counter
from centre.registry.keys import OF_NO_DRIVER, RootKey, ShardKeys, chip_context, shard_of
from centre.registry.lookup import COUNTERS, UIDS
from centre.registry.rows import insert, licence_hash, mac
from edge.crypto import KEY_BYTES, new_registry_key, seal_secret, unseal_secret
from edge.errors import RegistryError
from edge.registry import everything, load_master_key, take_over

BATCH_ROWS: Final = 500


async def import_registry(
    connection: Connection, root: RootKey, *, file: Path, master_key_file: Path, shards: int
) -> Counter[str]:
    """Take over the unit's registry *file*, into so many *shards*; returns how many rows of each table.

    Raises:
        RegistryError: the centre has a registry already, or the file cannot be read or was altered.
        SecretError: the master key is not the file's.
    """
    master_key = load_master_key(master_key_file)
    count: Counter[str] = Counter()
    async with connection.transaction():
        await connection.execute("LOCK TABLE registry.root IN EXCLUSIVE MODE")
        if await connection.fetchval("SELECT 1 FROM registry.root"):
            raise RegistryError("the centre has a registry already", "a registry is never overwritten")
        await connection.execute("INSERT INTO registry.root VALUES (1, $1, $2)", root.new_check(), shards)
        keys = await _new_keys(connection, root, shards)
        with everything(file, master_key) as (uid_key, rows):
            if uid_key is None:
                private, public = new_registry_key()
            else:
                public = uid_key.public
                private = unseal_secret(uid_key.private.key, uid_key.private.sealed, uid_key.private.context)
            await add_secret(connection, keys[OF_NO_DRIVER], UIDS, public, private)
            for table, batch in _batches(rows):
                if table == "portraits":
                    await connection.executemany("INSERT INTO registry.portraits VALUES ($1, $2)", batch)
                else:
                    made = [
                        sealed_row(table, values, keys[shard_of(_licence(table, values), shards)]) for values in batch
                    ]
                    await connection.executemany(insert(table), made)
                count[table] += len(batch)
        await _take_counters_over(connection, keys[OF_NO_DRIVER], file, master_key, count)
    return count


async def _take_counters_over(
    connection: Connection, keys: ShardKeys, file: Path, master_key: bytes, count: Counter[str]
) -> None:
    pseudonyms, seen = take_over(file, master_key)
    await add_secret(connection, keys, COUNTERS, b"", pseudonyms)
    rows = [(chip, sealed_counter(pseudonyms, chip, each)) for chip, each in seen]
    await connection.executemany("INSERT INTO registry.counters (chip, sealed) VALUES ($1, $2)", rows)
    count["counters"] = len(rows)


async def _new_keys(connection: Connection, root: RootKey, shards: int) -> dict[int, ShardKeys]:
    return {shard: await new_shard_key(connection, root, shard) for shard in (OF_NO_DRIVER, *range(shards))}


async def new_shard_key(connection: Connection, root: RootKey, shard: int) -> ShardKeys:
    """Make a key for *shard*, in the caller's transaction."""
    key = secrets.token_bytes(KEY_BYTES)
    sql = "INSERT INTO registry.shard_keys (shard, sealed) VALUES ($1, $2) RETURNING id"
    return ShardKeys.of(await connection.fetchval(sql, shard, root.wrap(shard, key)), key)


async def add_secret(connection: Connection, keys: ShardKeys, name: str, public: bytes, private: bytes) -> None:
    """Keep what belongs to no driver: its *public* half, and its *private* half sealed."""
    sealed = seal_secret(keys.seal, private, f"{name} {keys.key_id}")
    values = (name, keys.key_id, public, sealed)
    await connection.execute(
        "INSERT INTO registry.secrets (name, key_id, public, sealed, mac) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (name) DO UPDATE SET key_id = $2, public = $3, sealed = $4, mac = $5",
        *values,
        mac(keys.rows, "secrets", values),
    )


def _licence(table: str, values: tuple[Any, ...]) -> str:
    return str(values[0] if table == "drivers" else values[1])


def sealed_row(table: str, values: tuple[Any, ...], own: ShardKeys) -> tuple[Any, ...]:
    """The centre's row, MAC included, of a unit's, whose private key is unsealed; *own* are its shard's keys."""
    licence = _licence(table, values)
    made = (values[0], own.key_id, *values[1:])
    if table == "chips":
        uid_sha256, _, _, valid_from, revoked_at, reason, private, *public = made
        sealed = seal_secret(own.chip(uid_sha256), private, chip_context(own.key_id, uid_sha256, licence_hash(licence)))
        made = (uid_sha256, own.key_id, licence, valid_from, revoked_at, reason, sealed, *public)
    return *made, mac(own.rows, table, made)


def _batches(rows: Iterator[tuple[str, tuple[Any, ...]]]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """The rows of one table each, so many at a time."""
    batch: list[tuple[Any, ...]] = []
    current = ""
    for table, values in rows:
        if batch and (table != current or len(batch) == BATCH_ROWS):
            yield current, batch
            batch = []
        current = table
        batch.append(values)
    if batch:
        yield current, batch
