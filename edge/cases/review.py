"""What officers do with a case: judgements, views, exports. Each becomes an entry of the chain; nothing is edited.

An entry is signed when it is made, with the key that on an installed unit only its services have: officers' programs
ask the officers' service (:mod:`edge.officers`), which says who the officer is. Longer than 300 lines because what
refuses a judgement stands beside what enters it.
"""

from __future__ import annotations

import os
import pwd
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edge.cases.archive import Archive
from edge.cases.evidence import Signs, name_follows
from edge.cases.storage import (
    PURGED,
    ChainSession,
    StateFolder,
    case_state,
    counting_judgement,
    follow_up_of,
    insert_event,
    insert_withdrawal,
    is_held,
    is_held_by_centre,
    judged_by_two,
)
from edge.cases.storage.opened import opened_in
from edge.cases.views import FOLLOW_UPS, HOLDS, MAY_WAIT, OF_REQUESTS, REVIEWS, EventKind
from edge.errors import CaseError, NoSuchCase, SecondOfficerNeeded
from edge.model import ALPHABET, Case, State

MAX_PLATE_CHARACTERS = 12
MAX_TEXT_CHARACTERS = 2000


def record(
    state_dir: Path,
    number: int,
    *,
    kind: EventKind | str,
    officer: str,
    signer: Signs,
    account: str | None = None,
    reason: str = "",
    plate: str | None = None,
    judgement: int | None = None,
    details: Mapping[str, object] | None = None,
    session: ChainSession | None = None,
) -> int:
    """Record what *officer* did with case *number* as a signed entry of the chain, durably.

    *account* is the account of the operating system that is recorded beside the officer's name (default: this
    process's). *judgement* is the entry that ``withdraw`` takes back (default: the judgement that counts), after which
    the one before it counts again, if there is one. *details* becomes part of the entry (an export lists its files
    there). A *session* of *signer* is used again; without one the store is opened for this entry.

    Returns:
        The sequence number of the entry.

    Raises:
        NoSuchCase: there is no case with that number, or it was purged.
        CaseError: the case is not decided yet, the name, the reason or the plate is missing or not acceptable, the name
            to be confirmed no longer follows from a corrected plate or was set aside (or still stands, where the
            vehicle alone is to be confirmed; or does not, where it is to be set aside), *judgement* does not count, or
            the store cannot be written.
        SecondOfficerNeeded: the kind is a judgement or its withdrawal, and what counts was judged by two officers.
        EvidenceError: the chain does not continue what the unit wrote; or the kind is a judgement or its withdrawal,
            and something of the case does not hold.
    """
    kind = EventKind(kind)
    if kind in OF_REQUESTS:
        raise CaseError(f"{kind} needs two officers", "ask with autovelox cases ask, and let another one agree")
    content = said(kind, officer, reason, account)
    if kind is EventKind.CORRECT_PLATE:
        content["plate"] = plate = checked_plate(plate)
    elif plate is not None:
        raise CaseError("a plate goes with correct_plate only", "leave it out")
    if judgement is not None and kind is not EventKind.WITHDRAW:
        raise CaseError("a judgement's entry goes with withdraw only", "leave it out")
    content.update(details or {})
    if kind in MAY_WAIT | FOLLOW_UPS:
        require_judgeable(state_dir, number, kind)
    with _session(session, state_dir, signer) as open_session, open_session.extending() as database:
        check_state(database, number, kind, ordered="order" in content)
        check_unchanged(state_dir, database, number, kind)
        if kind in MAY_WAIT and judged_by_two(database, number):
            raise SecondOfficerNeeded(f"two officers judged case {number}", "let a second officer judge as well")
        at_utc = time.time()
        if kind is EventKind.WITHDRAW:
            content["judgement"] = counting_entry(database, number, judgement)
            return insert_withdrawal(database, number, content, signer=signer, at_utc=at_utc).seq
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


