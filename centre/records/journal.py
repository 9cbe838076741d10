"""The centre's own chain: which officer looked at what, entered and signed before the answer.

It has the form of a unit's chain, and the same check (:func:`edge.cases.evidence.check_chain`) reads it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from centre.database import Connection
from edge.cases.evidence import KEY_KIND, Entry, Link, Signer, key_content, next_entry

LOCK = 0x41565832
"""The advisory lock that lets one process at a time add to the chain."""
_INSERT = """
INSERT INTO centre_entries (seq, kind, hash, header, body, signature, key_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


@dataclass(frozen=True, slots=True)
class Officer:
    """Who asks, and why."""

    name: str
    reason: str

    def said(self, **more: object) -> dict[str, object]:
        """The content of the entry in the centre's chain."""
        return {"officer": self.name, "reason": self.reason, **more}


async def enter(connection: Connection, signer: Signer, kind: str, content: Mapping[str, object]) -> int:
    """Add an entry to the centre's chain, durably; returns its number. The first one introduces the centre's key."""
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        row = await connection.fetchrow("SELECT seq, hash FROM centre_entries ORDER BY seq DESC LIMIT 1")
        last = (int(row["seq"]), str(row["hash"])) if row is not None else None
        if last is None:
            first = key_content(signer, supersedes=None)
            last = await _add(connection, next_entry(None, KEY_KIND, None, first, at_utc=time.time(), signer=signer))
        added = next_entry(last, kind, None, content, at_utc=time.time(), signer=signer)
        return (await _add(connection, added))[0]


async def _add(connection: Connection, entry: Entry) -> tuple[int, str]:
    await connection.execute(
        _INSERT, entry.seq, entry.kind, entry.hash, entry.header, entry.body, entry.signature, entry.key_id
    )
    return entry.seq, entry.hash


async def read_journal(connection: Connection) -> list[Link]:
    """All entries of the centre's chain."""
    rows = await connection.fetch("SELECT header, body, signature, key_id FROM centre_entries ORDER BY seq")
    return [Link(row["header"], row["body"], row["signature"], row["key_id"]) for row in rows]
