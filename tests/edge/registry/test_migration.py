"""A registry of version 1, made by the code of an earlier commit, becomes one of this version, or stays as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli import main
from edge.crypto.chip import load_chip
from edge.errors import RegistryError, SecretError
from edge.registry import Registry, check_registry, list_drivers, load_master_key, migrate_registry
from edge.registry.vault import create_master_key
from tests.support.archives import unpack

ARCHIVE = Path(__file__).parents[1] / "cases" / "last_commit" / "f42d16c.tar.xz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with that commit's registry, master key and chips."""
    unpack(ARCHIVE, tmp_path)
    return tmp_path


def migrate(old: Path) -> Path | None:
    return migrate_registry(old / "registry.sqlite", load_master_key(old / "master.key"))


async def test_nobody_opens_it_as_it_is(old: Path) -> None:
    """Its rows have no MAC: whoever could write the file could name anybody."""
    key = load_master_key(old / "master.key")
    with pytest.raises(RegistryError, match="autovelox registry migrate"):
        await Registry.open(old / "registry.sqlite", key)
    with pytest.raises(RegistryError, match="autovelox registry migrate"):
        next(iter(list_drivers(old / "registry.sqlite", key)))


async def test_it_is_migrated_and_a_copy_is_kept(old: Path) -> None:
    before = (old / "registry.sqlite").read_bytes()
    copy = migrate(old)
    assert copy == old / "registry.sqlite.version-1"
    assert copy.read_bytes() == before
    assert copy.stat().st_mode & 0o777 == 0o600
    assert migrate(old) is None, "it is done already"
    key = load_master_key(old / "master.key")
    assert check_registry(old / "registry.sqlite", key) == 5
    registry = await Registry.open(old / "registry.sqlite", key)
    chip = load_chip(old / "ada.chip")
    assert (await registry.keys([chip.uid]))[chip.uid].counts_at(0.0)
    driver = await registry.driver(chip.licence)
    with closing(sqlite3.connect(copy)) as database:
        then = database.execute("SELECT * FROM drivers WHERE licence = ?", (chip.licence,)).fetchone()
    assert then == tuple(getattr(driver, name) for name in driver.__slots__)
    await registry.close()
    held = (old / "registry.sqlite").read_bytes()
    assert chip.uid.encode() not in held
    assert b"BEGIN PUBLIC KEY" not in held


async def test_countries_of_vehicles_stay(old: Path) -> None:
    """Version 1 got them later, in a table of their own."""
    with closing(sqlite3.connect(old / "registry.sqlite")) as database, database:
        database.execute("CREATE TABLE vehicle_countries (plate TEXT PRIMARY KEY, country TEXT NOT NULL) STRICT")
        database.execute("INSERT INTO vehicle_countries VALUES ('AB123CD', 'IT')")
    migrate(old)
    registry = await Registry.open(old / "registry.sqlite", load_master_key(old / "master.key"))
    assert await registry.country("AB123CD") == "IT"
    await registry.close()


def test_with_another_key_nothing_changes(old: Path) -> None:
    before = (old / "registry.sqlite").read_bytes()
    (old / "master.key").unlink()
    create_master_key(old / "master.key")
    with pytest.raises(SecretError):
        migrate(old)
    assert (old / "registry.sqlite").read_bytes() == before
    assert not (old / "registry.sqlite.version-1").exists()


def test_what_cannot_be_finished_changes_nothing(old: Path) -> None:
    """One sealed key is damaged: everything is as before, and the next try can begin anew."""
    with closing(sqlite3.connect(old / "registry.sqlite")) as database, database:
        database.execute("UPDATE chips SET sealed_key = x'00' WHERE rowid = 2")
    before = (old / "registry.sqlite").read_bytes()
    with pytest.raises(SecretError):
        migrate(old)
    assert (old / "registry.sqlite").read_bytes() == before
    assert not (old / "registry.sqlite.version-1").exists()


def test_a_copy_is_never_overwritten(old: Path) -> None:
    (old / "registry.sqlite.version-1").write_bytes(b"an earlier copy")
    with pytest.raises(RegistryError, match="never overwritten"):
        migrate(old)
    assert (old / "registry.sqlite.version-1").read_bytes() == b"an earlier copy"


@pytest.mark.parametrize(("version", "sentence"), [(0, "not a registry"), (5, "update autovelox")])
def test_other_versions_are_refused(old: Path, version: int, sentence: str) -> None:
    with closing(sqlite3.connect(old / "registry.sqlite")) as database:
        database.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(RegistryError, match=sentence):
        migrate(old)


def test_the_command(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--registry", str(old / "registry.sqlite"), "--master-key", str(old / "master.key")]
    assert main(["registry", "check", *where]) == RegistryError.exit_code
    assert "autovelox registry migrate" in capsys.readouterr().err
    assert main(["registry", "migrate", *where]) == 0
    assert "registry.sqlite.version-1" in capsys.readouterr().out
    assert main(["registry", "check", *where]) == 0
