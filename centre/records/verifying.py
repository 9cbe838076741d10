"""Verification of what is here: each unit's whole chain from the first entry, its rows, its photos."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from centre.database import Connection, Row
from centre.delivery import Unreadable, check_signatures, read_blob
from centre.records.journal import read_journal
from centre.records.rows import ExpectedRows
from edge.cases.evidence import Chain, Link, Mismatch, check_chain, sha256

BLOCK = 1000


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked of one unit, and the first thing that does not hold; None if all does."""

    serial: str
    entries: int
    cases: int
    photos: int
    fault: str | None


async def verify_units(connection: Connection, serial: str | None = None) -> list[Verified]:
    """Check the chain, the rows and the photos of unit *serial*, or of all units."""
    units = await connection.fetch(
        "SELECT id, serial, head_seq, head_hash, cases, public_key, anchored FROM units"
        " WHERE ($1::text IS NULL OR serial = $1) AND state <> 'invited' ORDER BY serial",
        serial,
    )
    return [await _verify(connection, unit) for unit in units]


async def verify_journal(connection: Connection, public_key: bytes | None = None) -> Verified:
    """Check the centre's own chain: every entry, link and signature, and that the centre's *public_key* signs it."""
    chain, fault = Chain(), None
    try:
        links = await read_journal(connection)
        chain = await asyncio.to_thread(_checked, chain, links)
        if chain.unsigned:
            raise Mismatch(f"entry {chain.unsigned[0]} is not signed")
        if links and public_key is not None and public_key not in chain.keys.values():
            raise Mismatch("another key than the centre's signed it")
    except Mismatch as error:
        fault = str(error)
    return Verified("the centre", chain.entries, 0, 0, fault)


async def _verify(connection: Connection, unit: Row) -> Verified:
    chain, photos, fault, expected = Chain(), 0, None, ExpectedRows()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            chain = await _chain(connection, unit, expected)
            _compare(unit, chain)
            await expected.compare(connection, unit["id"])
            photos = await _photos(connection, unit)
    except (Mismatch, Unreadable) as error:
        fault = str(error)
    return Verified(unit["serial"], chain.entries, len(chain.filed), photos, fault)


async def _chain(connection: Connection, unit: Row, expected: ExpectedRows) -> Chain:
    chain, links = Chain(), list[Link]()
    sql = "SELECT hash, header, body, signature, key_id FROM entries WHERE unit_id = $1 ORDER BY seq"
    async for row in connection.cursor(sql, unit["id"], prefetch=BLOCK):
        link = Link(row["header"], row["body"], row["signature"], row["key_id"])
        if sha256(link.header) != row["hash"]:
            raise Mismatch("an entry is not filed under its own hash")
        links.append(link)
        if len(links) == BLOCK:
            chain, links = await asyncio.to_thread(_follow, chain, links, expected), []
    return await asyncio.to_thread(_follow, chain, links, expected) if links else chain


def _follow(chain: Chain, links: list[Link], expected: ExpectedRows) -> Chain:
    _checked(chain, links)
    expected.follow(chain.headers[-len(links) :], links)
    return chain


def _checked(chain: Chain, links: list[Link]) -> Chain:
    chain.signatures.clear()
    check_chain(links, chain)
    check_signatures(chain.signatures)
    return chain


def _compare(unit: Row, chain: Chain) -> None:
    if (chain.entries, chain.head) != (unit["head_seq"], unit["head_hash"]):
        raise Mismatch("the unit's head is not the newest entry that is here")
    if chain.unsigned:
        raise Mismatch(f"entry {chain.unsigned[0]} is not signed")
    if chain.backwards:
        raise Mismatch(f"entry {min(chain.backwards)} is earlier than the one before, and no clock entry says why")
    if unit["anchored"] and bytes(unit["public_key"]) not in chain.keys.values():
        raise Mismatch("the unit's key is none of its chain")


async def _photos(connection: Connection, unit: Row) -> int:
    digests = await connection.fetch(
        "SELECT sha256 FROM blobs WHERE unit_id = $1 AND complete_at IS NOT NULL ORDER BY sha256", unit["id"]
    )
    for row in digests:
        try:
            await read_blob(connection, unit["id"], row["sha256"])
        except ValueError:
            raise Mismatch(f"the photo {row['sha256'][:16]} was altered") from None
    return len(digests)
