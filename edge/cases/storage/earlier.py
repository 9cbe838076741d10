"""What officers' programs of earlier versions wrote: entries without a signature, which the unit signed later.

Since officers' programs talk to a service of the unit, nobody writes such entries any more. A store that was not opened
since may end in some. They are signed once, when the first program of this version writes to the store, and only if
they are written exactly as those programs wrote; from then on an entry without a signature is an alarm.
"""

from __future__ import annotations

import sqlite3
import time

from edge.cases.evidence import DOMAIN, Link, Mismatch, Signs, parse_canonical

OFFICERS_KINDS = frozenset({"view", "confirm", "dismiss", "correct_plate", "export"})
RESTORE = "restore"
"""The kind that a restore without the key leaves for the unit to sign, in a store that remembers no head yet."""
CLOCK_SLACK_S = 60.0
"""How far such an entry may be ahead of this process's clock."""


def accept_earlier(
    database: sqlite3.Connection, signer: Signs, seq: int, link: Link, *, since_utc: float = 0.0, restored: bool = False
) -> None:
    """Sign entry *seq* if an officers' program of an earlier version wrote it like that.

    *restored*: the store remembers no head, so a restore may have left its entry. *since_utc* is the time of the head,
    in seconds since the epoch. The caller has begun a transaction.

    Raises:
        Mismatch: no such program writes such an entry.
        sqlite3.Error: the database cannot be read or written.
    """
    what = f"entry {seq}"
    header = parse_canonical(link.header, what)
    kind, number, at = header["kind"], header["case"], header["at"]
    restore = restored and kind == RESTORE
    if not (kind in OFFICERS_KINDS or restore) or (number is None) != restore:
        raise Mismatch(f"{what} ({kind}) is not signed, and only the unit writes such entries")
    content = parse_canonical(link.body, f"the content of {what}") if link.body is not None else {}
    said = restore or all(isinstance(content.get(name), str) for name in ("officer", "reason", "account"))
    sql = "SELECT 1 FROM entries WHERE kind = 'filed' AND case_number = ?"
    exists = number is None or database.execute(sql, (number,)).fetchone() is not None
    if not said or not exists or not since_utc <= at <= max(since_utc, time.time() + CLOCK_SLACK_S):
        raise Mismatch(f"{what} ({kind}) is not signed, and no officer's program writes it like that")
    sql = "UPDATE entries SET signature = ?, key_id = ? WHERE seq = ? AND signature IS NULL"
    database.execute(sql, (signer.sign(DOMAIN + link.header), signer.key_id, seq))
