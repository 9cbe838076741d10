"""Somebody has the registry's file and not the master key: whatever is changed, nobody is named by it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import aiosqlite
import pytest

from edge.errors import EdgeError, RegistryError
from edge.registry import (
    Enrolment,
    check_registry,
    load_master_key,
    remove_driver,
    replace_chip,
    revoke_chip,
    rotate_master_key,
)
from edge.registry.rows import COLUMNS
from edge.registry.schema import SCHEMA
from tests.support.registry import enter, list_drivers, opened

PEOPLE = ("UD1234567A", "TN1234567B")


@pytest.fixture
def two(place: Path) -> list[Enrolment]:
    """Two drivers, each the keeper of a vehicle."""
    return [enter(place, licence=licence, plates=[f"AB12{n}CD"]) for n, licence in enumerate(PEOPLE)]


def write(place: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(place / "registry.sqlite")) as database, database:
        assert database.execute(sql, values).rowcount > 0


def check(place: Path) -> int:
    return check_registry(place / "registry.sqlite", load_master_key(place / "master.key"))


async def used(place: Path, chips: list[Enrolment]) -> None:
    """Everything the unit asks of the registry."""
    registry = await opened(place)
    try:
        await registry.keys([chip.uid for chip in chips])
        for n, chip in enumerate(chips):
            await registry.keeper(f"AB12{n}CD")
            await registry.driver(chip.licence)
    finally:
        await registry.close()


async def test_nobody_is_named_by_another_name(place: Path, two: list[Enrolment]) -> None:
    """The attack that was done: the unit named whom the file said."""
    write(place, "UPDATE drivers SET last_name = 'Bianchi' WHERE licence = ?", PEOPLE[0])
    registry = await opened(place)
    assert registry.problem() is None
    with pytest.raises(RegistryError, match="altered"):
        await registry.driver(PEOPLE[0])
    assert registry.problem() is not None
    assert (await registry.driver(PEOPLE[1])).last_name == "D'Angelò"
    await registry.close()


async def test_no_vehicle_gets_another_keeper(place: Path, two: list[Enrolment]) -> None:
    write(place, "UPDATE vehicles SET licence = ? WHERE plate = 'AB120CD'", PEOPLE[1])
    registry = await opened(place)
    with pytest.raises(RegistryError, match="altered"):
        await registry.keeper("AB120CD")
    await registry.close()


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in COLUMNS for column in COLUMNS[table][1:]])
async def test_no_value_can_be_another(place: Path, two: list[Enrolment], table: str, column: str) -> None:
    """Every column of every table in turn: the unit does not use it, and the police's commands say so."""
    with closing(sqlite3.connect(place / "registry.sqlite")) as database, database:
        database.execute("DROP INDEX chips_in_use")
        database.execute("PRAGMA ignore_check_constraints = ON")
        one, other = (
            database.execute(f"SELECT {column} FROM {table} WHERE licence = ?", (licence,)).fetchone()[0]
            for licence in PEOPLE
        )
        key = COLUMNS[table][0]
        changed = {
            "licence": PEOPLE[1],
            "valid_from": 0,
            "revoked_at": 5,
            "reason": "lost",
            "country": "IT",
            "verify_key": b"x",
            "certified_until": 5,
            "certification": b"x",
        }.get(column, other)
        if changed == one:
            changed = b"x" if isinstance(one, bytes) else f"{one}x"
        database.execute(
            f"UPDATE {table} SET {column} = ? WHERE {key} = (SELECT {key} FROM {table} WHERE licence = ?)",
            (changed, PEOPLE[0]),
        )
    with pytest.raises(RegistryError, match="altered"):
        await used(place, two)
    with pytest.raises(RegistryError, match="altered"):
        check(place)
    with pytest.raises(RegistryError, match="altered"):
        rotate_master_key(place / "registry.sqlite", place / "master.key")
    load_master_key(place / "master.key")
    (place / "master.key.new").unlink()


async def test_no_portrait_can_be_anothers(place: Path, two: list[Enrolment]) -> None:
    write(place, "UPDATE portraits SET image = x'00' WHERE licence = ?", PEOPLE[0])
    with pytest.raises(RegistryError, match="altered"):
        await used(place, two)
    with pytest.raises(RegistryError, match="altered"):
        check(place)


@pytest.mark.parametrize("sql", ["DELETE FROM vehicles", "DELETE FROM chips", "DELETE FROM tally"])
def test_what_is_taken_away_is_noticed(place: Path, two: list[Enrolment], sql: str) -> None:
    """No MAC can show that; the tally does, whenever the police check the registry or rotate its key."""
    assert check(place) == 6
    write(place, sql)
    with pytest.raises(RegistryError, match="altered"):
        check(place)
    with pytest.raises(RegistryError, match="altered"):
        rotate_master_key(place / "registry.sqlite", place / "master.key")


def test_a_revoked_chip_is_not_put_back(place: Path, two: list[Enrolment]) -> None:
    """The row of an older copy has a right MAC."""
    shutil.copy(place / "registry.sqlite", place / "older")
    revoke_chip(place / "registry.sqlite", load_master_key(place / "master.key"), PEOPLE[0], reason="stolen")
    assert check(place) == 6
    with closing(sqlite3.connect(place / "registry.sqlite")) as database, database:
        database.execute("ATTACH ? AS older", (str(place / "older"),))
        database.execute("DELETE FROM main.chips")
        database.execute("INSERT INTO main.chips SELECT * FROM older.chips")
    assert all(driver.has_chip for driver in list_drivers(place))
    with pytest.raises(RegistryError, match="altered"):
        check(place)


