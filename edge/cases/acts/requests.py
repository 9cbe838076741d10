"""Requests: what one officer asks for and a second one has to agree to, as the chain has them.

A ``request`` entry says what is asked, by whom, why and until when; an ``agree`` or ``refuse`` entry answers it, once.
What is done then names the request. :mod:`edge.cases.acts.agreement` writes these entries; nothing here writes.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from edge.cases.storage import CheckedEntry, read_checked_entries
from edge.cases.views import EventKind
from edge.errors import CaseError

DAY_S = 86_400.0
LONGEST_DAYS, USUAL_DAYS = 30, 7
"""How long a request may wait for its answer."""
MOST_REQUESTS = 1000
"""Requests of one list at the most."""


class Action(StrEnum):
    """What needs a second officer. The first six are judgements, where ``[review] second`` is set."""

    CONFIRM = "confirm"
    CONFIRM_VEHICLE = "confirm_vehicle"
    SET_NAME_ASIDE = "set_name_aside"
    DISMISS = "dismiss"
    CORRECT_PLATE = "correct_plate"
    WITHDRAW = "withdraw"
    PURGE = "purge"
    CLAIMS = "claims"
    TRUST_CLOCK = "trust_clock"
    ROTATE_KEY = "rotate_key"


JUDGEMENTS = frozenset(
    {
        *(Action.CONFIRM, Action.CONFIRM_VEHICLE, Action.SET_NAME_ASIDE),
        *(Action.DISMISS, Action.CORRECT_PLATE, Action.WITHDRAW),
    }
)
OF_ONE_CASE = JUDGEMENTS | {Action.CLAIMS}
"""Actions whose entries are about their case; those of the others are about none."""


class RequestState(StrEnum):
    """How a request stands."""

    OPEN = "open"
    AGREED = "agreed"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ActingOfficer:
    """Who asks or answers: the name that entries show, and name and number of the account, as the kernel vouches."""

    officer: str
    account: str
    uid: int

    def is_same(self, other: ActingOfficer) -> bool:
        """Whether both are one account."""
        return self.uid == other.uid or self.account == other.account


@dataclass(frozen=True, slots=True)
class Request:
    """A request and its answer; ``number`` is that of its entry, times are in seconds since the epoch.

    ``answered_by`` is None, and ``answer`` 0, while nobody answered. ``judgement`` is the entry to be withdrawn.
    """

    number: int
    action: Action
    cases: tuple[int, ...]
    asked_by: ActingOfficer
    reason: str
    plate: str | None = field(repr=False)
    at_utc: float
    until_utc: float
    answer: int = 0
    is_agreed: bool = False
    answered_by: ActingOfficer | None = None
    judgement: int | None = None

    @property
    def case(self) -> int | None:
        """The case that its entries are about, if they are about one."""
        return self.cases[0] if self.action in OF_ONE_CASE else None

    def state(self, now_utc: float | None = None) -> RequestState:
        """How it stands at *now_utc* (default: now)."""
        if self.answered_by is not None:
            return RequestState.AGREED if self.is_agreed else RequestState.REFUSED
        return (
            RequestState.EXPIRED
            if (time.time() if now_utc is None else now_utc) > self.until_utc
            else RequestState.OPEN
        )


def read_request(database: sqlite3.Connection, number: int) -> Request:
    """The request of entry *number*, checked against chain and signatures; the caller has begun a transaction.

    Raises:
        CaseError: that entry is no request, or its case was purged.
        EvidenceError: it does not hold.
        sqlite3.Error: the database cannot be read.
    """
    row = database.execute("SELECT kind, body IS NULL, case_number FROM entries WHERE seq = ?", (number,)).fetchone()
    if row is None or row[0] != "request":
        raise CaseError(f"there is no request {number}", "autovelox cases requests lists those that wait")
    if row[1]:
        raise CaseError(f"the case of request {number} was purged", "there is nothing to do any more")
    answer = next((seq for seq, asked in _answers(database, row[2], number) if asked == number), None)
    checked = read_checked_entries(database, [number] if answer is None else [number, answer])
    return _request(checked[0], checked[1] if answer is not None else None)


def open_requests(database: sqlite3.Connection, case: int | None = None) -> tuple[Request, ...]:
    """The requests that wait for an answer, the oldest first: all, or those about *case*.

    Raises:
        EvidenceError: one of them does not hold.
        sqlite3.Error: the database cannot be read.
    """
    now_utc = time.time()
    since_utc = now_utc - LONGEST_DAYS * DAY_S
    found: list[int] = []
    for about in [case] if case is not None else [None, *_cases_with_requests(database)]:
        answered: set[int] = set()
        for seq, kind, at_utc, content in _newest_first(database, about):
            if at_utc < since_utc:
                break
            if kind == "request" and seq not in answered and content["until_utc"] > now_utc:
                found.append(seq)
            elif kind in ("agree", "refuse"):
                answered.add(content["request"])
    checked = read_checked_entries(database, sorted(found)[:MOST_REQUESTS])
    return tuple(_request(entry) for entry in checked)


def _cases_with_requests(database: sqlite3.Connection) -> list[int]:
    sql = (
        "SELECT number FROM cases WHERE purged_seq IS NULL AND state = 'decided'"
        " AND EXISTS (SELECT 1 FROM entries WHERE case_number = number AND kind = 'request')"
    )
    return [int(number) for (number,) in database.execute(sql)]


def _newest_first(database: sqlite3.Connection, case: int | None) -> Iterator[tuple[int, str, float, dict[str, Any]]]:
    """Number, kind, time and content of the entries about *case* (None: about no case) that are part of a request."""
    sql = "SELECT seq, kind, header, body FROM entries WHERE case_number IS ? ORDER BY seq DESC"
    for seq, kind, header, body in database.execute(sql, (case,)):
        wanted = kind in ("request", "agree", "refuse") and body is not None
        yield seq, kind if wanted else "", json.loads(header)["at"], json.loads(body) if wanted else {}


def _answers(database: sqlite3.Connection, case: int | None, since: int) -> Iterator[tuple[int, int]]:
    """The answers after entry *since* about *case* (None: about none): their numbers, and those of their requests."""
    sql = (
        "SELECT seq, json_extract(CAST(body AS TEXT), '$.request') FROM entries"
        " WHERE case_number IS ? AND seq > ? AND kind IN ('agree', 'refuse') AND body IS NOT NULL ORDER BY seq"
    )
    yield from database.execute(sql, (case, since))


def _request(entry: CheckedEntry, answer: CheckedEntry | None = None) -> Request:
    content = json.loads(entry.body)
    said = json.loads(answer.body) if answer is not None else {}
    return Request(
        number=entry.seq,
        action=Action(content["action"]),
        cases=tuple(content["cases"]),
        asked_by=_person(content),
        reason=content["reason"],
        plate=content.get("plate"),
        at_utc=entry.at_utc,
        until_utc=content["until_utc"],
        answer=answer.seq if answer is not None else 0,
        is_agreed=answer is not None and answer.kind == EventKind.AGREE,
        answered_by=_person(said) if answer is not None else None,
        judgement=content.get("judgement"),
    )


def _person(content: dict[str, object]) -> ActingOfficer:
    return ActingOfficer(str(content["officer"]), str(content["account"]), int(str(content["uid"])))


def said_by(person: ActingOfficer, reason: str) -> dict[str, object]:
    """The content that requests and answers have in common."""
    return {"officer": person.officer, "account": person.account, "uid": person.uid, "reason": reason}


def by_both(request: Request, second: ActingOfficer) -> dict[str, object]:
    """Who does what *request* asks for, as the content of an entry: the officer who asked, and the second one."""
    asked = request.asked_by
    return {
        "officer": asked.officer,
        "account": asked.account,
        "second": {"officer": second.officer, "account": second.account},
        "request": request.number,
    }
