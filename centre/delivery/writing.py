"""Writing a batch of checked entries: the entries, their rows and the unit's new head in one statement.

One trip to PostgreSQL instead of eight: a unit that sends one entry at a time waits for little else. The statement
writes nothing unless the unit's head is still the one that the entries were checked against, and the unit is active.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from centre.database import Connection
from centre.delivery.erasing import erase_files
from centre.delivery.known import Known
from centre.delivery.orders import settle, settle_tombstone
from centre.delivery.projection import PORTRAIT, Rows, counting
from edge.cases.evidence import Chain, Link

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
    SELECT moved.id, new.* FROM moved, unnest({}::bigint[], {}::text[], {}::bigint[], {}::text[], {}::bytea[],
        {}::bytea[], {}::bytea[], {}::text[], {}::date[]) AS new
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
    FROM moved, unnest({}::bigint[], {}::bigint[], {}::float8[], {}::text[], {}::float8[], {}::float8[], {}::bigint[],
        {}::text[], {}::text[], {}::text[], {}::date[])
        AS new (number, filed, at, site, speed, speed_limit, decided, plate, outcome, driver, month)
)"""
_DECIDED = """
decided AS (
    UPDATE cases SET state = 'decided', decided_seq = new.seq, plate = new.plate, outcome = new.outcome,
        driver_name = new.driver
    FROM moved, unnest({}::bigint[], {}::bigint[], {}::text[], {}::text[], {}::text[], {}::date[])
        AS new (number, seq, plate, outcome, driver, month)
    WHERE cases.unit_id = moved.id AND cases.number = new.number AND cases.month = new.month AND state <> 'purged'
        AND cases.month = ANY({}::date[]) AND cases.number = ANY({}::bigint[])
)"""
"""The numbers stand there twice, so that no plan reads all of the unit's cases of the month."""
_FILES = """
named AS (
    INSERT INTO files (unit_id, case_number, place, sha256, month)
    SELECT moved.id, new.* FROM moved, unnest({}::bigint[], {}::integer[], {}::text[], {}::date[]) AS new
    ON CONFLICT DO NOTHING
), to_come AS (
    INSERT INTO blobs (unit_id, sha256, size, month)
    SELECT moved.id, new.* FROM moved, unnest({}::text[], {}::bigint[], {}::date[]) AS new ON CONFLICT DO NOTHING
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
    headers = chain.headers[-len(new) :]
    statement.add(
        _ENTRIES,
        *_columns(((header["seq"], header["kind"], header["case"]) for header in headers), 3),
        [chain.hash_of[header["seq"]] for header in headers],
        *_columns(new, 4),
        [rows.months[header["case"]] if header["kind"] == "filed" else None for header in headers],
    )
    introduced = {key_id: key for key_id, key in after.keys.items() if key_id not in before.keys}
    if introduced:
        statement.add(_KEYS, chain.entries, list(introduced), list(introduced.values()))
    _add_cases(statement, rows, {**before.months_of(row[0] for row in rows.decided), **rows.months}, before)
    return bool(await connection.fetchval(statement.text, *statement.values))


def _add_cases(statement: _Statement, rows: Rows, months: Mapping[int, date], before: Known) -> None:
    decided = {row[0]: row[1:] for row in rows.decided}
    undecided = (None, "", None, "")
    filed = [(*row, *decided.pop(row[0], undecided), months[row[0]]) for row in rows.filed]
    if filed:
        statement.add(_FILED, *_columns(filed, 11))
    if decided:
        columns = _columns(((number, *rest, months[number]) for number, rest in decided.items()), 6)
        statement.add(_DECIDED, *columns, sorted(set(columns[-1])), columns[0])
    if rows.files:
        files = [(number, place, digest, months[number]) for number, place, digest, _ in rows.files]
        blobs = [
            (digest, size, TIMELESS if place == PORTRAIT else months[number])
            for number, place, digest, size in rows.files
        ]
        statement.add(_FILES, *_columns(files, 4), *_columns(blobs, 3))


class _Statement:
    """A WITH statement that grows; of one text for batches of one shape, so that PostgreSQL plans each once."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, int]] = []
        self.values: list[object] = []

    def add(self, part: str, *values: object) -> None:
        """Add *part*, with a parameter for each ``{}`` in it."""
        self._parts.append((part, len(values)))
        self.values += values

    @property
    def text(self) -> str:
        """The statement; it answers how many units' heads it moved."""
        return _text(*self._parts)


@lru_cache(maxsize=64)
def _text(*parts: tuple[str, int]) -> str:
    """The statement of *parts*, each with so many parameters."""
    texts, first = list[str](), 1
    for part, count in parts:
        texts.append(part.format(*(f"${number}" for number in range(first, first + count))))
        first += count
    return "WITH" + ",".join(texts) + "\nSELECT count(*) FROM moved"


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


def _columns(rows: Iterable[Sequence[Any]], count: int) -> list[list[Any]]:
    """*rows* of *count* values each as lists, one a column, as unnest takes them."""
    columns: list[list[Any]] = [[] for _ in range(count)]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


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
