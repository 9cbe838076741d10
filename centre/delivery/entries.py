"""Entries of a unit's chain: checked, committed, confirmed. Twice is a no-op, a gap asks again, a fork is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from centre.database import Connection, Pool, Row, taken, transaction
from centre.delivery import projection
from centre.delivery.chain import follow, is_signed
from centre.delivery.known import Known, KnownCase, Memory
from centre.delivery.writing import write_batch, write_events
from centre.errors import Refused
from centre.units import AlarmKind, UnitState, Visitor, raise_alarm, refusal
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
SELECT head_seq, head_hash, head_header, first_key, current_key, cases, public_key, anchored, state FROM units
WHERE id = $1 FOR UPDATE
"""
_KNOWN = """
SELECT keys.*, there.*, (SELECT count(ensure_month(month)) FROM unnest($3::date[]) AS month) FROM
    (SELECT coalesce(array_agg(key_id), '{}') AS key_ids, coalesce(array_agg(public_key), '{}') AS keys
        FROM unit_keys WHERE unit_id = $1) AS keys,
    (SELECT coalesce(array_agg(case_number), '{}') AS numbers, coalesce(array_agg(decided), '{}') AS decided,
        coalesce(array_agg(month), '{}') AS months FROM (
            SELECT case_number, max(seq) FILTER (WHERE kind = 'decided') AS decided, max(month) AS month FROM entries
            WHERE unit_id = $1 AND case_number = ANY($2::bigint[]) AND kind IN ('filed', 'decided') GROUP BY case_number
        ) AS cases) AS there
"""
"""Asked after the lock was taken: what a request before this one committed is in it."""
RECENT_MONTHS = 1
"""Cases of this month and of so many before it are written without a look for their month's partition: none of these is
ever dropped."""


async def head_of(connection: Connection, visitor: Visitor) -> Head:
    """What is confirmed of the visitor's chain."""
    # The lock is written, so that its commit waits for a synchronous standby to have all that was written before.
    sql = "SELECT head_seq, head_hash FROM units WHERE id = $1 FOR NO KEY UPDATE"
    row = await connection.fetchrow(sql, visitor.unit)
    return Head(row["head_seq"], row["head_hash"])


