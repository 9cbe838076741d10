"""Making and changing the registry: for the police's commands, not for the daemon. All functions are synchronous."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

from Crypto.PublicKey.RSA import RsaKey
from PIL import Image, UnidentifiedImageError

from edge.crypto import check_request, generate_private_key
from edge.errors import RegistryError, SecretError, why
from edge.identify import FORMATS
from edge.model import ALPHABET
from edge.registry.change import Change, change
from edge.registry.guard import check_files
from edge.registry.rows import ChipRow, Value, uid_hash
from edge.registry.schema import SCHEMA, VERSION
from edge.registry.vault import seal_secret

MAX_FIELD_CHARACTERS = 200
EARLIEST_BIRTH = date(1900, 1, 1)
MAX_PORTRAIT_BYTES = 512 * 1024
UID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What goes onto the driver's chip."""

    uid: str = field(repr=False)
    licence: str = field(repr=False)
    public_key_pem: str = field(repr=False)


def create_registry(path: Path) -> None:
    """Make an empty registry at *path*, which only its owner may read.

    Raises:
        RegistryError: the file exists already or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            check_files(path, reading=False)  # refuse files that were placed beside it before
        except RegistryError:
            path.unlink()
            raise
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(f"BEGIN;{';'.join(SCHEMA)};PRAGMA user_version = {VERSION};COMMIT;")
    except FileExistsError:
        raise RegistryError(f"{path} exists already", "a registry is never overwritten, move it away first") from None
    except (OSError, sqlite3.Error) as error:
        closed = "run it as root, or name files of your own: --registry, --master-key"
        remedy = closed if isinstance(error, PermissionError) else "check its folder and the disk"
        raise RegistryError(f"the registry {path} cannot be made ({why(error)})", remedy) from None


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
    request: bytes | None = None,
    progress: Callable[[], None] | None = None,
) -> Enrolment:
    """Enter a driver, and make the key pair of the licence's chip: that takes seconds, *progress* is called meanwhile.

    Dates are ISO 8601 (1980-12-31). *plates* are the vehicles that the driver is registered keeper of, each with its
    country before a colon if that is known. *portrait* is a JPEG or PNG. *request* is that of a chip that signs
    (:func:`edge.crypto.make_request`): its packets count only with its signature.

    Raises:
        RegistryError: a value is not acceptable, or the licence, a plate or the chip is registered already.
        SecretError: *master_key* is not the registry's, or *request* proves nothing for *licence*.
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
    _check_dates(birth_date, issued_on, expires_on)
    _check_code("the licence number", licence, 20)
    vehicles = [_vehicle(plate) for plate in plates]
    _check_portrait(portrait)
    verify_key = None if request is None else check_request(request, licence)
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
        hashlib.sha256(portrait).digest(),
    )
    with change(path, master_key) as registry:
        if registry.rows("drivers", licence):
            raise RegistryError("the registry has that licence already", "remove it first")
    made = _make_chip(progress)
    with change(path, master_key) as registry:
        registry.insert("drivers", driver)
        registry.database.execute("INSERT INTO portraits VALUES (?, ?)", (licence, portrait))
        for country, plate in vehicles:
            registry.insert("vehicles", (plate, licence, country or None))
        return _issue(registry, licence, *made, verify_key)


def replace_chip(
    path: Path,
    master_key: bytes,
    licence: str,
    *,
    reason: str,
    request: bytes | None = None,
    progress: Callable[[], None] | None = None,
) -> Enrolment:
    """Revoke the chip in use of *licence*, if there is one, for *reason*, and make another; takes seconds.

    *request* is as for :func:`enrol_driver`. Who had a chip that signs gets one that signs.

    Raises:
        RegistryError: no driver has *licence*, the reason is not acceptable, a row was altered, or the chip is
            registered already.
        SecretError: *master_key* is not the registry's, or *request* is missing or proves nothing for *licence*.
    """
    _check_text("reason", reason)
    verify_key = None if request is None else check_request(request, licence)
    made = _make_chip(progress)
    with change(path, master_key) as registry:
        _revoke(registry, licence, reason)
        if verify_key is None and any(_chip(row).verify_key is not None for row in registry.rows("chips", licence)):
            raise SecretError("the driver's chip signs, and this one would not", "give the request of the new chip")
        return _issue(registry, licence, *made, verify_key)


