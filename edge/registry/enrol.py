"""Making and changing the registry: for the police's commands, not for the daemon. All functions are synchronous."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from edge.crypto.keyfile import sync_folder, write_key
from edge.crypto.rsa_key import generate_private_key
from edge.errors import RegistryError, SecretError
from edge.identify.format_table import FORMATS
from edge.model import ALPHABET
from edge.registry.schema import COUNTRIES, KEY_CHECK, SCHEMA, VERSION, check_key, new_key_check, write_transaction
from edge.registry.vault import KEY_NAME, load_master_key, seal, unseal

MAX_TEXT_CHARACTERS = 200
MAX_PORTRAIT_BYTES = 512 * 1024
UID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What goes onto the driver's chip."""

    uid: str = field(repr=False)
    licence: str = field(repr=False)
    public_key_pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DriverSummary:
    """One driver of a list; ``plates`` are the vehicles that the driver is keeper of."""

    licence: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    categories: str
    expires_on: str
    plates: tuple[str, ...] = field(repr=False)


def create_registry(path: Path) -> None:
    """Make an empty registry at *path*, which only its owner may read.

    Raises:
        RegistryError: the file exists already or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(f"BEGIN;{SCHEMA}{COUNTRIES};PRAGMA user_version = {VERSION};COMMIT;")
    except FileExistsError:
        raise RegistryError(f"{path} exists already", "a registry is never overwritten, move it away first") from None
    except (OSError, sqlite3.Error) as error:
        raise RegistryError(f"the registry {path} cannot be made ({error})", "check its folder and the disk") from None


def enrol_driver(
    path: Path,
    master_key: bytes,
    *,
    licence: str,
    first_name: str,
    last_name: str,
    birth_date: str,
    birth_place: str,
    categories: str,
    issuing_office: str,
    issued_on: str,
    expires_on: str,
    portrait: bytes,
    plates: Sequence[str] = (),
    progress: Callable[[], None] | None = None,
) -> Enrolment:
    """Enter a driver, and make the key pair of the licence's chip: that takes seconds, *progress* is called meanwhile.

    Dates are ISO 8601 (1980-12-31). *plates* are the vehicles that the driver is registered keeper of, each with its
    country before a colon if that is known. *portrait* is a JPEG or PNG.

    Raises:
        RegistryError: a value is not acceptable, or the licence or a plate is registered already.
        SecretError: *master_key* is not the registry's.
    """
    texts = {
        "first name": first_name,
        "last name": last_name,
        "place of birth": birth_place,
        "categories": categories,
        "issuing office": issuing_office,
    }
    for what, text in texts.items():
        _check_text(what, text)
    for what, day in {"date of birth": birth_date, "date of issue": issued_on, "expiry date": expires_on}.items():
        _check_date(what, day)
    _check_code("the licence number", licence, 20)
    vehicles = [_vehicle(plate) for plate in plates]
    _check_portrait(portrait)
    driver = (
        licence,
        first_name,
        last_name,
        birth_date,
        birth_place,
        categories,
        issuing_office,
        issued_on,
        expires_on,
    )
    with write_transaction(path) as database:
        _check_master_key(database, master_key)
        if database.execute("SELECT 1 FROM drivers WHERE licence = ?", (licence,)).fetchone():
            raise RegistryError("the registry has that licence already", "remove it first")
    key = generate_private_key(progress)
    uid = secrets.token_hex(UID_BYTES)
    public_key_pem = key.public_key().export_key("PEM").decode("ascii")
    sealed = seal(master_key, key.export_key("DER", pkcs=1), uid)
    with write_transaction(path) as database:
        _check_master_key(database, master_key)
        database.execute("INSERT INTO drivers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*driver, portrait))
        database.execute("INSERT INTO chips VALUES (?, ?, ?, ?)", (uid, licence, public_key_pem, sealed))
        database.executemany("INSERT INTO vehicles VALUES (?, ?)", [(plate, licence) for _, plate in vehicles])
        database.execute(COUNTRIES.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
        known = [(plate, country) for country, plate in vehicles if country]
        database.executemany("INSERT INTO vehicle_countries VALUES (?, ?)", known)
    return Enrolment(uid, licence, public_key_pem)


def list_drivers(path: Path) -> tuple[DriverSummary, ...]:
    """All drivers in the registry, sorted by name.

    Raises:
        RegistryError: there is no registry, or it cannot be read.
    """
    with write_transaction(path) as database:
        drivers = database.execute(
            "SELECT licence, first_name, last_name, categories, expires_on FROM drivers ORDER BY last_name, first_name"
        ).fetchall()
        vehicles = database.execute("SELECT licence, plate FROM vehicles ORDER BY plate").fetchall()
    return tuple(
        DriverSummary(
            licence, first, last, categories, until, tuple(plate for holder, plate in vehicles if holder == licence)
        )
        for licence, first, last, categories, until in drivers
    )


def remove_driver(path: Path, licence: str) -> None:
    """Remove a driver with chip, key and vehicles; what is removed is overwritten.

    Raises:
        RegistryError: no driver has *licence*, or the registry cannot be written.
    """
    with write_transaction(path) as database:
        if database.execute("DELETE FROM drivers WHERE licence = ?", (licence,)).rowcount == 0:
            raise RegistryError("no driver in the registry has that licence", "autovelox registry list shows who does")


def rotate_master_key(path: Path, master_key_file: Path) -> int:
    """Seal every private key again, with a new master key.

    The new key is on the disk (*master_key_file* + ``.new``) before the registry is sealed with it, and replaces
    *master_key_file* at the end. A rotation that was interrupted is finished by calling again.

    Returns:
        How many keys were sealed.

    Raises:
        RegistryError: the registry is missing or damaged.
        SecretError: a key is missing or not the registry's.
    """
    fresh = master_key_file.with_name(master_key_file.name + ".new")
    old = load_master_key(master_key_file)
    if not fresh.exists():
        write_key(fresh, secrets.token_bytes(len(old)), KEY_NAME)
    new = load_master_key(fresh)
    with write_transaction(path) as database:
        chips = database.execute("SELECT uid, sealed_key FROM chips").fetchall()
        if not _is_sealed_with(database, new):
            _check_master_key(database, old)
            resealed = [(seal(new, unseal(old, sealed, uid), uid), uid) for uid, sealed in chips]
            database.executemany("UPDATE chips SET sealed_key = ? WHERE uid = ?", resealed)
            database.execute("UPDATE key_check SET sealed = ?", (new_key_check(new),))
    fresh.replace(master_key_file)
    sync_folder(master_key_file.parent)
    return len(chips)


def _check_master_key(database: sqlite3.Connection, master_key: bytes) -> None:
    row = database.execute(KEY_CHECK).fetchone()
    if row is None:
        database.execute("INSERT INTO key_check VALUES (1, ?)", (new_key_check(master_key),))
    else:
        check_key(master_key, row[0])


def _is_sealed_with(database: sqlite3.Connection, master_key: bytes) -> bool:
    row = database.execute(KEY_CHECK).fetchone()
    try:
        check_key(master_key, row[0] if row else None)
    except SecretError:
        return False
    return True


def _check_text(what: str, text: str) -> None:
    if not text.strip() or len(text) > MAX_TEXT_CHARACTERS or not text.isprintable():
        raise RegistryError(
            f"the {what} is empty, too long, or has unprintable characters",
            f"write 1 to {MAX_TEXT_CHARACTERS} printable characters",
        )


def _check_date(what: str, day: str) -> None:
    try:
        if date.fromisoformat(day).isoformat() != day:
            raise ValueError
    except ValueError:
        raise RegistryError(f"the {what} is not a date", "write it as 1980-12-31") from None


def _check_code(what: str, code: str, longest: int) -> None:
    if not 1 <= len(code) <= longest or not set(code) <= set(ALPHABET):
        raise RegistryError(
            f"{what} cannot be stored", f"write 1 to {longest} characters of A to Z and 0 to 9, without spaces"
        )


def _vehicle(written: str) -> tuple[str, str]:
    """Country, which may be empty, and plate of ``IT:AB123CD`` or ``AB123CD``."""
    country, _, plate = written.rpartition(":")
    _check_code("a plate", plate, 12)
    if country and country not in FORMATS:
        raise RegistryError(f"there is no country {country!r} for a plate", f"write its ISO code, such as IT:{plate}")
    return country, plate


def _check_portrait(portrait: bytes) -> None:
    if len(portrait) > MAX_PORTRAIT_BYTES:
        raise RegistryError(f"the portrait must be smaller than {MAX_PORTRAIT_BYTES // 1024} kB", "scale it down")
    try:
        with Image.open(BytesIO(portrait), formats=["JPEG", "PNG"]) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise RegistryError("the portrait is not a picture", "give a JPEG or PNG file") from None
