"""What somebody has to look at: kept in the database until a person closes it."""

from __future__ import annotations

from enum import StrEnum

from centre.database import Connection, Row


class AlarmKind(StrEnum):
    """What an alarm is about."""

    FORK = "fork"
    """Two entries with one number: the unit was cloned or restored, or somebody has its key."""
    ROLLED_BACK = "rolled_back"
    """The unit's chain is shorter than what it had delivered."""
    BROKEN = "broken"
    """The unit sent something that does not follow, or that it did not sign."""
    NOT_ITS_KEY = "not_its_key"
    """The chain was delivered whole and does not hold the key that the unit joined with."""
    PHOTO = "photo"
    """A photo is not the one that the entry names, or the unit has it no more."""


MOST_OPEN = 50
"""Of one unit and kind: one that was stolen hides nothing of another behind a thousand alarms of its own."""
MANY = "there are more alarms of this kind of it than are kept"
_RAISE = """
INSERT INTO alarms (unit_id, kind, cause, seq)
SELECT $1, $2, CASE WHEN is_kept THEN $3 ELSE $6 END, CASE WHEN is_kept THEN $4 END FROM (
    SELECT count(*) < $5 OR bool_or(cause = $3 AND seq IS NOT DISTINCT FROM $4) AS is_kept FROM alarms
    WHERE unit_id IS NOT DISTINCT FROM $1::integer AND kind = $2::text AND closed_at IS NULL
) AS there
ON CONFLICT (unit_id, kind, cause, seq) DO UPDATE SET last_at = now(), times = alarms.times + 1, closed_at = NULL,
    closed_by = NULL
"""


async def raise_alarm(
    connection: Connection, unit: int | None, kind: AlarmKind, cause: str, *, seq: int | None = None
) -> None:
    """Keep an alarm; the same again is counted, and so are those beyond :data:`MOST_OPEN`.

    *cause* is one sentence without personal data.
    """
    await connection.execute(_RAISE, unit, str(kind), cause, seq, MOST_OPEN, MANY)


async def open_alarms(connection: Connection) -> list[Row]:
    """The alarms that nobody closed, the newest first: id, serial, kind, cause, seq, first_at, last_at, times."""
    rows: list[Row] = await connection.fetch(
        "SELECT alarms.id, serial, kind, cause, seq, first_at, last_at, times FROM alarms"
        " LEFT JOIN units ON units.id = unit_id WHERE closed_at IS NULL ORDER BY last_at DESC, alarms.id DESC"
    )
    return rows


async def close_alarm(connection: Connection, number: int, officer: str) -> bool:
    """Close alarm *number* in the name of *officer*; False if no such alarm is open."""
    sql = "UPDATE alarms SET closed_at = now(), closed_by = $2 WHERE id = $1 AND closed_at IS NULL RETURNING 1"
    return await connection.fetchval(sql, number, officer) is not None
