"""The unit's signing key in the chain: introduced once, rotated, and used for entries that wait for a signature."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from edge.cases.evidence import (
    DOMAIN,
    Signer,
    create_signing_key,
    introduction,
    key_entry,
    known_key_id,
    load_signer,
    next_entry,
)
from edge.cases.storage.database import transaction, write_transaction
from edge.cases.storage.entries import insert_entry, last_entry
from edge.cases.storage.layout import StateFolder
from edge.crypto.keyfile import sync_folder

_LAST_KEY = "SELECT body FROM entries WHERE kind = 'key' ORDER BY seq DESC LIMIT 1"
_UNSIGNED = "SELECT seq, header FROM entries WHERE signature IS NULL ORDER BY seq"


def countersign(database: sqlite3.Connection, signer: Signer) -> int:
    """Introduce the key to the chain if it is new there, and sign every entry that waits, in one transaction.

    Returns:
        How many entries waited.

    Raises:
        SecretError: the chain is signed with another key.
        sqlite3.Error: the database cannot be written.
    """
    with transaction(database):
        return _countersign(database, signer)


def has_unsigned(database: sqlite3.Connection) -> bool:
    """Whether an entry waits for its signature.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    return database.execute(f"{_UNSIGNED} LIMIT 1").fetchone() is not None


def rotate_signing_key(state_dir: Path, key_file: Path) -> Signer:
    """Replace the signing key: the old key signs what waits and the entry of the new key, which signs from then on.

    The new key is on the disk (*key_file* + ``.new``) before the chain names it, and replaces *key_file* at the end.
    The old key stays as ``.old`` until somebody destroys it. A rotation that was interrupted is finished by calling
    again. The unit must be stopped.

    Raises:
        SecretError: a key is missing, or is not the chain's.
        CaseError: the store cannot be written.
    """
    fresh = key_file.with_name(key_file.name + ".new")
    old = load_signer(key_file)
    new = load_signer(fresh) if fresh.exists() else create_signing_key(fresh)
    with write_transaction(StateFolder(state_dir)) as database:
        last_key = _last_key(database)
        if last_key is None or known_key_id(last_key) != new.key_id:
            _countersign(database, old)
            entry = key_entry(last_entry(database), new, supersedes=old.key_id, by=old)
            insert_entry(database, entry)
            # The new key signs an entry as well: that proves that it was there when it was introduced.
            at_utc = time.time()
            insert_entry(database, next_entry((entry.seq, entry.hash), "rotation", None, {}, at_utc=at_utc, signer=new))
    superseded = key_file.with_name(key_file.name + ".old")
    superseded.unlink(missing_ok=True)
    superseded.hardlink_to(key_file)
    fresh.replace(key_file)
    sync_folder(key_file.parent)
    return new


def _countersign(database: sqlite3.Connection, signer: Signer) -> int:
    entry = introduction(last_entry(database), _last_key(database), signer)
    if entry is not None:
        insert_entry(database, entry)
    waiting = database.execute(_UNSIGNED).fetchall()
    database.executemany(
        "UPDATE entries SET signature = ?, key_id = ? WHERE seq = ? AND signature IS NULL",
        [(signer.sign(DOMAIN + header), signer.key_id, seq) for seq, header in waiting],
    )
    return len(waiting)


def _last_key(database: sqlite3.Connection) -> bytes | None:
    row = database.execute(_LAST_KEY).fetchone()
    return bytes(row[0]) if row else None
