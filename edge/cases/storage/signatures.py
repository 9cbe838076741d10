"""The unit's signing key is superseded by another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.cases.evidence import (
    KEY_KIND,
    Signer,
    create_signing_key,
    key_content,
    load_signer,
)
from edge.cases.storage.continuation import continue_chain, newest_key
from edge.cases.storage.database import write_transaction
from edge.cases.storage.entries import append_entry, last_entry
from edge.cases.storage.head import Head, read_head, write_head
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import StoreLock
from edge.cases.storage.wal import mend_wal
from edge.crypto import sync_folder
from edge.errors import CaseError, SecretError


def rotate_signing_key(
    state_dir: Path,
    key_file: Path,
    details: Callable[[sqlite3.Connection], Mapping[str, object]] = lambda _database: {},
) -> Signer:
    """Replace the signing key: the old key signs what waits and the entry of the new key, and nothing after it.

    *details*, called inside the transaction, gives the content of the entry that says who did it, or refuses.

    The new key is on the disk (*key_file* + ``.new``) before the chain names it, and replaces *key_file* at the end.
    The old key stays as ``.old`` until somebody destroys it. A rotation that was interrupted is finished by calling
    again. Daemon and officers' service must be stopped.

    Raises:
        SecretError: a key is missing, or is not the chain's.
        EvidenceError: the chain does not continue what the unit wrote.
        CaseError: the store cannot be written, or another process writes to it.
    """
    folder = StateFolder(state_dir)
    lock = StoreLock(folder)
    try:
        with lock.alone() as alone:
            if not alone:
                raise CaseError(
                    "the unit or its officers' service runs and would go on signing with the old key",
                    "stop autovelox and autovelox-officers first",
                )
            return _rotate(folder, key_file, details)
    finally:
        lock.release()


def _rotate(
    folder: StateFolder, key_file: Path, details: Callable[[sqlite3.Connection], Mapping[str, object]]
) -> Signer:
    fresh = key_file.with_name(key_file.name + ".new")
    old = load_signer(key_file)
    new = load_signer(fresh) if fresh.exists() else create_signing_key(fresh)
    head = read_head(folder)
    mend_wal(folder.database)
    with write_transaction(folder) as database:
        known = newest_key(database)
        if known not in (None, old.key_id, new.key_id):
            raise SecretError(f"the cases are signed with key {known}, this is {old.key_id}", "put back that key file")
        if known != new.key_id:
            continue_chain(database, old, head)
            said = details(database)
            if known is None:
                append_entry(database, KEY_KIND, None, key_content(old, supersedes=None), signer=old)
            append_entry(database, KEY_KIND, None, key_content(new, supersedes=old.key_id), signer=old)
            # The new key signs an entry as well: that proves that it was there when it was introduced.
            append_entry(database, "rotation", None, said, signer=new)
        last = last_entry(database)
    try:
        if last is not None:
            write_head(folder, Head(*last))
        superseded = key_file.with_name(key_file.name + ".old")
        superseded.unlink(missing_ok=True)
        superseded.hardlink_to(key_file)
        fresh.replace(key_file)
        sync_folder(key_file.parent)
    except OSError as error:
        raise CaseError(
            f"the rotation is not finished ({error.strerror})", "check the disk, then give the command again"
        ) from None
    return new
