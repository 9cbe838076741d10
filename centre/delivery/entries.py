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
from centre.delivery.writing import write_batch
from centre.errors import Refused
from centre.units import AlarmKind, Visitor, raise_alarm
from edge.cases.evidence import NO_HASH, Chain, Link, Mismatch, sha256

MOST_ENTRIES = 2000
"""In one request."""
MOST_AT_ONCE = 20
"""More are checked in a thread, so that other units' requests go on meanwhile."""


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
_KNOWN = """
SELECT keys.*, verdicts.* FROM
    (SELECT coalesce(array_agg(key_id), '{}') AS key_ids, coalesce(array_agg(public_key), '{}') AS keys
        FROM unit_keys WHERE unit_id = $1) AS keys,
    (SELECT coalesce(array_agg(number), '{}') AS numbers, coalesce(array_agg(decided_seq), '{}') AS decided
        FROM cases WHERE unit_id = $1 AND number = ANY($2::bigint[]) AND decided_seq IS NOT NULL) AS verdicts
"""
"""Asked after the lock was taken: what a request before this one committed is in it."""


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
    there = await connection.fetchrow(_KNOWN, visitor.unit, _cases_in(links))
    keys = dict(zip(there["key_ids"], map(bytes, there["keys"]), strict=True))
    decided = dict(zip(there["numbers"], there["decided"], strict=True))
    known = links[: head.seq - first + 1]
    if (other := await _first_other(connection, visitor, first, known)) is not None:
        return await _forked(connection, visitor, head, other, links[other - first], keys)
    new = links[len(known) :]
    if not new:
        return head
    if not head.seq and await connection.fetchval("SELECT begins_elsewhere($1)", sha256(new[0].header)):
        cause = "its chain is another unit's: the same entries would be filed twice"
        await raise_alarm(connection, visitor.unit, AlarmKind.BROKEN, cause, seq=1)
        return _broken(cause)
    if head.seq and _previous(new[0]) != head.hash and is_signed(new[0], keys):
        return await _forked(connection, visitor, head, head.seq + 1, new[0], keys)
    return await _extend(connection, visitor, unit, keys, decided, new)


async def _extend(
    connection: Connection,
    visitor: Visitor,
    unit: Row,
    keys: dict[str, bytes],
    decided: dict[int, int],
    new: Sequence[Link],
) -> Head | Refused:
    try:
        known = known_chain(unit, keys, decided)
        if len(new) > MOST_AT_ONCE:
            chain, rows = await asyncio.to_thread(_checked, known, new)
        else:
            chain, rows = _checked(known, new)
    except (Mismatch, projection.Unreadable) as error:
        await raise_alarm(connection, visitor.unit, AlarmKind.BROKEN, str(error), seq=unit["head_seq"] + 1)
        return _broken(str(error))
    introduced = [(unit["id"], key_id, key, chain.entries) for key_id, key in chain.keys.items() if key_id not in keys]
    if introduced:
        sql = "INSERT INTO unit_keys (unit_id, key_id, public_key, seq) VALUES ($1, $2, $3, $4)"
        await connection.executemany(sql, introduced)
    anchored = unit["anchored"] or bytes(unit["public_key"]) in chain.keys.values()
    # From the entry on that introduces it, the unit logs in with its newest key, and with no earlier one.
    login_key = chain.keys[chain.current_key] if anchored else unit["public_key"]
    await write_batch(connection, unit["id"], chain, new, rows, login_key=login_key, anchored=anchored)
    return Head(chain.entries, chain.head)


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


def _checked(known: Chain, new: Sequence[Link]) -> tuple[Chain, projection.Rows]:
    chain = follow(known, new)
    return chain, projection.rows_of(chain.headers[-len(new) :], new)


def _cases_in(links: Sequence[Link]) -> list[int]:
    """The cases that *links* are about, as far as they say so."""
    return sorted({case for link in links if type(case := _header(link).get("case")) is int and abs(case) < 1 << 53})


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
