"""Retention: how long cases are kept, and the purge that leaves nothing of a case but a signed tombstone.

A purge deletes the manifests, photos, portrait, and reviews of a case. The headers of its entries
stay, so that the chain can still be checked, and a ``purge`` entry (the tombstone) says when and why.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cases import storage
from edge.cases.evidence import Signs
from edge.cases.storage import (
    FOLLOW_UP,
    HELD,
    PURGED,
    ChainSession,
    StateFolder,
    append_entry,
    believe_clock,
    case_state,
    clock_state,
    delivered_whole,
    erase,
    giving_way,
    is_held,
    open_to_read,
    replace_with_tombstone,
)
from edge.errors import CaseError, NoSuchCase
from edge.model import State

if TYPE_CHECKING:
    from edge.config import CaseSettings

log = logging.getLogger(__name__)

DAY_S = 86_400.0
PURGE_INTERVAL_S = 3600.0

_DUE = f"""
SELECT number FROM cases WHERE state = 'decided' AND purged_seq IS NULL AND at_utc < :latest AND at_utc < CASE
    WHEN review = 'dismiss' THEN :dismissed
    WHEN (SELECT json_extract(CAST(body AS TEXT), '$.basis') FROM entries WHERE seq = filed_seq)
        NOT IN ('measured', 'signalled') THEN :dismissed
    WHEN outcome = 'identified' OR {FOLLOW_UP} IN ('keeper_asked', 'driver_named_by_keeper') THEN :identified
    ELSE :unidentified END AND NOT {HELD}
