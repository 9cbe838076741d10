"""What the law of a case counts its speeds in, from the entry that filed it: the rows of cases do not say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from centre.database import Connection, Row
from edge.model import SpeedUnit

_FILED: Final = """
SELECT asked.serial, asked.number, body FROM unnest($1::text[], $2::bigint[]) AS asked (serial, number)
JOIN units ON units.serial = asked.serial
JOIN entries ON unit_id = units.id AND case_number = asked.number AND kind = 'filed' AND body IS NOT NULL
"""


async def counted_in_mph(connection: Connection, rows: Sequence[Row]) -> frozenset[tuple[str, int]]:
    """Serial and number of those of the *rows* of cases whose law counts in miles per hour."""
    if not rows:
        return frozenset()
    asked = [row["serial"] for row in rows], [row["number"] for row in rows]
    filed = await connection.fetch(_FILED, *asked)
    return frozenset((row["serial"], row["number"]) for row in filed if _is_mph(row["body"]))


def _is_mph(body: bytes) -> bool:
    """Whether the manifest *body*, which was read when it came, says so."""
    return bool(json.loads(body).get("speed_unit") == SpeedUnit.MPH)
