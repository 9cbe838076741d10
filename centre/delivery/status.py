"""What a unit says of itself every minute, and what the centre answers: how far it is, and what it wishes."""

from __future__ import annotations

import json
import re
from typing import Any

from centre.database import Pool, transaction
from centre.delivery.blobs import compared, note_lost, settled_cases, wishes
from centre.delivery.entries import head_of
from centre.delivery.orders import orders_for, take_refusals
from centre.errors import Refused
from centre.units import AlarmKind, Visitor, raise_alarm
from edge.delivery.orders import MAX_ORDERS
from edge.delivery.wire import MAX_LEAVING, MAX_WISHES

MAX_STATUS_BYTES = 32 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


async def take_status(pool: Pool, visitor: Visitor, status: Any) -> dict[str, object]:
    """Keep the *status* of the visitor and compare its head with what is here; returns the answer.

    Raises:
        Refused: it is no status.
    """
    head, lost, refusals, leaving = _checked(status)
    text = _text({name: value for name, value in status.items() if name != "leaving"})
    held = await compared(pool, visitor, leaving)
    async with transaction(pool) as connection:
        # The share lock keeps an older head from being compared with a newer one.
        row = await connection.fetchrow(
            "SELECT head_seq, head_hash, anchored FROM units WHERE id = $1 FOR UPDATE", visitor.unit
        )
        await connection.execute(
            "UPDATE units SET status = $2::jsonb, status_at = now() WHERE id = $1", visitor.unit, text
        )
        if head[0] < row["head_seq"]:
            cause = "its chain is shorter than what it delivered: it was restored from a backup, or is a copy"
            await raise_alarm(connection, visitor.unit, AlarmKind.ROLLED_BACK, cause, seq=head[0])
        elif head[0] == row["head_seq"] and head[1] != row["head_hash"]:
            cause = "two entries have this number: the unit was cloned or restored, or somebody has its key"
            await raise_alarm(connection, visitor.unit, AlarmKind.FORK, cause, seq=head[0])
        elif head[0] == row["head_seq"] and head[0] and not row["anchored"]:
            cause = "its chain does not hold the key that it joined with"
            await raise_alarm(connection, visitor.unit, AlarmKind.NOT_ITS_KEY, cause)
        if lost:
            await note_lost(connection, visitor, lost)
        await take_refusals(connection, visitor.unit, refusals)
        confirmed = await head_of(connection, visitor)
        return {
            "confirmed": {"seq": confirmed.seq, "hash": confirmed.hash},
            "settled_cases": await settled_cases(connection, visitor),
            "wishes": await wishes(connection, visitor),
            "orders": await orders_for(connection, visitor.unit),
            **({"held": held} if leaving else {}),
        }


def _text(status: Any) -> str:
    """The *status* as PostgreSQL can hold it: no NaN, no NUL, no half of a surrogate pair."""
    try:
        text = json.dumps(status, ensure_ascii=False, allow_nan=False)
        size = len(text.encode("utf-8"))
    except ValueError:
        raise _refused() from None
    if "\\u0000" in text or size > MAX_STATUS_BYTES:
        raise _refused()
    return text


def _checked(status: Any) -> tuple[tuple[int, str], list[str], list[tuple[int, str]], list[str]]:
    """The head in the *status*, the files that the unit lost, the orders that it refuses, and what may leave it."""
    try:
        seq, digest = status["head"]["seq"], status["head"]["hash"]
        lost, leaving = status.get("lost", []), status.get("leaving", [])
        fine = type(seq) is int and 0 <= seq < 1 << 53 and isinstance(digest, str) and len(digest) == 64
        fine = fine and isinstance(lost, list) and len(lost) <= MAX_WISHES
        fine = fine and isinstance(leaving, list) and len(leaving) <= MAX_LEAVING
        if not fine or not all(isinstance(each, str) and _SHA256.fullmatch(each) for each in [*lost, *leaving]):
            raise ValueError
        refused = status.get("orders_refused", [])[:MAX_ORDERS]
        refusals = [(each["number"], each["cause"]) for each in refused]
        if not all(
            type(number) is int and 0 <= number < 1 << 53 and isinstance(cause, str) for number, cause in refusals
        ):
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _refused() from None
    return (seq, digest), lost, refusals, leaving


def _refused() -> Refused:
    return Refused("status", 422, "that is no status of a unit", "send what openapi.json describes")
