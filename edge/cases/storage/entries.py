"""Entries of the chain in the database, and the rows of ``cases`` that repeat what they say.

Every change of the database is one of the functions here, in :mod:`edge.cases.storage.withdrawals` or in
:mod:`edge.cases.storage.signatures`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping

from edge.cases.evidence import (
    Entry,
    Link,
    Manifest,
    Mismatch,
    Signs,
    driver_name,
    next_entry,
    sha256,
    shown_plate,
    to_case,
)
from edge.errors import NoSuchCase
from edge.model import Case

CLOCK = "clock"
"""The kind of the entry that says that the unit's clock was set back."""
PURGED = "purged"
"""The state of a case that was purged; the others are those of :class:`edge.model.State`."""


def last_entry(database: sqlite3.Connection) -> tuple[int, str] | None:
    """Sequence number and hash of the newest entry; None while the chain is empty.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    row = database.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else None


def read_links(database: sqlite3.Connection) -> Iterator[Link]:
    """The entries of the chain, in order.

    Raises:
        Mismatch: an entry is not filed under its own hash, kind and case.
        sqlite3.Error: the database cannot be read.
    """
    rows = database.execute("SELECT header, body, signature, key_id, hash, kind, case_number FROM entries ORDER BY seq")
    for header, body, signature, key_id, digest, kind, number in rows:
        link = Link(bytes(header), None if body is None else bytes(body), signature, key_id)
        try:
            content = json.loads(header)
        except ValueError:
            content = {}
        if sha256(link.header) != digest or content.get("kind") != kind or content.get("case") != number:
            raise Mismatch("an entry of the chain is not filed under its own hash, kind and case")
        yield link


def insert_entry(database: sqlite3.Connection, entry: Entry) -> None:
    """Store *entry* at the end of the chain.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    database.execute(
        "INSERT INTO entries (seq, kind, case_number, header, body, hash, signature, key_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (entry.seq, entry.kind, entry.case, entry.header, entry.body, entry.hash, entry.signature, entry.key_id),
    )


def append_entry(
    database: sqlite3.Connection,
    kind: str,
    case: int | None,
    content: Mapping[str, object],
    *,
    signer: Signs | None,
    at_utc: float | None = None,
) -> Entry:
    """Make the entry that follows the newest one, and store it; the caller has begun a transaction.

    *at_utc* is in seconds since the epoch (default: now). Where the clock was set back since the newest entry, a
    ``clock`` entry says so first. This is the only function that signs what is added, and it is called between
    :meth:`edge.cases.storage.unit_chain.UnitChain.extending`'s checks and its commit. Without *signer*, in a store that
    is no evidence or that a restore made, the entry takes the newest entry's time if its own is earlier.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    at_utc = time.time() if at_utc is None else at_utc
    newest = _newest_time(database)
    if at_utc < newest and signer is None:
        at_utc = newest
    elif at_utc < newest and kind != CLOCK:
        append_entry(database, CLOCK, None, {"set_back_from_utc": newest}, signer=signer, at_utc=at_utc)
    entry = next_entry(last_entry(database), kind, case, content, at_utc=at_utc, signer=signer)
    insert_entry(database, entry)
    return entry


def _newest_time(database: sqlite3.Connection) -> float:
    row = database.execute("SELECT header FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return float(json.loads(row[0])["at"]) if row else 0.0


def insert_filed(database: sqlite3.Connection, manifest: Manifest, signer: Signs | None) -> None:
    """Enter a case that was filed, its entry and its row; the caller has begun a transaction.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    case = to_case(manifest)
    entry = append_entry(database, "filed", case.number, manifest, signer=signer)
    database.execute(
        "INSERT INTO cases (number, state, at_utc, site, speed_kmh, limit_kmh, filed_seq)"
        " VALUES (?, 'pending', ?, ?, ?, ?, ?)",
        (case.number, case.trigger.at_utc, case.site, case.trigger.speed_kmh, case.limit_kmh, entry.seq),
    )


