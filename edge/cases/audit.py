"""Verifying a whole store: chain, signatures, numbering, rows, files. It only reads; the daemon may run meanwhile.

It steps aside while the unit files a case (:mod:`edge.cases.storage.right_of_way`).
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from edge.cases.evidence import (
    Chain,
    Checkpoint,
    Mismatch,
    Signature,
    check_chain,
    check_checkpoint,
    check_signatures,
    check_trust,
    driver_name,
    sha256,
    shown_plate,
    to_case,
)
from edge.cases.storage import (
    CLAIMS,
    JOURNAL,
    PURGED,
    Head,
    StateFolder,
    case_state,
    give_way,
    giving_way,
    last_entry,
    open_to_read,
    photos_left,
    read_head,
    read_links,
)
from edge.cases.views import REVIEWS, EventKind, Progress, unwatched, watched
from edge.errors import CaseError, EvidenceError

PARALLEL_SIGNATURES = 2000
"""From this many signatures on, several processes check them."""
SIGNATURES_PER_JOB = 500
ENTRIES_AT_ONCE, SIGNATURES_AT_ONCE = 50, 10
"""How many are checked, some milliseconds, before the unit may file again."""
PURGE_S = 1.0
"""What a purge may need between a case's tombstone and the end of its photos."""

_ROWS = (
    "SELECT number, state, at_utc, site, speed_kmh, limit_kmh, plate_text, outcome, driver_name, review,"
    " corrected_plate, filed_seq, decided_seq, purged_seq FROM cases ORDER BY number"
)
_PURGED_ROW = (0.0, "", None, 0.0, "", None, "", None, None)
"""The row of a purged case: at_utc, site, speed, limit, plate, outcome, driver, review, correction."""


def audit(
    state_dir: Path,
    *,
    trusted: bytes | None = None,
    head: str | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress = unwatched,
) -> str:
    """Check everything in *state_dir*.

    *trusted* is a public key (32 bytes) that must have signed the verdicts, or an entry after them. *head* is a hash
    that an earlier audit reported and that must still be in the chain: a chain that was cut short looks like a younger
    one otherwise. A *checkpoint*, which the unit signed, serves the same purpose. *progress* is called with what
    is checked (entries, signatures, cases), how many of them are, and how many there are.

    Returns:
        One sentence with the numbers of cases and entries, the key, and the hash of the newest entry.

    Raises:
        CaseError: the store cannot be read.
        EvidenceError: a check failed; the message says which.
    """
    try:
        folder = StateFolder(state_dir)
        remembered = _remembered(folder)  # before the snapshot, which may be newer and never older
        with closing(open_to_read(folder)) as database:
            database.execute("BEGIN")  # one snapshot, whatever the daemon writes meanwhile
            try:
                says = _audit(folder, database, trusted, head, checkpoint, progress)
                if remembered is not None:
                    _check_remembered(database, remembered)
                return says
            except Mismatch as error:
                where = "" if error.entry is None else _case_of(database, error.entry)
                raise EvidenceError(
                    f"the evidence does not hold: {error}{where}",
                    "keep the store as it is and compare it with the last backup",
                ) from None
    except sqlite3.Error as error:
        raise CaseError(f"the case store cannot be read ({error})", "restore the last backup") from None


def _remembered(folder: StateFolder) -> Head | None:
    """The head that the unit remembers; None in a backup, or for an account that may not read it."""
    try:
        return read_head(folder)
    except CaseError:
        return None


def _check_remembered(database: sqlite3.Connection, head: Head) -> None:
    row = database.execute("SELECT hash FROM entries WHERE seq = ?", (head.seq,)).fetchone()
    if head.seq and (row is None or row[0] != head.hash):
        raise Mismatch(f"the chain does not hold entry {head.seq} as the unit wrote it")


