"""Backup and restore. A backup is a state folder itself: ``verify`` checks it and the viewer shows it.

The database is copied with SQLite's online backup while the daemon runs. Sealed packets of pending cases are left
out: a backup outlives the verdict, and other people's packets must not. A pending case that comes back from a backup
is decided without them.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.chain import HEAD, INSERT, chain
from edge.cases.storage.database import connect, database_path, open_to_read, writing
from edge.cases.storage.journal import FRAMES, Journal, Pending
from edge.cases.storage.lock import LOCK_NAME
from edge.crypto.keyfile import sync_folder
from edge.errors import CaseError

DATED = "cases-"


def backup(state_dir: Path, to: Path, *, progress: Callable[[int, int], None] | None = None) -> str:
    """Copy the cases in *state_dir* to the folder *to* and verify the copy; returns where it is, what the check says.

    An existing *to* is a place for many backups: the copy becomes a dated folder in it, and photos that the one before
    holds too are hard links.

    Raises:
        CaseError: there is nothing to back up, *to* is a store itself, or it cannot be written.
        EvidenceError: the copy does not hold, so neither does the store.
    """
    before: Path | None = None
    if to.is_dir() and not database_path(to).exists():
        before = max((path for path in to.glob(f"{DATED}*") if path.is_dir()), default=None)
        to = to / datetime.now(UTC).strftime(f"{DATED}%Y-%m-%dT%H%M%SZ")
    part = _new_folder(to)
    try:
        with closing(open_to_read(state_dir)) as source:
            if source.execute("SELECT count(*) FROM entries").fetchone()[0] == 0:
                raise CaseError(f"{state_dir} holds no cases yet", "there is nothing to back up")
            with closing(connect(database_path(part))) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")  # so that it opens on read-only media
        journal, copied = Journal(state_dir), Journal(part)
        with closing(open_to_read(part)) as database:
            sql = "SELECT number, state, body FROM cases JOIN entries ON seq = filed_seq WHERE purged_seq IS NULL"
            rows = database.execute(sql).fetchall()
        for number, state, filed in rows:
            folder = f"{FRAMES}/{number:08d}"
            if (state_dir / folder).is_dir():
                _copy_photos(state_dir / folder, part / folder, before / folder if before else None)
            if state == "pending":
                pending = journal.read(number)
                copied.write(number, Pending(pending.content if pending else json.loads(filed), ()))
        says = f"{to}: {audit(part, progress=progress)}"
        _finish(part, to)
    except (OSError, sqlite3.Error) as error:
        raise CaseError(f"the backup {to} cannot be written ({error})", "check that disk") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return says


def restore(backup_dir: Path, state_dir: Path, *, progress: Callable[[int, int], None] | None = None) -> str:
    """Make *state_dir* (absent or empty) from the backup; that it was restored is an entry of the chain.

    Raises:
        CaseError: the unit runs, *state_dir* is not empty, or it cannot be written.
        EvidenceError: the backup does not hold.
    """
    if state_dir.is_dir() and database_path(state_dir).exists():
        with Archive(state_dir) as archive:
            running = archive.status().daemon_alive
        remedy = "stop the unit, then move that folder away" if running else "move that folder away first"
        raise CaseError(f"{state_dir} holds cases", f"{remedy}, a restore never overwrites")
    says = audit(backup_dir, progress=progress)
    if state_dir.is_dir():
        (state_dir / LOCK_NAME).unlink(missing_ok=True)
        try:
            state_dir.rmdir()
        except OSError:
            raise CaseError(f"{state_dir} is not empty", "move what is in it away first") from None
    part = _new_folder(state_dir)
    try:
        shutil.copytree(backup_dir, part, dirs_exist_ok=True)
        with writing(part) as database:
            head = database.execute(HEAD).fetchone()
            entry = chain(head, "restore", None, {"from_entry": head[0]}, at_utc=time.time(), signer=None)
            database.execute(INSERT, entry.row())
        _finish(part, state_dir)
    except OSError as error:
        raise CaseError(f"{state_dir} cannot be written ({error.strerror})", "check the disk") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return says


def _copy_photos(source: Path, target: Path, before: Path | None) -> None:
    target.mkdir(mode=0o750)
    for photo in source.glob("*.jpg"):
        earlier = before / photo.name if before is not None else None
        if earlier is not None and earlier.is_file() and earlier.stat().st_size == photo.stat().st_size:
            (target / photo.name).hardlink_to(earlier)
        else:
            shutil.copy2(photo, target / photo.name)


def _new_folder(to: Path) -> Path:
    """A folder beside *to* to build it in."""
    if to.exists():
        raise CaseError(f"{to} exists already", "a backup never overwrites, choose another name")
    part = to.with_name(f".{to.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise CaseError(f"{to} cannot be made ({error.strerror})", "check its folder and the disk") from None
    return part


def _finish(part: Path, to: Path) -> None:
    """Bring everything below *part* to the disk and give it its name."""
    for folder, _, files in os.walk(part):
        for name in files:
            handle = os.open(Path(folder, name), os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        sync_folder(Path(folder))
    part.rename(to)
    sync_folder(to.parent.resolve())
