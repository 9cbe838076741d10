"""A registry of an earlier version becomes one of this version: in one transaction, with a copy kept beside it.

Rows of version 1 have no MAC: whoever could write the file could change them. So migration is a command of its own, run
by the police on a registry that they know to be theirs; programs open only later ones. Version 2 has no verify keys and
no key for uids to be sealed to, version 3 no certificates of chips; their rows stay as they are.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from edge.errors import RegistryError, why
from edge.registry.change import Change
from edge.registry.guard import beside, check_files
from edge.registry.rows import ChipRow, uid_hash
from edge.registry.schema import (
    SCHEMA,
    TO_VERSION_3,
    TO_VERSION_4,
    VERSION,
    check_master_key,
    check_version,
    new_key_check,
    write_transaction,
)
from edge.registry.tally import Tally
from edge.registry.uid_key import make_uid_key
from edge.registry.vault import RegistryKeys, seal_secret, unseal_secret

_OLD: Final = ("drivers", "chips", "vehicles", "key_check")
_FIRST, _SECOND, _THIRD = 1, 2, 3
_ALWAYS: Final = 0
"""A chip of version 1 has no first day."""


def migrate_registry(path: Path, master_key: bytes) -> Path | None:
    """Bring the registry at *path* to this version.

    Returns:
        The copy of the registry as it was, that of a version 1 with the chips' uids in clear; None if there was nothing
        to do.

    Raises:
        RegistryError: there is no registry of a known version, a copy of it exists already, or it cannot be written.
        SecretError: *master_key* is not the registry's.
    """
    check_files(path, reading=False)
    version = _version(path)
    if version == VERSION:
        return None
    if version not in (_FIRST, _SECOND, _THIRD):
        check_version(path, version)
    keys = RegistryKeys.of(master_key)
    with write_transaction(path, version=version) as database:
        check_master_key(database, master_key)
        copy = _keep_copy(path, version)
        try:
            if version == _FIRST:
                _rebuild(database, keys)
            else:
                for statement in (*(TO_VERSION_3 if version == _SECOND else ()), *TO_VERSION_4):
                    database.execute(statement)
            make_uid_key(database, keys)
            database.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            copy.unlink()
            raise
    return copy


def _version(path: Path) -> int:
    try:
        with closing(sqlite3.connect(path)) as database:
            return int(database.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        raise RegistryError(f"the registry {path} cannot be read ({why(error)})", "restore its last backup") from None


def _keep_copy(path: Path, version: int) -> Path:
    """Copy the registry, whose write lock the caller holds; the copy belongs to the same account."""
    copy = beside(path, f".version-{version}")
    try:
        owner = path.stat()
        handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as target:
            if os.geteuid() == 0:
                os.fchown(handle, owner.st_uid, owner.st_gid)
            target.write(path.read_bytes())
            target.flush()
            os.fsync(handle)
    except FileExistsError:
        raise RegistryError(f"{copy} exists already", "move it away, a copy is never overwritten") from None
    except OSError as error:
        raise RegistryError(f"{copy} cannot be written ({error.strerror})", "check the folder and the disk") from None
    return copy


def _rebuild(database: sqlite3.Connection, keys: RegistryKeys) -> None:
    for table in _OLD:
        database.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    for statement in SCHEMA:
        database.execute(statement)
    registry = Change(database, keys, Tally(keys.tally))
    for *driver, portrait in database.execute("SELECT * FROM old_drivers"):
        registry.insert("drivers", (*driver, hashlib.sha256(portrait).digest()))
        database.execute("INSERT INTO portraits VALUES (?, ?)", (driver[0], portrait))
    for uid, licence, sealed in database.execute("SELECT uid, licence, sealed_key FROM old_chips"):
        hashed = uid_hash(uid)
        private = unseal_secret(keys.master, sealed, uid)
        again = seal_secret(keys.chip(hashed), private, hashed.hex())
        registry.insert("chips", ChipRow(hashed, licence, _ALWAYS, None, None, again))
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'vehicle_countries'").fetchone():
        database.execute("CREATE TABLE vehicle_countries (plate, country)")  # made before there were countries
    for vehicle in database.execute(
        "SELECT plate, licence, country FROM old_vehicles LEFT JOIN vehicle_countries USING (plate)"
    ):
        registry.insert("vehicles", vehicle)
    database.execute("DROP TABLE vehicle_countries")
    database.execute("INSERT INTO key_check VALUES (1, ?)", (new_key_check(keys.master),))
    registry.tally.save(database, keys)
    for table in ("vehicles", "chips", "drivers", "key_check"):
        database.execute(f"DROP TABLE old_{table}")