def _case_of(database: sqlite3.Connection, entry: int) -> str:
    """The case that an entry belongs to, in brackets: a judge asks for cases, not for entries."""
    rows = database.execute(
        "SELECT number FROM cases WHERE filed_seq = :entry OR decided_seq = :entry"
        " UNION ALL SELECT case_number FROM entries WHERE seq = :entry AND case_number IS NOT NULL",
        {"entry": entry},
    ).fetchall()
    if rows:
        return f" (case {rows[0][0]})"
    later = "SELECT case_number FROM entries WHERE seq > ? AND case_number IS NOT NULL ORDER BY seq LIMIT 1"
    rows = database.execute(later, (entry,)).fetchall()
    return f" (before case {rows[0][0]})" if rows else ""


def _audit(
    folder: StateFolder,
    database: sqlite3.Connection,
    trusted: bytes | None,
    head: str | None,
    checkpoint: Checkpoint | None,
    progress: Progress,
) -> str:
    entries = last_entry(database)
    links = giving_way(folder, read_links(database), ENTRIES_AT_ONCE)
    chain = check_chain(watched("entries", links, entries[0] if entries else 0, progress))
    if head is not None and not database.execute("SELECT 1 FROM entries WHERE hash = ?", (head,)).fetchone():
        raise Mismatch(f"the chain no longer holds entry {head[:16]}...: its end was cut off or exchanged")
    _check_signatures(folder, chain.signatures, progress)
    if checkpoint is not None:
        check_checkpoint(chain, checkpoint)
    if trusted is not None:
        check_trust(chain, trusted, set(chain.decided) - chain.purged)
    rows = database.execute(_ROWS).fetchall()
    if {row[0] for row in rows} != chain.filed:
        raise Mismatch("the list of cases is not the one in the chain")
    with ThreadPoolExecutor() as pool:
        jobs = [_check_row(database, chain, row) for row in giving_way(folder, rows)]
        checks = pool.map(lambda job: _check_files(folder, *job), jobs)
        for _ in watched("cases", checks, len(rows), progress):
            pass
    signed = f"{len(chain.unsigned)} not signed yet" if chain.unsigned else "all signed"
    purged = f", {len(chain.purged)} of them purged" if chain.purged else ""
    if left := sum(may_be_gone for _, _, may_be_gone in jobs):
        purged += f", the photos of {left} of them at the centre"
    if chain.backwards:
        signed += f", {len(chain.backwards)} earlier than the one before"
    key = f" with key {chain.first_key}" if chain.first_key else ""
    return f"Everything holds: {len(rows)} cases{purged}, {chain.entries} entries, {signed}{key}; head {chain.head}"


def _check_signatures(folder: StateFolder, signatures: Sequence[Signature], progress: Progress) -> None:
    if len(signatures) < PARALLEL_SIGNATURES:
        _check_some(folder, signatures)
        return
    chunks = [signatures[start : start + SIGNATURES_PER_JOB] for start in range(0, len(signatures), SIGNATURES_PER_JOB)]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("forkserver")) as pool:
        for _ in watched("signatures", pool.map(partial(_check_some, folder), chunks), len(chunks), progress):
            pass


def _check_some(folder: StateFolder, signatures: Sequence[Signature]) -> None:
    """Check *signatures* in this process."""
    for start in giving_way(folder, range(0, len(signatures), SIGNATURES_AT_ONCE)):
        check_signatures(signatures[start : start + SIGNATURES_AT_ONCE])


