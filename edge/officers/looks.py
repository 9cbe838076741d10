"""Looks: who sees which case or list, for how long one look lasts, and how much an account may record.

A look is recorded before anything is given, and lasts :data:`LOOK_S`: whoever turns pages, opens a case again or has a
program that polls makes the chain no longer. What an account can add to it is bounded all the same.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from edge.cases import (
    REVIEWS,
    Archive,
    CaseFilter,
    ChainSession,
    EventKind,
    Signer,
    record_list,
    review,
    terms_of,
)
from edge.config import ReviewSettings
from edge.errors import CaseError, ReasonNeeded
from edge.officers.accounts import Account

Writing = Callable[[Account, int], tuple[Signer, ChainSession]]

LOOK_S = 3600.0
"""How long a look lasts: whoever sees a case again after that is recorded again."""
MOST_LOOKS = 10_000
BURST_ENTRIES, ENTRIES_PER_S = 1000.0, 1.0
"""Entries of one account: at once, and then by the second. They stay for ever, and a full disk stops the unit."""
BURST_LISTS, LISTS_PER_S = 200.0, 0.1
"""The same of lists and searches, of which nobody needs more: one in ten seconds is some five megabytes a day."""


class Pace:
    """How much each account may record: a bucket of *burst* entries, filled again with *per_s* entries a second."""

    def __init__(self, burst: Callable[[], float], per_s: Callable[[], float], remedy: str) -> None:
        """Every account may begin. *remedy* is what who recorded too much can do."""
        self._burst, self._per_s, self._remedy = burst, per_s, remedy
        self._left: dict[int, tuple[float, float]] = {}
        self._turn = threading.Lock()

    def take(self, account: Account, entries: int = 1) -> None:
        """Let *account* record *entries* more.

        Raises:
            CaseError: it recorded too much just now.
        """
        now_s, burst = time.monotonic(), self._burst()
        with self._turn:
            left, at_s = self._left.get(account.uid, (burst, now_s))
            left = min(burst, left + (now_s - at_s) * self._per_s())
            if entries and left < 1:
                raise CaseError("this account has recorded very much just now", self._remedy)
            self._left[account.uid] = (left - entries, now_s)


class _Look(NamedTuple):
    at_s: float
    reason: str


class Looks:
    """The looks that last, by account and what is looked at. May be used from any thread."""

    def __init__(self, state_dir: Path, rules: ReviewSettings, writing: Writing) -> None:
        """Nobody looks yet. *writing* gives what records for an account, or refuses."""
        self._state_dir, self._rules, self._writing = state_dir, rules, writing
        self._looks: dict[tuple[int, Hashable], _Look] = {}
        self._turn = threading.Lock()
        self._list_pace = Pace(lambda: BURST_LISTS, lambda: LISTS_PER_S, "wait, or search for less")

    def at_case(self, account: Account, number: int, reason: str = "") -> None:
        """Record that *account* looks at case *number*, unless its look lasts.

        Raises:
            ReasonNeeded: another officer has judged it, and no reason is given.
            CaseError: it cannot be recorded.
        """

        def record() -> None:
            why = self.ensure_reason(account, number, reason)
            signer, session = self._writing(account, 1)
            review.record(
                self._state_dir,
                number,
                kind=EventKind.VIEW,
                officer=account.officer,
                account=account.name,
                reason=why,
                signer=signer,
                session=session,
            )
            self._remember(account, number, why)

        self._ensure(account, number, record)

    def at_list(self, account: Account, filter: CaseFilter, hits: int) -> None:
        """Record that *account* lists or searches cases, unless a look at that list lasts; *hits* were found.

        Raises:
            CaseError: it cannot be recorded, or the account looked at too many lists just now.
        """
        what = replace(filter, text=terms_of(filter.text))

        def record() -> None:
            self._list_pace.take(account)
            signer, session = self._writing(account, 1)
            record_list(session, signer, filter, officer=account.officer, account=account.name, hits=hits)
            self._remember(account, what, "")

        self._ensure(account, what, record)

    def ensure_reason(self, account: Account, number: int, reason: str) -> str:
        """Why *account* looks at the case: what it says now, or said when it looked last.

        Raises:
            ReasonNeeded: it says nothing, another officer has judged the case, and ``[review] reasons`` is set.
            EvidenceError: something of the case does not hold.
        """
        last = self._looks.get((account.uid, number))
        why = reason.strip() or (last.reason if last is not None else "")
        if self._rules.reasons and not why and self._judged_by(number) - {account.name}:
            raise ReasonNeeded("another officer has judged this case", "say why you look at it")
        return why

    def _judged_by(self, number: int) -> frozenset[str]:
        """The accounts that judged case *number*, or asked to."""
        with Archive(self._state_dir) as archive:
            entries = archive.open(number).checked.entries
        bodies = [json.loads(entry.body) for entry in entries if entry.kind in REVIEWS | {EventKind.REQUEST}]
        return frozenset(body["account"] for body in bodies)

    def _ensure(self, account: Account, what: Hashable, record: Callable[[], None]) -> None:
        if not self._lasts(account, what):
            with self._turn:  # so that the same look, asked for twice at once, is one entry
                if not self._lasts(account, what):
                    record()

    def _lasts(self, account: Account, what: Hashable) -> bool:
        look = self._looks.get((account.uid, what))
        return look is not None and time.monotonic() - look.at_s < LOOK_S

    def _remember(self, account: Account, what: Hashable, reason: str) -> None:
        now_s = time.monotonic()
        if len(self._looks) >= MOST_LOOKS:
            self._looks = {key: look for key, look in list(self._looks.items()) if now_s - look.at_s < LOOK_S}
        if len(self._looks) < MOST_LOOKS:
            self._looks[account.uid, what] = _Look(now_s, reason)
