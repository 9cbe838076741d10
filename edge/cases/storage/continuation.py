"""Does the chain continue what the unit wrote? Asked before anything is added to it or signed.

A unit signs only what it wrote itself after the head it remembers. Entries after that head carry its own signature, or
are what officers' programs may write; anything else is an alarm, and nothing is signed or added until somebody looked.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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
    key_content,
    known_key_id,
    parse_canonical,
    sha256,
)
from edge.cases.storage.database import transaction
from edge.cases.storage.entries import CLOCK, append_entry, last_entry, read_links
from edge.cases.storage.head import BEGINNING, Head, read_head, write_head
from edge.cases.storage.layout import StateFolder
from edge.errors import EvidenceError, SecretError

log = logging.getLogger(__name__)

OFFICERS_KINDS = frozenset({"view", "confirm", "dismiss", "correct_plate", "export"})
"""What officers' programs write unsigned. The officers' service writes and signs it itself: then this set is empty."""
RESTORE = "restore"
ADOPTED_KINDS = OFFICERS_KINDS | {RESTORE}
CLOCK_SLACK_S = 60.0
"""How far an officer's entry may be ahead of this process's clock, which was read later."""

_AFTER = "SELECT header, body, signature, key_id, hash, kind, case_number, seq FROM entries WHERE seq > ? ORDER BY seq"


def continue_chain(database: sqlite3.Connection, signer: Signs, head: Head | None) -> Head:
    """Check that the chain continues *head*, and sign officers' entries after it; the caller has begun a transaction.

    Without *head* (a store of an earlier version, or one restored from a backup) the whole chain is checked and adopted
    if its newest signature is *signer*'s.

    Returns:
        The newest entry.

    Raises:
        EvidenceError: the chain does not continue *head*; nothing was signed.
        sqlite3.Error: the database cannot be read or written.
    """
    try:
        if head is None:
            return _adopt(database, signer)
        if head.seq:
            row = database.execute("SELECT hash, header FROM entries WHERE seq = ?", (head.seq,)).fetchone()
            if row is None or not head.hash == row[0] == sha256(row[1]):
                raise Mismatch(f"it does not hold entry {head.seq} as the unit wrote it")
        for row in database.execute(_AFTER, (head.seq,)).fetchall():
            link, seq, kind = _follow(row, head), head.seq + 1, row[5]
            if link.signature is None:
                _accept_officers(database, seq, link, OFFICERS_KINDS, since_utc=_time_of(database, head))
                _sign(database, signer, seq, link.header)
            else:
                _accept_own(seq, link, signer)
                if kind == KEY_KIND and seq > 1:
                    raise Mismatch(f"entry {seq} introduces another key")
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
        _accept_officers(database, seq, links[seq - 1], ADOPTED_KINDS)
        _sign(database, signer, seq, links[seq - 1].header)
    if chain.backwards:
        append_entry(database, CLOCK, None, {"backwards": sorted(chain.backwards)}, signer=signer)
    return Head(*(last_entry(database) or (0, NO_HASH)))


def _time_of(database: sqlite3.Connection, head: Head) -> float:
    row = database.execute("SELECT header FROM entries WHERE seq = ?", (head.seq,)).fetchone()
    return float(json.loads(row[0])["at"]) if row else 0.0


def _sign(database: sqlite3.Connection, signer: Signs, seq: int, header: bytes) -> None:
    sql = "UPDATE entries SET signature = ?, key_id = ? WHERE seq = ? AND signature IS NULL"
    database.execute(sql, (signer.sign(DOMAIN + header), signer.key_id, seq))


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


def _accept_officers(
    database: sqlite3.Connection, seq: int, link: Link, kinds: frozenset[str], *, since_utc: float = 0.0
) -> None:
    """Refuse an unsigned entry that no officer's program writes. Goes when the officers' service is there."""
    what = f"entry {seq}"
    header = parse_canonical(link.header, what)
    kind, number, at = header["kind"], header["case"], header["at"]
    if kind not in kinds or (number is None) != (kind == RESTORE):
        raise Mismatch(f"{what} ({kind}) is not signed, and only the unit writes such entries")
    content = parse_canonical(link.body, f"the content of {what}") if link.body is not None else {}
    said = kind == RESTORE or all(isinstance(content.get(name), str) for name in ("officer", "reason", "account"))
    sql = "SELECT 1 FROM entries WHERE kind = 'filed' AND case_number = ?"
    exists = number is None or database.execute(sql, (number,)).fetchone() is not None
    if not said or not exists or not since_utc <= at <= max(since_utc, time.time() + CLOCK_SLACK_S):
        raise Mismatch(f"{what} ({kind}) is not signed, and no officer's program writes it like that")


def _accept_own(seq: int, link: Link, signer: Signs) -> None:
    """Refuse a signed entry that does not carry *signer*'s signature."""
    if link.signature is None or link.key_id != signer.key_id:
        raise Mismatch(f"entry {seq} is signed with another key than this unit's ({link.key_id})")
    check_signatures([Signature(seq, signer.public_key, DOMAIN + link.header, link.signature)])