def test_after_every_change_the_tally_holds(place: Path, two: list[Enrolment]) -> None:
    path = place / "registry.sqlite"
    key = load_master_key(place / "master.key")
    replace_chip(path, key, PEOPLE[0], reason="lost")
    assert check(place) == 7
    remove_driver(path, key, PEOPLE[1])
    assert check(place) == 4
    rotate_master_key(path, place / "master.key")
    assert check(place) == 4
    assert [driver.licence for driver in list_drivers(place)] == [PEOPLE[0]]


def test_a_list_shows_nobody_by_another_name(place: Path, two: list[Enrolment]) -> None:
    write(place, "UPDATE drivers SET categories = 'A B C D' WHERE licence = ?", PEOPLE[0])
    with pytest.raises(RegistryError, match="altered"):
        list_drivers(place)


def test_neither_uid_nor_public_key_is_in_the_registry(place: Path, two: list[Enrolment]) -> None:
    """Both together are what a car needs to send packets in the driver's name."""
    held = (place / "registry.sqlite").read_bytes()
    for chip in two:
        assert chip.uid.encode() not in held
        assert bytes.fromhex(chip.uid) not in held
        assert chip.public_key_pem.splitlines()[1].encode() not in held
    assert "public_key" not in " ".join(SCHEMA)


def hot_journal(place: Path) -> tuple[bytes, bytes]:
    """The registry as it is now, and a journal that brings it back; what it says then is that of an officer."""
    path = place / "registry.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE drivers SET last_name = hex(randomblob(90))")
        database.execute("UPDATE vehicles SET licence = licence")
        database.execute("CREATE TABLE filling (it)")
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500)"
            " INSERT INTO filling SELECT randomblob(2000) FROM n"
        )
        half, journal = path.read_bytes(), path.with_name(path.name + "-journal").read_bytes()
        database.execute("ROLLBACK")
    return half, journal


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
async def test_what_is_never_the_registrys_is_refused(place: Path, two: list[Enrolment], ending: str) -> None:
    (place / f"registry.sqlite{ending}").write_bytes(b"anything")
    for opening in (lambda: list_drivers(place), lambda: check(place)):
        with pytest.raises(RegistryError, match="not the registry's"):
            opening()
    with pytest.raises(RegistryError, match="not the registry's"):
        await opened(place)


@pytest.mark.parametrize("kind", ["officer's", "writable", "link"])
async def test_a_foreign_journal_is_never_rolled_in(place: Path, two: list[Enrolment], kind: str) -> None:
    """The attack that was done: an officer's journal beside the registry replaced it at the next command."""
    path, journal = place / "registry.sqlite", place / "registry.sqlite-journal"
    half, rollback = hot_journal(place)
    path.write_bytes(half)
    journal.write_bytes(rollback)
    journal.chmod(0o600)
    if kind == "officer's":
        if os.geteuid() != 0:
            pytest.skip("only root can give a file to somebody else")
        os.chown(journal, 12345, 12345)
    elif kind == "writable":
        journal.chmod(0o620)
    else:
        journal.rename(place / "elsewhere")
        journal.symlink_to(place / "elsewhere")
    for opening in (lambda: list_drivers(place), lambda: check(place), lambda: enter(place, licence="XX1234567C")):
        with pytest.raises(RegistryError, match="not the registry's"):
            opening()
    with pytest.raises(RegistryError, match="not the registry's"):
        await opened(place)
    assert path.read_bytes() == half


async def test_the_journal_of_an_interrupted_command_is_rolled_back(place: Path, two: list[Enrolment]) -> None:
    path, journal = place / "registry.sqlite", place / "registry.sqlite-journal"
    half, rollback = hot_journal(place)
    assert half != path.read_bytes()
    path.write_bytes(half)
    journal.write_bytes(rollback)
    journal.chmod(0o600)
    with pytest.raises(RegistryError, match="autovelox registry check"):
        await opened(place)
    assert check(place) == 6
    await used(place, two)


async def test_a_registry_that_others_may_write_is_refused(place: Path, two: list[Enrolment]) -> None:
    path = place / "registry.sqlite"
    path.chmod(0o660)
    with pytest.raises(RegistryError, match="written by others"):
        await opened(place)
    path.chmod(0o600)
    path.rename(place / "elsewhere")
    path.symlink_to(place / "elsewhere")
    with pytest.raises(RegistryError, match="plain file"):
        await opened(place)


async def test_the_unit_cannot_write_it(place: Path, two: list[Enrolment], monkeypatch: pytest.MonkeyPatch) -> None:
    before = (place / "registry.sqlite").read_bytes()
    seen: list[str] = []
    connect = aiosqlite.connect
    monkeypatch.setattr("aiosqlite.connect", lambda address, **how: seen.append(address) or connect(address, **how))
    await used(place, two)
    (address,) = seen
    with closing(sqlite3.connect(address, uri=True)) as database, pytest.raises(sqlite3.OperationalError, match="only"):
        database.execute("DELETE FROM drivers")
    assert (place / "registry.sqlite").read_bytes() == before


def test_no_error_tells_whose_row_it_is(place: Path, two: list[Enrolment]) -> None:
    write(place, "UPDATE drivers SET last_name = 'Bianchi' WHERE licence = ?", PEOPLE[0])
    with pytest.raises(EdgeError) as caught:
        check(place)
    assert not any(text in str(caught.value) for text in (*PEOPLE, "Bianchi"))
