"""Chips that the authority certified: the registry keeps its word, nobody takes it out, earlier registries open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.crypto import Ed25519Key, certify_chip, load_chip, make_request, save_chip_key
from edge.errors import RegistryError, SecretError
from edge.registry import certify_chip as keep
from edge.registry import check_registry, load_master_key, migrate_registry, revoke_chip, rotate_master_key
from tests.support.archives import unpack
from tests.support.link import ANNA, BRUNO
from tests.support.registry import ADA, enter, opened

AUTHORITY, ANOTHER = Ed25519Key(bytes(32)), Ed25519Key(bytes([1]) * 32)
UNTIL = 4_000_000_000
ARCHIVE = Path(__file__).parent / "version-3.tar.xz"
"""A registry of version 3, made by the commit before this one: Ada, whose chip signs, and Bea, whose was revoked."""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    unpack(ARCHIVE, tmp_path)
    return tmp_path


def where(place: Path) -> tuple[Path, bytes]:
    return place / "registry.sqlite", load_master_key(place / "master.key")


def request_of(place: Path, licence: str = ADA["licence"]) -> bytes:
    path = place / f"{licence}.key"
    path.unlink(missing_ok=True)
    return make_request(save_chip_key(path, ANNA.key), licence)


def do(place: Path, sql: str) -> None:
    with closing(sqlite3.connect(place / "registry.sqlite")) as database, database:
        database.execute(sql)


async def test_the_registry_keeps_the_authoritys_word(place: Path) -> None:
    request = request_of(place)
    chip = enter(place, request=request)
    certificate = certify_chip(request, AUTHORITY, UNTIL)
    keep(*where(place), certificate.document(), AUTHORITY.public_key)
    check_registry(*where(place))
    rotate_master_key(place / "registry.sqlite", place / "master.key")
    registry = await opened(place)
    found = (await registry.keys([chip.uid]))[chip.uid]
    assert (found.certified_until, found.certification) == (UNTIL, certificate.signature)
    await registry.close()


def test_only_that_authoritys_word_for_that_licence_counts(place: Path) -> None:
    request = request_of(place)
    enter(place, request=request)
    refused = [
        (certify_chip(request, ANOTHER, UNTIL), "not made by that authority"),
        (certify_chip(request, AUTHORITY, 1), "it is over"),
        (certify_chip(request_of(place, BRUNO.licence), AUTHORITY, UNTIL), "for another licence"),
    ]
    for certificate, words in refused:
        with pytest.raises(SecretError, match=words):
            keep(*where(place), certificate.document(), AUTHORITY.public_key)
    revoke_chip(*where(place), ADA["licence"], reason="lost")
    with pytest.raises(RegistryError, match="no chip in use"):
        keep(*where(place), certify_chip(request, AUTHORITY, UNTIL).document(), AUTHORITY.public_key)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE chips SET certified_until = NULL, certification = NULL",
        "UPDATE chips SET certified_until = certified_until + 1",
        "UPDATE chips SET certification = zeroblob(64)",
    ],
    ids=["taken out", "longer", "another"],
)
async def test_whoever_changes_it_without_the_master_key_is_noticed(place: Path, sql: str) -> None:
    request = request_of(place)
    chip = enter(place, request=request)
    keep(*where(place), certify_chip(request, AUTHORITY, UNTIL).document(), AUTHORITY.public_key)
    do(place, sql)
    registry = await opened(place)
    with pytest.raises(RegistryError, match="was altered"):
        await registry.keys([chip.uid])
    await registry.close()


async def test_a_registry_of_version_3_is_read_as_it_is_and_migrated(before: Path) -> None:
    held = (before / "registry.sqlite").read_bytes()
    ada, bea = (load_chip(before / f"{name}.chip") for name in ("ada", "bea"))
    registry = await opened(before)
    found = await registry.keys([ada.uid, bea.uid])
    assert found[ada.uid].verify_key == ANNA.key.public_key().export_key("DER")
    assert found[ada.uid].certification is None and found[bea.uid].revoked_at is not None
    sealed_to = await registry.uid_key()
    await registry.close()
    assert (before / "registry.sqlite").read_bytes() == held

    copy = migrate_registry(*where(before))
    assert copy is not None and copy.read_bytes() == held
    check_registry(*where(before))
    keep(*where(before), certify_chip(request_of(before), AUTHORITY, UNTIL).document(), AUTHORITY.public_key)
    registry = await opened(before)
    after = await registry.uid_key()
    assert sealed_to is not None and after is not None and after.public == sealed_to.public
    assert (await registry.keys([ada.uid]))[ada.uid].certified_until == UNTIL
    await registry.close()
