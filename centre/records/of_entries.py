"""What the entries of listed cases say that their rows do not: in what the law counts, and names taken away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from centre.database import Connection, Row
from edge.model import SpeedUnit

Named = tuple[str, int]
"""A case by the serial of its unit and its number."""

_ENTRIES: Final = """
SELECT asked.serial, asked.number, seq, kind, body
FROM unnest($1::text[], $2::bigint[]) AS asked (serial, number)
JOIN units ON units.serial = asked.serial
JOIN entries ON unit_id = units.id AND case_number = asked.number AND kind = ANY($3::text[]) AND body IS NOT NULL
"""


async def counted_in_mph(connection: Connection, rows: Sequence[Row]) -> frozenset[Named]:
    """Those of the *rows* of cases whose law counts in miles per hour."""
    filed = await _entries(connection, rows, "filed")
    return frozenset((row["serial"], row["number"]) for row in filed if _is_mph(row["body"]))


async def without_a_name(connection: Connection, rows: Sequence[Row]) -> frozenset[Named]:
    """Those of the *rows* whose name officers took away: by the plate they read, or by setting it aside."""
    judged = await _entries(connection, rows, "set_name_aside", "withdraw")
    withdrawn = {
        (row["serial"], row["number"], json.loads(row["body"])["judgement"])
        for row in judged
        if row["kind"] == "withdraw"
    }
    aside = {
        (row["serial"], row["number"])
        for row in judged
        if row["kind"] == "set_name_aside" and (row["serial"], row["number"], row["seq"]) not in withdrawn
    }
    fell = {(row["serial"], row["number"]) for row in rows if row["corrected_plate"] not in (None, row["plate"])}
    return frozenset(aside | fell)


async def _entries(connection: Connection, rows: Sequence[Row], *kinds: str) -> Sequence[Row]:
    """The entries of those *kinds* about the cases of *rows*; their contents were read when they came."""
    if not rows:
        return ()
    asked = [row["serial"] for row in rows], [row["number"] for row in rows]
    found: Sequence[Row] = await connection.fetch(_ENTRIES, *asked, list(kinds))
    return found


def _is_mph(body: bytes) -> bool:
    return bool(json.loads(body).get("speed_unit") == SpeedUnit.MPH)