def _check_row(
    database: sqlite3.Connection, chain: Chain, row: Sequence[Any]
) -> tuple[int, dict[str, str] | None, bool]:
    """Check a row of ``cases`` against the chain.

    Returns:
        Its number, the SHA-256 of each of its files, by name (None if the case is purged), and whether they may be
        gone, because the centre has them.
    """
    number, state, *shown, filed_seq, decided_seq, purged_seq = row
    entries = database.execute(
        "SELECT seq, kind, body FROM entries WHERE case_number = ? ORDER BY seq", (number,)
    ).fetchall()
    if (purged_seq is not None) != (number in chain.purged):
        raise Mismatch(f"case {number} is purged without a tombstone, or has one and is there")
    portrait = database.execute("SELECT image FROM portraits WHERE case_number = ?", (number,)).fetchone()
    if purged_seq is not None:
        left = [kind for _, kind, body in entries if body is not None and kind != "purge"]
        if left or portrait or tuple(shown) != _PURGED_ROW:
            raise Mismatch(f"case {number} was purged and some of it is still there")
        return number, None, False
    bodies = {seq: body for seq, _, body in entries}
    seq = chain.decided.get(number)
    if seq != decided_seq or (seq is not None) != (state == "decided") or bodies.get(filed_seq) is None:
        raise Mismatch(f"the row of case {number} does not agree with the chain")
    body = bodies[seq or filed_seq]
    if body is None:
        raise Mismatch(f"the manifest of case {number} is gone")
    manifest = json.loads(body)
    case = to_case(manifest)
    review, corrected = _reviews(entries)
    outcome = str(case.verdict.outcome) if case.verdict else None
    trigger = case.trigger
    plate = shown_plate(case)
    expected = [trigger.at_utc, case.site, trigger.speed_kmh, case.limit_kmh, plate, outcome, driver_name(case)]
    if shown != [*expected, review, corrected] or case.number != number:
        raise Mismatch(f"the row of case {number} was altered: it does not say what the manifest says")
    wanted = (manifest.get("driver") or {}).get("portrait_sha256")
    if wanted != (sha256(portrait[0]) if portrait else None):
        raise Mismatch(f"the portrait of case {number} was altered or is gone")
    return number, {photo["file"]: photo["sha256"] for photo in manifest["frames"]}, photos_left(database, number)


def _reviews(entries: Sequence[Sequence[Any]]) -> tuple[str | None, str | None]:
    """The newest judgement and the newest corrected plate of those that nobody withdrew."""
    review = corrected = None
    withdrawn = {json.loads(body)["judgement"] for _, kind, body in entries if kind == EventKind.WITHDRAW and body}
    for seq, kind, body in entries:
        if seq in withdrawn:
            continue
        if kind in REVIEWS:
            review = kind
        if kind == EventKind.CORRECT_PLATE and body is not None:
            corrected = json.loads(body)["plate"]
    return review, corrected


def _check_files(folder: StateFolder, number: int, wanted: dict[str, str] | None, may_be_gone: bool) -> None:
    """Check the files of a case; what a purge takes away meanwhile, or leaves the card, is no mismatch."""
    try:
        _compare_files(folder, number, wanted, may_be_gone)
    except Mismatch:
        with closing(open_to_read(folder)) as database:
            is_purged, has_left = case_state(database, number) == PURGED, photos_left(database, number)
        if is_purged:
            time.sleep(PURGE_S)
            wanted = None
        elif not has_left or may_be_gone:
            raise
        _compare_files(folder, number, wanted, has_left)


def _compare_files(folder: StateFolder, number: int, wanted: dict[str, str] | None, may_be_gone: bool) -> None:
    case = folder.case(number)
    if wanted is None:
        if case.exists():
            raise Mismatch(f"case {number} was purged and its photos are still there")
        return
    for name, digest in wanted.items():
        give_way(folder)
        try:
            with folder.path_of(name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            if may_be_gone and isinstance(error, FileNotFoundError):
                continue
            raise Mismatch(f"{name} of case {number} is gone") from None
        if found != digest:
            raise Mismatch(f"{name} of case {number} was altered")
    pending = folder.journal(number).exists()  # then it may have photos that no manifest names yet
    names = {path.name for path in case.iterdir()} if case.is_dir() else set()
    extra = names - {Path(name).name for name in wanted} - {JOURNAL, CLAIMS}
    if extra and not pending:
        raise Mismatch(f"{folder.name(case / min(extra))} belongs to no manifest")
