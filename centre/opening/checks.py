"""Whether a unit may have these packets opened: signed by its key, filed and committed here, in time, within its quota.

Every refusal comes before a packet is opened. What was opened for whom is remembered (``openings``): of who was named
there is a keyed hash alone, so that one case never names two drivers, however often it is asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from centre.database import Connection, Pool, transaction
from centre.errors import Refused
from centre.units import Visitor
from edge.cases.evidence import to_case
from edge.crypto import is_signed
from edge.delivery.openings import REQUEST_DOMAIN
from edge.model import Case, Packet

ATTEMPTS: Final = 8
"""Different requests for one case: its photos are read anew after a restart, never so often."""
USUAL_DAYS: Final = 28
QUOTA: Final = 3
"""So many times its usual day a unit may have opened in 24 hours."""
_FILED: Final = """
SELECT hash, body, extract(epoch FROM received_at)::double precision AS received_utc,
    extract(epoch FROM now())::double precision AS now_utc
FROM entries WHERE unit_id = $1 AND seq = $2 AND kind = 'filed' AND case_number = $3
"""
_COUNT: Final = """
SELECT count(DISTINCT case_number) FILTER (WHERE asked_at > now() - interval '1 day') AS today,
    count(DISTINCT case_number) FILTER (WHERE asked_at <= now() - interval '1 day') AS before
FROM openings WHERE unit_id = $1 AND asked_at > now() - make_interval(days => $2)
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a unit may ask for: cases a day at least, seconds around the trigger, hours after it."""

    least_a_day: int
    window_s: float
    hours: float


async def check_signature(connection: Connection, visitor: Visitor, body: bytes, signature: bytes) -> None:
    """Check that the visitor's own key signed *body*: a stolen token opens nothing.

    Raises:
        Refused: it did not.
    """
    key = await connection.fetchval("SELECT public_key FROM units WHERE id = $1 AND state = 'active'", visitor.unit)
    if not is_signed(key or b"", REQUEST_DOMAIN + body, signature):
        raise Refused("not_signed", 403, "the request is not signed by the unit's key", "sign it")


async def filed_case(
    connection: Connection, visitor: Visitor, case: int, seq: int, digest: str, bounds: Bounds
) -> Case:
    """The case as its ``filed`` entry says, which is committed here.

    Raises:
        Refused: it is not here (yet), another one is, or it is too old.
    """
    row = await connection.fetchrow(_FILED, visitor.unit, seq, case)
    if row is None:
        raise Refused("not_filed", 409, "the case is not filed at the centre", "deliver its entry first", retry_s=1.0)
    if row["hash"] != digest or row["body"] is None:
        raise Refused("not_filed", 409, "another case is filed at the centre", "find out how this unit was cloned")
    try:
        found = to_case(json.loads(row["body"]))
        at_utc = float(found.trigger.at_utc)
        if not math.isfinite(at_utc) or found.number != case:
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise Refused("not_filed", 409, "the case at the centre cannot be read", "verify the unit's store") from None
    longest_s = 3600.0 * bounds.hours
    if row["now_utc"] - row["received_utc"] > longest_s or abs(row["received_utc"] - at_utc) > longest_s:
        raise Refused("too_late", 409, "the case is too old to be opened", "it stays unidentified")
    return found


def check_window(packets: Sequence[Packet], case: Case, bounds: Bounds) -> None:
    """Check that every one of *packets* answers a challenge of the window around the case's trigger.

    Raises:
        Refused: one was challenged or received at another time, or two answer one challenge.
    """
    at_utc = case.trigger.at_utc
    for packet in packets:
        times = (float(packet.challenged_at), packet.received_utc)
        if not all(math.isfinite(each) and abs(each - at_utc) <= bounds.window_s for each in times):
            raise Refused("window", 422, "a packet is of another time than the case", "send those of its window")
    if len({packet.nonce for packet in packets}) != len(packets):
        raise Refused("window", 422, "two packets answer one challenge", "send each once")


async def reserve(pool: Pool, visitor: Visitor, case: int, request: bytes, packets: int, bounds: Bounds) -> None:
    """Count this opening, before it is done.

    Raises:
        Refused: the unit had its share of the day, or of this case.
    """
    async with transaction(pool) as connection:
        await _one_at_a_time(connection, visitor)
        known = await connection.fetch(
            "SELECT request_sha256 FROM openings WHERE unit_id = $1 AND case_number = $2", visitor.unit, case
        )
        before = {row["request_sha256"] for row in known}
        if request in before:
            return
        if len(before) >= ATTEMPTS:
            raise Refused("quota", 409, "this case was opened too often", "find out what the unit asks for")
        if not before:
            count = await connection.fetchrow(_COUNT, visitor.unit, USUAL_DAYS + 1)
            if count["today"] >= max(bounds.least_a_day, QUOTA * count["before"] / USUAL_DAYS):
                cause = "the unit had three times its usual day of cases opened"
                raise Refused("quota", 429, cause, "it goes on within a day", retry_s=3600.0)
        await connection.execute(
            "INSERT INTO openings (unit_id, case_number, request_sha256, packets) VALUES ($1, $2, $3, $4)",
            visitor.unit,
            case,
            request,
            packets,
        )


async def name_once(pool: Pool, visitor: Visitor, case: int, request: bytes, key: bytes, licence: str) -> None:
    """Remember who is named, as a keyed hash; *key* has 32 bytes.

    Raises:
        Refused: another request for this case named somebody else.
    """
    named = hmac.digest(key, f"{visitor.serial}\n{case}\n{licence}".encode(), hashlib.sha256)
    async with transaction(pool) as connection:
        await _one_at_a_time(connection, visitor)
        rows = await connection.fetch(
            "SELECT named FROM openings WHERE unit_id = $1 AND case_number = $2 AND named IS NOT NULL",
            visitor.unit,
            case,
        )
        if any(not hmac.compare_digest(row["named"], named) for row in rows):
            raise Refused("named", 409, "this case named a driver already", "find out what the unit asks for")
        await connection.execute(
            "UPDATE openings SET named = $4 WHERE unit_id = $1 AND case_number = $2 AND request_sha256 = $3",
            visitor.unit,
            case,
            request,
            named,
        )


async def _one_at_a_time(connection: Connection, visitor: Visitor) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(4, $1)", visitor.unit)
