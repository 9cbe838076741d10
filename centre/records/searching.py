"""Lists and searches of cases by officers of the centre: each in the centre's chain before it is answered.

What was searched for is a plate, so an entry holds a keyed hash of it: who has the centre's signing key can ask who
searched for a plate (:func:`searched`), who has the chain alone cannot try plates out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from centre.database import Connection, Row
from centre.errors import CentreError
from centre.records.journal import Officer, enter
from edge.cases.evidence import Signer

LIST, SEARCH = "list", "search"
MOST_ROWS = 1000
_KEY_MESSAGE = b"autovelox-centre-search-1\n"
"""What the signing key signs to give the key of the hashes: no entry begins like that."""
_COLUMNS = """
SELECT serial, number, cases.state, at_utc, site, speed_kmh, limit_kmh, plate, corrected_plate, outcome, driver_name,
    review, is_held
FROM cases JOIN units ON units.id = unit_id
"""
_ORDER = "ORDER BY at_utc DESC NULLS LAST, unit_id, number"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for: cases of the *unit* with this serial, with a *plate* in which ``*`` and ``?`` may stand.

    *since* and *until* are days in UTC, both counted; at most *limit* cases, the newest first.
    """

    unit: str | None = None
    plate: str | None = None
    since: date | None = None
    until: date | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Search:
    """A search in the centre's chain: its entry, when (seconds since the epoch), who, why, and how many were found."""

    seq: int
    at_utc: float
    officer: str
    reason: str
    hits: int


def plate_pattern(text: str) -> str:
    """A search for a plate with ``*`` and ``?`` as a pattern of SQL's LIKE.

    Raises:
        CentreError: it holds something else than letters, digits and those two.
    """
    text = _normal(text)
    if not text or not all(letter in "*?" or (letter.isascii() and letter.isalnum()) for letter in text):
        raise CentreError("a plate has letters and digits", "use * for any characters, ? for one")
    return text.replace("*", "%").replace("?", "_")


def statement(terms: Terms) -> tuple[str, list[object]]:
    """The SQL that finds the cases, and its parameters. Only what is asked for is in it, so that PostgreSQL sees it.

    Raises:
        CentreError: the plate is none.
    """
    conditions, values = ["cases.state <> 'purged'"], list[object]()

    def add(condition: str, value: object) -> None:
        values.append(value)
        conditions.append(condition.replace("?", f"${len(values)}"))

    if terms.unit is not None:
        add("serial = ?", terms.unit)
    if terms.plate is not None:
        add("(plate LIKE ? OR corrected_plate LIKE ?)", plate_pattern(terms.plate))
    if terms.since is not None:
        add("at_utc >= ?", _midnight(terms.since))
        add("month >= ?", terms.since.replace(day=1))  # no case is filed before its trigger
    if terms.until is not None:
        add("at_utc < ?", _midnight(terms.until + timedelta(days=1)))
    values.append(max(1, min(terms.limit, MOST_ROWS)))
    return f"{_COLUMNS} WHERE {' AND '.join(conditions)} {_ORDER} LIMIT ${len(values)}", values


async def list_cases(connection: Connection, signer: Signer, officer: Officer, terms: Terms) -> list[Row]:
    """The newest cases that *terms* ask for. Who asked, why, for what and how many there are is chained first.

    Raises:
        CentreError: the plate is none, or a plate is searched for without a reason.
    """
    if terms.plate is not None and not officer.reason.strip():
        raise CentreError("a search for a plate needs a reason", "give one: --reason TEXT")
    sql, values = statement(terms)
    rows: list[Row] = await connection.fetch(sql, *values)
    asked: dict[str, object] = {"unit": terms.unit, "hits": len(rows)}
    asked |= {name: day.isoformat() for name in ("since", "until") if (day := getattr(terms, name)) is not None}
    if terms.plate is not None:
        asked["terms"] = hashed_terms(signer, terms.plate)
    await enter(connection, signer, LIST if terms.plate is None else SEARCH, officer.said(**asked))
    return rows


def hashed_terms(signer: Signer, plate: str) -> str:
    """The keyed hash (HMAC-SHA-256, hex) of what is searched for. Another signing key gives other hashes."""
    key = hashlib.sha256(signer.sign(_KEY_MESSAGE)).digest()
    return hmac.new(key, _normal(plate).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


async def searched(connection: Connection, signer: Signer, plate: str) -> list[Search]:
    """The searches for exactly *plate*, wildcards and all, the oldest first; those that hid nothing yet included."""
    rows = await connection.fetch(
        "SELECT seq, header, body FROM centre_entries WHERE kind IN ('list', 'search') ORDER BY seq"
    )
    terms, found = hashed_terms(signer, plate), list[Search]()
    for row in rows:
        content = json.loads(row["body"])
        earlier = content.get("plate")  # an earlier program entered the plate itself
        if content.get("terms") == terms or (isinstance(earlier, str) and _normal(earlier) == _normal(plate)):
            at_utc = float(json.loads(row["header"])["at"])
            hits = int(content.get("hits", 0))
            found.append(Search(row["seq"], at_utc, content["officer"], content["reason"], hits))
    return found


def _normal(plate: str) -> str:
    return "".join(plate.upper().split())


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
