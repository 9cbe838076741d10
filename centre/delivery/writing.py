"""Writing a batch of checked entries: the entries, their rows and the unit's new head in one statement.

One trip to PostgreSQL instead of eight: a unit that sends one entry at a time waits for little else. The statement
writes nothing unless the unit's head is still the one that the entries were checked against, and the unit is active.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from centre.database import Connection
from centre.delivery.erasing import erase_files
from centre.delivery.known import Known
from centre.delivery.orders import settle, settle_tombstone
from centre.delivery.projection import PORTRAIT, Rows, counting
from edge.cases.evidence import Chain, Link

FEW_ENTRIES, FEW_ROWS = 4, 8
"""In a batch of so few entries, so few rows of one table are parameters of their own: asyncpg needs 8 µs to encode an
array, and less than one for a value. More would be statements of too many shapes for PostgreSQL to keep."""
_ENTRY = ("bigint", "text", "bigint", "text", "bytea", "bytea", "bytea", "text", "date")
_CASE = ("bigint", "bigint", "float8", "text", "float8", "float8", "bigint", "text", "text", "text", "date")
_VERDICT = ("bigint", "bigint", "text", "text", "text", "date")
_FILE, _BLOB = ("bigint", "integer", "text", "date"), ("text", "bigint", "date")
TIMELESS = date.min
"""PostgreSQL's -infinity: the month of portraits, which are of many cases."""
_MOVED = """
moved AS (
    UPDATE units SET head_seq = {}, head_hash = {}, head_header = {}, first_key = {}, current_key = {}, cases = {},
        anchored = {}, public_key = {}, delivered_at = now()
    WHERE id = {} AND head_seq = {} AND head_hash = {} AND state = 'active' RETURNING id
)"""
_ENTRIES = """
new_entries AS (
    INSERT INTO entries (unit_id, seq, kind, case_number, hash, header, body, signature, key_id, month)
    SELECT moved.id, new.* FROM moved, {} AS new
)"""
_KEYS = """
new_keys AS (
    INSERT INTO unit_keys (unit_id, key_id, public_key, seq)
    SELECT moved.id, new.*, {}::bigint FROM moved, unnest({}::text[], {}::bytea[]) AS new
)"""
_FILED = """
filed AS (
    INSERT INTO cases (unit_id, number, filed_seq, at_utc, site, speed_kmh, limit_kmh, decided_seq, plate, outcome,
        driver_name, month, state)
    SELECT moved.id, new.*, CASE WHEN decided IS NULL THEN 'pending' ELSE 'decided' END
    FROM moved, {}
        AS new (number, filed, at, site, speed, speed_limit, decided, plate, outcome, driver, month)
)"""
_DECIDED = """
decided AS (
    UPDATE cases SET state = 'decided', decided_seq = new.seq, plate = new.plate, outcome = new.outcome,
        driver_name = new.driver
    FROM moved, {} AS new (number, seq, plate, outcome, driver, month)
    WHERE cases.unit_id = moved.id AND cases.number = new.number AND cases.month = new.month AND state <> 'purged'
        AND cases.month = ANY({}::date[]) AND cases.number = ANY({}::bigint[])
)"""
"""The numbers stand there twice, so that no plan reads all of the unit's cases of the month."""
_FILES = """
named AS (
    INSERT INTO files (unit_id, case_number, place, sha256, month)
    SELECT moved.id, new.* FROM moved, {} AS new
    ON CONFLICT DO NOTHING
), to_come AS (
    INSERT INTO blobs (unit_id, sha256, size, month)
    SELECT moved.id, new.* FROM moved, {} AS new ON CONFLICT DO NOTHING
)"""
_JUDGED = """
UPDATE cases SET review = $3, corrected_plate = coalesce($4, corrected_plate)
WHERE unit_id = $1 AND number = $2 AND state <> 'purged'
"""
_JUDGEMENTS = """
SELECT seq, kind, body FROM entries WHERE unit_id = $1 AND case_number = $2 AND body IS NOT NULL
    AND kind IN ('confirm', 'confirm_vehicle', 'set_name_aside', 'dismiss', 'correct_plate', 'withdraw') ORDER BY seq
"""
_COUNTS = """
UPDATE cases SET review = $3, corrected_plate = $4 WHERE unit_id = $1 AND number = $2 AND state <> 'purged'
"""
_HELD = "UPDATE cases SET is_held = $3 WHERE unit_id = $1 AND number = $2"


async def write_batch(
    connection: Connection, unit: int, before: Known, after: Known, chain: Chain, new: Sequence[Link], rows: Rows
) -> bool:
    """Write the entries *new*, which end the *chain*, with their *rows*, whole or not at all.

    *before* is what they were checked against, *after* what is known with them.

    Returns:
        Whether they were written; False where the unit's head is not *before*'s any more, or it is not active.
    """
    statement = _Statement()
    statement.add(
        _MOVED,
        *(after.head_seq, after.head_hash, after.head_header, after.first_key, after.current_key, after.cases),
        *(after.anchored, after.public_key, unit, before.head_seq, before.head_hash),
    )
    entries = [
        (
            *(header["seq"], header["kind"], header["case"], chain.hash_of[header["seq"]], *link),
            rows.months[header["case"]] if header["kind"] == "filed" else None,
        )
        for header, link in zip(chain.headers[-len(new) :], new, strict=True)
    ]
    are_few = len(new) <= FEW_ENTRIES
    statement.add(_ENTRIES, _Rows(_ENTRY, entries, are_few))
    introduced = {key_id: key for key_id, key in after.keys.items() if key_id not in before.keys}
    if introduced:
        statement.add(_KEYS, chain.entries, list(introduced), list(introduced.values()))
    _add_cases(statement, rows, {**before.months_of(row[0] for row in rows.decided), **rows.months}, are_few)
    return bool(await connection.fetchval(statement.text, *statement.values))


