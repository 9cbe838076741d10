"""Orders on their way: in the answer to a unit's status, until its chain says that they were carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from centre.database import Connection, Row
from edge.delivery.orders import MAX_ORDERS, SignedOrder

MAX_CAUSE = 200
TO_COME = f"""
SELECT encode(document, 'hex') AS document, (SELECT json_object_agg(key_id, encode(signature, 'hex'))
    FROM order_signatures WHERE order_signatures.number = orders.number) AS signatures
FROM orders WHERE unit_id = $1 AND signed_at IS NOT NULL AND done_at IS NULL AND withdrawn_at IS NULL AND until > now()
ORDER BY refused IS NOT NULL, number LIMIT {MAX_ORDERS}
"""  # noqa: S608 - the limit is a number of ours
"""The orders that the unit is to be sent: signed, not done, in time; those that it refused come last."""
_CASES_DONE = """
WITH done AS (
    UPDATE order_cases SET done_seq = $3 WHERE unit_id = $1 AND case_number = $2 AND done_seq IS NULL
        AND number = ANY($4::bigint[]) RETURNING number, case_number
)
UPDATE orders SET done_at = now(), done_seq = $3, refused = NULL FROM done
WHERE orders.number = done.number AND done_at IS NULL AND NOT EXISTS (SELECT FROM order_cases AS left_over
    WHERE left_over.number = done.number AND left_over.case_number <> done.case_number AND left_over.done_seq IS NULL)
"""
_PURGE_ORDERS = """
SELECT orders.number FROM order_cases JOIN orders USING (number)
WHERE order_cases.unit_id = $1 AND case_number = $2 AND kind = 'purge' AND order_cases.done_seq IS NULL
"""
_LIST = """
SELECT number, serial, kind, made_at, until, signed_at, withdrawn_at, done_at, refused,
    (SELECT array_agg(name ORDER BY order_signatures.signed_at) FROM order_signatures JOIN signers USING (key_id)
        WHERE order_signatures.number = orders.number) AS names,
    (SELECT count(*) FROM order_cases WHERE order_cases.number = orders.number) AS cases,
    (SELECT count(*) FROM order_cases WHERE order_cases.number = orders.number AND done_seq IS NOT NULL) AS done,
    document
FROM orders JOIN units ON units.id = unit_id
WHERE CASE WHEN $1::bigint IS NOT NULL THEN number = $1 ELSE $2 OR (done_at IS NULL AND withdrawn_at IS NULL) END
ORDER BY number
"""


def orders_in(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
    """The orders of :data:`TO_COME`, as they are sent."""
    return [SignedOrder(bytes.fromhex(row["document"]), row["signatures"]).record() for row in rows]


async def settle(connection: Connection, unit: int, seq: int, case: int | None, content: Mapping[str, object]) -> None:
    """Entry *seq* of the unit's chain, with this *content*, names an order; note what became of it."""
    order, refused = content.get("order"), content.get("refused")
    if case is not None:
        number = _number(order)
        if number is not None:
            await connection.execute(_CASES_DONE, unit, case, seq, [number])
    elif (number := _number(order)) is not None and refused is None:
        await connection.execute(
            "UPDATE orders SET done_at = now(), done_seq = $3, refused = NULL WHERE unit_id = $1 AND number = $2"
            " AND kind = 'configuration' AND done_at IS NULL",
            *(unit, number, seq),
        )
    if isinstance(refused, Mapping) and (number := _number(refused)) is not None:
        await connection.execute(
            "UPDATE orders SET done_at = now(), done_seq = $3, refused = $4 WHERE unit_id = $1 AND number = $2"
            " AND kind = 'configuration' AND done_at IS NULL",
            *(unit, number, seq, _words(refused.get("cause"))),
        )


async def settle_tombstone(connection: Connection, unit: int, seq: int, case: int) -> None:
    """The case was purged, for whatever reason: orders to purge it are done."""
    rows = await connection.fetch(_PURGE_ORDERS, unit, case)
    if rows:
        await connection.execute(_CASES_DONE, unit, case, seq, [row["number"] for row in rows])


async def take_refusals(connection: Connection, unit: int, refusals: Sequence[tuple[int, str]]) -> None:
    """Keep what *unit* says of orders that it does not obey: number and cause."""
    await connection.executemany(
        "UPDATE orders SET refused = $3 WHERE unit_id = $1 AND number = $2 AND done_at IS NULL",
        [(unit, number, _words(cause)) for number, cause in refusals],
    )


async def list_orders(connection: Connection, number: int | None = None, *, every: bool = False) -> list[Row]:
    """Order *number*, or those that are to come, or with *every* all there were."""
    rows: list[Row] = await connection.fetch(_LIST, number, every)
    return rows


def _number(order: object) -> int | None:
    number = order.get("number") if isinstance(order, Mapping) else None
    return number if type(number) is int and 0 < number < 1 << 53 else None


def _words(cause: object) -> str:
    return str(cause)[:MAX_CAUSE].encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
