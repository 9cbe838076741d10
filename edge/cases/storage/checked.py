"""Reading a case so that only what holds is read: every entry of it against hashes, chain and signature, every file.

Whoever may write the database can write anything into it; what is shown to an officer or printed must not come from
there unchecked. Nothing is remembered between two looks.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from edge.cases.evidence import (
    DOMAIN,
    NO_HASH,
    Manifest,
    Mismatch,
    Signature,
    check_signatures,
    sha256,
)
from edge.cases.storage.earlier import OFFICERS_KINDS
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.leaving import PHOTOS_BACK, PHOTOS_LEFT
from edge.cases.storage.notes import notes_before, selfcheck_after, selfcheck_before
from edge.cases.views import Enclosure, UnitNote
from edge.errors import CaseError, EvidenceError, PhotosLeft

_OF_CASE = (
    "SELECT seq, kind, case_number, header, body, hash, signature, key_id FROM entries"
    " WHERE case_number = ? ORDER BY seq"
)
_BY_SEQ = "SELECT seq, kind, case_number, header, body, hash, signature, key_id FROM entries WHERE seq = ?"
_KEYS = (
    "SELECT seq, header, body, signature, key_id FROM entries WHERE case_number IS NULL AND kind = 'key' ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """An entry that is what its hashes and its signature say.

    ``signature`` is empty only in a store of an earlier version (:mod:`edge.cases.storage.earlier`).
    """

    seq: int
    kind: str
    at_utc: float
    hash: str
    body: bytes = field(repr=False)
    signature: bytes = field(repr=False, default=b"")
    key_id: str = ""
    case: int | None = None


@dataclass(frozen=True, slots=True)
class CheckedCase:
    """The entries of a case, its newest manifest as it was signed, and the named driver's portrait (may be empty).

    ``enclosure`` are the unit's self-checks around it, checked like every entry of the case.
    """

    number: int
    entries: tuple[CheckedEntry, ...]
    manifest_bytes: bytes = field(repr=False)
    manifest: Manifest = field(repr=False)
    portrait: bytes = field(repr=False)
    enclosure: Enclosure = field(default_factory=Enclosure)

    @property
    def photos_left_utc(self) -> float | None:
        """When the photos left the card because the centre has them; None while they have to be here."""
        told = [entry for entry in self.entries if entry.kind in (PHOTOS_LEFT, PHOTOS_BACK)]
        return told[-1].at_utc if told and told[-1].kind == PHOTOS_LEFT else None

    def read_photo(self, folder: StateFolder, index: int) -> bytes:
        """Photo *index* (from 0), byte for byte as it was recorded.

        Raises:
            EvidenceError: the file was altered, exchanged for a link, or is gone.
            PhotosLeft: it is at the centre.
            CaseError: there is no such photo, or this account may not read it.
        """
        photos = self.manifest["frames"]
        if not 0 <= index < len(photos):
            raise CaseError(
                f"case {self.number} has no photo {index}", f"autovelox cases show {self.number} lists its photos"
            )
        photo = photos[index]
        path = folder.path_of(photo["file"])
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                data = file.read(photo["bytes"] + 1)
        except PermissionError:
            raise CaseError(
                f"this account may not read photo {index} of case {self.number}", "ask the unit's service instead"
            ) from None
        except OSError as error:
            if isinstance(error, FileNotFoundError) and self.photos_left_utc is not None:
                since = datetime.fromtimestamp(self.photos_left_utc, UTC).date()
                raise PhotosLeft(
                    f"the photos of case {self.number} are at the centre since {since}",
                    f"export them there, then autovelox cases bring-back {self.number} FOLDER",
                ) from None
            raise _broken(self.number, f"photo {index} is gone from the store") from None
        if sha256(data) != photo["sha256"]:
            raise _broken(self.number, f"photo {index} was altered since it was recorded")
        return data


def read_checked(database: sqlite3.Connection, number: int, *, earlier: bool = False) -> CheckedCase:
    """Read case *number*, which exists and was not purged; the caller has begun a transaction.

    *earlier*: the store is one of an earlier version, in which officers' entries may wait for their signature.

    Raises:
        EvidenceError: something of it does not hold, so nothing of it may be shown.
        sqlite3.Error: the database cannot be read.
    """
    try:
        keys = _keys(database)
        rows = database.execute(_OF_CASE, (number,)).fetchall()
        entries = tuple(_entry(database, row, keys, earlier=earlier) for row in rows)
        filed = [entry for entry in entries if entry.kind == "filed"]
        decided = [entry for entry in entries if entry.kind == "decided"]
        row = database.execute("SELECT filed_seq, decided_seq FROM cases WHERE number = ?", (number,)).fetchone()
        found = [[entry.seq for entry in found] for found in (filed, decided)]
        if found != [[row[0]], [] if row[1] is None else [row[1]]]:
            raise Mismatch("its row does not agree with the chain")
        newest = (decided or filed)[0].body
        manifest: dict[str, Any] = json.loads(newest)
        if manifest["number"] != number:
            raise Mismatch("its manifest is another case's")
        portrait = database.execute("SELECT image FROM portraits WHERE case_number = ?", (number,)).fetchone()
        wanted = (manifest.get("driver") or {}).get("portrait_sha256")
        if wanted != (sha256(portrait[0]) if portrait else None):
            raise Mismatch("the driver's portrait was altered or is gone")
        enclosure = _enclosure(database, keys, row[0], row[1])
    except Mismatch as error:
        raise _broken(number, str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _broken(number, "it is not written as a unit writes cases") from None
    return CheckedCase(number, entries, newest, manifest, portrait[0] if portrait else b"", enclosure)


def _enclosure(
    database: sqlite3.Connection, keys: list[tuple[int, str, bytes]], filed_seq: int, decided_seq: int | None
) -> Enclosure:
    """The self-checks around a case, each read from an entry that holds."""
    before = selfcheck_before(database, filed_seq)
    after = selfcheck_after(database, decided_seq) if decided_seq is not None else None
    for check in (before, after):
        if check is not None:
            _entry(database, database.execute(_BY_SEQ, (check.seq,)).fetchone(), keys, earlier=False)
    return Enclosure(before, after)


def read_checked_entries(database: sqlite3.Connection, numbers: Iterable[int]) -> tuple[CheckedEntry, ...]:
    """The entries *numbers* of the chain, checked; the caller has begun a transaction.

    Raises:
        EvidenceError: one does not hold, or is not there.
        sqlite3.Error: the database cannot be read.
    """
    try:
        keys = _keys(database)
        rows = [database.execute(_BY_SEQ, (number,)).fetchone() for number in numbers]
        return tuple(_entry(database, row, keys, earlier=False) for row in rows)
    except Mismatch as error:
        cause = str(error)
    except (ValueError, KeyError, TypeError, AttributeError):
        cause = "an entry of the chain is not written as a unit writes it"
    raise EvidenceError(f"the evidence does not hold: {cause}", "run autovelox cases verify")


def read_notes_before(database: sqlite3.Connection, seq: int) -> tuple[UnitNote, ...]:
    """What the unit had said of itself before entry *seq*: the newest of each kind. Raises as the function above."""
    return tuple(_note(entry) for entry in read_checked_entries(database, notes_before(database, seq)))


def _note(entry: CheckedEntry) -> UnitNote:
    content = json.loads(entry.body)
    changed = content.get("changed")
    return UnitNote(
        entry.kind,
        float(content.get("at_utc", entry.at_utc)),
        tuple(map(str, changed)) if isinstance(changed, list) else None,
        float(content.get("step_s", 0.0)),
    )


def _broken(number: int, what: str) -> EvidenceError:
    return EvidenceError(
        f"the evidence of case {number} does not hold: {what}", "do not use it, and run autovelox cases verify"
    )


def _keys(database: sqlite3.Connection) -> list[tuple[int, str, bytes]]:
    """From which entry on which key signs: number, id and public key, in order, each vouched for by the one before."""
    keys: list[tuple[int, str, bytes]] = []
    for seq, header, body, signature, key_id in database.execute(_KEYS).fetchall():
        public_key = bytes.fromhex(json.loads(body)["public_key"])
        own = sha256(public_key)[:16]
        by_id, by = keys[-1][1:] if keys else (own, public_key)
        if key_id != by_id or signature is None or sha256(body) != json.loads(header)["body"]:
            raise Mismatch(f"the key of entry {seq} was not introduced by the key before it")
        check_signatures([Signature(seq, by, DOMAIN + header, signature)])
        keys.append((seq, own, public_key))
    return keys


def _entry(
    database: sqlite3.Connection, row: tuple[Any, ...], keys: list[tuple[int, str, bytes]], *, earlier: bool
) -> CheckedEntry:
    """The entry in *row*, checked against its body, its neighbours in the chain, and the key of its time."""
    seq, kind, number, header, body, digest, signature, key_id = row
    content = json.loads(header)
    if (content["seq"], content["kind"], content["case"]) != (seq, kind, number) or sha256(header) != digest:
        raise Mismatch(f"entry {seq} is not filed under its own number, kind, case and hash")
    if body is None or sha256(body) != content["body"]:
        raise Mismatch(f"the content of entry {seq} ({kind}) was altered or is gone")
    before = database.execute("SELECT hash FROM entries WHERE seq = ?", (seq - 1,)).fetchone()
    after = database.execute("SELECT header FROM entries WHERE seq = ?", (seq + 1,)).fetchone()
    if content["previous"] != (before[0] if before else NO_HASH) or (
        after and json.loads(after[0])["previous"] != digest
    ):
        raise Mismatch(f"entry {seq} is not where the chain has it")
    if signature is None:
        if not earlier or kind not in OFFICERS_KINDS:
            raise Mismatch(f"entry {seq} ({kind}) is not signed")
        return CheckedEntry(seq, kind, float(content["at"]), digest, body, case=number)
    current = [key for key in keys if key[0] < seq] or keys[:1]
    if not current or current[-1][1] != key_id:
        raise Mismatch(f"entry {seq} is not signed with the key of its time")
    check_signatures([Signature(seq, current[-1][2], DOMAIN + header, signature)])
    return CheckedEntry(seq, kind, float(content["at"]), digest, body, signature, key_id, number)
