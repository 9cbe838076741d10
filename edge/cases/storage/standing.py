"""How a case stands by its entries: SQL expressions over a row of ``cases``, and what is asked of single cases."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

HELD = (
    "'hold' IS (SELECT kind FROM entries WHERE case_number = cases.number AND kind IN ('hold', 'release')"
    " ORDER BY seq DESC LIMIT 1)"
)
"""Whether a row of ``cases`` is kept beyond its time, as an SQL expression."""
FOLLOW_UP = (
    "(SELECT kind FROM entries WHERE case_number = cases.number"
    " AND kind IN ('keeper_asked', 'driver_named_by_keeper', 'closed') ORDER BY seq DESC LIMIT 1)"
)
"""What became of a row of ``cases`` in the ordinary way, as an SQL expression; NULL if nothing is recorded."""
WAITING = (
    "(SELECT json_extract(CAST(asked.body AS TEXT), '$.action') FROM entries AS asked"
    " WHERE asked.case_number = cases.number AND asked.kind = 'request'"
    " AND json_extract(CAST(asked.body AS TEXT), '$.action') IN"
    " ('confirm', 'confirm_vehicle', 'set_name_aside', 'dismiss', 'correct_plate', 'withdraw')"
    " AND json_extract(CAST(asked.body AS TEXT), '$.until_utc') > CAST(strftime('%s', 'now') AS REAL)"
    " AND NOT EXISTS (SELECT 1 FROM entries AS answer WHERE answer.case_number = cases.number"
    " AND answer.kind IN ('agree', 'refuse') AND json_extract(CAST(answer.body AS TEXT), '$.request') = asked.seq)"
    " ORDER BY asked.seq DESC LIMIT 1)"
)
"""The judgement on a row of ``cases`` that waits for a second officer, as an SQL expression; NULL if none does."""
NAME_SET_ASIDE = (
    "EXISTS (SELECT 1 FROM entries AS aside WHERE aside.case_number = cases.number AND aside.kind = 'set_name_aside'"
    " AND NOT EXISTS (SELECT 1 FROM entries AS back WHERE back.case_number = cases.number AND back.kind = 'withdraw'"
    " AND json_extract(CAST(back.body AS TEXT), '$.judgement') = aside.seq))"
)
"""Whether an officer set the name in a row of ``cases`` aside and nobody withdrew that, as an SQL expression."""


def is_held(database: sqlite3.Connection, number: int) -> bool:
    """Whether a case is kept for an appeal, so that it must not be purged."""
    row = database.execute(f"SELECT {HELD} FROM cases WHERE number = ?", (number,)).fetchone()  # noqa: S608 - constant
    return bool(row and row[0])


def follow_up_of(database: sqlite3.Connection, number: int) -> str | None:
    """The newest follow-up of a case, a kind of :data:`edge.cases.views.FOLLOW_UPS`; None if there is none."""
    row = database.execute(f"SELECT {FOLLOW_UP} FROM cases WHERE number = ?", (number,)).fetchone()  # noqa: S608
    return str(row[0]) if row and row[0] is not None else None


_JUDGED = f"NOT {HELD} AND review IN ('confirm', 'dismiss')"
_NEED_NO_CLAIMS = f"""
SELECT number, purged_seq IS NULL AND outcome IS 'ambiguous' FROM cases
WHERE state = 'decided' AND number IN (SELECT value FROM json_each(?))
AND (purged_seq IS NOT NULL OR outcome IS NOT 'ambiguous' OR {_JUDGED})
"""  # noqa: S608 - of constants


def without_need_of_claims(database: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, bool]:
    """Those of the cases *numbers* that are purged, not ambiguous, or judged and not on hold.

    The value says whether it is by an officer's judgement, which may be withdrawn.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    rows = database.execute(_NEED_NO_CLAIMS, (json.dumps(sorted(numbers)),))
    return {int(number): bool(is_judged) for number, is_judged in rows}
