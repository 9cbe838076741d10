"""Making and changing the registry: for the police's commands, not for the daemon. All functions are synchronous."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from Crypto.PublicKey.RSA import RsaKey

from edge.crypto import check_request, generate_private_key
from edge.errors import RegistryError, SecretError, why
from edge.registry.change import Change, change
from edge.registry.guard import check_files
from edge.registry.particulars import Particulars, check_text
from edge.registry.rows import ChipRow, Value, uid_hash
from edge.registry.schema import SCHEMA, VERSION
from edge.registry.vault import seal_secret

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
    driver = Particulars(
        licence=licence,
        first_name=first_name,
        last_name=last_name,
        birth_date=birth_date,
        birth_place=birth_place,
        categories=categories,
        issuing_office=issuing_office,
        issued_on=issued_on,
        expires_on=expires_on,
        portrait=portrait,
        plates=plates,
    )
    driver.check()
    verify_key = None if request is None else check_request(request, licence)
    with change(path, master_key) as registry:
        if registry.rows("drivers", licence):
            raise RegistryError("the registry has that licence already", "remove it first")
    made = make_chip(progress)
    with change(path, master_key) as registry:
        registry.insert("drivers", driver.row())
        registry.database.execute("INSERT INTO portraits VALUES (?, ?)", (licence, portrait))
        for country, plate in driver.vehicles():
            registry.insert("vehicles", (plate, licence, country))
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
    check_text("reason", reason)
    verify_key = None if request is None else check_request(request, licence)
    made = make_chip(progress)
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
    check_text("reason", reason)
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


def make_chip(progress: Callable[[], None] | None = None) -> tuple[str, RsaKey]:
    """A new chip's uid and private key: takes seconds, *progress* is called meanwhile."""
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
