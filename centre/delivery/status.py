"""What a unit says of itself every minute, and what the centre answers: how far it is, and what it wishes."""

from __future__ import annotations

import json
import re
from typing import Any

from centre.database import Pool, Row, taken, transaction
from centre.delivery.blobs import SETTLED, WISHES, compared, note_lost
from centre.delivery.orders import TO_COME, orders_in, take_refusals
from centre.errors import Refused
from centre.units import AlarmKind, Visitor, raise_alarm
from edge.delivery.orders import MAX_ORDERS
from edge.delivery.wire import MAX_LEAVING, MAX_WISHES

MAX_STATUS_BYTES = 32 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


_TAKE = f"""
WITH told AS (
    UPDATE units SET status = $2::jsonb, status_at = now() WHERE id = $1 RETURNING head_seq, head_hash, anchored
)
SELECT told.*, {SETTLED} AS settled, (SELECT json_agg(wishes) FROM ({WISHES}) AS wishes) AS wishes,
    (SELECT json_agg(orders) FROM ({TO_COME}) AS orders) AS orders
FROM told
"""  # noqa: S608 - put together of statements of ours
"""One trip to PostgreSQL. The row's lock keeps an older head from being compared with a newer one.

It has to write, and its commit to wait for a synchronous standby: what the answer confirms is there then, too. After a
crash of PostgreSQL entries are to be seen that the standby never got.
"""


async def take_status(pool: Pool, visitor: Visitor, status: Any) -> dict[str, object]:
    """Keep the *status* of the visitor and compare its head with what is here; returns the answer.

    Raises:
        Refused: it is no status.
    """
    head, lost, refusals, leaving = _checked(status)
    text = _text({name: value for name, value in status.items() if name != "leaving"})
    held = await compared(pool, visitor, leaving)
    if lost or refusals:  # before it is asked what is wished
        async with transaction(pool) as connection:
            await note_lost(connection, visitor, lost)
            await take_refusals(connection, visitor.unit, refusals)
    async with taken(pool) as connection:
        row = await connection.fetchrow(_TAKE, visitor.unit, text)
        if (found := _alarm(head, row)) is not None:
            kind, cause, seq = found
            await raise_alarm(connection, visitor.unit, kind, cause, seq=seq)
    return {
        "confirmed": {"seq": row["head_seq"], "hash": row["head_hash"]},
        "settled_cases": row["settled"],
        "wishes": json.loads(row["wishes"] or "[]"),
        "orders": orders_in(json.loads(row["orders"] or "[]")),
        **({"held": held} if leaving else {}),
    }


def _alarm(head: tuple[int, str], row: Row) -> tuple[AlarmKind, str, int | None] | None:
    """What is wrong with the unit's *head*, beside the one in *row*: kind, cause, entry."""
    seq, digest = head
    if seq < row["head_seq"]:
        cause = "its chain is shorter than what it delivered: it was restored from a backup, or is a copy"
        return AlarmKind.ROLLED_BACK, cause, seq
    if seq == row["head_seq"] and digest != row["head_hash"]:
        cause = "two entries have this number: the unit was cloned or restored, or somebody has its key"
        return AlarmKind.FORK, cause, seq
    if seq == row["head_seq"] and seq and not row["anchored"]:
        return AlarmKind.NOT_ITS_KEY, "its chain does not hold the key that it joined with", None
    return None


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