def _add_cases(statement: _Statement, rows: Rows, months: Mapping[int, date], are_few: bool) -> None:
    decided = {row[0]: row[1:] for row in rows.decided}
    undecided = (None, "", None, "")
    filed = [(*row, *decided.pop(row[0], undecided), months[row[0]]) for row in rows.filed]
    if filed:
        statement.add(_FILED, _Rows(_CASE, filed, are_few))
    if decided:
        verdicts = [(number, *rest, months[number]) for number, rest in decided.items()]
        statement.add(
            _DECIDED, _Rows(_VERDICT, verdicts, are_few), sorted({months[number] for number in decided}), list(decided)
        )
    if rows.files:
        files = [(number, place, digest, months[number]) for number, place, digest, _ in rows.files]
        blobs = [
            (digest, size, TIMELESS if place == PORTRAIT else months[number])
            for number, place, digest, size in rows.files
        ]
        statement.add(_FILES, _Rows(_FILE, files, are_few), _Rows(_BLOB, blobs, are_few))


class _Rows(NamedTuple):
    """Rows for a statement, with the types of their columns."""

    types: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    are_few: bool

    @property
    def apart(self) -> int:
        """How many of them are parameters of their own; 0 where each column is an array."""
        return len(self.rows) if self.are_few and len(self.rows) <= FEW_ROWS else 0

    @property
    def values(self) -> list[object]:
        """The parameters."""
        return (
            [value for row in self.rows for value in row] if self.apart else [*map(list, zip(*self.rows, strict=True))]
        )


class _Statement:
    """A WITH statement that grows; of one text for batches of one shape, so that PostgreSQL plans each once."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, tuple[tuple[tuple[str, ...], int] | None, ...]]] = []
        self.values: list[object] = []

    def add(self, part: str, *values: object) -> None:
        """Add *part*, with a parameter, or rows, for each ``{}`` in it."""
        self._parts.append((part, tuple((of.types, of.apart) if isinstance(of, _Rows) else None for of in values)))
        for of in values:
            self.values += of.values if isinstance(of, _Rows) else [of]

    @property
    def text(self) -> str:
        """The statement; it answers how many units' heads it moved."""
        return _text(*self._parts)


@lru_cache(maxsize=256)
def _text(*parts: tuple[str, tuple[tuple[tuple[str, ...], int] | None, ...]]) -> str:
    """The statement of *parts*, each with its parameters: one, or rows of these types, so many or as arrays."""
    numbers = itertools.count(1)

    def place(shape: tuple[tuple[str, ...], int] | None) -> str:
        if shape is None:
            return f"${next(numbers)}"
        types, count = shape
        if not count:
            return "unnest(" + ", ".join(f"${next(numbers)}::{kind}[]" for kind in types) + ")"
        rows = ("(" + ", ".join(f"${next(numbers)}::{kind}" for kind in types) + ")" for _ in range(count))
        return "(VALUES " + ", ".join(rows) + ")"

    return (
        "WITH" + ",".join(part.format(*map(place, shapes)) for part, shapes in parts) + "\nSELECT count(*) FROM moved"
    )


async def write_events(connection: Connection, unit: int, rows: Rows) -> None:
    """Write what entries say of cases that are here already; the caller has begun a transaction."""
    if rows.judged:
        await connection.executemany(_JUDGED, [(unit, *row) for row in rows.judged])
    for number in dict.fromkeys(rows.withdrawn):
        entries = [tuple(row) for row in await connection.fetch(_JUDGEMENTS, unit, number)]
        await connection.execute(_COUNTS, unit, number, *counting(entries))
    if rows.held:
        await connection.executemany(_HELD, [(unit, *row) for row in rows.held])
    for number, seq in rows.purged:
        if await connection.fetchval("SELECT 1 FROM holds WHERE unit_id = $1 AND case_number = $2", unit, number):
            sql = "UPDATE cases SET purged_seq = $3 WHERE unit_id = $1 AND number = $2"  # it stays here until released
            await connection.execute(sql, unit, number, seq)
        else:
            await purge_case(connection, unit, number, seq)
        await settle_tombstone(connection, unit, seq, number)
    for seq, case, content in rows.ordered:
        await settle(connection, unit, seq, case, content)


async def purge_case(connection: Connection, unit: int, number: int, seq: int) -> None:
    """Its tombstone is entry *seq*: nothing of the case stays but the headers of its entries; in a transaction."""
    await connection.execute(
        "UPDATE entries SET body = NULL WHERE unit_id = $1 AND case_number = $2 AND kind <> 'purge'"
        " AND body IS NOT NULL",
        unit,
        number,
    )
    await connection.execute(
        "UPDATE cases SET state = 'purged', purged_seq = $3, at_utc = NULL, site = '', speed_kmh = NULL,"
        " limit_kmh = NULL, plate = '', corrected_plate = NULL, outcome = NULL, driver_name = '', review = NULL,"
        " is_held = false WHERE unit_id = $1 AND number = $2",
        unit,
        number,
        seq,
    )
    await erase_files(connection, unit, number)
