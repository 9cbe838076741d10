"""Chips that sign: enrolled with a proof, never without their signature again, and registries from before them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from Crypto.PublicKey import RSA

from edge.cli import main
from edge.crypto import load_chip, make_request, save_chip_key, seal_uid
from edge.crypto.opener import unseal_uids
from edge.errors import RegistryError, SecretError
from edge.model import Packet
from edge.registry import (
    Registry,
    check_registry,
    list_drivers,
    load_master_key,
    migrate_registry,
    replace_chip,
    rotate_master_key,
)
from tests.support.archives import unpack
from tests.support.link import ANNA, BRUNO
from tests.support.registry import ADA, PORTRAIT, enter, opened

ARCHIVE = Path(__file__).parent / "version-2.tar.xz"
"""A registry of version 2, made by the commit before this one: Ada, and Bea whose chip was revoked."""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    unpack(ARCHIVE, tmp_path)
    return tmp_path


def request_of(place: Path, licence: str = ADA["licence"], key: RSA.RsaKey = ANNA.key) -> bytes:
    path = place / f"{licence}.key"
    path.unlink(missing_ok=True)
    return make_request(save_chip_key(path, key), licence)


def key_of(place: Path) -> bytes:
    return load_master_key(place / "master.key")


def do(place: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(place / "registry.sqlite")) as database, database:
        database.execute(sql, values)


async def test_the_registry_keeps_the_verify_key(place: Path) -> None:
    chip = enter(place, request=request_of(place))
    registry = await opened(place)
    found = (await registry.keys([chip.uid]))[chip.uid]
    assert found.verify_key == ANNA.key.public_key().export_key("DER")
    await registry.close()


def test_without_the_proof_nobody_is_entered(place: Path) -> None:
    with pytest.raises(SecretError, match="does not prove"):
        enter(place, request=request_of(place, BRUNO.licence))
    assert check_registry(place / "registry.sqlite", key_of(place)) == 0


def test_one_signing_key_is_one_chips(place: Path) -> None:
    enter(place, request=request_of(place))
    with pytest.raises(RegistryError, match="chip or plate already"):
        enter(place, licence=BRUNO.licence, request=request_of(place, BRUNO.licence))


def test_who_has_a_chip_that_signs_gets_one_that_signs(place: Path) -> None:
    enter(place, request=request_of(place))
    where = place / "registry.sqlite", key_of(place), ADA["licence"]
    with pytest.raises(SecretError, match="the driver's chip signs"):
        replace_chip(*where, reason="lost")
    replace_chip(*where, reason="lost", request=request_of(place, key=BRUNO.key))
    assert check_registry(*where[:2]) == 3


async def test_taking_a_verify_key_out_of_a_row_is_noticed(place: Path) -> None:
    """Whoever could, would bring the chip back to version 1, where its public key speaks for the driver."""
    chip = enter(place, request=request_of(place))
    do(place, "UPDATE chips SET verify_key = NULL")
    registry = await opened(place)
    with pytest.raises(RegistryError, match="was altered"):
        await registry.keys([chip.uid])
    await registry.close()


async def test_calling_the_registry_an_old_one_is_noticed(place: Path) -> None:
    chip = enter(place, request=request_of(place))
    do(place, "DROP INDEX chips_by_verify_key")
    do(place, "ALTER TABLE chips DROP COLUMN verify_key")
    do(place, "PRAGMA user_version = 2")
    registry = await opened(place)
    with pytest.raises(RegistryError, match="was altered"):
        await registry.keys([chip.uid])
    await registry.close()


async def test_another_key_to_seal_uids_to_is_noticed(place: Path) -> None:
    """Whoever could exchange it would learn who drives by."""
    enter(place)
    do(place, "UPDATE registry_key SET public = ?", bytes(32))
    registry = await opened(place)
    with pytest.raises(RegistryError, match="was altered"):
        await registry.uid_key()
    await registry.close()
    with pytest.raises(RegistryError, match="was altered"):
        check_registry(place / "registry.sqlite", key_of(place))


async def test_uids_sealed_to_it_open_also_after_a_rotation(place: Path) -> None:
    enter(place)
    registry = await opened(place)
    before = await registry.uid_key()
    await registry.close()
    assert before is not None
    sealed = seal_uid(before.public, ANNA.uid, 7, "0" * 32)
    rotate_master_key(place / "registry.sqlite", place / "master.key")
    registry = await opened(place)
    after = await registry.uid_key()
    await registry.close()
    assert after is not None and after.public == before.public
    assert after.private.sealed != before.private.sealed
    packet = Packet("", b"", "0" * 32, 0, 0.0, 0, version=2, sealed_uid=sealed)
    assert unseal_uids([packet], after.private) == [(ANNA.uid, 7)]


async def test_a_registry_of_version_2_is_read_as_it_is(before: Path) -> None:
    held = (before / "registry.sqlite").read_bytes()
    registry = await opened(before)
    ada, bea = (load_chip(before / f"{name}.chip") for name in ("ada", "bea"))
    found = await registry.keys([ada.uid, bea.uid])
    assert found[ada.uid].verify_key is None and found[ada.uid].revoked_at is None
    assert found[bea.uid].revoked_at is not None
    assert await registry.uid_key() is None
    assert (await registry.driver(ada.licence)).portrait == PORTRAIT
    assert await registry.known([ada.uid]) == {ada.uid}
    await registry.close()
    assert len(list(list_drivers(before / "registry.sqlite", key_of(before)))) == 2
    assert (before / "registry.sqlite").read_bytes() == held


def test_it_is_changed_only_after_its_migration(before: Path) -> None:
    with pytest.raises(RegistryError, match="autovelox registry migrate"):
        check_registry(before / "registry.sqlite", key_of(before))


async def test_a_migration_adds_and_changes_no_row(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = (before / "registry.sqlite").read_bytes()
    rows = "SELECT uid_sha256, licence, valid_from, revoked_at, reason, sealed_key, mac FROM chips"
    with closing(sqlite3.connect(before / "registry.sqlite")) as database:
        chips = database.execute(rows).fetchall()
    command = ["--registry", str(before / "registry.sqlite"), "--master-key", str(before / "master.key")]
    assert main(["registry", "migrate", *command]) == 0
    assert "registry.sqlite.version-2" in capsys.readouterr().out
    assert (before / "registry.sqlite.version-2").read_bytes() == held
    with closing(sqlite3.connect(before / "registry.sqlite")) as database:
        assert database.execute(rows).fetchall() == chips
    assert check_registry(before / "registry.sqlite", key_of(before)) == 6
    assert migrate_registry(before / "registry.sqlite", key_of(before)) is None
    registry = await opened(before)
    assert await registry.uid_key() is not None
    await registry.close()
    replace_chip(
        before / "registry.sqlite", key_of(before), ADA["licence"], reason="new card", request=request_of(before)
    )
    assert check_registry(before / "registry.sqlite", key_of(before)) == 7


async def test_a_registry_nobody_was_entered_in_has_no_key_yet(place: Path) -> None:
    registry = await Registry.open(place / "registry.sqlite", key_of(place))
    assert await registry.uid_key() is None
    await registry.close()
