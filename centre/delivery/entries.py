"""Entries of a unit's chain: checked, committed, confirmed. Twice is a no-op, a gap asks again, a fork is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from centre.database import Connection, Pool, Row, transaction
from centre.delivery import projection
from centre.delivery.chain import follow, is_signed, known_chain
from centre.errors import Refused
from centre.units import AlarmKind, Visitor, raise_alarm
from edge.cases.evidence import NO_HASH, Chain, Link, Mismatch, sha256

MOST_ENTRIES = 2000
"""In one request."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a unit that is committed here: its number, 0 if there is none, and its hash in hex."""

    seq: int
    hash: str


class NotConfirmed(Refused):
    """The entries do not follow what is here; ``head`` says what does."""

    def __init__(self, word: str, head: Head, cause: str, remedy: str) -> None:
        """Keep the *head*, which the answer names."""
        super().__init__(word, 409, cause, remedy)
        self.head = head


_UNIT = """
SELECT id, head_seq, head_hash, head_header, first_key, current_key, cases, public_key, anchored
FROM units WHERE id = $1 FOR UPDATE
"""
_ADVANCE = """
UPDATE units SET head_seq = $2, head_hash = $3, head_header = $4, first_key = $5, current_key = $6, cases = $7,
    anchored = $8, public_key = $9, delivered_at = now() WHERE id = $1
"""
_COLUMNS = ("unit_id", "seq", "kind", "case_number", "hash", "header", "body", "signature", "key_id")


async def head_of(connection: Connection, visitor: Visitor) -> Head:
    """What is confirmed of the visitor's chain."""
    row = await connection.fetchrow("SELECT head_seq, head_hash FROM units WHERE id = $1", visitor.unit)
    return Head(row["head_seq"], row["head_hash"])


async def accept_entries(pool: Pool, visitor: Visitor, links: Sequence[Link]) -> Head:
    """Commit those of *links* that are new, and return the new head: all up to it is durable.

    Raises:
        NotConfirmed: there is a gap before them, or one of them has a number that is taken by another entry (a fork,
            of which both are kept).
        Refused: they are not entries that the unit signed, in order.
    """
    if not links or len(links) > MOST_ENTRIES:
        raise _broken(f"a request has 1 to {MOST_ENTRIES} entries")
    numbers = [_number_of(link) for link in links]
    if any(number != numbers[0] + place for place, number in enumerate(numbers)) or numbers[0] < 1:
        raise _broken("the entries of a request are numbered one after the other")
    try:
        async with transaction(pool) as connection:
            found = await _accept(connection, visitor, numbers[0], links)
    except asyncpg.DataError:  # a value that PostgreSQL cannot hold and no unit writes
        raise _broken("an entry holds what no unit writes") from None
    if isinstance(found, Refused):
        raise found  # after the commit: what it was refused for is an alarm
    return found


async def _accept(connection: Connection, visitor: Visitor, first: int, links: Sequence[Link]) -> Head | Refused:
    unit = await connection.fetchrow(_UNIT, visitor.unit)
    head = Head(unit["head_seq"], unit["head_hash"])
    if first > head.seq + 1:
        return NotConfirmed("gap", head, f"entry {head.seq + 1} is missing before entry {first}", "send it first")
    rows = await connection.fetch("SELECT key_id, public_key FROM unit_keys WHERE unit_id = $1", visitor.unit)
    keys = {row["key_id"]: bytes(row["public_key"]) for row in rows}
    known = links[: head.seq - first + 1]
    if (other := await _first_other(connection, visitor, first, known)) is not None:
        return await _forked(connection, visitor, head, other, links[other - first], keys)
    new = links[len(known) :]
    if not new:
        return head
    if head.seq and _previous(new[0]) != head.hash and is_signed(new[0], keys):
        return await _forked(connection, visitor, head, head.seq + 1, new[0], keys)
    return await _extend(connection, visitor, unit, keys, new)


