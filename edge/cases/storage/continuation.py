"""Does the chain continue what the unit wrote? Asked before anything is added to it.

A unit signs only what it writes itself after the head it remembers. Every entry after that head carries the unit's own
signature; anything else is an alarm, and nothing is added until somebody looked.
"""

from __future__ import annotations

import json
import sqlite3
import sys

from edge.cases.evidence import (
    DOMAIN,
    HEADER_KEYS,
    KEY_KIND,
    NO_HASH,
    Link,
    Mismatch,
    Signature,
    Signs,
    check_chain,
    check_signatures,
    known_key_id,
    parse_canonical,
    sha256,
)
from edge.cases.storage.earlier import accept_earlier
from edge.cases.storage.entries import CLOCK, append_entry, last_entry, read_links
from edge.cases.storage.head import BEGINNING, Head
from edge.errors import EvidenceError

_AFTER = "SELECT header, body, signature, key_id, hash, kind, case_number, seq FROM entries WHERE seq > ? ORDER BY seq"


def continue_chain(database: sqlite3.Connection, signer: Signs, head: Head | None) -> Head:
    """Check that the chain continues *head*; the caller has begun a write transaction.

    Without *head* (a store of an earlier version, or one restored from a backup) the whole chain is checked and adopted
    if its newest signature is *signer*'s. There, and after a head that an earlier version remembered, entries of that
    version's officers' programs are signed (:mod:`edge.cases.storage.earlier`).

    Returns:
        The newest entry.

    Raises:
        EvidenceError: the chain does not continue *head*; nothing may be added.
        sqlite3.Error: the database cannot be read or written.
    """
    try:
        if head is None:
            return _adopt(database, signer)
        if head.seq:
            row = database.execute("SELECT hash, header FROM entries WHERE seq = ?", (head.seq,)).fetchone()
            if row is None or not head.hash == row[0] == sha256(row[1]):
                raise Mismatch(f"it does not hold entry {head.seq} as the unit wrote it")
        since = head
        for row in database.execute(_AFTER, (head.seq,)).fetchall():
            link, seq, kind = _follow(row, head), head.seq + 1, row[5]
            if link.signature is not None:
                _accept_own(seq, link, signer)
                if kind == KEY_KIND and seq > 1:
                    raise Mismatch(f"entry {seq} introduces another key")
            elif since.earlier:
                accept_earlier(database, signer, seq, link, since_utc=_time_of(database, head))
            else:
                raise Mismatch(f"entry {seq} ({kind}) is not signed, and the unit signs whatever it writes")
            head = Head(seq, row[4])
    except Mismatch as error:
        raise EvidenceError(
            f"the chain does not continue what this unit wrote: {error}",
            "keep the store as it is, compare it with the last backup, and find out who wrote it",
        ) from None
    return head


def _adopt(database: sqlite3.Connection, signer: Signs) -> Head:
    """Check a chain that no head is remembered of, and sign what waits in it; returns its newest entry.

    The newest signature covers everything before it through the hashes.
    """
    links = list(read_links(database))
    if not links:
        return BEGINNING
    chain = check_chain(links)
    signed = [seq for seq, link in enumerate(links, 1) if link.signature is not None]
    if not signed:
        raise Mismatch("none of its entries is signed")
    _accept_own(signed[-1], links[signed[-1] - 1], signer)
    for seq in chain.unsigned:
        accept_earlier(database, signer, seq, links[seq - 1], restored=True)
    if chain.backwards:
        append_entry(database, CLOCK, None, {"backwards": sorted(chain.backwards)}, signer=signer)
    return Head(*(last_entry(database) or (0, NO_HASH)))


def _time_of(database: sqlite3.Connection, head: Head) -> float:
    row = database.execute("SELECT header FROM entries WHERE seq = ?", (head.seq,)).fetchone()
    return float(json.loads(row[0])["at"]) if row else 0.0


def _follow(row: tuple[object, ...], head: Head) -> Link:
    """Check that *row* is the entry after *head*, canonical, filed under its own number, hash, kind and case."""
    header, body, signature, key_id, digest, kind, number, seq = row
    what = f"entry {seq}"
    content = parse_canonical(header, what) if isinstance(header, bytes) else {}
    filed = {"seq": head.seq + 1, "kind": kind, "case": number, "previous": head.hash}
    own = {name: content.get(name) for name in filed} == filed and seq == head.seq + 1 and set(content) == HEADER_KEYS
    whole = body is None or (isinstance(body, bytes) and content.get("body") == sha256(body))
    if not own or not whole or not isinstance(header, bytes) or sha256(header) != digest:
        raise Mismatch(f"{what} does not follow entry {head.seq}")
    return Link(
        header,
        body if isinstance(body, bytes) else None,
        signature if isinstance(signature, bytes) else None,
        str(key_id) if key_id is not None else None,
    )


def _accept_own(seq: int, link: Link, signer: Signs) -> None:
    """Refuse a signed entry that does not carry *signer*'s signature."""
    if link.signature is None or link.key_id != signer.key_id:
        raise Mismatch(f"entry {seq} is signed with another key than this unit's ({link.key_id})")
    check_signatures([Signature(seq, signer.public_key, DOMAIN + link.header, link.signature)])


def newest_key(database: sqlite3.Connection, head: Head | None = None) -> str | None:
    """The id of the key that the newest signed ``key`` entry up to *head* (default: the end) introduces; None if none.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    sql = (
        "SELECT body FROM entries WHERE case_number IS NULL AND kind = 'key' AND signature IS NOT NULL AND seq <= ?"
        " ORDER BY seq DESC LIMIT 1"
    )
    row = database.execute(sql, (head.seq if head else sys.maxsize,)).fetchone()
    try:
        return known_key_id(row[0]) if row else None
    except (ValueError, KeyError, TypeError):
        return None  # no unit wrote that entry: an alarm, once the chain is looked at
