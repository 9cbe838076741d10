"""Two officers: one asks, another account agrees or refuses, and only then it is done. All of it is in the chain.

One mechanism for a purge before its time, opening the claims of an ambiguous case, going on after the clock jumped, a
change of the signing key, and judgements where ``[review] second`` is set. What is done names the request;
:mod:`edge.cases.evidence.verify` holds both against each other. The caller says who is who, and has it from the kernel.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from edge.cases.acts.claims import read_claims, take_claims
from edge.cases.acts.entering import enter_answer, enter_judgement, enter_request
from edge.cases.acts.requests import (
    DAY_S,
    JUDGEMENTS,
    LONGEST_DAYS,
    OF_ONE_CASE,
    USUAL_DAYS,
    ActingOfficer,
    Action,
    Request,
    RequestState,
    by_both,
    open_requests,
    read_request,
)
from edge.cases.evidence import Signs
from edge.cases.retention import purge, require_purgeable
from edge.cases.review import (
    check_state,
    check_unchanged,
    checked_plate,
    checked_text,
    counting_entry,
    require_judgeable,
)
from edge.cases.storage import (
    PURGED,
    ChainSession,
    StateFolder,
    append_entry,
    case_state,
    open_to_read,
    trust_clock,
)
from edge.cases.views import EventKind
from edge.errors import CaseError

MOST_CASES = 100
"""Cases of one request at the most."""


class Agreement:
    """Requests and answers in the store of *state_dir*, written through *session*. May be called from any thread."""

    def __init__(self, state_dir: Path, signer: Signs, session: ChainSession) -> None:
        """Sign with *signer*, whose session it is."""
        self._folder = StateFolder(state_dir)
        self._signer = signer
        self._session = session

    def waiting(self) -> tuple[Request, ...]:
        """The requests that wait for an answer, the oldest first.

        Raises:
            CaseError: the store cannot be read.
            EvidenceError: one of them does not hold.
        """
        with closing(open_to_read(self._folder)) as database:
            database.execute("BEGIN")
            return open_requests(database)

    def request(self, number: int) -> Request:
        """The request of entry *number*. Raises as :meth:`waiting`; CaseError also where there is none."""
        with closing(open_to_read(self._folder)) as database:
            database.execute("BEGIN")
            return read_request(database, number)

    def ask(
        self,
        person: ActingOfficer,
        action: Action,
        cases: Sequence[int],
        *,
        reason: str,
        plate: str | None = None,
        days: float = USUAL_DAYS,
    ) -> Request:
        """Ask for *action*, of *cases* where it is about cases; it waits *days* for an answer.

        Raises:
            NoSuchCase: a case does not exist, or was purged.
            CaseError: it cannot be asked for, or the reason is missing.
            EvidenceError: something of the case to be judged, or its claims, does not hold.
        """
        numbers, reason, plate = self._checked(action, cases, reason, plate, days)
        with self._session.extending() as database:
            judgement = self._require_possible(database, action, numbers)
            waiting = open_requests(database, numbers[0]) if action in OF_ONE_CASE else ()
            if any(request.action is action for request in waiting):
                raise CaseError(
                    f"that waits for a second officer already (request {waiting[0].number})", "let one agree"
                )
            return enter_request(
                database,
                self._signer,
                person,
                action,
                numbers,
                reason,
                waits_s=days * DAY_S,
                plate=plate,
                judgement=judgement,
            )

    def refuse(self, person: ActingOfficer, number: int, *, reason: str) -> Request:
        """Refuse the request of entry *number*, or take one's own back.

        Raises:
            CaseError: it does not wait for an answer, or the reason is missing.
            EvidenceError: it does not hold.
        """
        if not (reason := checked_text(reason, "the reason")):
            raise CaseError("the reason is missing", "give one, a judge will ask for it")
        with self._session.extending() as database:
            request = self._open(database, number)
            enter_answer(database, self._signer, EventKind.REFUSE, request, person, reason)
        return self.request(number)

    def agree(self, person: ActingOfficer, number: int, *, reason: str = "") -> Request:
        """Agree to the request of entry *number*, and do what it asks for.

        What an interruption left undone is finished by agreeing again.

        Raises:
            CaseError: who asked agrees, it does not wait for an answer, or what it asks for cannot be done any more.
            EvidenceError: something of it does not hold.
        """
        reason = checked_text(reason, "the reason")
        request = self.request(number)
        if request.action in JUDGEMENTS and request.state() is RequestState.OPEN:
            require_judgeable(self._folder.root, request.cases[0], EventKind(request.action))
        if not (request.is_agreed and request.answered_by == person):
            with self._session.extending() as database:
                request = self._open(database, number)
                if request.asked_by.is_same(person):
                    raise CaseError("who asks cannot agree as well", "let another officer do it")
                self._require_possible(database, request.action, request.cases, request.judgement)
                enter_answer(database, self._signer, EventKind.AGREE, request, person, reason)
                if request.action in JUDGEMENTS:
                    enter_judgement(database, self._signer, request, person)
                elif request.action is Action.TRUST_CLOCK:
                    content = {**by_both(request, person), "reason": request.reason}
                    append_entry(database, Action.TRUST_CLOCK, None, content, signer=self._signer)
            request = self.request(number)
        self._carry_out(request, person)
        return request

    def judge(
        self,
        person: ActingOfficer,
        number: int,
        kind: EventKind,
        *,
        reason: str,
        plate: str | None = None,
        judgement: int | None = None,
        may_agree: bool = True,
    ) -> tuple[int, bool]:
        """Judge case *number*: the first officer's judgement waits, a second one's that is the same makes it count.

        One that differs refuses what waits, and waits in its place. Who may not agree (*may_agree*) judges first only.
        Withdrawing a judgement is one too; *judgement* is the entry that is meant (default: the one that counts).
        Returns the number of the newest entry, and whether the judgement waits.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            CaseError: the case is not decided, reason or plate are missing or not acceptable, or *judgement* does not
                count.
            EvidenceError: something of the case does not hold.
        """
        action = Action(kind)
        if judgement is not None and action is not Action.WITHDRAW:
            raise CaseError("a judgement's entry goes with withdraw only", "leave it out")
        numbers, reason, plate = self._checked(action, [number], reason, plate, USUAL_DAYS)
        with self._session.extending() as database:
            judgement = self._require_possible(database, action, numbers, judgement)
            wanted = action, plate, judgement
            for request in open_requests(database, number):
                if request.action not in JUDGEMENTS:
                    continue
                same = (request.action, request.plate, request.judgement) == wanted
                own = request.asked_by.is_same(person)
                if same and (own or not may_agree):
                    raise CaseError("your judgement waits for a second officer already", "let another officer judge")
                answer = EventKind.AGREE if same else EventKind.REFUSE
                enter_answer(database, self._signer, answer, request, person, reason)
                if same:
                    return enter_judgement(database, self._signer, request, person).seq, False
            waits_s = USUAL_DAYS * DAY_S
            asked = enter_request(
                database,
                self._signer,
                person,
                action,
                numbers,
                reason,
                waits_s=waits_s,
                plate=plate,
                judgement=judgement,
            )
            return asked.number, True

    def claims(self, person: ActingOfficer, number: int) -> bytes:
        """The sealed claims that the agreed request of entry *number* is about, for one of its two officers.

        Raises:
            CaseError: nobody agreed, its time is over, or this is neither of the two.
            EvidenceError: the claims are not those of the verdict.
        """
        request = self.request(number)
        if request.action is not Action.CLAIMS or request.answered_by is None or not request.is_agreed:
            raise CaseError(f"request {number} is no agreed request for claims", "let another officer agree first")
        if time.time() > request.until_utc:
            raise CaseError(f"the time of request {number} is over", "ask again")
        if not (request.asked_by.is_same(person) or request.answered_by.is_same(person)):
            raise CaseError("the claims are for the two officers alone", "ask for them yourself")
        return take_claims(
            self._folder.root,
            request.cases[0],
            officer=person.officer,
            account=person.account,
            reason=request.reason,
            details={"request": number},
            signer=self._signer,
            session=self._session,
        )

    def _checked(
        self, action: Action, cases: Sequence[int], reason: str, plate: str | None, days: float
    ) -> tuple[tuple[int, ...], str, str | None]:
        """The arguments of a request, checked as far as they can be without a transaction."""
        numbers, reason = tuple(dict.fromkeys(cases)), checked_text(reason, "the reason")
        if not reason:
            raise CaseError("the reason is missing", "give one, a judge will ask for it")
        if not 0 < days <= LONGEST_DAYS:
            raise CaseError(f"a request waits {LONGEST_DAYS} days at the most", "ask for less")
        if action is Action.CORRECT_PLATE:
            plate = checked_plate(plate)
        elif plate is not None:
            raise CaseError("a plate goes with correct_plate only", "leave it out")
        most = 1 if action in OF_ONE_CASE else MOST_CASES if action is Action.PURGE else 0
        if not min(1, most) <= len(numbers) <= most:
            raise CaseError(
                f"{action} is asked for {most or 'no'} case{'s' if most != 1 else ''} at the most", "name them"
            )
        if action is Action.CLAIMS:
            read_claims(self._folder.root, numbers[0])
        elif action in JUDGEMENTS:
            require_judgeable(self._folder.root, numbers[0], EventKind(action))
        return numbers, reason, plate

    def _require_possible(
        self, database: sqlite3.Connection, action: Action, cases: Sequence[int], judgement: int | None = None
    ) -> int | None:
        """Refuse what cannot be done; returns the judgement to be withdrawn, if that is the *action*."""
        for number in cases:
            if action is Action.PURGE:
                require_purgeable(database, number)
            else:
                check_state(database, number, EventKind(action) if action in JUDGEMENTS else EventKind.EXPORT)
                if action in JUDGEMENTS:
                    check_unchanged(self._folder.root, database, number, EventKind(action))
        return counting_entry(database, cases[0], judgement) if action is Action.WITHDRAW else None

    def _open(self, database: sqlite3.Connection, number: int) -> Request:
        request = read_request(database, number)
        if (state := request.state()) is not RequestState.OPEN:
            raise CaseError(f"request {number} is {state}", "ask again, if it is still wanted")
        return request

    def _carry_out(self, request: Request, person: ActingOfficer) -> None:
        """Do what is not part of the transaction that agreed; twice is as good as once."""
        if request.action is Action.TRUST_CLOCK:
            trust_clock(self._folder)
        elif request.action is Action.PURGE:
            with closing(open_to_read(self._folder)) as database:
                left = [number for number in request.cases if case_state(database, number) != PURGED]
            details = by_both(request, person)
            purge(self._folder.root, left, reason=request.reason, signer=self._signer, details=details)
