"""Lists and searches of cases by officers of the centre: each in the centre's chain before it is answered.

What was searched for is a plate, so an entry holds a keyed hash of it: who has the centre's signing key can ask who
searched for a plate (:func:`searched`), who has the chain alone cannot try plates out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace

from centre.database import Connection
from centre.errors import CentreError
from centre.records.finding import Found, Terms, find_cases
from centre.records.journal import Officer, enter
from centre.records.of_entries import counted_in_mph, without_a_name
from centre.records.plates import normal
from edge.cases.evidence import Signer

LIST, SEARCH = "list", "search"
_KEY_MESSAGE = b"autovelox-centre-search-1\n"
"""What the signing key signs to give the key of the hashes: no entry begins like that."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search in the centre's chain: its entry, when (seconds since the epoch), who, why, and how many were found."""

    seq: int
    at_utc: float
    officer: str
    reason: str
    hits: int


async def list_cases(connection: Connection, signer: Signer, officer: Officer, terms: Terms) -> Found:
    """The newest cases that *terms* ask for. Who asked, why, for what and how many there are is chained first.

    Raises:
        CentreError: the plate is none, or a plate is searched for without a reason.
    """
    if terms.plate is not None and not officer.reason.strip():
        raise CentreError("a search for a plate needs a reason", "give one: --reason TEXT")
    found = await find_cases(connection, terms)
    found = replace(
        found,
        in_mph=await counted_in_mph(connection, found.rows),
        nameless=await without_a_name(connection, found.rows),
    )
    asked: dict[str, object] = {"unit": terms.unit, "hits": len(found.rows)}
    asked |= {name: day.isoformat() for name in ("since", "until") if (day := getattr(terms, name)) is not None}
    if terms.plate is not None:
        asked["terms"] = hashed_terms(signer, terms.plate)
    if found.back_to is not None:
        asked["back_to"] = found.back_to.isoformat()
    await enter(connection, signer, LIST if terms.plate is None else SEARCH, officer.said(**asked))
    return found


def hashed_terms(signer: Signer, plate: str) -> str:
    """The keyed hash (HMAC-SHA-256, hex) of what is searched for. Another signing key gives other hashes."""
    key = hashlib.sha256(signer.sign(_KEY_MESSAGE)).digest()
    return hmac.new(key, normal(plate).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


async def searched(connection: Connection, signer: Signer, plate: str) -> list[Search]:
    """The searches for exactly *plate*, wildcards and all, the oldest first; those that hid nothing yet included."""
    rows = await connection.fetch(
        "SELECT seq, header, body FROM centre_entries WHERE kind IN ('list', 'search') ORDER BY seq"
    )
    terms, found = hashed_terms(signer, plate), list[Search]()
    for row in rows:
        content = json.loads(row["body"])
        earlier = content.get("plate")  # an earlier program entered the plate itself
        if content.get("terms") == terms or (isinstance(earlier, str) and normal(earlier) == normal(plate)):
            at_utc = float(json.loads(row["header"])["at"])
            hits = int(content.get("hits", 0))
            found.append(Search(row["seq"], at_utc, content["officer"], content["reason"], hits))
    return found
