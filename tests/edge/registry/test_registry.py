"""Registry, vault, enrolment: who is found, under which key, and what every mistake says."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from Crypto.PublicKey import RSA

from edge.cli import main
from edge.crypto.keyfile import read_key
from edge.crypto.sealing import seal_secret, unseal_secret
from edge.errors import RegistryError, SecretError
from edge.registry import (
    Registry,
    create_master_key,
    load_master_key,
    remove_driver,
    rotate_master_key,
)
from edge.registry.rows import uid_hash
from tests.support.registry import ADA, PORTRAIT, enter, list_drivers, opened, private_key


async def test_who_is_enrolled_is_found(place: Path, key_pair: RSA.RsaKey) -> None:
    enrolment = enter(place, plates=["AB123CD"])
    registry = await opened(place)
    try:
        keys = await registry.keys([enrolment.uid, "stranger", enrolment.uid])
        assert set(keys) == {enrolment.uid}
        assert keys[enrolment.uid].licence == "UD1234567A"
        assert private_key(keys[enrolment.uid]) == key_pair
        assert RSA.import_key(enrolment.public_key_pem) == key_pair.public_key()
        driver = await registry.driver("UD1234567A")
        assert (driver.first_name, driver.last_name, driver.portrait) == ("Ada", "D'Angelò", PORTRAIT)
        assert await registry.keeper("AB123CD") == "UD1234567A"
        assert await registry.keeper("ZZ999ZZ") is None
        with pytest.raises(RegistryError, match="restore it from a backup"):
            await registry.driver("XX0000000X")
    finally:
        await registry.close()


async def test_a_vehicle_may_have_a_country(place: Path) -> None:
    enter(place, plates=["IT:AB123CD", "XY999ZZ"])
    registry = await opened(place)
    try:
        assert await registry.country("AB123CD") == "IT"
        assert await registry.country("XY999ZZ") is None
        assert await registry.keeper("AB123CD") == "UD1234567A"
    finally:
        await registry.close()
    with pytest.raises(RegistryError, match="write its ISO code"):
        enter(place, licence="UD1234567B", plates=["ITA:ZZ999ZZ"])


async def test_a_thousand_uids_at_once(place: Path) -> None:
    enrolment = enter(place)
    registry = await opened(place)
    try:
        assert set(await registry.keys([*(f"uid{n}" for n in range(1000)), enrolment.uid])) == {enrolment.uid}
    finally:
        await registry.close()


async def test_the_wrong_master_key_is_one_sentence(place: Path) -> None:
    enter(place)
    (place / "master.key").unlink()
    create_master_key(place / "master.key")
    with pytest.raises(SecretError, match="put back the key it was made with"):
        await opened(place)
    with pytest.raises(SecretError):
        enter(place, licence="TN1234567B")


async def test_a_key_moved_to_another_row_does_not_open(place: Path) -> None:
    first, second = enter(place), enter(place, licence="TN1234567B")
    with closing(sqlite3.connect(place / "registry.sqlite")) as database, database:
        database.execute(
            "UPDATE chips SET sealed_key = (SELECT sealed_key FROM chips WHERE uid_sha256 = ?) WHERE uid_sha256 = ?",
            (uid_hash(first.uid), uid_hash(second.uid)),
        )
    registry = await opened(place)
    try:
        with pytest.raises(RegistryError, match="altered"):
            await registry.keys([second.uid])
    finally:
        await registry.close()


async def test_a_damaged_registry_is_refused(place: Path) -> None:
    enter(place)
    path = place / "registry.sqlite"
    data = bytearray(path.read_bytes())
    data[4096:8192] = os.urandom(4096)
    path.write_bytes(data)
    with pytest.raises(RegistryError, match="restore its last backup"):
        await opened(place)
    path.write_bytes(b"not a database at all, not even nearly" * 100)
    with pytest.raises(RegistryError, match="restore its last backup"):
        await opened(place)
    path.unlink()
    with pytest.raises(RegistryError, match="autovelox registry init"):
        await opened(place)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"licence": "ud 12"}, "licence number"),
        ({"first_name": " "}, "first name"),
        ({"last_name": "R\nossi"}, "printable"),
        ({"birth_date": "3/2/1980"}, "1980-12-31"),
        ({"expires_on": "2030-02-30"}, "expiry date"),
        ({"plates": ["AB 123 CD"]}, "a plate"),
        ({"portrait": b"GIF89a"}, "JPEG or PNG"),
        ({"portrait": bytes(600_000)}, "scale it down"),
    ],
)
def test_every_impossible_value_has_its_sentence(place: Path, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(RegistryError, match=sentence):
        enter(place, **changes)
    assert list_drivers(place) == ()


def test_a_licence_is_enrolled_once_and_removed_wholly(place: Path) -> None:
    enrolment = enter(place, plates=["AB123CD"])
    with pytest.raises(RegistryError, match="already"):
        enter(place)
    assert [driver.plates for driver in list_drivers(place)] == [("AB123CD",)]
    remove_driver(place / "registry.sqlite", load_master_key(place / "master.key"), "UD1234567A")
    with pytest.raises(RegistryError, match="no driver"):
        remove_driver(place / "registry.sqlite", load_master_key(place / "master.key"), "UD1234567A")
    left = (place / "registry.sqlite").read_bytes()
    secrets = [text.encode() for text in ("UD1234567A", "D'Angelò", enrolment.uid, "AB123CD")]
    for secret in (*secrets, uid_hash(enrolment.uid), PORTRAIT[100:200]):
        assert secret not in left


async def test_rotation_changes_the_key_and_keeps_the_rest(place: Path, key_pair: RSA.RsaKey) -> None:
    enrolment = enter(place)
    before = load_master_key(place / "master.key")
    assert rotate_master_key(place / "registry.sqlite", place / "master.key") == 1
    assert load_master_key(place / "master.key") != before
    registry = await opened(place)
    keys = await registry.keys([enrolment.uid])
    await registry.close()
    assert private_key(keys[enrolment.uid]) == key_pair
    with pytest.raises(SecretError):
        await Registry.open(place / "registry.sqlite", before)


async def test_an_interrupted_rotation_is_finished(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Power fails after the registry was sealed anew and before the key file was replaced."""
    enter(place)

    def fail(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(Path, "replace", fail)
        rotate_master_key(place / "registry.sqlite", place / "master.key")
    with pytest.raises(SecretError, match="finish a rotation"):
        await opened(place)
    rotate_master_key(place / "registry.sqlite", place / "master.key")
    await (await opened(place)).close()
    assert not (place / "master.key.new").exists()


def test_the_vault_notices_every_flipped_bit() -> None:
    key, sealed = bytes(range(32)), seal_secret(bytes(range(32)), b"a private key", "uid")
    assert unseal_secret(key, sealed, "uid") == b"a private key"
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(SecretError):
            unseal_secret(key, bytes(altered), "uid")
    for other in (b"", sealed[:20]):
        with pytest.raises(SecretError):
            unseal_secret(key, other, "uid")


def test_key_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "master.key"
    with pytest.raises(SecretError, match="is missing"):
        load_master_key(path)
    key = create_master_key(path)
    with pytest.raises(SecretError, match="never overwritten"):
        create_master_key(path)
    assert load_master_key(path) == key
    path.chmod(0o640)
    with pytest.raises(SecretError, match="read by others"):
        load_master_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(SecretError, match="not a key of 32 bytes"):
        load_master_key(path)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "master.key").write_bytes(bytes(32))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert read_key(path, "the key") == bytes(32)


