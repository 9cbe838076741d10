"""Orders of the centre as the store knows them: those that entries name, and the configuration that is kept.

Which orders were carried out is asked of the chain alone: an order that comes twice does nothing the second time.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from edge.cases.storage.database import open_to_read
from edge.cases.storage.durable import read_own, write_durably
from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError

ORDER = "order"
"""What entries that an order brought about name it by."""
_ORDERS = """
SELECT json_extract(CAST(body AS TEXT), '$.order') FROM entries WHERE case_number = ?
AND kind IN ('hold', 'release', 'purge') AND json_extract(CAST(body AS TEXT), '$.order') IS NOT NULL
"""
_HELD_AT = """
SELECT json_extract(CAST(header AS TEXT), '$.at') FROM entries
WHERE case_number = ? AND kind = 'hold' AND json_extract(CAST(body AS TEXT), '$.order') IS NULL
ORDER BY seq DESC LIMIT 1
"""
_NEWEST_HOLD = """
SELECT json_extract(CAST(body AS TEXT), '$.order.number') FROM entries
WHERE case_number = ? AND kind IN ('hold', 'release') AND body IS NOT NULL ORDER BY seq DESC LIMIT 1
"""


class CarriedOrder(NamedTuple):
    """An order that an entry about a case names; ``at_utc`` is when officers made it, None in earlier entries."""

    number: int
    sha256: str
    at_utc: float | None


class Carried(NamedTuple):
    """What the chain says of a case: which orders were carried out, and when the unit's officers held it last."""

    orders: tuple[CarriedOrder, ...]
    held_utc: float


def carried_out(state_dir: Path, case: int) -> Carried:
    """Which orders were carried out about *case*, and when the unit's officers put it on hold last (0 if never).

    Raises:
        CaseError: the store cannot be read.
    """
    with closing(open_to_read(StateFolder(state_dir))) as database:
        named = [json.loads(row[0]) for row in database.execute(_ORDERS, (case,))]
        held = database.execute(_HELD_AT, (case,)).fetchone()
    orders = tuple(CarriedOrder(each["number"], each["sha256"], each.get("at_utc")) for each in named)
    return Carried(orders, float(held[0]) if held else 0.0)


def is_held_by_centre(database: sqlite3.Connection, number: int) -> bool:
    """Whether the newest hold or release of a case is the centre's; of use where the case is on hold.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    row = database.execute(_NEWEST_HOLD, (number,)).fetchone()
    return row is not None and row[0] is not None


def keep_order(state_dir: Path, data: bytes) -> None:
    """Keep the configuration that the centre ordered, durably, in place of the one before.

    Raises:
        CaseError: the disk reports an error.
    """
    file = StateFolder(state_dir).ordered
    try:
        write_durably(file, data)
    except OSError as error:
        raise CaseError(f"{file} cannot be written ({error.strerror})", "check the disk") from None


def kept_order(state_dir: Path) -> dict[str, object] | None:
    """What :func:`keep_order` kept, None if nothing; it is not checked.

    Raises:
        CaseError: it cannot be read.
    """
    file = StateFolder(state_dir).ordered
    try:
        content = json.loads(read_own(file))
        if not isinstance(content, dict):
            raise ValueError
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        raise CaseError(f"{file} is no order of the centre", "remove it, and give the order anew") from None
    return content
