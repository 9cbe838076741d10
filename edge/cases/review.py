"""What officers do with a case: judgements, views, exports. Each becomes an entry of the chain; nothing is edited.

Recording an event needs write access to the store, but not the signing key: the daemon, or a command that has the key,
signs the entry later (:func:`edge.cases.storage.signatures.countersign`).
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Mapping
from pathlib import Path

from edge.cases.evidence import Signs
from edge.cases.storage import PURGED, StateFolder, case_state, insert_event, write_transaction
from edge.cases.views import REVIEWS, EventKind
from edge.errors import CaseError, NoSuchCase
from edge.model import ALPHABET, State

MAX_PLATE_CHARACTERS = 12
MAX_TEXT_CHARACTERS = 2000


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
    """Record what *officer* did with case *number* as an entry of the chain, durably.

    *details* becomes part of the entry (an export lists its files there). The account of the operating system is
    recorded beside the officer's name.

    Returns:
        The sequence number of the entry.

    Raises:
        NoSuchCase: there is no case with that number, or it was purged.
        CaseError: the case is not decided yet, the name, the reason or the plate is missing or not acceptable, or the
            store cannot be written.
    """
    kind = EventKind(kind)
    officer, reason = _checked_text(officer, "the officer's name"), _checked_text(reason, "the reason")
    if not officer:
        raise CaseError("the officer's name is missing", "give it with the review")
    if kind in REVIEWS and not reason:
        raise CaseError("the reason is missing", "give one, a judge will ask for it")
    content: dict[str, object] = {"officer": officer, "reason": reason, "account": _account()}
    if kind is EventKind.CORRECT_PLATE:
        content["plate"] = plate = _checked_plate(plate)
    elif plate is not None:
        raise CaseError("a plate goes with correct_plate only", "leave it out")
    content.update(details or {})
    with write_transaction(StateFolder(state_dir)) as database:
        state = case_state(database, number)
        if state == PURGED:
            raise NoSuchCase(
                f"case {number} was purged", "choose another case, nothing can be recorded for this one any more"
            )
        if state != State.DECIDED and kind is not EventKind.VIEW:
            raise CaseError(f"case {number} is not decided yet", "wait for the unit's verdict")
        at_utc = time.time()
        entry = insert_event(
            database,
            kind,
            number,
            content,
            signer=signer,
            at_utc=at_utc,
            review=kind if kind in REVIEWS else None,
            corrected_plate=plate,
            exported_utc=at_utc if kind is EventKind.EXPORT else None,
        )
    return entry.seq


def _account() -> str:
    """The account of this process, from the system's table: the environment can be set to anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _checked_text(text: str, what: str) -> str:
    text = " ".join(text.split())
    if len(text) > MAX_TEXT_CHARACTERS:
        raise CaseError(f"{what} is too long", f"use at most {MAX_TEXT_CHARACTERS} characters")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise CaseError(f"{what} contains invalid characters", "type it again") from None
    return text


def _checked_plate(plate: str | None) -> str:
    text = "".join((plate or "").upper().split())
    if not text or len(text) > MAX_PLATE_CHARACTERS or not set(text) <= set(ALPHABET):
        raise CaseError(
            f"a plate has 1 to {MAX_PLATE_CHARACTERS} letters A to Z and digits", "type what the photo shows"
        )
    return text
