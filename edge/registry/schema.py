"""The registry's database: its tables, its transactions, its key check."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from edge.errors import RegistryError, SecretError, why
from edge.registry.guard import check_files
from edge.registry.vault import seal_secret, unseal_secret

VERSION: Final = 4
READABLE: Final = (2, 3, VERSION)
"""Versions whose rows have MACs: programs read them. Only the newest is written."""
VERIFY_KEYS: Final = "CREATE UNIQUE INDEX chips_by_verify_key ON chips (verify_key) WHERE verify_key IS NOT NULL"
REGISTRY_KEY: Final = """-- What uids are sealed to, and the private half of it, sealed: edge.registry.uid_key.
CREATE TABLE registry_key (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    public          BLOB NOT NULL,
    sealed          BLOB NOT NULL,
    mac             BLOB NOT NULL
) STRICT"""
SCHEMA: Final = (
    """CREATE TABLE drivers (
    licence         TEXT PRIMARY KEY,
    first_name      TEXT NOT NULL,
    last_name       TEXT NOT NULL,
    birth_date      TEXT NOT NULL,
    birth_place     TEXT NOT NULL,
    categories      TEXT NOT NULL,
    issuing_office  TEXT NOT NULL,
    issued_on       TEXT NOT NULL,
    expires_on      TEXT NOT NULL,
    portrait_sha256 BLOB NOT NULL,
    mac             BLOB NOT NULL
) STRICT""",
    "CREATE INDEX drivers_by_name ON drivers (last_name, first_name, licence)",
    """-- Apart from the drivers, so that a list of them does not read the pictures.
CREATE TABLE portraits (
    licence         TEXT PRIMARY KEY REFERENCES drivers (licence) ON DELETE CASCADE,
    image           BLOB NOT NULL
) STRICT""",
    """-- SHA-256 of its uid selects a chip. A licence has one chip in use, and those that were revoked before it.
CREATE TABLE chips (
    uid_sha256      BLOB PRIMARY KEY,
    licence         TEXT NOT NULL REFERENCES drivers (licence) ON DELETE CASCADE,
    valid_from      INTEGER NOT NULL,
    revoked_at      INTEGER,
    reason          TEXT,
    sealed_key      BLOB NOT NULL,
    verify_key      BLOB,
    certified_until INTEGER,
    certification   BLOB,
    mac             BLOB NOT NULL,
    CHECK ((revoked_at IS NULL) = (reason IS NULL))
) STRICT""",
    "CREATE INDEX chips_by_licence ON chips (licence)",
    "CREATE UNIQUE INDEX chips_in_use ON chips (licence) WHERE revoked_at IS NULL",
    """-- The country is where a vehicle is registered, if that is known: the same text may be on plates of several.
CREATE TABLE vehicles (
    plate           TEXT PRIMARY KEY,
    licence         TEXT NOT NULL REFERENCES drivers (licence) ON DELETE CASCADE,
    country         TEXT,
    mac             BLOB NOT NULL
) STRICT""",
    "CREATE INDEX vehicles_by_licence ON vehicles (licence, plate)",
    """-- A known value sealed under the master key: shows whether a key is the right one.
CREATE TABLE key_check (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    sealed          BLOB NOT NULL
) STRICT""",
    """-- Which rows there are, sealed under the master key: edge.registry.tally.
CREATE TABLE tally (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    sealed          BLOB NOT NULL
) STRICT""",
    VERIFY_KEYS,
    REGISTRY_KEY,
)
TO_VERSION_3: Final = ("ALTER TABLE chips ADD COLUMN verify_key BLOB", VERIFY_KEYS, REGISTRY_KEY)
"""What makes a registry of version 2 one of version 3; its rows stay as they are."""
TO_VERSION_4: Final = (
    "ALTER TABLE chips ADD COLUMN certified_until INTEGER",
    "ALTER TABLE chips ADD COLUMN certification BLOB",
)
"""What makes a registry of version 3 one of version 4; its rows stay as they are."""
_VIEW: Final = """CREATE TEMP VIEW chips AS SELECT rowid, uid_sha256, licence, valid_from, revoked_at, reason,
    sealed_key, {} AS verify_key, NULL AS certified_until, NULL AS certification, mac FROM main.chips"""
AS_NEWEST: Final = {2: _VIEW.format("NULL"), 3: _VIEW.format("verify_key")}
"""For reading a registry of an earlier version: its chips as the newest version has them."""
CHECK_VALUE: Final = b"autovelox registry 1"
"""The same in all versions: it tells a wrong key, not a wrong version."""
CHECK_CONTEXT: Final = "key check"
KEY_CHECK: Final = "SELECT sealed FROM key_check"


def new_key_check(master_key: bytes) -> bytes:
    """The known value, sealed with *master_key*."""
    return seal_secret(master_key, CHECK_VALUE, CHECK_CONTEXT)


def check_key(master_key: bytes, sealed: bytes | None) -> None:
    """Check that *master_key* is the registry's; *sealed* is its key check, None before the first driver is enrolled.

    Raises:
        SecretError: it is another key.
    """
    if sealed is not None and unseal_secret(master_key, sealed, CHECK_CONTEXT) != CHECK_VALUE:
        raise SecretError("the master key belongs to another registry", "put back the key file of this one")


def check_master_key(database: sqlite3.Connection, master_key: bytes) -> None:
    """Check *master_key* against the key check in *database*; see :func:`check_key`."""
    row = database.execute(KEY_CHECK).fetchone()
    check_key(master_key, row[0] if row else None)


@contextmanager
def read_transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """One state of the registry at *path*, opened read-only.

    Raises:
        RegistryError: there is no registry, it is damaged or of another version, or files beside it are foreign.
    """
    check_files(path, reading=True)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)) as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            check_readable(path, version)
            if version != VERSION:
                database.execute(AS_NEWEST[version])
            database.execute("BEGIN")
            yield database
    except sqlite3.Error as error:
        raise RegistryError(f"the registry {path} cannot be read ({why(error)})", "restore its last backup") from None


@contextmanager
def write_transaction(path: Path, version: int = VERSION) -> Iterator[sqlite3.Connection]:
    """One write transaction on the registry at *path*: committed at the end of the block, rolled back if it raises.

    Raises:
        RegistryError: there is no registry, it is damaged or not of *version*, files beside it are foreign, it cannot
            be written, or a licence, chip or plate is in it already.
    """
    check_files(path, reading=False)
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("PRAGMA secure_delete = ON")
            check_version(path, database.execute("PRAGMA user_version").fetchone()[0], version)
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
        raise RegistryError(
            f"the registry {path} cannot be written ({why(error)})", "check its permissions and the disk"
        ) from None


def check_readable(path: Path, version: int) -> None:
    """Check that programs read registries of the schema *version*.

    Raises:
        RegistryError: they do not.
    """
    if version not in READABLE:
        check_version(path, version)


def check_version(path: Path, version: int, expected: int = VERSION) -> None:
    """Check that the registry's schema *version* is the *expected* one.

    An older one is never migrated here: the rows of version 1 have no MAC, so a person has to say that it is the right
    file, and an older program does not open a newer one.

    Raises:
        RegistryError: it is not.
    """
    if version == expected:
        return
    if 0 < version < VERSION:
        raise RegistryError(
            f"{path} is a registry of version {version}", "run autovelox registry migrate, which keeps a copy"
        )
    if version > VERSION:
        raise RegistryError(
            f"{path} is a registry of version {version}, this program knows {VERSION}", "update autovelox"
        )
    raise RegistryError(f"{path} is not a registry of version {expected}", "make one with autovelox registry init")