async def _extend(
    connection: Connection, visitor: Visitor, unit: Row, keys: dict[str, bytes], new: Sequence[Link]
) -> Head | Refused:
    decided = await _decided(connection, visitor, new)
    try:
        known = known_chain(unit, keys, decided)
        chain = await asyncio.to_thread(follow, known, new)
        headers = chain.headers[-len(new) :]
        rows = await asyncio.to_thread(projection.rows_of, headers, new)
    except (Mismatch, projection.Unreadable) as error:
        await raise_alarm(connection, visitor.unit, AlarmKind.BROKEN, str(error), seq=unit["head_seq"] + 1)
        return _broken(str(error))
    records = [
        (unit["id"], header["seq"], header["kind"], header["case"], chain.hash_of[header["seq"]], *link)
        for header, link in zip(headers, new, strict=True)
    ]
    await connection.copy_records_to_table("entries", records=records, columns=_COLUMNS)
    await projection.write(connection, visitor.unit, rows)
    await _advance(connection, unit, keys, chain, new[-1])
    return Head(chain.entries, chain.head)


async def _advance(connection: Connection, unit: Row, keys: dict[str, bytes], chain: Chain, last: Link) -> None:
    introduced = [(unit["id"], key_id, key, chain.entries) for key_id, key in chain.keys.items() if key_id not in keys]
    if introduced:
        sql = "INSERT INTO unit_keys (unit_id, key_id, public_key, seq) VALUES ($1, $2, $3, $4)"
        await connection.executemany(sql, introduced)
    anchored = unit["anchored"] or bytes(unit["public_key"]) in chain.keys.values()
    # From the entry on that introduces it, the unit logs in with its newest key, and with no earlier one.
    login_key = chain.keys[chain.current_key] if anchored else unit["public_key"]
    cases = max(chain.filed, default=unit["cases"])
    await connection.execute(
        _ADVANCE,
        unit["id"],
        chain.entries,
        chain.head,
        last.header,
        chain.first_key,
        chain.current_key,
        cases,
        anchored,
        login_key,
    )


async def _first_other(connection: Connection, visitor: Visitor, first: int, known: Sequence[Link]) -> int | None:
    """The first number of *known* under which another entry is here."""
    if not known:
        return None
    rows = await connection.fetch(
        "SELECT seq, hash FROM entries WHERE unit_id = $1 AND seq BETWEEN $2 AND $3",
        visitor.unit,
        first,
        first + len(known) - 1,
    )
    here = {row["seq"]: row["hash"] for row in rows}
    return next((first + place for place, link in enumerate(known) if here[first + place] != sha256(link.header)), None)


async def _forked(
    connection: Connection, visitor: Visitor, head: Head, seq: int, link: Link, keys: dict[str, bytes]
) -> Refused:
    """Keep the other entry, if the unit signed it, and raise the alarm."""
    if not is_signed(link, keys):
        await raise_alarm(connection, visitor.unit, AlarmKind.BROKEN, "an entry that the unit did not sign", seq=seq)
        return _broken(f"entry {seq} is another than the one that is here, and the unit did not sign it")
    await connection.execute(
        "INSERT INTO forks (unit_id, seq, hash, header, body, signature, key_id) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT DO NOTHING",
        visitor.unit,
        seq,
        sha256(link.header),
        *link,
    )
    cause = "two entries have this number: the unit was cloned or restored, or somebody has its key"
    await raise_alarm(connection, visitor.unit, AlarmKind.FORK, cause, seq=seq)
    return NotConfirmed("fork", head, f"entry {seq} is another than the one that was confirmed", "keep both stores")


async def _decided(connection: Connection, visitor: Visitor, new: Sequence[Link]) -> dict[int, int]:
    """The entry of the verdict of each decided case that *new* is about."""
    numbers = sorted({case for link in new if type(case := _header(link).get("case")) is int and abs(case) < 1 << 53})
    if not numbers:
        return {}
    rows = await connection.fetch(
        "SELECT number, decided_seq FROM cases WHERE unit_id = $1 AND number = ANY($2::bigint[])"
        " AND decided_seq IS NOT NULL",
        visitor.unit,
        numbers,
    )
    return {row["number"]: row["decided_seq"] for row in rows}


def _header(link: Link) -> dict[str, Any]:
    try:
        header = json.loads(link.header)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise _broken("an entry has no header")
    return header


def _number_of(link: Link) -> int:
    number = _header(link).get("seq")
    if type(number) is not int or not 0 < number < 1 << 53:
        raise _broken("an entry has no number")
    return number


def _previous(link: Link) -> object:
    return _header(link).get("previous", NO_HASH)


def _broken(cause: str) -> Refused:
    return Refused("broken", 422, cause, "find out what the unit's store holds: autovelox cases verify")
