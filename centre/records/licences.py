"""Who entered or changed a driver at the centre: each act in the centre's chain, with a keyed hash of the licence."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from centre.database import Connection
from centre.records.journal import Officer, enter
from centre.records.plates import normal
from centre.records.searching import hashed_terms
from edge.cases.evidence import Signer

ENROLLED: Final = "enrolled"
REPLACED: Final = "chip_replaced"
REVOKED: Final = "chip_revoked"
CERTIFIED: Final = "chip_certified"
REMOVED: Final = "driver_removed"
LISTED: Final = "registry_listed"
ACTS: Final = (ENROLLED, REPLACED, REVOKED, CERTIFIED, REMOVED, LISTED)


@dataclass(frozen=True, slots=True)
class Act:
    """An act in the centre's chain: its entry, when (seconds since the epoch), what, who, and why."""

    seq: int
    at_utc: float
    kind: str
    officer: str
    reason: str = field(repr=False)


async def enter_act(connection: Connection, signer: Signer, officer: Officer, kind: str, licence: str | None) -> int:
    """Enter what *officer* does with the driver of *licence*, or, without one, with all; returns the entry's number."""
    said = {} if licence is None else {"licence": _hashed(signer, licence)}
    return await enter(connection, signer, kind, officer.said(**said))


async def acts_on(connection: Connection, signer: Signer, licence: str) -> list[Act]:
    """What was done with the driver of *licence*, the oldest first."""
    rows = await connection.fetch(
        "SELECT seq, kind, header, body FROM centre_entries WHERE kind = ANY($1::text[]) ORDER BY seq", list(ACTS)
    )
    hashed, found = _hashed(signer, licence), list[Act]()
    for row in rows:
        content = json.loads(row["body"])
        if content.get("licence") == hashed:
            at_utc = float(json.loads(row["header"])["at"])
            found.append(Act(row["seq"], at_utc, row["kind"], content["officer"], content["reason"]))
    return found


def _hashed(signer: Signer, licence: str) -> str:
    return hashed_terms(signer, f"LICENCE:{normal(licence)}")