def test_the_commands(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry, key = place / "made" / "registry.sqlite", place / "made" / "master.key"
    where = ["--registry", str(registry), "--master-key", str(key)]
    assert main(["registry", "init", *where]) == 0
    assert main(["registry", "init", *where]) == RegistryError.exit_code
    (place / "ada.jpg").write_bytes(PORTRAIT)
    values = [word for name, value in ADA.items() for word in (f"--{name.replace('_', '-')}", value)]
    extra = ["--portrait", str(place / "ada.jpg"), "--chip", str(place / "ada.chip"), "--plate", "AB123CD"]
    assert main(["registry", "enrol", *where, *values, *extra]) == 0
    assert json.loads((place / "ada.chip").read_text())["licence"] == "UD1234567A"
    assert main(["registry", "enrol", *where, *values, *extra]) == SecretError.exit_code
    capsys.readouterr()
    assert main(["registry", "list", *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["plates"] == ["AB123CD"]
    assert main(["registry", "rotate", *where]) == 0
    assert main(["registry", "remove", *where, "--yes", "UD1234567A"]) == 0
    assert main(["registry", "remove", *where, "--yes", "UD1234567A"]) == RegistryError.exit_code
    assert "UD1234567A" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"birth_date": "2990-01-01"}, "date of birth is not before"),
        ({"birth_date": "1880-01-01"}, "date of birth is not before"),
        ({"issued_on": "2090-01-01", "expires_on": "2095-01-01"}, "date of issue is in the future"),
        ({"expires_on": "2001-01-01"}, "expiry date is before"),
        ({"birth_date": "1980-13-31"}, "not a date"),
        ({"birth_date": "19801231"}, "not a date"),
    ],
)
def test_dates_that_no_licence_has_are_refused(place: Path, changed: dict[str, str], message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        enter(place, **changed)


def test_who_ends_the_input_removes_nobody(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enter(place)
    where = ["--registry", str(place / "registry.sqlite"), "--master-key", str(place / "master.key")]

    def ended(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", ended)
    assert main(["registry", "remove", *where, "UD1234567A"]) == RegistryError.exit_code
    assert "nothing was removed" in capsys.readouterr().err
    assert main(["registry", "remove", *where, "--yes", "UD1234567A"]) == 0


@pytest.mark.parametrize(
    ("answer", "removed"), [("UD1234567A", True), ("yes", False), ("", False), ("UD1234567B", False)]
)
def test_a_driver_is_removed_only_by_who_writes_the_number_again(
    place: Path, monkeypatch: pytest.MonkeyPatch, answer: str, removed: bool
) -> None:
    enter(place)
    where = ["--registry", str(place / "registry.sqlite"), "--master-key", str(place / "master.key")]
    assert main(["registry", "remove", *where, "UD1234567A"]) == RegistryError.exit_code, "nobody can be asked"
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _question: answer)
    assert main(["registry", "remove", *where, "UD1234567A"]) == (0 if removed else RegistryError.exit_code)
    assert main(["registry", "remove", *where, "--yes", "UD1234567A"]) == (RegistryError.exit_code if removed else 0)