def insert_decided(database: sqlite3.Connection, manifest: Manifest, portrait: bytes, signer: Signs | None) -> Case:
    """Enter the verdict of a case: its entry, its row, and the driver's portrait (may be empty).

    The caller has begun a transaction.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    case = to_case(manifest, portrait=portrait)
    assert case.verdict is not None
    entry = append_entry(database, "decided", case.number, manifest, signer=signer)
    database.execute(
        "UPDATE cases SET state = 'decided', plate_text = ?, outcome = ?, driver_name = ?, decided_seq = ?"
        " WHERE number = ?",
        (shown_plate(case), str(case.verdict.outcome), driver_name(case), entry.seq, case.number),
    )
    if portrait:
        database.execute("INSERT INTO portraits VALUES (?, ?)", (case.number, portrait))
    return case


def insert_event(
    database: sqlite3.Connection,
    kind: str,
    number: int,
    content: Mapping[str, object],
    *,
    signer: Signs | None,
    at_utc: float,
    review: str | None = None,
    corrected_plate: str | None = None,
    exported_utc: float | None = None,
) -> Entry:
    """Enter what an officer did with a case; the caller has begun a transaction.

    *at_utc* is in seconds since the epoch. *review*, *corrected_plate* and *exported_utc* go into the row of the case;
    None leaves the row as it is.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    entry = append_entry(database, kind, number, content, signer=signer, at_utc=at_utc)
    database.execute(
        "UPDATE cases SET review = coalesce(?, review), corrected_plate = coalesce(?, corrected_plate),"
        " exported_utc = coalesce(?, exported_utc) WHERE number = ?",
        (review, corrected_plate, exported_utc, number),
    )
    return entry


def replace_with_tombstone(
    database: sqlite3.Connection,
    number: int,
    reason: str,
    *,
    signer: Signs | None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Delete what the database holds of a decided case and enter a ``purge``; the caller has begun a transaction.

    The headers of the case's entries stay. *reason* must contain no personal data. *details* becomes part of the entry:
    who purges a case before its time.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    (decided_seq,) = database.execute("SELECT decided_seq FROM cases WHERE number = ?", (number,)).fetchone()
    content = {"reason": reason, "decided_entry": decided_seq, **(details or {})}
    entry = append_entry(database, "purge", number, content, signer=signer)
    database.execute("UPDATE entries SET body = NULL WHERE case_number = ? AND kind != 'purge'", (number,))
    database.execute("DELETE FROM portraits WHERE case_number = ?", (number,))
    database.execute(
        "UPDATE cases SET purged_seq = ?, at_utc = 0, site = '', speed_kmh = NULL, limit_kmh = 0, plate_text = '',"
        " outcome = NULL, driver_name = '', review = NULL, corrected_plate = NULL, exported_utc = NULL"
        " WHERE number = ?",
        (entry.seq, number),
    )


def case_state(database: sqlite3.Connection, number: int) -> str:
    """The state of one case: pending, decided, or :data:`PURGED`.

    Raises:
        NoSuchCase: there is no case with that number.
        sqlite3.Error: the database cannot be read.
    """
    sql = "SELECT iif(purged_seq IS NULL, state, 'purged') FROM cases WHERE number = ?"
    row = database.execute(sql, (number,)).fetchone()
    if row is None:
        raise NoSuchCase(f"there is no case {number}", "autovelox cases list shows which there are")
    return str(row[0])


def case_states(database: sqlite3.Connection) -> dict[int, str]:
    """The state of every case there ever was, by number: pending, decided, or :data:`PURGED`.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    rows = database.execute("SELECT number, iif(purged_seq IS NULL, state, 'purged') FROM cases ORDER BY number")
    return {int(number): str(state) for number, state in rows}


def read_filed_manifest(database: sqlite3.Connection, number: int) -> Manifest:
    """The manifest that the case was filed with.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    sql = "SELECT body FROM entries JOIN cases ON seq = filed_seq WHERE number = ?"
    manifest: Manifest = json.loads(database.execute(sql, (number,)).fetchone()[0])
    return manifest