ORDER BY number
"""  # noqa: S608 - of constants
"""A case of an earlier program has no basis, which is in no list."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Days from the trigger until a case is purged: by its verdict.

    One whose keeper was asked who drove stays as long as one whose driver is named. One that an officer dismissed, and
    one that is no infringement, goes after ``dismissed_days``. With ``only_delivered`` none goes before the centre has
    it whole.
    """

    identified_days: float = 150
    unidentified_days: float = 60
    dismissed_days: float = 10
    only_delivered: bool = False

    @classmethod
    def of(cls, settings: CaseSettings, *, only_delivered: bool = False) -> RetentionPolicy:
        """The policy that the ``[cases]`` section sets; *only_delivered* where there is a centre."""
        days = (settings.retention_days, settings.retention_unidentified_days, settings.retention_dismissed_days)
        return cls(*days, only_delivered=only_delivered)


def due(state_dir: Path, policy: RetentionPolicy, *, now_utc: float | None = None) -> tuple[int, ...]:
    """The decided cases whose retention period is over, by number. A pending case, or one on hold, is never due.

    *now_utc* is in seconds since the epoch (default: now).

    Raises:
        CaseError: the store cannot be read.
    """
    now = time.time() if now_utc is None else now_utc
    days = {
        "dismissed": policy.dismissed_days,
        "identified": policy.identified_days,
        "unidentified": policy.unidentified_days,
    }
    times = {name: now - DAY_S * kept for name, kept in (*days.items(), ("latest", min(days.values())))}
    folder = StateFolder(state_dir)
    with closing(open_to_read(folder)) as database:
        numbers = tuple(row[0] for row in database.execute(_DUE, times))
    return delivered_whole(folder, numbers) if policy.only_delivered else numbers


def due_now(state_dir: Path, policy: RetentionPolicy, *, trust_clock: bool = False) -> tuple[int, ...]:
    """The cases that are due by a clock that may be believed; with *trust_clock* because a person says so.

    Raises:
        CaseError: the clock went ahead by more than a day, or the store cannot be read.
    """
    folder = StateFolder(state_dir)
    return due(state_dir, policy, now_utc=(storage.trust_clock if trust_clock else believe_clock)(folder))


def record_trust(state_dir: Path, signer: Signs, **who: str) -> None:
    """Enter that the clock is believed on a person's word; *who* names that person (``officer``, ``account``).

    Raises:
        CaseError: the store cannot be written.
        EvidenceError: the chain does not continue what the unit wrote.
    """
    with ChainSession(StateFolder(state_dir), signer) as session, session.extending() as database:
        append_entry(database, "trust_clock", None, {**who, "reason": ""}, signer=signer)


def clock_is_trusted() -> bool:
    """Whether the clock may decide what is due: one that is not synchronised may be years ahead."""
    return clock_state()["synchronised"] is not False


def purge(
    state_dir: Path,
    numbers: Sequence[int],
    *,
    reason: str,
    signer: Signs,
    skip_held: bool = False,
    details: Mapping[str, object] | None = None,
) -> None:
    """Delete the decided cases *numbers* and add a tombstone for each to the chain, signed by *signer*.

    *reason* goes into the tombstone and must contain no personal data, with *details*: who does it before its time.
    What an interrupted purge left is deleted too. If one of them cannot be purged at the beginning none is; *skip_held*
    passes over those that were put on hold.

    Raises:
        NoSuchCase: one of them does not exist or was purged before.
        CaseError: one of them is pending or on hold, or the store cannot be written.
        EvidenceError: the chain does not continue what the unit wrote.
    """
    folder = StateFolder(state_dir)
    if not skip_held:
        with closing(open_to_read(folder)) as database:
            for number in numbers:
                require_purgeable(database, number)
    try:
        with ChainSession(folder, signer) as session:
            for number in numbers:
                with session.extending() as database:
                    if skip_held and is_held(database, number):
                        continue
                    require_purgeable(database, number)
                    replace_with_tombstone(database, number, reason, signer=signer, details=details)
    finally:
        remove_purged(folder)


def require_purgeable(database: sqlite3.Connection, number: int) -> None:
    """Refuse a case that must not be purged.

    Raises:
        NoSuchCase: there is no such case, or it was purged before.
        CaseError: it is pending or on hold.
    """
    state = case_state(database, number)
    if state == PURGED:
        raise NoSuchCase(f"case {number} was purged before", "leave it out of the list")
    if state != State.DECIDED:
        raise CaseError(f"case {number} is not decided yet", "wait for the verdict, a pending case is never purged")
    if is_held(database, number):
        raise CaseError(f"case {number} is on hold", "release it first: autovelox cases release")


def remove_purged(folder: StateFolder) -> None:
    """Remove the photos and claims of purged cases that are still there.

    Raises:
        CaseError: the disk reports an error.
    """
    with closing(open_to_read(folder)) as database:
        gone = [row[0] for row in database.execute("SELECT number FROM cases WHERE purged_seq IS NOT NULL")]
    try:
        for number in giving_way(folder, gone):
            if folder.case(number).exists():
                erase(folder.claims(number))
                shutil.rmtree(folder.case(number))
    except OSError as error:
        raise CaseError(f"photos of purged cases could not be removed ({error.strerror})", "purge again") from None


class Purger:
    """Purges the cases that are due, once an hour however often it is called.

    ``problem`` is one sentence while the clock is too far ahead to be believed. May be read from any thread.
    """

    def __init__(self, state_dir: Path, policy: RetentionPolicy, signer: Signs) -> None:
        """Nothing is purged before :meth:`purge_due`."""
        self._state_dir = state_dir
        self._policy = policy
        self._signer = signer
        self._next_s = 0.0
        self.problem: str | None = None

    def purge_due(self) -> None:
        """Purge the cases that are due, if an hour has passed and the clock can be trusted.

        Raises:
            CaseError: the store cannot be written.
            EvidenceError: the chain does not continue what the unit wrote.
        """
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + PURGE_INTERVAL_S
        if not clock_is_trusted():
            log.warning("the clock is not synchronised: nothing is purged until it is")
            return
        self.problem = None
        try:
            numbers = due_now(self._state_dir, self._policy)
        except CaseError as error:
            self.problem = str(error)
            log.warning("%s", error)
            return
        if numbers:
            purge(self._state_dir, numbers, reason="retention period over", signer=self._signer, skip_held=True)
            log.info("%d cases purged: their retention period is over", len(numbers))
        else:
            remove_purged(StateFolder(self._state_dir))  # what an interrupted purge left