def require_judgeable(state_dir: Path, number: int, kind: EventKind) -> None:
    """Refuse a judgement on a case of which something does not hold, or to confirm a name that no longer follows.

    Raises:
        NoSuchCase: there is no case with that number, or it was purged.
        CaseError: the name does not follow from the plate as an officer corrected it, or was set aside; or it stands,
            or there is none, and the vehicle alone is to be confirmed; or there is none that could be set aside.
        EvidenceError: something of the case does not hold.
    """
    with Archive(state_dir) as archive:
        _check_judgement(archive.open(number).case, kind)


def check_unchanged(state_dir: Path, database: sqlite3.Connection, number: int, kind: EventKind) -> None:
    """As :func:`require_judgeable`, but for the photos, inside the transaction that enters the judgement.

    Another officer may have read another plate since the case was looked at.
    """
    if kind in MAY_WAIT | FOLLOW_UPS:
        _check_judgement(opened_in(StateFolder(state_dir), database, number).case, kind)


def _check_judgement(case: Case, kind: EventKind) -> None:
    if kind in FOLLOW_UPS:
        _check_unnamed(case)
    if kind is EventKind.CONFIRM and not name_follows(case) and case.name_set_aside:
        raise CaseError(
            f"an officer set the name in case {case.number} aside",
            "withdraw that judgement first, if it was wrong (withdraw), or dismiss the case",
        )
    if kind is EventKind.CONFIRM and not name_follows(case):
        raise CaseError(
            "an officer read another plate than the one the named driver claimed: this name no longer follows",
            "confirm the vehicle alone (confirm_vehicle), dismiss the case, or correct the plate again",
        )
    if kind is EventKind.CONFIRM_VEHICLE and name_follows(case):
        raise CaseError(
            f"the vehicle alone is confirmed only where a name fell, and in case {case.number} none did",
            "confirm the case as it stands, set the name aside (set_name_aside), or dismiss it",
        )
    if kind is EventKind.SET_NAME_ASIDE and (case.driver is None or not name_follows(case)):
        raise CaseError(
            f"no name stands in case {case.number} that could be set aside",
            "confirm the case as it stands, or the vehicle alone where a name fell (confirm_vehicle)",
        )


def record_package(
    state_dir: Path,
    made: Mapping[int, Mapping[str, str]],
    package: Callable[[sqlite3.Connection], Mapping[str, object]],
    *,
    officer: str,
    signer: Signs,
    account: str | None = None,
    reason: str = "",
    session: ChainSession | None = None,
) -> int:
    """Record the export of a package: an entry for each of its cases, one after the other, nothing in between.

    *made* has for each case the SHA-256 of the files that were made for it, by name. The last entry holds as
    well what *package*, asked inside the transaction and before it adds anything, says: it names the package's members.
    The rest is as in :func:`record`.

    Returns:
        The sequence number of the last entry.

    Raises:
        NoSuchCase: one of the cases was purged meanwhile.
        CaseError: the officer's name is missing, or the store cannot be written.
        EvidenceError: the chain does not continue what the unit wrote.
    """
    content = said(EventKind.EXPORT, officer, reason, account)
    seq = 0
    *_, last = made
    with _session(session, state_dir, signer) as open_session, open_session.extending() as database:
        at_utc, named = time.time(), {"package": dict(package(database))}
        for number, files in made.items():
            check_state(database, number, EventKind.EXPORT)
            own = {**content, "files": dict(files), **(named if number == last else {})}
            entry = insert_event(
                database, EventKind.EXPORT, number, own, signer=signer, at_utc=at_utc, exported_utc=at_utc
            )
            seq = entry.seq
    return seq


def operator() -> dict[str, str]:
    """Who acts without a second officer: this process's account, root or the unit's own, by its name."""
    return {"officer": account_name(), "account": account_name()}


