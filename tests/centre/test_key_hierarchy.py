"""The keys at headquarters: a wrong root, swapped rows and shards, a cut rotation; who may read what."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from Crypto.PublicKey import RSA

from centre.registry import OF_NO_DRIVER, PostgresRegistry, RootKey, load_root_key, rotate_root, rotate_shard, rotation
from centre.registry.keys import shard_of
from edge.crypto import load_private_key, unseal_secret
from edge.errors import RegistryError, SecretError
from edge.registry import RegisteredKey
from tests.support.centre_registry import SHARDS, at_centre, connection_as, root_of, take_over
from tests.support.registry import enter

LICENCES = tuple(f"UD000000{number}A" for number in range(8))


@pytest.fixture
def uids(place: Path) -> list[str]:
    """The uids of eight drivers, who fall into several shards."""
    found = [
        enter(place, licence=licence, plates=[f"IT:AA00{number}BB"]).uid for number, licence in enumerate(LICENCES)
    ]
    assert len({shard_of(licence, SHARDS) for licence in LICENCES}) > 2
    return found


def private(key: RegisteredKey) -> RSA.RsaKey:
    return load_private_key(unseal_secret(key.unsealing_key, key.sealed_key, key.context))


async def everything_opens(registry: PostgresRegistry, uids: list[str], key_pair: RSA.RsaKey) -> None:
    keys = await registry.keys(uids)
    assert len(keys) == len(uids) and all(private(key) == key_pair for key in keys.values())
    assert [await registry.keeper(f"AA00{number}BB") for number in range(8)] == list(LICENCES)
    assert [(await registry.driver(licence)).licence for licence in LICENCES] == list(LICENCES)
    assert await registry.uid_key() is not None


async def test_everything_is_taken_over_once(dsn: str, place: Path, uids: list[str], key_pair: RSA.RsaKey) -> None:
    count = await take_over(dsn, place)
    assert count == {"drivers": 8, "portraits": 8, "chips": 8, "vehicles": 8, "counters": 0}
    async with at_centre(dsn, place) as registry:
        await everything_opens(registry, uids, key_pair)
    with pytest.raises(RegistryError, match="already"):
        await take_over(dsn, place)


async def test_an_altered_file_is_not_taken_over_at_all(dsn: str, place: Path, uids: list[str]) -> None:
    with closing(sqlite3.connect(place / "registry.sqlite")) as database, database:
        database.execute("DELETE FROM vehicles WHERE licence = ?", (LICENCES[7],))
    with pytest.raises(RegistryError, match="altered"):
        await take_over(dsn, place)
    async with connection_as(dsn) as connection:
        assert await connection.fetchval("SELECT count(*) FROM registry.drivers") == 0
        assert await connection.fetchval("SELECT count(*) FROM registry.shard_keys") == 0


async def test_swapped_keys_of_shards_open_nothing(dsn: str, place: Path, uids: list[str]) -> None:
    await take_over(dsn, place)
    swap = "UPDATE registry.shard_keys SET {} FROM registry.shard_keys AS other WHERE {}"
    pair = "(shard_keys.shard, other.shard) IN ((0, 1), (1, 0))"
    async with connection_as(dsn) as connection:
        await connection.execute(swap.format("sealed = other.sealed", f"{pair}"))
    of_both = [uid for uid, licence in zip(uids, LICENCES, strict=True) if shard_of(licence, SHARDS) in (0, 1)]
    assert of_both
    async with at_centre(dsn, place) as registry:
        for uid in of_both:
            with pytest.raises(SecretError, match="does not unwrap"):
                await registry.keys([uid])
    async with connection_as(dsn) as connection:  # now with the number of the shard, so that they unwrap
        await connection.execute(swap.format("shard = other.shard", f"{pair}"))
    async with at_centre(dsn, place) as registry:
        for uid in of_both:
            with pytest.raises(RegistryError, match="altered"):
                await registry.keys([uid])


async def test_a_row_put_into_another_shard_is_refused(dsn: str, place: Path, uids: list[str]) -> None:
    await take_over(dsn, place)
    async with connection_as(dsn) as connection:
        await connection.execute("""UPDATE registry.chips SET key_id = (SELECT id FROM registry.shard_keys
            WHERE shard >= 0 AND id <> chips.key_id ORDER BY id LIMIT 1)""")
    async with at_centre(dsn, place) as registry:
        for uid in uids:
            with pytest.raises(RegistryError, match="altered"):
                await registry.keys([uid])


async def test_a_new_root_rewraps_and_a_running_reader_goes_on(
    dsn: str, place: Path, uids: list[str], key_pair: RSA.RsaKey
) -> None:
    await take_over(dsn, place)
    before = load_root_key(place / "root.key")
    async with at_centre(dsn, place) as registry:
        async with connection_as(dsn) as connection:
            assert await rotate_root(connection, place / "root.key") == SHARDS + 1
        assert load_root_key(place / "root.key") != before
        await everything_opens(registry, uids, key_pair)
    root = RootKey(lambda: before)
    async with connection_as(dsn) as connection:
        with pytest.raises(SecretError, match="another registry"):
            root.check(await connection.fetchval("SELECT sealed FROM registry.root"))


@pytest.mark.parametrize("cut", ["before the commit", "after the commit"])
async def test_a_cut_rotation_of_the_root_goes_on(
    dsn: str, place: Path, uids: list[str], key_pair: RSA.RsaKey, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    await take_over(dsn, place)

    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if cut == "before the commit":
            patch.setattr(rotation.RootKey, "new_check", stop)
        else:
            patch.setattr(Path, "replace", stop)
        async with connection_as(dsn) as connection:
            with pytest.raises(KeyboardInterrupt):
                await rotate_root(connection, place / "root.key")
    left = load_root_key(place / "root.key.new")
    async with connection_as(dsn) as connection:
        await rotate_root(connection, place / "root.key")
    assert load_root_key(place / "root.key") == left and not (place / "root.key.new").exists()
    async with at_centre(dsn, place) as registry:
        await everything_opens(registry, uids, key_pair)


async def test_a_shard_gets_a_new_key_while_it_is_read(
    dsn: str, place: Path, uids: list[str], key_pair: RSA.RsaKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row at a time, and everything is read after each: no driver is missing meanwhile."""
    await take_over(dsn, place)
    monkeypatch.setattr(rotation, "BATCH_ROWS", 1)
    async with at_centre(dsn, place) as registry, connection_as(dsn) as connection:
        before = {row["id"] for row in await connection.fetch("SELECT id FROM registry.shard_keys")}
        for shard in (OF_NO_DRIVER, *range(SHARDS)):
            move = rotation.move_rows

            async def and_read(*words: Any, move: Any = move) -> int:
                done: int = await move(*words)
                await everything_opens(registry, uids, key_pair)
                return done

            with monkeypatch.context() as patch:
                patch.setattr(rotation, "move_rows", and_read)
                await rotate_shard(connection, root_of(place), shard)
        after = {row["id"] for row in await connection.fetch("SELECT id FROM registry.shard_keys")}
        assert len(after) == len(before) and not after & before
        assert await connection.fetchval("SELECT count(*) FROM registry.chips WHERE key_id = ANY($1)", before) == 0
    async with at_centre(dsn, place) as registry:
        await everything_opens(registry, uids, key_pair)


