"""What officers do with a case: judgements, views, exports. Each is an entry of the chain, never an edit.

Whoever records an event needs to write the store but not the signing key: the daemon, or any command that has the
key, countersigns later (:func:`edge.cases.evidence.signing.countersign`).
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Mapping
from pathlib import Path

from edge.cases.evidence.chain import HEAD, INSERT, Signs, chain
from edge.cases.storage.database import writing
from edge.cases.views import REVIEWS, EventKind
from edge.errors import CaseError, NoSuchCase
from edge.model import ALPHABET

MAX_PLATE = 12
MAX_TEXT = 2000


def record(
    state_dir: Path,
    number: int,
    *,
    kind: EventKind | str,
    officer: str,
    reason: str = "",
    plate: str | None = None,
    details: Mapping[str, object] | None = None,
    signer: Signs | None = None,
) -> int:
    """Chain what *officer* did with case *number*; returns the entry's sequence number, on disk by then.

    *details* is kept in the entry with the rest (an export lists its files there). The operating system's account is
    recorded beside the officer's name.

    Raises:
        NoSuchCase: there is no such case, or it was purged.
        CaseError: the case is not decided yet, a name, reason or plate is missing or impossible, or the store
            cannot be written.
    """
    kind = EventKind(kind)
    officer, reason = _checked_text(officer, "the officer's name"), _checked_text(reason, "the reason")
    if not officer:
        raise CaseError("say which officer this is", "a review without a name is worth nothing")
    if kind in REVIEWS and not reason:
        raise CaseError("give a reason", "a judge will ask for it")
    content: dict[str, object] = {"officer": officer, "reason": reason, "account": _account()}
    if kind is EventKind.CORRECT_PLATE:
        content["plate"] = plate = _checked_plate(plate)
    elif plate is not None:
        raise CaseError("a plate goes with correct_plate only", "leave it out")
    content.update(details or {})
    with writing(state_dir) as database:
        row = database.execute("SELECT state, purged_seq FROM cases WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise NoSuchCase(f"there is no case {number}", "autovelox cases list shows which there are")
        if row[1] is not None:
            raise NoSuchCase(f"case {number} was purged", "nothing can be recorded of it any more")
        if row[0] != "decided" and kind is not EventKind.VIEW:
            raise CaseError(f"case {number} is not decided yet", "wait for the unit's verdict")
        at_utc = time.time()
        entry = chain(database.execute(HEAD).fetchone(), kind, number, content, at_utc=at_utc, signer=signer)
        database.execute(INSERT, entry.row())
        if kind in REVIEWS:
            database.execute("UPDATE cases SET review = ? WHERE number = ?", (kind, number))
        if kind is EventKind.CORRECT_PLATE:
            database.execute("UPDATE cases SET corrected_plate = ? WHERE number = ?", (plate, number))
        if kind is EventKind.EXPORT:
            database.execute("UPDATE cases SET exported_utc = ? WHERE number = ?", (at_utc, number))
    return entry.seq


def _account() -> str:
    """The account this runs under, from the system's own table: the environment says what it is told to say."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _checked_text(text: str, what: str) -> str:
    text = " ".join(text.split())
    if len(text) > MAX_TEXT:
        raise CaseError(f"{what} is too long", f"{MAX_TEXT} characters at most")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise CaseError(f"{what} holds characters that are none", "type it again") from None
    return text


def _checked_plate(plate: str | None) -> str:
    text = "".join((plate or "").upper().split())
    if not text or len(text) > MAX_PLATE or not set(text) <= set(ALPHABET):
        raise CaseError(f"a plate is 1 to {MAX_PLATE} letters A to Z and digits", "type what the photo shows")
    return text
