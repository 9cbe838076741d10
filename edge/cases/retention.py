"""Retention: what is kept how long, and the purge that leaves a signed tombstone and nothing else.

A purge deletes manifest, photos, portrait, reviews and everything derived of a case. Its entries' headers stay, so the
chain can still be walked, and a ``purge`` entry says when and why.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.cases.evidence.chain import HEAD, INSERT, Signs, chain
from edge.cases.storage.clock import clock_state
from edge.cases.storage.database import open_to_read, writing
from edge.cases.storage.journal import FRAMES
from edge.cases.storage.space import DERIVED
from edge.config import CaseSettings
from edge.errors import CaseError, NoSuchCase

log = logging.getLogger(__name__)

DAY_S = 86_400.0
EVERY_S = 3600.0

_DUE = """
SELECT number FROM cases WHERE state = 'decided' AND purged_seq IS NULL AND at_utc < CASE
    WHEN review = 'dismiss' THEN ? WHEN outcome = 'identified' THEN ? ELSE ? END
ORDER BY number
"""
_BLANK = (
    "UPDATE cases SET purged_seq = ?, at_utc = 0, site = '', speed_kmh = NULL, limit_kmh = 0, plate_text = '',"
    " outcome = NULL, driver_name = '', review = NULL, corrected_plate = NULL, exported_utc = NULL WHERE number = ?"
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Days from the trigger until a case is purged: by verdict, and sooner once an officer dismissed it."""

    identified_days: float = 150
    unidentified_days: float = 60
    dismissed_days: float = 10

    @classmethod
    def of(cls, settings: CaseSettings) -> Policy:
        """The policy that ``[cases]`` sets."""
        return cls(settings.retention_days, settings.retention_unidentified_days, settings.retention_dismissed_days)


def due(state_dir: Path, policy: Policy, *, now_utc: float | None = None) -> tuple[int, ...]:
    """The decided cases whose time is over, oldest first. A pending case never is.

    Raises:
        CaseError: the store cannot be read.
    """
    now = time.time() if now_utc is None else now_utc
    days = (policy.dismissed_days, policy.identified_days, policy.unidentified_days)
    with closing(open_to_read(state_dir)) as database:
        return tuple(row[0] for row in database.execute(_DUE, [now - DAY_S * kept for kept in days]))


def clock_is_trusted() -> bool:
    """Whether the time may say what is due: a clock that nothing disciplines may be years ahead."""
    return clock_state()["synchronised"] is not False


def purge(state_dir: Path, numbers: Sequence[int], *, reason: str, signer: Signs | None = None) -> None:
    """Delete the decided cases *numbers* and chain a tombstone for each; *reason* names nobody.

    What an interrupted purge left behind is deleted too.

    Raises:
        NoSuchCase: one does not exist or was purged before.
        CaseError: one is still pending, or the store cannot be written.
    """
    for number in numbers:
        with writing(state_dir) as database:
            _entomb(database, number, reason, signer)
    with closing(open_to_read(state_dir)) as database:
        gone = [row[0] for row in database.execute("SELECT number FROM cases WHERE purged_seq IS NOT NULL")]
    try:
        for number in gone:
            for derived in (state_dir / DERIVED).glob(f"{number:08d}-*"):
                derived.unlink(missing_ok=True)
            if (photos := state_dir / FRAMES / f"{number:08d}").exists():
                shutil.rmtree(photos)
    except OSError as error:
        raise CaseError(f"photos of purged cases could not be removed ({error.strerror})", "purge again") from None


class Retention:
    """Purges what is due, once an hour however often it is asked."""

    def __init__(self, state_dir: Path, policy: Policy, signer: Signs | None) -> None:
        """Nothing is purged before :meth:`keep`."""
        self._state_dir = state_dir
        self._policy = policy
        self._signer = signer
        self._next_s = 0.0

    def keep(self) -> None:
        """Purge what is due if the hour is over and the clock can be trusted.

        Raises:
            CaseError: the store cannot be written.
        """
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + EVERY_S
        if not clock_is_trusted():
            log.warning("the clock is not synchronised: nothing is purged until it is")
            return
        if numbers := due(self._state_dir, self._policy):
            purge(self._state_dir, numbers, reason="retention period over", signer=self._signer)
            log.info("%d cases purged: their retention period is over", len(numbers))


def _entomb(database: sqlite3.Connection, number: int, reason: str, signer: Signs | None) -> None:
    row = database.execute("SELECT state, purged_seq, decided_seq FROM cases WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise NoSuchCase(f"there is no case {number}", "autovelox cases list shows which there are")
    state, purged_seq, decided_seq = row
    if purged_seq is not None:
        raise NoSuchCase(f"case {number} was purged before", "leave it out")
    if state != "decided":
        raise CaseError(f"case {number} is not decided yet", "a pending case is never purged")
    content = {"reason": reason, "decided_entry": decided_seq}
    head = database.execute(HEAD).fetchone()
    entry = chain(head, "purge", number, content, at_utc=time.time(), signer=signer)
    database.execute(INSERT, entry.row())
    database.execute("UPDATE entries SET body = NULL WHERE case_number = ? AND kind != 'purge'", (number,))
    database.execute("DELETE FROM portraits WHERE case_number = ?", (number,))
    database.execute(_BLANK, (entry.seq, number))
