"""The registry's database: its tables, and how it is opened."""

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

-- One chip a licence: its uid selects the private key, which is sealed under the master key.
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

-- A known value sealed under the master key: tells at once whether a key is the right one.
CREATE TABLE key_check (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    sealed         BLOB NOT NULL
) STRICT;
"""
CHECK_VALUE = b"autovelox registry 1"
CHECK_CONTEXT = "key check"
KEY_CHECK = "SELECT sealed FROM key_check"


def new_key_check(master_key: bytes) -> bytes:
    """The sealed known value."""
    return seal(master_key, CHECK_VALUE, CHECK_CONTEXT)


def check_key(master_key: bytes, sealed: bytes | None) -> None:
    """See that *master_key* is the one the registry was sealed with; *sealed* is none while nobody is enrolled.

    Raises:
        SecretError: it is another one.
    """
    if sealed is not None and unseal(master_key, sealed, CHECK_CONTEXT) != CHECK_VALUE:
        raise SecretError("the master key opens another registry than this", "put the right key file there")


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One write transaction on the registry at *path*.

    Raises:
        RegistryError: there is no registry, it is damaged or of another version, or it cannot be written.
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
    """See that this program knows the registry's schema.

    Raises:
        RegistryError: it does not.
    """
    if version != VERSION:
        raise RegistryError(f"{path} is no registry of version {VERSION}", "make one with autovelox registry init")