async def accept_entries(pool: Pool, visitor: Visitor, links: Sequence[Link], memory: Memory) -> Head:
    """Commit those of *links* that are new, and return the new head: all up to it is durable.

    *memory* is this process's of the units.

    Raises:
        NotConfirmed: there is a gap before them, or one of them has a number that is taken by another entry (a fork,
            of which both are kept).
        Refused: they are not entries that the unit signed, in order.
    """
    if not links or len(links) > MOST_ENTRIES:
        raise _broken(f"a request has 1 to {MOST_ENTRIES} entries")
    asked = _asked(links)
    try:
        if (head := await _at_once(pool, visitor, asked, memory)) is not None:
            return head
        async with transaction(pool) as connection:
            found = await _accept(connection, visitor, asked)
    except asyncpg.DataError:  # a value that PostgreSQL cannot hold and no unit writes
        raise _broken("an entry holds what no unit writes") from None
    if isinstance(found, Refused):
        raise found  # after the commit: what it was refused for is an alarm
    head, known = found
    if known is not None:
        memory.keep(visitor.unit, known)
    return head


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request: entries from number *first* on, when it came, and the cases that they say they are about."""

    links: Sequence[Link]
    first: int
    now: datetime
    cases: list[int]
    months: list[date]
    """Of cases that they say they file."""


def _asked(links: Sequence[Link]) -> _Asked:
    now, cases, months, first = datetime.now(UTC), set[int](), set[date](), 0
    for place, link in enumerate(links):
        header = _header(link)
        number, case = header.get("seq"), header.get("case")
        if type(number) is not int or not 0 < number < 1 << 53:
            raise _broken("an entry has no number")
        first = first or number
        if number != first + place:
            raise _broken("the entries of a request are numbered one after the other")
        if type(case) is int and abs(case) < 1 << 53:
            cases.add(case)
        if header.get("kind") == "filed":
            months.add(projection.month_of(header.get("at"), now))
    return _Asked(links, first, now, sorted(cases), sorted(months))


async def _at_once(pool: Pool, visitor: Visitor, asked: _Asked, memory: Memory) -> Head | None:
    """Write entries that follow what is remembered of the unit; None where it takes a look at the database.

    What is wrong with them is not decided here.
    """
    known = memory.of(visitor.unit)
    if known is None or asked.first != known.head_seq + 1 or not all(map(_is_recent, asked.months)):
        return None
    if not all(case in known.filed or case > known.cases for case in asked.cases):
        return None
    try:
        chain, rows = await _check(known.chain(), asked.links, asked.now)
    except (Mismatch, projection.Unreadable):
        return None
    if rows.speak_of_earlier_cases:
        return None
    after = known.longer(chain, asked.links[-1].header, _months(known, rows, asked))
    try:
        async with taken(pool) as connection:
            if not await write_batch(connection, visitor.unit, known, after, chain, asked.links, rows):
                memory.forget(visitor.unit)
                return None
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):  # the month is new, or a value none
        return None
    memory.keep(visitor.unit, after)
    return Head(after.head_seq, after.head_hash)


def _is_recent(month: date) -> bool:
    today = datetime.now(UTC).date()
    return (today.year - month.year) * 12 + today.month - month.month <= RECENT_MONTHS


def _months(known: Known, rows: projection.Rows, asked: _Asked) -> dict[int, date]:
    return {**known.months_of(asked.cases), **rows.months}


async def _accept(connection: Connection, visitor: Visitor, asked: _Asked) -> tuple[Head, Known | None] | Refused:
    unit = await connection.fetchrow(_UNIT, visitor.unit)
    if unit["state"] != UnitState.ACTIVE:
        return refusal()
    first, links, head = asked.first, asked.links, Head(unit["head_seq"], unit["head_hash"])
    if first > head.seq + 1:
        return NotConfirmed("gap", head, f"entry {head.seq + 1} is missing before entry {first}", "send it first")
    there = await connection.fetchrow(_KNOWN, visitor.unit, asked.cases, asked.months)
    known = _known(unit, there)
    old = links[: head.seq - first + 1]
    if (other := await _first_other(connection, visitor, first, old)) is not None:
        return await _forked(connection, visitor, head, other, links[other - first], known.keys)
    new = links[len(old) :]
    if not new:
        return head, None
    if not head.seq and await connection.fetchval("SELECT begins_elsewhere($1)", sha256(new[0].header)):
        cause = "its chain is another unit's: the same entries would be filed twice"
        await raise_alarm(connection, visitor.unit, AlarmKind.BROKEN, cause, seq=1)
        return _broken(cause)
    if head.seq and _previous(new[0]) != head.hash and is_signed(new[0], known.keys):
        return await _forked(connection, visitor, head, head.seq + 1, new[0], known.keys)
    return await _extend(connection, visitor, known, new, asked)


def _known(unit: Row, there: Row) -> Known:
    cases = zip(there["numbers"], there["decided"], there["months"], strict=True)
    header = unit["head_header"]
    return Known(
        head_seq=unit["head_seq"],
        head_hash=unit["head_hash"],
        head_header=bytes(header) if header is not None else None,
        first_key=unit["first_key"],
        current_key=unit["current_key"],
        cases=unit["cases"],
        public_key=bytes(unit["public_key"]),
        anchored=unit["anchored"],
        keys=dict(zip(there["key_ids"], map(bytes, there["keys"]), strict=True)),
        filed={number: KnownCase(month, decided) for number, decided, month in sorted(cases) if month is not None},
    )


async def _extend(
    connection: Connection, visitor: Visitor, known: Known, new: Sequence[Link], asked: _Asked
) -> tuple[Head, Known] | Refused:
    try:
        chain, rows = await _check(known.chain(), new, asked.now)
    except (Mismatch, projection.Unreadable) as error:
        await raise_alarm(connection, visitor.unit, AlarmKind.BROKEN, str(error), seq=known.head_seq + 1)
        return _broken(str(error))
    after = known.longer(chain, new[-1].header, _months(known, rows, asked))
    if not await write_batch(connection, visitor.unit, known, after, chain, new, rows):
        raise AssertionError("the unit's row is locked")
    await write_events(connection, visitor.unit, rows)
    return Head(chain.entries, chain.head), after


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
    connection: Connection, visitor: Visitor, head: Head, seq: int, link: Link, keys: Mapping[str, bytes]
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


async def _check(known: Chain, new: Sequence[Link], now: datetime) -> tuple[Chain, projection.Rows]:
    """Check that *new* follow *known*; many of them in a thread."""
    if len(new) > MOST_AT_ONCE:
        return await asyncio.to_thread(_checked, known, new, now)
    return _checked(known, new, now)


def _checked(known: Chain, new: Sequence[Link], now: datetime) -> tuple[Chain, projection.Rows]:
    chain = follow(known, new)
    return chain, projection.rows_of(chain.headers[-len(new) :], new, now)


def _header(link: Link) -> dict[str, Any]:
    try:
        header = json.loads(link.header)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise _broken("an entry has no header")
    return header


def _previous(link: Link) -> object:
    return _header(link).get("previous", NO_HASH)


def _broken(cause: str) -> Refused:
    return Refused("broken", 422, cause, "find out what the unit's store holds: autovelox cases verify")