async def test_a_cut_rotation_of_a_shard_goes_on(
    dsn: str, place: Path, uids: list[str], key_pair: RSA.RsaKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_over(dsn, place, shards=1)
    monkeypatch.setattr(rotation, "BATCH_ROWS", 3)
    seen: list[int] = []

    def cut(count: int) -> None:
        seen.append(count)
        if count > 9:  # between two chips' batches: drivers are done, chips half
            raise KeyboardInterrupt

    async with connection_as(dsn) as connection:
        with pytest.raises(KeyboardInterrupt):
            await rotate_shard(connection, root_of(place), 0, progress=cut)
        assert await connection.fetchval("SELECT count(DISTINCT key_id) FROM registry.chips") == 2
        async with at_centre(dsn, place) as registry:
            await everything_opens(registry, uids, key_pair)
        assert await rotate_shard(connection, root_of(place), 0) == 24 - seen[-1]
        assert await connection.fetchval("SELECT count(*) FROM registry.shard_keys WHERE shard = 0") == 1
    async with at_centre(dsn, place) as registry:
        await everything_opens(registry, uids, key_pair)


REFUSED = (
    ("autovelox_service", "SELECT sealed_key FROM registry.chips"),
    ("autovelox_service", "SELECT sealed FROM registry.shard_keys"),
    ("autovelox_service", "SELECT last_name FROM registry.drivers"),
    ("autovelox_service", "SELECT plate FROM registry.vehicles"),
    ("autovelox_service", "SELECT sealed FROM registry.secrets"),
    ("autovelox_service", "CREATE TABLE registry.mine (a integer)"),
    ("autovelox_service", "SET ROLE autovelox_opener"),
    ("autovelox_service", "SET ROLE centre"),
    ("autovelox_service", "UPDATE schema_version SET version = 0"),
    ("autovelox_opener", "UPDATE registry.drivers SET last_name = 'Rossi'"),
    ("autovelox_opener", "DELETE FROM registry.chips"),
    ("autovelox_opener", "INSERT INTO registry.shard_keys (shard, sealed) VALUES (0, '')"),
    ("autovelox_opener", "SELECT driver_name FROM cases"),
    ("autovelox_opener", "SELECT data FROM blob_parts"),
    ("autovelox_opener", "UPDATE units SET state = 'active'"),
    ("autovelox_opener", "INSERT INTO tokens VALUES ('', 1, now())"),
)


@pytest.mark.parametrize(("role", "sql"), REFUSED, ids=[f"{role}-{number}" for number, (role, _) in enumerate(REFUSED)])
async def test_a_role_has_no_more_rights_than_its_work_needs(dsn: str, role: str, sql: str) -> None:
    async with connection_as(dsn, role) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(sql)


async def test_the_opener_alone_may_read_sealed_keys(dsn: str, place: Path, uids: list[str]) -> None:
    await take_over(dsn, place)
    async with connection_as(dsn, "autovelox_opener") as connection:
        assert len(await connection.fetch("SELECT sealed_key FROM registry.chips")) == 8
    async with connection_as(dsn) as connection:
        sql = "SELECT rolname FROM pg_roles WHERE NOT rolsuper AND has_table_privilege(oid, 'registry.chips', 'SELECT')"
        readers = {row["rolname"] for row in await connection.fetch(sql)}
    assert readers == {"autovelox_opener", "pg_read_all_data"}
