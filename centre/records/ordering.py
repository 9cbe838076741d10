"""Orders of the centre's officers to units: drafted and signed by one, signed by a second where it takes two."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from centre.database import Connection, Row
from centre.delivery import purge_case
from centre.errors import CentreError
from centre.records.journal import Officer, enter
from centre.units import current_signers
from edge.cases.evidence import Signer, sha256
from edge.delivery.orders import MAX_CASES, ORDER_DOMAIN, ORDERABLE, Order, OrderKind, SignedOrder, signed_by

LIFE = timedelta(days=30)
"""How long a unit that is away may take to hear of an order."""
_CASES = """
SELECT number, state, is_held, purged_seq, EXISTS (SELECT FROM holds WHERE holds.unit_id = cases.unit_id
    AND case_number = cases.number) AS by_centre FROM cases WHERE unit_id = $1 AND number = ANY($2::bigint[])
"""
_OF_MONTH = """
SELECT serial, array_agg(number ORDER BY number) AS numbers FROM cases JOIN units ON units.id = unit_id
WHERE month = $1 AND cases.state = 'decided' AND NOT is_held AND purged_seq IS NULL
    AND NOT EXISTS (SELECT FROM holds WHERE holds.unit_id = cases.unit_id AND case_number = cases.number)
GROUP BY serial ORDER BY serial
"""


async def draft_order(
    connection: Connection,
    house: Signer,
    officer: Officer,
    key: Signer,
    *,
    centre: str,
    unit: str,
    kind: OrderKind,
    cases: Sequence[int] = (),
    settings: Mapping[str, Any] | None = None,
) -> int:
    """Make an order to *unit* and sign it with the officer's *key*; returns its number.

    *house* signs the centre's chain, which has the order before anything is kept of it.

    Raises:
        CentreError: there is no such unit or case, or the key is none of an officer's, or the order is none.
    """
    row = await connection.fetchrow("SELECT id FROM units WHERE serial = $1", unit)
    if row is None:
        raise CentreError(f"there is no unit {unit}", "autovelox-centre units list shows which there are")
    await _require_cases(connection, row["id"], kind, cases)
    if settings is not None and (forbidden := sorted(set(settings) - ORDERABLE)):
        raise CentreError(f"{forbidden[0]} cannot be set from afar", f"what can be: {', '.join(sorted(ORDERABLE))}")
    if not officer.reason.strip():
        raise CentreError("an order needs a reason", "give one: --reason TEXT")
    now, number = time.time(), int(await connection.fetchval("SELECT nextval('order_numbers')"))
    order = Order(
        centre=centre,
        unit=unit,
        number=number,
        kind=kind,
        reason=officer.reason,
        at_utc=now,
        until_utc=now + LIFE.total_seconds(),
        cases=tuple(sorted(set(cases))),
        settings=dict(settings) if settings is not None else None,
    )
    text = order.text()
    async with connection.transaction():
        await enter(
            connection,
            house,
            "order",
            officer.said(number=number, unit=unit, order=str(kind), cases=list(order.cases), sha256=sha256(text)),
        )
        await connection.execute(
            "INSERT INTO orders (number, unit_id, kind, document, until) VALUES ($1, $2, $3, $4, $5)",
            *(number, row["id"], str(kind), text, datetime.fromtimestamp(order.until_utc, UTC)),
        )
        await connection.executemany(
            "INSERT INTO order_cases (number, unit_id, case_number) VALUES ($1, $2, $3)",
            [(number, row["id"], case) for case in order.cases],
        )
        await _sign(connection, house, officer, key, number)
    return number


async def sign_order(connection: Connection, house: Signer, officer: Officer, key: Signer, number: int) -> None:
    """Sign order *number* with the officer's *key*.

    Raises:
        CentreError: there is no such order to be signed, the key is none of an officer's, or signed it before.
    """
    async with connection.transaction():
        await _sign(connection, house, officer, key, number)


async def withdraw_order(connection: Connection, house: Signer, officer: Officer, number: int) -> None:
    """Send order *number* to nobody any more. What the unit did already is done.

    Raises:
        CentreError: there is no such order that is still to come.
    """
    async with connection.transaction():
        await enter(connection, house, "order_withdrawn", officer.said(number=number))
        done = await connection.fetchval(
            "UPDATE orders SET withdrawn_at = now() WHERE number = $1 AND done_at IS NULL AND withdrawn_at IS NULL"
            " RETURNING number",
            number,
        )
        if done is None:
            raise _no_order(number)
        await connection.execute("DELETE FROM holds WHERE number = $1", number)


async def purge_of_month(connection: Connection, month: date) -> list[tuple[str, list[int]]]:
    """Units, and cases of theirs that were filed in *month* and may be purged, as many as an order takes each time."""
    rows = await connection.fetch(_OF_MONTH, month.replace(day=1))
    return [
        (row["serial"], row["numbers"][start : start + MAX_CASES])
        for row in rows
        for start in range(0, len(row["numbers"]), MAX_CASES)
    ]


async def _require_cases(connection: Connection, unit: int, kind: OrderKind, cases: Sequence[int]) -> None:
    if len(cases) > MAX_CASES or (kind is OrderKind.CONFIGURATION) == bool(cases):
        raise CentreError(f"an order is about 1 to {MAX_CASES} cases, and a configuration about none", "say which")
    rows = {row["number"]: row for row in await connection.fetch(_CASES, unit, list(cases))}
    for case in cases:
        row = rows.get(case)
        if row is None or row["state"] == "purged":
            raise CentreError(f"there is no case {case} of that unit, or it was purged", "choose another case")
        if kind is OrderKind.PURGE and (row["is_held"] or row["by_centre"]):
            raise CentreError(f"case {case} is on hold", "release it first")
        if kind is not OrderKind.HOLD and row["state"] != "decided":
            raise CentreError(f"case {case} is not decided yet", "wait for the verdict")
        if kind is OrderKind.RELEASE and not row["by_centre"]:
            raise CentreError(f"the centre does not hold case {case}", "its hold is the unit's officers'")


async def _sign(connection: Connection, house: Signer, officer: Officer, key: Signer, number: int) -> None:
    order: Row = await connection.fetchrow(
        "SELECT kind, document, unit_id FROM orders WHERE number = $1 AND signed_at IS NULL AND withdrawn_at IS NULL"
        " AND until > now() FOR UPDATE",
        number,
    )
    if order is None:
        raise _no_order(number)
    keys = await current_signers(connection)
    if key.key_id not in {each.key_id for each in keys}:
        raise CentreError(f"the key {key.key_id} is no officer's", "let it be added: autovelox-centre signers add")
    text, signature = bytes(order["document"]), key.sign(ORDER_DOMAIN + bytes(order["document"]))
    await enter(connection, house, "order_signed", officer.said(number=number, key_id=key.key_id, sha256=sha256(text)))
    added = await connection.fetchval(
        "INSERT INTO order_signatures (number, key_id, signature) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        *(number, key.key_id, signature),
    )
    if added is None:
        raise CentreError(f"this key signed order {number} before", "let a second officer sign it")
    rows = await connection.fetch("SELECT key_id, signature FROM order_signatures WHERE number = $1", number)
    signed = SignedOrder(text, {row["key_id"]: row["signature"].hex() for row in rows})
    kind = OrderKind(order["kind"])
    if len(signed_by(signed, keys)) >= kind.signatures:
        await connection.execute("UPDATE orders SET signed_at = now() WHERE number = $1", number)
        await _take_effect(connection, kind, order["unit_id"], number)


async def _take_effect(connection: Connection, kind: OrderKind, unit: int, number: int) -> None:
    """What a hold or a release means here, at once, whenever the unit hears of it."""
    if kind is OrderKind.HOLD:
        await connection.execute(
            "INSERT INTO holds (unit_id, case_number, number) SELECT unit_id, case_number, number FROM order_cases"
            " WHERE number = $1 ON CONFLICT DO NOTHING",
            number,
        )
    if kind is OrderKind.RELEASE:
        await connection.execute(
            "DELETE FROM holds USING order_cases WHERE order_cases.number = $1 AND holds.unit_id = order_cases.unit_id"
            " AND holds.case_number = order_cases.case_number",
            number,
        )
        await _purge_what_waited(connection, unit, number)


async def _purge_what_waited(connection: Connection, unit: int, number: int) -> None:
    """Purge those cases of a release whose tombstone came while they were held."""
    rows = await connection.fetch(
        "SELECT cases.number, purged_seq FROM cases JOIN order_cases ON cases.number = case_number"
        " AND cases.unit_id = order_cases.unit_id WHERE order_cases.number = $1 AND purged_seq IS NOT NULL"
        " AND state <> 'purged'",
        number,
    )
    for row in rows:
        await purge_case(connection, unit, row["number"], row["purged_seq"])


def _no_order(number: int) -> CentreError:
    return CentreError(f"there is no order {number} for that", "autovelox-centre orders list shows which there are")
