"""Rotation: a new root key rewraps the shards' keys; a new key of a shard reseals its drivers, some hundred at a time.

Both go on where an interruption left them. While a shard's rows go from one key to the next, both keys are there, so
that whoever reads meanwhile finds every driver.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from centre.database import Connection
from centre.registry.enrolling import CHANGING
from centre.registry.importing import add_secret, new_shard_key
from centre.registry.keys import OF_NO_DRIVER, RootKey, ShardKeys, chip_context, load_former_key, make_root_key
from centre.registry.rows import COLUMNS, altered, licence_hash, mac, select, verified
from edge.crypto import seal_secret, sync_folder, unseal_secret
from edge.errors import RegistryError, SecretError

BATCH_ROWS: Final = 500


async def rotate_root(connection: Connection, file: Path, token: str | None = None) -> int:
    """Wrap the keys of all shards anew, under a new root key that takes the place of *file*.

    The new key is on the disk (*file* + ``.new``) before anything is wrapped with it, and becomes *file* at the end.
    With a *token* (a PKCS#11 URI) it is wrapped by that; the one before may be without.

    Returns:
        How many keys were wrapped.

    Raises:
        RegistryError: there is no registry at the centre.
        SecretError: a root key is missing, or not the registry's.
    """
    fresh = file.with_name(file.name + ".new")
    old = RootKey(lambda: load_former_key(file, token))
    if not fresh.exists():
        make_root_key(fresh, token)
    new = RootKey(lambda: load_former_key(fresh, token))
    async with connection.transaction():
        await connection.execute("LOCK TABLE registry.root, registry.shard_keys IN EXCLUSIVE MODE")
        sealed = await connection.fetchval("SELECT sealed FROM registry.root")
        if sealed is None:
            raise RegistryError("there is no registry at the centre", "run autovelox-centre registry import")
        rows = await connection.fetch("SELECT id, shard, sealed FROM registry.shard_keys")
        if not _fits(new, sealed):
            old.check(sealed)
            wrapped = [(row["id"], new.wrap(row["shard"], old.unwrap(row["shard"], row["sealed"]))) for row in rows]
            await connection.executemany("UPDATE registry.shard_keys SET sealed = $2 WHERE id = $1", wrapped)
            await connection.execute("UPDATE registry.root SET sealed = $1", new.new_check())
    fresh.replace(file)
    sync_folder(file.parent)
    return len(rows)


async def rotate_shard(
    connection: Connection, root: RootKey, shard: int, *, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Give *shard* a new key and seal everything of it anew; *progress* is told the number of rows after each batch.

    Returns:
        How many rows were sealed.

    Raises:
        RegistryError: there is no such shard, or a row was altered.
        SecretError: the root key is not the registry's.
    """
    keys = await _keys_of(connection, root, shard)
    if not keys:
        raise RegistryError(f"the registry has no shard {shard}", "autovelox-centre registry status shows them")
    if len(keys) == 1:
        async with connection.transaction():
            keys.append(await new_shard_key(connection, root, shard))
    *earlier, new = keys
    count = 0
    for old in earlier:
        while not await _is_over(connection, old.key_id):
            for table in COLUMNS:
                while done := await move_rows(connection, table, old, new):
                    count += done
                    progress(count)
            if shard == OF_NO_DRIVER:
                count += await _move_secrets(connection, old, new)
    return count


async def _is_over(connection: Connection, key_id: int) -> bool:
    """Delete a shard's key if nothing is sealed under it any more: a driver may have been entered meanwhile."""
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({CHANGING})")
        for table in (*COLUMNS, "secrets"):
            sql = f"SELECT EXISTS (SELECT FROM registry.{table} WHERE key_id = $1)"  # noqa: S608 - our own words only
            if await connection.fetchval(sql, key_id):
                return False
        await connection.execute("DELETE FROM registry.shard_keys WHERE id = $1", key_id)
        return True


async def _keys_of(connection: Connection, root: RootKey, shard: int) -> list[ShardKeys]:
    sql = "SELECT id, sealed FROM registry.shard_keys WHERE shard = $1 ORDER BY id"
    return [ShardKeys.of(row["id"], root.unwrap(shard, row["sealed"])) for row in await connection.fetch(sql, shard)]


async def move_rows(connection: Connection, table: str, old: ShardKeys, new: ShardKeys) -> int:
    """Bring some rows of *table* from one key to the next, in a transaction of their own; returns how many."""
    first, *others = COLUMNS[table]
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate((*others, "mac"), 2))
    update = f"UPDATE registry.{table} SET {sets} WHERE {first} = $1"  # noqa: S608 - our own words only
    async with connection.transaction():
        rows = await connection.fetch(
            select(table, f"WHERE key_id = $1 ORDER BY {first} LIMIT {BATCH_ROWS} FOR UPDATE"), old.key_id
        )
        made = []
        for row in rows:
            values = _again(table, verified(old.rows, table, tuple(row)), old, new)
            made.append((*values, mac(new.rows, table, values)))
        await connection.executemany(update, made)
    return len(rows)


def _again(table: str, values: tuple[Any, ...], old: ShardKeys, new: ShardKeys) -> tuple[Any, ...]:
    first, _, *others = values
    if table == "chips":
        licence, sealed = others[0], others[4]
        private = unseal_secret(old.chip(first), sealed, chip_context(old.key_id, first, licence_hash(licence)))
        others[4] = seal_secret(new.chip(first), private, chip_context(new.key_id, first, licence_hash(licence)))
    return first, new.key_id, *others


async def _move_secrets(connection: Connection, old: ShardKeys, new: ShardKeys) -> int:
    async with connection.transaction():
        rows = await connection.fetch(
            "SELECT name, key_id, public, sealed, mac FROM registry.secrets WHERE key_id = $1 FOR UPDATE", old.key_id
        )
        for row in rows:
            name, _, public, sealed, found = row
            if mac(old.rows, "secrets", (name, old.key_id, public, sealed)) != found:
                raise altered()
            private = unseal_secret(old.seal, sealed, f"{name} {old.key_id}")
            await add_secret(connection, new, name, public, private)
    return len(rows)


def _fits(root: RootKey, sealed: bytes) -> bool:
    try:
        root.check(sealed)
    except SecretError:
        return False
    return True
