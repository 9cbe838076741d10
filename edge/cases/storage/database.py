"""The case database: where it is, how it is opened, and the versions of its schema.

One SQLite file in WAL mode with ``synchronous=FULL``: what a commit returned for survives a power cut.
``secure_delete`` overwrites what is deleted. The WAL is emptied by its writers
(:mod:`edge.cases.storage.wal`), never by SQLite on its own.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path

from edge.cases.storage.durable import GROUP_WRITES
from edge.cases.storage.wal import empty_wal, mend_wal
from edge.errors import CaseError

BUSY_S = 10.0
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA foreign_keys = ON",
)


def database_path(state_dir: Path) -> Path:
    """The database below a state folder."""
    return state_dir / "cases.sqlite"


def migrations() -> tuple[str, ...]:
    """The SQL scripts of the schema, oldest first; version N is what the first N of them make."""
    folder = resources.files("edge.cases.storage") / "schema"
    scripts = sorted((entry for entry in folder.iterdir() if re.match(r"\d{3}_.*\.sql$", entry.name)), key=str)
    return tuple(script.read_text(encoding="utf-8") for script in scripts)


def connect(path: Path) -> sqlite3.Connection:
    """A connection that may write, in autocommit mode; the schema is left as it is."""
    database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    for pragma in PRAGMAS:
        database.execute(pragma)
    return database


def migrate(path: Path, target: int | None = None) -> int:
    """Create the database at *path* or bring it to schema version *target* (the newest), step by step.

    Each step is one transaction. Only whoever holds the store may call this: it also mends the WAL. Returns the version
    it had before (0: it was not there).

    Raises:
        CaseError: it is damaged, or a newer program wrote it.
    """
    steps = migrations()
    try:
        mend_wal(path)
        with closing(connect(path)) as database:
            before = version(database)
            if before > len(steps):
                raise CaseError(f"{path} was written by a newer program (schema {before})", "update this one")
            for number in range(before + 1, (len(steps) if target is None else target) + 1):
                script = f"BEGIN IMMEDIATE;{steps[number - 1]};PRAGMA user_version = {number};COMMIT;"
                database.executescript(script)
            path.chmod(GROUP_WRITES)  # officers record there what they do; SQLite's own files take its mode
            empty_wal(database, path)
    except (sqlite3.Error, OSError) as error:
        raise CaseError(f"{path} cannot be opened ({error})", "restore the last backup") from None
    return before


def version(database: sqlite3.Connection) -> int:
    """Schema version of an open database."""
    (number,) = database.execute("PRAGMA user_version").fetchone()
    return int(number)


def open_to_read(state_dir: Path) -> sqlite3.Connection:
    """A read-only connection to an existing store.

    Raises:
        CaseError: there is no store, it cannot be read, or its schema is not this program's.
    """
    path = database_path(state_dir)
    try:
        there = path.is_file()
    except PermissionError:
        raise CaseError(
            f"this account may not see the cases in {state_dir}", "ask to join the folder's group"
        ) from None
    if not there:
        raise CaseError(f"there is no case store in {state_dir}", "start the unit there first, or name its folder")
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None)
        try:
            found, newest = version(database), len(migrations())
        except sqlite3.Error:
            database.close()
            raise
    except sqlite3.Error as error:
        raise CaseError(
            f"{path} cannot be read ({error})", "check its permissions, or restore the last backup"
        ) from None
    if found != newest:
        database.close()
        remedy = "start the unit once, it updates the store" if found < newest else "update this program"
        raise CaseError(f"{path} has schema {found}, this program reads {newest}", remedy)
    return database


@contextmanager
def writing(state_dir: Path) -> Iterator[sqlite3.Connection]:
    """One write transaction on an existing store: committed and moved out of the WAL at the end, or undone.

    Raises:
        CaseError: there is no store, or it cannot be written.
    """
    open_to_read(state_dir).close()
    path = database_path(state_dir)
    try:
        with closing(connect(path)) as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            finally:
                if database.in_transaction:
                    database.execute("ROLLBACK")
            empty_wal(database, path)
    except (sqlite3.Error, OSError) as error:
        raise CaseError(f"{path} cannot be written ({error})", "check its permissions and the disk") from None
