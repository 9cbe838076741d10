"""What every registry answers, whoever keeps it: the unit's file, and PostgreSQL at the centre. One set of tests."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import NamedTuple

import pytest
from Crypto.PublicKey import RSA

from centre.registry import PostgresCounters, PostgresRegistry
from edge.crypto import Ed25519Key, load_private_key, make_request, save_chip_key, unseal_secret
from edge.crypto import certify_chip as certificate_of
from edge.errors import RegistryError, SecretError
from edge.flow.ports import Counters, PoliceRegistry
from edge.model import CounterSeen
from edge.registry import Counters as FileCounters
from edge.registry import (
    Registry,
    certify_chip,
    load_master_key,
    replace_chip,
    revoke_chip,
)
from tests.support.centre_registry import at_centre, connection_as, pool_as, take_over
from tests.support.link import ANNA
from tests.support.registry import PORTRAIT, enter

Opening = Callable[[], AbstractAsyncContextManager[PoliceRegistry]]


class Backend(NamedTuple):
    """One keeper of a registry: how to fill it from the unit's file, ask it, and reach into it as an attacker."""

    name: str
    ready: Callable[[], Awaitable[object]]
    open: Opening
    counters: Callable[[], AbstractAsyncContextManager[Counters]]
    strike: Callable[[str], Awaitable[object]]


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest, place: Path) -> Backend:
    if request.param == "sqlite":
        return _on_file(place)
    return _on_postgres(request.getfixturevalue("dsn"), place)


def _on_file(place: Path) -> Backend:
    file = place / "registry.sqlite"

    @asynccontextmanager
    async def opened() -> AsyncIterator[PoliceRegistry]:
        registry = await Registry.open(file, load_master_key(place / "master.key"))
        try:
            yield registry
        finally:
            await registry.close()

    @asynccontextmanager
    async def counters() -> AsyncIterator[Counters]:
        yield FileCounters(file, lambda: load_master_key(place / "master.key"))

    async def strike(sql: str) -> None:
        with closing(sqlite3.connect(file)) as database, database:
            database.execute(sql)

    async def ready() -> None:
        return None

    return Backend("sqlite", ready, opened, counters, strike)


def _on_postgres(dsn: str, place: Path) -> Backend:
    @asynccontextmanager
    async def counters() -> AsyncIterator[Counters]:
        async with at_centre(dsn, place) as registry, pool_as(dsn, "autovelox_opener") as pool:
            yield PostgresCounters(pool, registry)

    async def strike(sql: str) -> None:
        async with connection_as(dsn) as connection:
            await connection.execute(f"SET search_path = registry; {sql}")

    return Backend("postgres", lambda: take_over(dsn, place), lambda: at_centre(dsn, place), counters, strike)


async def test_who_is_enrolled_is_found(backend: Backend, place: Path, key_pair: RSA.RsaKey) -> None:
    enrolment = enter(place, plates=["IT:AB123CD", "XY999ZZ"])
    await backend.ready()
    async with backend.open() as registry:
        keys = await registry.keys([enrolment.uid, "stranger", enrolment.uid])
        assert set(keys) == {enrolment.uid}
        key = keys[enrolment.uid]
        assert key.licence == "UD1234567A" and key.verify_key is None
        assert load_private_key(unseal_secret(key.unsealing_key, key.sealed_key, key.context)) == key_pair
        driver = await registry.driver("UD1234567A")
        assert (driver.first_name, driver.last_name, driver.portrait) == ("Ada", "D'Angelò", PORTRAIT)
        assert (driver.birth_date, driver.issued_on, driver.expires_on) == ("1980-02-03", "2020-01-01", "2030-01-01")
        assert await registry.known([enrolment.uid, "stranger"]) == {enrolment.uid}
        assert (await registry.keeper("AB123CD"), await registry.country("AB123CD")) == ("UD1234567A", "IT")
        assert (await registry.keeper("XY999ZZ"), await registry.country("XY999ZZ")) == ("UD1234567A", None)
        assert (await registry.keeper("ZZ999ZZ"), await registry.country("ZZ999ZZ")) == (None, None)
        with pytest.raises(RegistryError, match="restore it from a backup"):
            await registry.driver("XX0000000X")


async def test_the_authoritys_word_for_a_chip_is_taken_over(backend: Backend, place: Path, tmp_path: Path) -> None:
    authority = Ed25519Key(bytes(32))
    request = make_request(save_chip_key(tmp_path / "signing.key", ANNA.key), "UD1234567A")
    enrolment = enter(place, request=request)
    certificate = certificate_of(request, authority, 4_000_000_000)
    master_key = load_master_key(place / "master.key")
    certify_chip(place / "registry.sqlite", master_key, certificate.document(), authority.public_key)
    await backend.ready()
    async with backend.open() as registry:
        key = (await registry.keys([enrolment.uid]))[enrolment.uid]
        assert (key.certified_until, key.certification) == (4_000_000_000, certificate.signature)
    await backend.strike("UPDATE chips SET certified_until = NULL, certification = NULL")
    async with backend.open() as registry:
        with pytest.raises(RegistryError, match="altered"):
            await registry.keys([enrolment.uid])