def account_name() -> str:
    """The account of this process, from the system's table: the environment can be set to anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


@contextmanager
def _session(given: ChainSession | None, state_dir: Path, signer: Signs) -> Iterator[ChainSession]:
    """The *given* session, which stays open; or one for this time."""
    if given is not None:
        yield given
        return
    with ChainSession(StateFolder(state_dir), signer) as session:
        yield session


def said(kind: EventKind, officer: str, reason: str, account: str | None) -> dict[str, object]:
    """The part of an event's content that all kinds have.

    Raises:
        CaseError: the name or the reason is missing or not acceptable.
    """
    officer, reason = checked_text(officer, "the officer's name"), checked_text(reason, "the reason")
    if not officer:
        raise CaseError("the officer's name is missing", "give it with the review")
    if kind in MAY_WAIT | HOLDS | FOLLOW_UPS and not reason:
        raise CaseError("the reason is missing", "give one, a judge will ask for it")
    return {"officer": officer, "reason": reason, "account": account or account_name()}


def check_state(database: sqlite3.Connection, number: int, kind: EventKind, *, ordered: bool = False) -> None:
    """Refuse an event for a case that cannot have it. *ordered*: the centre ordered it.

    A hold of the centre may follow one of the unit's officers, and only the centre releases it.

    Raises:
        NoSuchCase: there is no such case, or it was purged.
        CaseError: the case is not decided yet, or on hold already, or not on hold.
    """
    state = case_state(database, number)
    if state == PURGED:
        raise NoSuchCase(
            f"case {number} was purged", "choose another case, nothing can be recorded for this one any more"
        )
    if state != State.DECIDED and kind is not EventKind.VIEW:
        raise CaseError(f"case {number} is not decided yet", "wait for the unit's verdict")
    by_centre = kind in HOLDS and is_held(database, number) and is_held_by_centre(database, number)
    if kind is EventKind.RELEASE and by_centre and not ordered:
        raise CaseError(f"the centre holds case {number}", "ask its officers to release it")
    if kind is EventKind.HOLD and ordered and not by_centre:
        return
    if kind in HOLDS and is_held(database, number) == (kind is EventKind.HOLD):
        stands = "is on hold already" if kind is EventKind.HOLD else "is not on hold"
        raise CaseError(f"case {number} {stands}", "there is nothing to do")
    if kind in FOLLOW_UPS and follow_up_of(database, number) == EventKind.CLOSED:
        raise CaseError(f"case {number} is closed", "there is nothing more to record")


def counting_entry(database: sqlite3.Connection, number: int, named: int | None = None) -> int:
    """The entry of the judgement on case *number* that counts; it must be the one *named*, if one is.

    Raises:
        CaseError: no judgement counts, or another one.
    """
    found = counting_judgement(database, number)
    if found is None:
        raise CaseError(f"no judgement on case {number} counts", "there is nothing to withdraw")
    if named not in (None, found):
        raise CaseError(
            f"entry {named} is not the judgement on case {number} that counts",
            "look at its history: it was withdrawn, or somebody judged the case again",
        )
    return found


def _check_unnamed(case: Case) -> None:
    """Refuse a follow-up of a case that needs none: no infringement, or its driver is named and the name follows."""
    if not case.is_infringement:
        raise CaseError(f"case {case.number} is no infringement", "there is nobody to ask for")
    if case.driver is not None and name_follows(case) and case.review != EventKind.DISMISS:
        raise CaseError(
            f"the unit names the driver of case {case.number}", "confirm or dismiss it, or correct its plate"
        )


def checked_text(text: str, what: str) -> str:
    """*text* on one line; *what* names it in messages.

    Raises:
        CaseError: it is too long, or no Unicode.
    """
    text = " ".join(text.split())
    if len(text) > MAX_TEXT_CHARACTERS:
        raise CaseError(f"{what} is too long", f"use at most {MAX_TEXT_CHARACTERS} characters")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise CaseError(f"{what} contains invalid characters", "type it again") from None
    return text


def checked_plate(plate: str | None) -> str:
    """*plate* as it is stored.

    Raises:
        CaseError: it is none.
    """
    text = "".join((plate or "").upper().split())
    if not text or len(text) > MAX_PLATE_CHARACTERS or not set(text) <= set(ALPHABET):
        raise CaseError(
            f"a plate has 1 to {MAX_PLATE_CHARACTERS} letters A to Z and digits", "type what the photo shows"
        )
    return text