def _has_unsigned(database: sqlite3.Connection) -> bool:
    return database.execute("SELECT 1 FROM entries WHERE signature IS NULL LIMIT 1").fetchone() is not None


def newest_key(database: sqlite3.Connection, head: Head | None = None) -> str | None:
    """The id of the key that the newest signed ``key`` entry up to *head* (default: the end) introduces; None if none.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    sql = "SELECT body FROM entries WHERE kind = 'key' AND signature IS NOT NULL AND seq <= ? ORDER BY seq DESC LIMIT 1"
    row = database.execute(sql, (head.seq if head else sys.maxsize,)).fetchone()
    try:
        return known_key_id(row[0]) if row else None
    except (ValueError, KeyError, TypeError):
        return None  # no unit wrote that entry: an alarm, once the chain is looked at


class UnitChain:
    """The chain as one process writes it; remembers the head. For one thread.

    ``problem`` is the alarm, one sentence, while the chain does not continue the head. May be read from any thread.
    """

    def __init__(self, folder: StateFolder, signer: Signs | None) -> None:
        """Go on from the head in *folder*; without *signer* nothing is checked, and entries stay unsigned.

        Raises:
            CaseError: the remembered head cannot be read.
        """
        self._folder = folder
        self._signer = signer
        self._head = self._remembered = read_head(folder)
        self.problem: str | None = None

    @property
    def remembered(self) -> Head | None:
        """The head in the file: out of the WAL, so that no power cut takes it back."""
        return self._remembered

    @contextmanager
    def extending(self, database: sqlite3.Connection) -> Iterator[None]:
        """One write transaction that adds to a chain which continues the head.

        Raises:
            EvidenceError: it does not; nothing is written.
            sqlite3.Error: SQLite reports an error.
        """
        head = None
        with transaction(database):
            if self._signer is not None:
                self._continue(database, self._signer)
            yield
            last = last_entry(database)
            head = Head(*last) if last else BEGINNING
        if self._signer is not None:
            self._head = head

    def _continue(self, database: sqlite3.Connection, signer: Signs) -> None:
        try:
            continue_chain(database, signer, self._head)
        except EvidenceError as error:
            self.problem = str(error)
            raise
        self.problem = None

    def begin(self, database: sqlite3.Connection) -> None:
        """Introduce the key to an empty chain, and sign what officers' programs wrote since the last run.

        A chain that does not continue the head is an alarm (``problem``), not an error: the journal still takes cases.

        Raises:
            SecretError: the chain is signed with another key.
            sqlite3.Error: SQLite reports an error.
        """
        signer = self._signer
        if signer is None:
            return
        known = newest_key(database, self._head)
        if known is not None and known != signer.key_id:
            raise SecretError(
                f"the cases are signed with key {known}, this is {signer.key_id}", "put back that key file"
            )
        with suppress(EvidenceError), self.extending(database):
            if known is None and last_entry(database) is None:
                append_entry(database, KEY_KIND, None, key_content(signer, supersedes=None), signer=signer)
        if self.problem:
            log.critical("%s", self.problem)

    def sign_waiting(self, database: sqlite3.Connection) -> None:
        """Sign what officers' programs wrote meanwhile; an alarm is logged once.

        Raises:
            sqlite3.Error: SQLite reports an error.
        """
        before = self.problem
        if self._signer is None or (before is None and not _has_unsigned(database)):
            return
        with suppress(EvidenceError), self.extending(database):
            pass
        if self.problem and self.problem != before:
            log.critical("%s", self.problem)

    @property
    def ahead(self) -> bool:
        """Whether the head is newer than the one that is remembered."""
        return self._head is not None and self._head != self._remembered

    def remember(self) -> None:
        """Write the head to its file if it changed.

        Raises:
            OSError: the disk reports an error.
        """
        if self._head is not None and self._head != self._remembered:
            write_head(self._folder, self._head)
            self._remembered = self._head


@contextmanager
def extending(folder: StateFolder, database: sqlite3.Connection, signer: Signs | None) -> Iterator[None]:
    """For commands that have the key: check that the chain continues what the unit remembers before adding to it.

    The caller has begun a transaction. Without *signer* nothing is checked, and what is added waits for the unit.

    Raises:
        CaseError: the remembered head cannot be read.
        EvidenceError: the chain does not continue it.
    """
    if signer is not None:
        continue_chain(database, signer, read_head(folder))
    yield
