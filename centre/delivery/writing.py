"""Writing a batch of checked entries: the entries, their rows and the unit's new head in one statement.

One trip to PostgreSQL instead of eight: a unit that sends one entry at a time waits for little else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from centre.database import Connection
from centre.delivery.projection import Rows, counting
from edge.cases.evidence import Chain, Link

_WRITE = """
WITH new_entries AS (
    INSERT INTO entries (unit_id, seq, kind, case_number, hash, header, body, signature, key_id)
    SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[],
        $9::text[])
), filed AS (
    INSERT INTO cases (unit_id, number, filed_seq, at_utc, site, speed_kmh, limit_kmh, decided_seq, plate, outcome,
        driver_name, state)
    SELECT $1, *, CASE WHEN decided IS NULL THEN 'pending' ELSE 'decided' END FROM unnest($10::bigint[], $11::bigint[],
        $12::float8[], $13::text[], $14::float8[], $15::float8[], $16::bigint[], $17::text[], $18::text[], $19::text[])
        AS new (number, filed, at, site, speed, speed_limit, decided, plate, outcome, driver)
), decided AS (
    UPDATE cases SET state = 'decided', decided_seq = new.seq, plate = new.plate, outcome = new.outcome,
        driver_name = new.driver
    FROM unnest($20::bigint[], $21::bigint[], $22::text[], $23::text[], $24::text[])
        AS new (number, seq, plate, outcome, driver)
    WHERE cases.unit_id = $1 AND cases.number = new.number AND state <> 'purged'
), named AS (
    INSERT INTO files (unit_id, case_number, place, sha256)
    SELECT $1, * FROM unnest($25::bigint[], $26::integer[], $27::text[]) ON CONFLICT DO NOTHING
), to_come AS (
    INSERT INTO blobs (unit_id, sha256, size)
    SELECT $1, * FROM unnest($27::text[], $28::bigint[]) ON CONFLICT DO NOTHING
)
UPDATE units SET head_seq = $29, head_hash = $30, head_header = $31, first_key = $32, current_key = $33, cases = $34,
    anchored = $35, public_key = $36, delivered_at = now() WHERE id = $1
"""
_JUDGED = """
UPDATE cases SET review = $3, corrected_plate = coalesce($4, corrected_plate)
WHERE unit_id = $1 AND number = $2 AND state <> 'purged'
"""
_JUDGEMENTS = """
SELECT seq, kind, body FROM entries WHERE unit_id = $1 AND case_number = $2 AND body IS NOT NULL
    AND kind IN ('confirm', 'dismiss', 'correct_plate', 'withdraw') ORDER BY seq
"""
_COUNTS = """
UPDATE cases SET review = $3, corrected_plate = $4 WHERE unit_id = $1 AND number = $2 AND state <> 'purged'
"""
_HELD = "UPDATE cases SET is_held = $3 WHERE unit_id = $1 AND number = $2"


async def write_batch(
    connection: Connection,
    unit: int,
    chain: Chain,
    new: Sequence[Link],
    rows: Rows,
    *,
    login_key: bytes,
    anchored: bool,
) -> None:
    """Write the entries *new*, which end the *chain*, with their *rows*; the caller has begun a transaction."""
    headers = chain.headers[-len(new) :]
    decided = {row[0]: row[1:] for row in rows.decided}
    undecided = (None, "", None, "")
    filed = [(*row, *decided.pop(row[0], undecided)) for row in rows.filed]
    await connection.execute(
        _WRITE,
        unit,
        *_columns(((header["seq"], header["kind"], header["case"]) for header in headers), 3),
        [chain.hash_of[header["seq"]] for header in headers],
        *_columns(new, 4),
        *_columns(filed, 10),
        *_columns(((number, *rest) for number, rest in decided.items()), 5),
        *_columns(rows.files, 4),
        chain.entries,
        chain.head,
        new[-1].header,
        chain.first_key,
        chain.current_key,
        max(chain.filed, default=chain.earlier_cases),
        anchored,
        login_key,
    )
    await _write_events(connection, unit, rows)


async def _write_events(connection: Connection, unit: int, rows: Rows) -> None:
    if rows.judged:
        await connection.executemany(_JUDGED, [(unit, *row) for row in rows.judged])
    for number in dict.fromkeys(rows.withdrawn):
        entries = [tuple(row) for row in await connection.fetch(_JUDGEMENTS, unit, number)]
        await connection.execute(_COUNTS, unit, number, *counting(entries))
    if rows.held:
        await connection.executemany(_HELD, [(unit, *row) for row in rows.held])
    for number, seq in rows.purged:
        await _purge(connection, unit, number, seq)


def _columns(rows: Iterable[Sequence[Any]], count: int) -> list[list[Any]]:
    """*rows* of *count* values each as lists, one a column, as unnest takes them."""
    columns: list[list[Any]] = [[] for _ in range(count)]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


async def _purge(connection: Connection, unit: int, number: int, seq: int) -> None:
    """A tombstone: nothing of the case stays but the headers of its entries."""
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
    await connection.execute("DELETE FROM files WHERE unit_id = $1 AND case_number = $2", unit, number)
    await connection.execute(
        "DELETE FROM blobs WHERE unit_id = $1 AND NOT EXISTS"
        " (SELECT 1 FROM files WHERE files.unit_id = blobs.unit_id AND files.sha256 = blobs.sha256)",
        unit,
    )
