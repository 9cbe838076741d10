"""Time stamps of a day's heads (RFC 3161): an authority outside says that every unit's chain was that long by then.

The centre is the units' witness; whoever has its database and its signing key could still write another past. What an
authority signed over all heads of a day, anybody can hold against the chains: ``openssl ts -verify``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from centre.database import Connection, Pool, taken
from centre.errors import CentreError
from edge.cases.evidence import canonical

FORMAT = "autovelox-heads/1"
Stamp = Callable[[bytes], bytes]
"""Gives an authority's answer for some bytes, checked; blocks while it asks."""


@dataclass(frozen=True, slots=True)
class StampedDay:
    """A *day* whose heads were stamped: how many of them are in the chains here, and the units whose are not."""

    day: date
    stamped_at: datetime
    holds: int
    wrong: tuple[str, ...]


async def stamp_heads(pool: Pool, centre: str, stamp: Stamp, *, now: datetime | None = None) -> bool:
    """Have the heads of all units stamped, once a day (UTC); returns whether it was done now.

    Raises:
        EdgeError: the authority does not answer, or not for this.
        BUSY, GONE: as they say; nothing was kept.
    """
    day = (now or datetime.now(UTC)).date()
    async with taken(pool) as connection:
        if await connection.fetchval("SELECT is_stamped($1)", day):
            return False
        rows = await connection.fetch("SELECT unit, seq, hash FROM heads_of_units() ORDER BY unit")
    heads = [{"unit": row["unit"], "seq": row["seq"], "hash": row["hash"]} for row in rows]
    document = canonical({"format": FORMAT, "centre": centre, "day": day.isoformat(), "heads": heads})
    answer = await asyncio.to_thread(stamp, document)
    async with taken(pool) as connection:
        await connection.execute("SELECT keep_stamp($1, $2, $3)", day, document, answer)
    return True


async def stamped_days(connection: Connection) -> list[StampedDay]:
    """Every day that was stamped, held against the chains that are here."""
    found = []
    for row in await connection.fetch("SELECT day, document, stamped_at FROM head_stamps ORDER BY day"):
        heads = [head for head in json.loads(row["document"])["heads"] if head["seq"]]
        here = await connection.fetch(
            "SELECT serial, seq, hash FROM unnest($1::text[], $2::bigint[]) AS asked (unit, number)"
            " JOIN units ON serial = unit JOIN entries ON unit_id = units.id AND seq = number",
            [head["unit"] for head in heads],
            [head["seq"] for head in heads],
        )
        there = {(each["serial"], each["seq"], each["hash"]) for each in here}
        wrong = [head["unit"] for head in heads if (head["unit"], head["seq"], head["hash"]) not in there]
        found.append(StampedDay(row["day"], row["stamped_at"], len(heads) - len(wrong), tuple(wrong)))
    return found


async def export_stamp(connection: Connection, day: date, to: Path) -> tuple[Path, Path]:
    """Write the heads of *day* and their time stamp into the folder *to*; returns both files.

    Raises:
        CentreError: that day was not stamped, or the files cannot be written.
    """
    row = await connection.fetchrow("SELECT document, stamp FROM head_stamps WHERE day = $1", day)
    if row is None:
        raise CentreError(f"the heads of {day} were not stamped", "autovelox-centre heads list shows which were")
    heads, stamp = to / f"heads-{day}.json", to / f"heads-{day}.json.tsr"
    try:
        heads.write_bytes(row["document"])
        stamp.write_bytes(row["stamp"])
    except OSError as error:
        raise CentreError(f"{to} cannot be written ({error.strerror})", "name a folder of yours") from None
    return heads, stamp
