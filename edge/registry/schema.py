"""The registry's database: its tables, its write transactions, its key check."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from edge.errors import RegistryError, SecretError
from edge.registry.vault import seal, unseal

VERSION = 1
COUNTRIES = """
-- Where a vehicle is registered, if that is known: the same text may be on plates of several countries.
CREATE TABLE vehicle_countries (
    plate          TEXT PRIMARY KEY REFERENCES vehicles (plate) ON DELETE CASCADE,
    country        TEXT NOT NULL
) STRICT;
"""
SCHEMA = """
CREATE TABLE drivers (
    licence        TEXT PRIMARY KEY,
    first_name     TEXT NOT NULL,
    last_name      TEXT NOT NULL,
    birth_date     TEXT NOT NULL,
    birth_place    TEXT NOT NULL,
    categories     TEXT NOT NULL,
    issuing_office TEXT NOT NULL,
    issued_on      TEXT NOT NULL,
    expires_on     TEXT NOT NULL,
    portrait       BLOB NOT NULL
) STRICT;

-- One chip for each licence: its uid selects the private key, which is sealed under the master key.
CREATE TABLE chips (
    uid            TEXT PRIMARY KEY,
    licence        TEXT NOT NULL UNIQUE REFERENCES drivers (licence) ON DELETE CASCADE,
    public_key     TEXT NOT NULL,
    sealed_key     BLOB NOT NULL
) STRICT;

CREATE TABLE vehicles (
    plate          TEXT PRIMARY KEY,
    licence        TEXT NOT NULL REFERENCES drivers (licence) ON DELETE CASCADE
) STRICT;

-- A known value sealed under the master key: shows whether a key is the right one.
CREATE TABLE key_check (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    sealed         BLOB NOT NULL
) STRICT;
"""
CHECK_VALUE = b"autovelox registry 1"
CHECK_CONTEXT = "key check"
KEY_CHECK = "SELECT sealed FROM key_check"


def new_key_check(master_key: bytes) -> bytes:
    """The known value, sealed with *master_key*."""
    return seal(master_key, CHECK_VALUE, CHECK_CONTEXT)


def check_key(master_key: bytes, sealed: bytes | None) -> None:
    """Check that *master_key* is the registry's; *sealed* is its key check, None before the first driver is enrolled.

    Raises:
        SecretError: it is another key.
    """
    if sealed is not None and unseal(master_key, sealed, CHECK_CONTEXT) != CHECK_VALUE:
        raise SecretError("the master key belongs to another registry", "put the right key file there")


@contextmanager
def write_transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """One write transaction on the registry at *path*: committed at the end of the block, rolled back if it raises.

    Raises:
        RegistryError: there is no registry, it is damaged or of another version, it cannot be written, or a licence,
            chip or plate is in it already.
    """
    if not path.is_file():
        raise RegistryError(f"there is no registry {path}", "make one with autovelox registry init")
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("PRAGMA secure_delete = ON")
            check_version(path, database.execute("PRAGMA user_version").fetchone()[0])
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            finally:
                if database.in_transaction:
                    database.execute("ROLLBACK")
    except sqlite3.IntegrityError:
        raise RegistryError("the registry has that licence, chip or plate already", "remove it first") from None
    except sqlite3.Error as error:
        raise RegistryError(f"the registry {path} cannot be written ({error})", "check its permissions") from None


def check_version(path: Path, version: int) -> None:
    """Check that this program knows the registry's schema version.

    Raises:
        RegistryError: it does not.
    """
    if version != VERSION:
        raise RegistryError(f"{path} is not a registry of version {VERSION}", "make one with autovelox registry init")
