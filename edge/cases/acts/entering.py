"""The entries of requests, of their answers, and of the judgements that two officers made, each in a transaction."""

from __future__ import annotations

import sqlite3
import time

from edge.cases.acts.requests import OF_ONE_CASE, ActingOfficer, Action, Request, by_both, read_request, said_by
from edge.cases.evidence import Entry, Signs
from edge.cases.storage import append_entry, insert_event, insert_withdrawal
from edge.cases.views import EventKind


def enter_request(
    database: sqlite3.Connection,
    signer: Signs,
    person: ActingOfficer,
    action: Action,
    cases: tuple[int, ...],
    reason: str,
    *,
    waits_s: float,
    plate: str | None = None,
    judgement: int | None = None,
) -> Request:
    """Enter that *person* asks for *action*, which waits *waits_s* seconds for an answer; what is None is left out.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    at_utc = time.time()
    content: dict[str, object] = {
        **said_by(person, reason),
        "action": str(action),
        "cases": list(cases),
        "until_utc": at_utc + waits_s,
        **_what(plate, judgement),
    }
    about = cases[0] if action in OF_ONE_CASE else None
    entry = append_entry(database, EventKind.REQUEST, about, content, signer=signer, at_utc=at_utc)
    return read_request(database, entry.seq)


def enter_answer(
    database: sqlite3.Connection, signer: Signs, kind: EventKind, request: Request, person: ActingOfficer, reason: str
) -> Entry:
    """Enter that *person* agrees to *request*, or refuses it.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    content = {**said_by(person, reason), "request": request.number}
    return append_entry(database, kind, request.case, content, signer=signer)


def enter_judgement(database: sqlite3.Connection, signer: Signs, request: Request, person: ActingOfficer) -> Entry:
    """Enter the judgement that *request* asked for, or its withdrawal, now that *person* agreed.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    content = {**by_both(request, person), "reason": request.reason, **_what(request.plate, request.judgement)}
    number, at_utc = request.cases[0], time.time()
    if request.action is Action.WITHDRAW:
        return insert_withdrawal(database, number, content, signer=signer, at_utc=at_utc)
    return insert_event(
        database,
        request.action,
        number,
        content,
        signer=signer,
        at_utc=at_utc,
        review=request.action,
        corrected_plate=request.plate,
    )


def _what(plate: str | None, judgement: int | None) -> dict[str, object]:
    what = {"plate": plate, "judgement": judgement}
    return {name: value for name, value in what.items() if value is not None}
