"""Which units there are: invited by a one-time code, active, suspended, revoked."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from enum import StrEnum

from centre.database import Connection, Row
from centre.errors import Refused, UnitError
from edge.crypto import is_signed
from edge.delivery.wire import join_message, new_code

CODE_LIFE = timedelta(days=7)
SERIAL = re.compile(r"[A-Za-z0-9._-]{1,64}")


class UnitState(StrEnum):
    """Whether a unit may deliver."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


async def add_unit(connection: Connection, serial: str, authority_der: bytes) -> str:
    """Invite the unit *serial*; returns the one-time code, which is kept nowhere.

    Adding a unit that has not joined yet makes a new code, and the one before ends.

    Raises:
        UnitError: the serial number is none, or the unit has joined already.
    """
    if not SERIAL.fullmatch(serial):
        raise UnitError("that is no serial number", "use 1 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen")
    code, secret = new_code(authority_der)
    row = await connection.fetchrow(
        "INSERT INTO units (serial, state, code_sha256, code_until) VALUES ($1, 'invited', $2, now() + $3::interval)"
        " ON CONFLICT (serial) DO UPDATE SET code_sha256 = $2, code_until = now() + $3::interval"
        " WHERE units.state = 'invited' RETURNING id",
        serial,
        hashlib.sha256(secret).digest(),
        CODE_LIFE,
    )
    if row is None:
        raise UnitError(f"unit {serial} has joined already", "revoke it, and give the new unit a serial of its own")
    return code


async def join(
    connection: Connection, *, centre: str, serial: str, secret: bytes, public_key: bytes, signature: bytes
) -> None:
    """Let the unit *serial* in with the key whose public half it sends; the code is used up.

    Raises:
        Refused: no unit of that serial number waits, the code is another or too old, or the signature is wrong. The
            answer is one and the same.
    """
    refusal = Refused("not_invited", 403, "this code lets no unit of that serial number in", "ask for a new code")
    if not is_signed(public_key, join_message(centre, serial, secret), signature):
        raise refusal
    digest = hashlib.sha256(secret).digest()
    done = await connection.fetchval("SELECT join_unit($1, $2, $3)", serial, digest, public_key)
    if done is None:
        raise refusal


async def change_state(connection: Connection, serial: str, state: UnitState) -> None:
    """Suspend, revoke, or make a suspended unit active again; its tokens end at once.

    Raises:
        UnitError: there is no such unit, it has not joined, or it was revoked, which is for good.
    """
    async with connection.transaction():
        row = await connection.fetchrow("SELECT id, state FROM units WHERE serial = $1 FOR UPDATE", serial)
        if row is None:
            raise UnitError(f"there is no unit {serial}", "autovelox-centre units list shows which there are")
        if row["state"] == UnitState.REVOKED:
            raise UnitError(f"unit {serial} was revoked, which is for good", "add a unit with another serial number")
        if row["state"] == UnitState.INVITED and state is not UnitState.REVOKED:
            raise UnitError(f"unit {serial} has not joined yet", "run autovelox centre join on the unit")
        await connection.execute("UPDATE units SET state = $2, code_sha256 = NULL WHERE id = $1", row["id"], str(state))
        await connection.execute("DELETE FROM tokens WHERE unit_id = $1", row["id"])


_LIST = """
SELECT units.id, serial, state, joined_at, head_seq, head_hash, anchored, cases, delivered_at, status, status_at,
    current_key, (SELECT count(*) FROM alarms WHERE unit_id = units.id AND closed_at IS NULL) AS alarms,
    (SELECT count(*) FROM blobs WHERE unit_id = units.id AND complete_at IS NULL AND lost_at IS NULL) AS photos_missing
FROM units ORDER BY serial
"""


async def list_units(connection: Connection) -> list[Row]:
    """Every unit with its state, head and alarms, by serial number."""
    rows: list[Row] = await connection.fetch(_LIST)
    return rows