async def test_a_revoked_chip_counts_for_the_time_before(backend: Backend, place: Path) -> None:
    first = enter(place)
    master_key = load_master_key(place / "master.key")
    second = replace_chip(place / "registry.sqlite", master_key, "UD1234567A", reason="lost")
    enter(place, licence="TN1234567B")
    revoke_chip(place / "registry.sqlite", master_key, "TN1234567B", reason="stolen")
    await backend.ready()
    async with backend.open() as registry:
        keys = await registry.keys([first.uid, second.uid])
    old, new = keys[first.uid], keys[second.uid]
    assert old.counts_at(0) is False and new.counts_at(4e9) is True and old.counts_at(4e9) is False


async def test_uids_are_sealed_to_the_same_key(backend: Backend, place: Path) -> None:
    enter(place)
    async with _on_file(place).open() as registry:
        before = await registry.uid_key()
    await backend.ready()
    async with backend.open() as registry:
        after = await registry.uid_key()
    assert before is not None and after is not None
    halves = [unseal_secret(each.private.key, each.private.sealed, each.private.context) for each in (before, after)]
    assert halves[0] == halves[1] and len(halves[0]) == 32


ALTERED = (
    ("name", "UPDATE drivers SET last_name = 'Rossi' WHERE licence = 'UD1234567A'"),
    ("plate", "UPDATE vehicles SET licence = 'TN1234567B' WHERE plate = 'AB123CD'"),
    ("country", "UPDATE vehicles SET country = 'AT' WHERE plate = 'AB123CD'"),
    ("revocation", "UPDATE chips SET revoked_at = NULL, reason = NULL WHERE reason IS NOT NULL"),
    ("licence", "UPDATE chips SET licence = 'TN1234567B' WHERE licence = 'UD1234567A'"),
    ("portrait", "UPDATE portraits SET image = substr(image, 2) WHERE licence = 'UD1234567A'"),
)


@pytest.mark.parametrize("sql", [sql for _, sql in ALTERED], ids=[name for name, _ in ALTERED])
async def test_what_somebody_altered_is_refused(backend: Backend, place: Path, sql: str) -> None:
    master_key = load_master_key(place / "master.key")
    ada = enter(place, plates=["IT:AB123CD"])
    revoke_chip(place / "registry.sqlite", master_key, "UD1234567A", reason="lost")
    enter(place, licence="TN1234567B")
    revoke_chip(place / "registry.sqlite", master_key, "TN1234567B", reason="lost")
    await backend.ready()
    async with backend.open() as registry:
        assert await registry.driver("UD1234567A") and await registry.keeper("AB123CD")
        await backend.strike(sql)
        with pytest.raises(RegistryError, match="altered"):
            await registry.keeper("AB123CD")
            await registry.keys([ada.uid])
            await registry.driver("UD1234567A")


async def test_a_private_key_in_another_row_does_not_open(backend: Backend, place: Path) -> None:
    first = enter(place)
    enter(place, licence="TN1234567B")
    await backend.ready()
    await backend.strike("""UPDATE chips SET sealed_key = (SELECT other.sealed_key FROM chips AS other
        WHERE other.licence = 'TN1234567B') WHERE licence = 'UD1234567A'""")
    async with backend.open() as registry:
        with pytest.raises(RegistryError, match="altered"):
            await registry.keys([first.uid])


async def test_a_counter_goes_up_only(backend: Backend, place: Path) -> None:
    enter(place)
    await backend.ready()
    async with backend.counters() as counters:
        assert await counters.seen(["a", "b"]) == {}
        await counters.note({"a": CounterSeen(7, 1000.5)})
        await counters.note({"a": CounterSeen(5, 2000.5), "b": CounterSeen(1, 3000.25)})
        assert await counters.seen(["a", "b", "c"]) == {"a": CounterSeen(7, 1000.5), "b": CounterSeen(1, 3000.25)}
        await counters.note({"a": CounterSeen(8, 2000.5)})
        assert await counters.seen(["a"]) == {"a": CounterSeen(8, 2000.5)}


async def test_the_wrong_key_is_one_sentence(backend: Backend, place: Path) -> None:
    enter(place)
    await backend.ready()
    name = "master.key" if backend.name == "sqlite" else "root.key"
    (place / name).write_bytes(bytes(32))
    with pytest.raises(SecretError, match="key"):
        async with backend.open():
            pass


def test_both_keep_one_contract() -> None:
    """Mypy reads this: each is what the ports ask for."""
    asked: list[type[PoliceRegistry]] = [Registry, PostgresRegistry]
    counted: list[type[Counters]] = [FileCounters, PostgresCounters]
    assert len({*asked, *counted}) == 4
