"""Backup and restore. A backup is a state folder itself: ``verify`` checks it and the viewer shows it.

SQLite's online backup copies the database while the daemon runs. Sealed packets of pending cases are left out: a backup
outlives the verdict, and other people's packets must not. A pending case that is restored from a backup is decided
without packets.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence import Checkpoint, KeyFileError, Signer, read_checkpoint
from edge.cases.storage import (
    ChainSession,
    Journal,
    JournalFile,
    StateFolder,
    append_entry,
    connect,
    give_way,
    giving_way,
    last_entry,
    newest_checkpoint,
    newest_key,
    open_to_read,
    sync_tree,
    write_transaction,
)
from edge.cases.views import Progress, unwatched
from edge.crypto import sync_folder
from edge.errors import CaseError, EvidenceError, why

BACKUP_PREFIX = "cases-"


def backup(state_dir: Path, to: Path, *, progress: Progress = unwatched) -> str:
    """Copy the cases in *state_dir* to the folder *to* and verify the copy.

    If *to* exists, it is a place for many backups: the copy becomes a dated folder in it, in which photos that the
    backup before has as well are hard links. The copy must continue that backup, and the newest checkpoint there: a
    chain that was rewritten, with whatever keys, does not. *progress* is told of the verification.

    Returns:
        One sentence: where the copy is, and what its verification found.

    Raises:
        CaseError: there are no cases yet, *to* is a store itself, or it cannot be written.
        EvidenceError: the verification failed, so the store is damaged as well; or the chain does not continue what was
            backed up before.
    """
    before: Path | None = None
    checkpoint: Checkpoint | None = None
    if to.is_dir() and not StateFolder(to).database.exists():
        before = max((path for path in to.glob(f"{BACKUP_PREFIX}*") if path.is_dir()), default=None)
        checkpoint = _checkpoint_in(to)
        to = to / datetime.now(UTC).strftime(f"{BACKUP_PREFIX}%Y-%m-%dT%H%M%SZ")
    part = _new_folder(to)
    source_folder, target_folder = StateFolder(state_dir), StateFolder(part)
    try:
        with closing(open_to_read(source_folder)) as source:
            if source.execute("SELECT count(*) FROM entries").fetchone()[0] == 0:
                raise CaseError(f"{state_dir} holds no cases yet", "back it up once there are some")
            with closing(connect(target_folder.database)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")  # so that it opens on read-only media
        journal, copied = Journal(source_folder), Journal(target_folder)
        with closing(open_to_read(target_folder)) as database:
            if before is not None:
                _check_continues(database, StateFolder(before))
            sql = "SELECT number, state, body FROM cases JOIN entries ON seq = filed_seq WHERE purged_seq IS NULL"
            rows = database.execute(sql).fetchall()
        for number, state, filed in giving_way(source_folder, rows):
            if source_folder.case(number).is_dir():
                earlier = StateFolder(before).case(number) if before else None
                _copy_photos(source_folder.case(number), target_folder.case(number), earlier)
            if state == "pending":
                file = journal.read(number)
                copied.write(number, JournalFile(file.manifest if file else json.loads(filed), ()))
        says = f"{to}: {audit(part, checkpoint=checkpoint, progress=progress)}"
        _finish(part, to, partial(give_way, source_folder))
    except (OSError, sqlite3.Error) as error:
        raise CaseError(f"the backup {to} cannot be written ({why(error)})", "check that disk") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return says


def restore(
    backup_dir: Path,
    state_dir: Path,
    *,
    signer: Signer | None = None,
    progress: Progress = unwatched,
) -> str:
    """Make *state_dir*, which is absent or empty, from the backup. The restore becomes an entry of the chain.

    Without *signer* that entry is signed by the unit when it first opens the store.
    *progress* is told of the verification.

    Returns:
        One sentence: what the verification of the backup found.

    Raises:
        CaseError: the unit runs, *state_dir* is not empty, or it cannot be written.
        EvidenceError: the verification of the backup failed.
    """
    folder = StateFolder(state_dir)
    if state_dir.is_dir() and folder.database.exists():
        with Archive(state_dir) as archive:
            running = archive.status().daemon_alive
        remedy = "stop the unit, then move that folder away" if running else "move that folder away first"
        raise CaseError(f"{state_dir} holds cases", f"{remedy}, a restore never overwrites")
    says = audit(backup_dir, progress=progress)
    if state_dir.is_dir():
        folder.lock.unlink(missing_ok=True)
        try:
            state_dir.rmdir()
        except OSError:
            raise CaseError(f"{state_dir} is not empty", "move its files away first") from None
    part = _new_folder(state_dir)
    try:
        shutil.copytree(backup_dir, part, dirs_exist_ok=True)
        _record_restore(StateFolder(part), signer)
        _finish(part, state_dir)
    except OSError as error:
        raise CaseError(f"{state_dir} cannot be written ({error.strerror})", "check the disk") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return says


def _record_restore(folder: StateFolder, signer: Signer | None) -> None:
    with closing(open_to_read(folder)) as database:
        last, key = last_entry(database), newest_key(database)
    content = {"from_entry": last[0] if last else None}
    if signer is not None and key == signer.key_id:
        with ChainSession(folder, signer) as session, session.extending() as database:
            append_entry(database, "restore", None, content, signer=signer)
        return
    with write_transaction(folder) as database:  # a replaced unit, or an account without its key: the unit signs it
        append_entry(database, "restore", None, content, signer=None)


def _checkpoint_in(place: Path) -> Checkpoint | None:
    path = newest_checkpoint(place)
    try:
        return read_checkpoint(path) if path is not None else None
    except KeyFileError:
        raise CaseError(f"{path} is no checkpoint of a unit", "move it away if it is none of this unit's") from None


def _check_continues(database: sqlite3.Connection, before: StateFolder) -> None:
    """Check that the chain in *database* holds the newest entry of the backup *before*."""
    try:
        with closing(sqlite3.connect(f"{before.database.resolve().as_uri()}?mode=ro", uri=True)) as earlier:
            last = last_entry(earlier)
    except sqlite3.Error as error:
        raise CaseError(
            f"the backup before, {before.root}, cannot be read ({why(error)})",
            "verify it, and move it away if it is damaged",
        ) from None
    if last is None:
        return
    row = database.execute("SELECT hash FROM entries WHERE seq = ?", (last[0],)).fetchone()
    if row is None or row[0] != last[1]:
        raise EvidenceError(
            f"the chain does not continue the backup before, {before.root}: entry {last[0]} of it is"
            f" {'missing' if row is None else 'another one'}",
            "keep both as they are and find out who wrote the chain anew; after a restore from an older backup, begin a"
            " new folder",
        )


def _copy_photos(source: Path, target: Path, before: Path | None) -> None:
    target.mkdir(mode=0o750)
    for photo in source.glob("*.jpg"):
        earlier = before / photo.name if before is not None else None
        if earlier is not None and earlier.is_file() and earlier.stat().st_size == photo.stat().st_size:
            (target / photo.name).hardlink_to(earlier)
        else:
            shutil.copy2(photo, target / photo.name)


def _new_folder(to: Path) -> Path:
    """An empty folder beside *to*, in which *to* is built."""
    if to.exists():
        raise CaseError(f"{to} exists already", "choose another name, a backup never overwrites")
    part = to.with_name(f".{to.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise CaseError(f"{to} cannot be made ({error.strerror})", "check its folder and the disk") from None
    return part


def _finish(part: Path, to: Path, before_sync: Callable[[], None] = lambda: None) -> None:
    """Sync everything below *part*, and rename it to *to*."""
    sync_tree(part, before_sync)
    part.rename(to)
    sync_folder(to.parent.resolve())
