"""Photos that left the card because the centre has them, and photos that were brought back.

Two kinds of entries about a case say so, and the newest of them counts: after ``photos_left`` the files may be gone,
after ``photos_back`` they have to be here again. A file goes only once its entry is safe from a power cut.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from edge.cases.evidence import Signs, sha256
from edge.cases.storage.database import open_to_read
from edge.cases.storage.durable import make_folder, write_durably
from edge.cases.storage.entries import append_entry, case_state
from edge.cases.storage.head import read_head
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.outbox import read_delivered
from edge.cases.storage.right_of_way import giving_way
from edge.cases.storage.standing import HELD, is_held
from edge.cases.storage.unit_chain import ChainSession
from edge.crypto import sync_folder
from edge.errors import CaseError
from edge.model import State

PHOTOS_LEFT, PHOTOS_BACK = "photos_left", "photos_back"
_TOLD = "kind IN ('photos_left', 'photos_back')"
_MAY_LEAVE = f"""
SELECT number, body FROM cases JOIN entries ON seq = decided_seq
WHERE state = 'decided' AND purged_seq IS NULL AND at_utc < ? AND decided_seq <= ? AND number <= ? AND body IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM entries AS told WHERE told.case_number = number AND told.{_TOLD}) AND NOT {HELD}
ORDER BY number
"""  # noqa: S608 - of constants
_NEWEST = f"SELECT kind, seq FROM entries WHERE case_number = ? AND {_TOLD} ORDER BY seq DESC LIMIT 1"  # noqa: S608
LARGEST_PHOTO = 64 << 20


@dataclass(frozen=True, slots=True)
class LeavingCase:
    """A case whose photos may leave the card, and the SHA-256 (hex) of each."""

    number: int
    photos: tuple[str, ...]


def photos_left(database: sqlite3.Connection, number: int) -> bool:
    """Whether the photos of the case may be gone, because the centre has them.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    row = database.execute(_NEWEST, (number,)).fetchone()
    return bool(row and row[0] == PHOTOS_LEFT)


def may_leave(folder: StateFolder, *, before_utc: float, most_photos: int, most_bytes: int) -> list[LeavingCase]:
    """Decided cases, the oldest first, whose trigger was before *before_utc* (seconds since the epoch).

    The centre has said that it has them whole; none is on hold, and photos that were brought back stay.
    Of all of them together there are *most_photos* at most, and *most_bytes*, or one case.

    Raises:
        CaseError: the store, or what was delivered, cannot be read.
    """
    known = read_delivered(folder)
    if known is None:
        return []
    found, count, size = list[LeavingCase](), 0, 0
    with closing(open_to_read(folder)) as database:
        for number, body in database.execute(_MAY_LEAVE, (before_utc, known.settled, known.cases)):
            frames = json.loads(body)["frames"]
            photos = tuple(photo["sha256"] for photo in frames)
            count, size = count + len(photos), size + sum(photo["bytes"] for photo in frames)
            if found and (count > most_photos or size > most_bytes):
                break
            if photos:
                found.append(LeavingCase(number, photos))
    return found


def let_leave(folder: StateFolder, cases: Sequence[LeavingCase], signer: Signs, said: Mapping[str, object]) -> int:
    """Enter that the photos of *cases* are at the centre, as *said* tells, and remove the files.

    Returns:
        Of how many cases that was entered; one that was put on hold or purged meanwhile is passed over.

    Raises:
        CaseError: the store cannot be written.
        EvidenceError: the chain does not continue what the unit wrote.
    """
    entered = 0
    with ChainSession(folder, signer) as session:
        for case in cases:
            with session.extending() as database:
                if case_state(database, case.number) != State.DECIDED or is_held(database, case.number):
                    continue
                content = {**said, "photos": list(case.photos)}
                append_entry(database, PHOTOS_LEFT, case.number, content, signer=signer)
                entered += 1
    remove_left(folder, [case.number for case in cases])
    return entered


def remove_left(folder: StateFolder, numbers: Iterable[int] | None = None) -> None:
    """Remove the files of photos that left, as far as their entries are safe from a power cut.

    Those of the cases *numbers*; without them of all cases, which looks into every case's folder.

    Raises:
        CaseError: the disk reports an error, or the store cannot be read.
    """
    head = read_head(folder)
    try:
        with closing(open_to_read(folder)) as database:
            for number in giving_way(folder, _with_photos(folder) if numbers is None else numbers):
                row = database.execute(_NEWEST, (number,)).fetchone()
                if row and row[0] == PHOTOS_LEFT and head is not None and row[1] <= head.seq:
                    _remove(folder.case(number))
    except OSError as error:
        raise CaseError(f"photos that left could not be removed ({error.strerror})", "check the disk") from None


def _with_photos(folder: StateFolder) -> list[int]:
    return sorted({int(photo.parent.name) for photo in folder.photos.glob("[0-9]*/*.jpg")})


def _remove(case: Path) -> None:
    photos = list(case.glob("*.jpg"))
    for photo in photos:
        photo.unlink(missing_ok=True)
    if photos:
        sync_folder(case)


def bring_back(folder: StateFolder, number: int, source: Path, signer: Signs, said: Mapping[str, object]) -> int:
    """Put the photos of a case back from the files below the folder *source*, by their SHA-256, and enter it.

    Also where they were brought back before and one is gone: another program of the unit removed it meanwhile.

    Returns:
        How many photos it has.

    Raises:
        CaseError: its photos did not leave, one of them is not in *source*, or the store cannot be written.
        EvidenceError: the chain does not continue what the unit wrote.
    """
    with closing(open_to_read(folder)) as database:
        row = database.execute(
            "SELECT body FROM entries JOIN cases ON seq = decided_seq WHERE number = ? AND purged_seq IS NULL",
            (number,),
        ).fetchone()
        photos = json.loads(row[0])["frames"] if row is not None else []
        told = database.execute(_NEWEST, (number,)).fetchone()
        are_here = all(folder.path_of(photo["file"]).is_file() for photo in photos)
        if row is None or told is None or (told[0] == PHOTOS_BACK and are_here):
            raise CaseError(f"the photos of case {number} did not leave this unit", "look at autovelox cases show")
    wanted = {photo["sha256"]: photo["bytes"] for photo in photos}
    found = {digest: data for digest, data in _photos_in(source, set(wanted.values())) if digest in wanted}
    if missing := len(wanted.keys() - found.keys()):
        raise CaseError(
            f"{missing} of {len(wanted)} photos of case {number} are not in {source}",
            "name the folder that autovelox-centre cases export wrote of this case",
        )
    try:
        make_folder(folder.case(number))
        for photo in giving_way(folder, photos):
            write_durably(folder.path_of(photo["file"]), found[photo["sha256"]])
        with ChainSession(folder, signer) as session, session.extending() as database:
            if database.execute(_NEWEST, (number,)).fetchone() != told or case_state(database, number) != State.DECIDED:
                raise CaseError(f"case {number} changed meanwhile", "look at it again")
            append_entry(database, PHOTOS_BACK, number, said, signer=signer)
    except OSError as error:
        raise CaseError(f"the photos of case {number} cannot be written ({error.strerror})", "check the disk") from None
    return len(photos)


def _photos_in(source: Path, sizes: set[int]) -> Iterator[tuple[str, bytes]]:
    """SHA-256 and content of the files below *source* that have one of these *sizes* in bytes."""
    for path in sorted(source.rglob("*")):
        with suppress(OSError), os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if (size := os.fstat(file.fileno()).st_size) in sizes and size <= LARGEST_PHOTO:
                data = file.read(size)
                yield sha256(data), data
