"""Which judgement on a case counts, and the entry that withdraws it."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping

from edge.cases.evidence import Entry, Signs
from edge.cases.storage.entries import append_entry

_COUNTING = """
SELECT seq, kind, CAST(body AS TEXT) AS content FROM entries AS judged
WHERE case_number = :number
    AND kind IN ('confirm', 'confirm_vehicle', 'set_name_aside', 'dismiss', 'correct_plate') AND NOT EXISTS
    (SELECT 1 FROM entries AS back WHERE back.case_number = judged.case_number AND back.kind = 'withdraw'
        AND json_extract(CAST(back.body AS TEXT), '$.judgement') = judged.seq)
"""


def counting_judgement(database: sqlite3.Connection, number: int) -> int | None:
    """The entry of the newest judgement on a case that nobody withdrew; None if there is none.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    row = database.execute(f"{_COUNTING} ORDER BY seq DESC LIMIT 1", {"number": number}).fetchone()
    return int(row[0]) if row else None


def judged_for_good(database: sqlite3.Connection, number: int, before_utc: float) -> bool:
    """Whether the judgement on a case that counts is final: two officers made it, or one did before *before_utc*.

    *before_utc* is in seconds since the epoch.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    seq = counting_judgement(database, number)
    row = database.execute("SELECT header, body FROM entries WHERE seq = ?", (seq,)).fetchone()
    if row is None or row[1] is None:
        return False
    return "second" in json.loads(row[1]) or float(json.loads(row[0])["at"]) < before_utc


def judged_by_two(database: sqlite3.Connection, number: int) -> bool:
    """Whether the judgement on a case that counts is one of two officers.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    return judged_for_good(database, number, -math.inf)


def insert_withdrawal(
    database: sqlite3.Connection, number: int, content: Mapping[str, object], *, signer: Signs | None, at_utc: float
) -> Entry:
    """Enter that the judgement of entry ``content["judgement"]`` is withdrawn; the caller has begun a transaction.

    What counted before it counts again, and stands in the row of the case.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    entry = append_entry(database, "withdraw", number, content, signer=signer, at_utc=at_utc)
    database.execute(
        f"UPDATE cases SET review = (SELECT kind FROM ({_COUNTING}) ORDER BY seq DESC LIMIT 1), corrected_plate ="  # noqa: S608 - of constants
        f" (SELECT json_extract(content, '$.plate') FROM ({_COUNTING}) WHERE kind = 'correct_plate'"
        " ORDER BY seq DESC LIMIT 1) WHERE number = :number",
        {"number": number},
    )
    return entry