def revoke_chip(path: Path, master_key: bytes, licence: str, *, reason: str) -> None:
    """Revoke the chip in use of *licence* from now on: it opens no packet that is received later.

    Its key stays: the packets of cases from before can still be opened again.

    Raises:
        RegistryError: no driver has *licence*, no chip of it is in use, the reason is not acceptable, or a row was
            altered.
        SecretError: *master_key* is not the registry's.
    """
    _check_text("reason", reason)
    with change(path, master_key) as registry:
        if not _revoke(registry, licence, reason):
            raise RegistryError("no chip of that licence is in use", "autovelox registry replace makes one")


def remove_driver(path: Path, master_key: bytes, licence: str) -> None:
    """Remove a driver with chips, keys and vehicles; what is removed is overwritten.

    Raises:
        RegistryError: no driver has *licence*, or the registry cannot be written.
        SecretError: *master_key* is not the registry's.
    """
    with change(path, master_key) as registry:
        if not registry.remove(licence):
            raise _no_driver()


def _no_driver() -> RegistryError:
    return RegistryError("no driver in the registry has that licence", "autovelox registry list shows who does")


def _make_chip(progress: Callable[[], None] | None) -> tuple[str, RsaKey]:
    """A new chip's uid and private key."""
    key = generate_private_key(progress)
    return secrets.token_hex(UID_BYTES), key


def _issue(registry: Change, licence: str, uid: str, key: RsaKey, verify_key: bytes | None) -> Enrolment:
    hashed = uid_hash(uid)
    sealed = seal_secret(registry.keys.chip(hashed), key.export_key("DER", pkcs=1), hashed.hex())
    registry.insert("chips", ChipRow(hashed, licence, int(time.time()), None, None, sealed, verify_key))
    return Enrolment(uid, licence, key.public_key().export_key("PEM").decode("ascii"))


def _revoke(registry: Change, licence: str, reason: str) -> bool:
    """Revoke the chip in use of *licence*; returns whether there was one."""
    if not registry.rows("drivers", licence):
        raise _no_driver()
    in_use = [chip for row in registry.rows("chips", licence) if (chip := _chip(row)).revoked_at is None]
    for chip in in_use:
        registry.replace("chips", chip._replace(revoked_at=int(time.time()), reason=reason))
    return bool(in_use)


def _chip(row: tuple[Value, ...]) -> ChipRow:
    return ChipRow(*row)  # type: ignore[arg-type]


def _check_text(what: str, text: str) -> None:
    if not text.strip() or len(text) > MAX_FIELD_CHARACTERS or not text.isprintable():
        raise RegistryError(
            f"the {what} is empty, too long, or has unprintable characters",
            f"write 1 to {MAX_FIELD_CHARACTERS} printable characters",
        )


def _check_dates(birth: str, issue: str, expiry: str) -> None:
    """Raise :class:`RegistryError` unless each is a date, and they follow one another as on a licence."""
    born, issued, expires = _date("date of birth", birth), _date("date of issue", issue), _date("expiry date", expiry)
    if not EARLIEST_BIRTH <= born < issued:
        raise RegistryError("the date of birth is not before the date of issue", "copy both from the licence")
    if issued > datetime.now(UTC).date() + timedelta(days=1):
        raise RegistryError("the date of issue is in the future", "copy it from the licence, and check the clock")
    if expires < issued:
        raise RegistryError("the expiry date is before the date of issue", "copy both from the licence")


def _date(what: str, day: str) -> date:
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != day:
        raise RegistryError(f"the {what} is not a date", "write it as 1980-12-31")
    return parsed


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
        raise RegistryError(
            f"there is no country {country!r} for a plate", "write its ISO code before the colon, as in IT:AB123CD"
        )
    return country, plate


def _check_portrait(portrait: bytes) -> None:
    if len(portrait) > MAX_PORTRAIT_BYTES:
        raise RegistryError(f"the portrait must be smaller than {MAX_PORTRAIT_BYTES // 1024} kB", "scale it down")
    try:
        with Image.open(BytesIO(portrait), formats=["JPEG", "PNG"]) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise RegistryError("the portrait is not a picture", "give a JPEG or PNG file") from None
