"""Entries about the unit itself, which belong to no case: start, stop, configuration, software, clock, self-check."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from edge.cases.evidence import Signs
from edge.cases.storage.entries import append_entry
from edge.cases.views import SelfCheck

SELFCHECK = "selfcheck"
"""The kind of the entry that says what the unit made of its test photo."""
_NEWEST = (
    "SELECT body FROM entries WHERE case_number IS NULL AND kind = ? AND body IS NOT NULL ORDER BY seq DESC LIMIT 1"
)
WHAT_CHANGED = ("start", "configuration", "software", "clock")
"""The kinds of entries that say what ran, with which settings, by which clock."""
_BEFORE = "SELECT seq, header, body FROM entries WHERE case_number IS NULL AND kind = ? AND seq < ? ORDER BY seq DESC"
_AFTER = "SELECT seq, header, body FROM entries WHERE case_number IS NULL AND kind = ? AND seq > ? ORDER BY seq"


def insert_note(database: sqlite3.Connection, kind: str, content: dict[str, Any], signer: Signs | None) -> int:
    """Enter a note; the caller has begun a transaction. Returns the number of its entry.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    return append_entry(database, kind, None, content, signer=signer).seq


def newest_note(database: sqlite3.Connection, kind: str) -> dict[str, Any] | None:
    """What the newest note of that *kind* says; None if there is none.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    row = database.execute(_NEWEST, (kind,)).fetchone()
    if row is None:
        return None
    content: dict[str, Any] = json.loads(row[0])
    return content


def selfcheck_before(database: sqlite3.Connection, seq: int) -> SelfCheck | None:
    """The newest self-check before entry *seq*; None if there is none."""
    return _selfcheck(database.execute(_BEFORE + " LIMIT 1", (SELFCHECK, seq)).fetchone())


def notes_before(database: sqlite3.Connection, seq: int) -> list[int]:
    """The number of the newest entry before entry *seq* of each kind of :data:`WHAT_CHANGED` that there is."""
    found = (database.execute(_BEFORE + " LIMIT 1", (kind, seq)).fetchone() for kind in WHAT_CHANGED)
    return [row[0] for row in found if row is not None]


def selfcheck_after(database: sqlite3.Connection, seq: int) -> SelfCheck | None:
    """The oldest self-check after entry *seq*; None if there is none yet."""
    return _selfcheck(database.execute(_AFTER + " LIMIT 1", (SELFCHECK, seq)).fetchone())


def _selfcheck(row: tuple[int, bytes, bytes] | None) -> SelfCheck | None:
    if row is None:
        return None
    return SelfCheck(row[0], float(json.loads(row[1])["at"]), json.loads(row[2]).get("good") is True)
