"""The claims that an ambiguous case keeps, sealed, until a judgement on it is final.

What two officers judged is final at once. One officer may have been wrong, and withdraw it: the claims of the case wait
for :data:`WITHDRAWN_WITHIN_S`. A hold, for an appeal or a trial, keeps all that the case has, so the claims as well.
"""

from __future__ import annotations

import logging
import sqlite3
import time

from edge.cases.evidence import claims_document
from edge.cases.storage.clock import clock_state
from edge.cases.storage.durable import erase, write_durably
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.standing import without_need_of_claims
from edge.cases.storage.trusted_time import believe_clock
from edge.cases.storage.withdrawals import judged_by_two, judged_for_good
from edge.errors import CaseError
from edge.model import Decision

log = logging.getLogger(__name__)

WITHDRAWN_WITHIN_S = 7 * 86_400.0
"""After one officer's judgement the claims wait so long: as long as a request waits for a second officer."""


class KeptClaims:
    """The files of claims in a state folder. For one thread."""

    def __init__(self, folder: StateFolder) -> None:
        """Find those that are there."""
        self._folder = folder
        self._numbers = set(folder.with_claims())
        self._clock_doubted = False

    def keep(self, number: int, decision: Decision) -> None:
        """Write what *decision* keeps, before its verdict is committed; nothing of an attempt before is left.

        Raises:
            OSError: the disk reports an error.
        """
        if decision.kept:
            self._numbers.add(number)
            write_durably(self._folder.claims(number), claims_document(number, decision.kept), secret=True)
        elif number in self._numbers:
            self._erase(number)

    def erase_judged(self, database: sqlite3.Connection) -> None:
        """Overwrite and remove the claims that nobody can need any more; by time alone only as far as it is believed.

        Raises:
            sqlite3.Error: the database cannot be read.
        """
        if not self._numbers:
            return
        try:
            for number, is_judged in without_need_of_claims(database, self._numbers).items():
                if not is_judged or self._is_final(database, number):
                    self._erase(number)
        except OSError as error:
            log.warning("the claims of judged cases could not be removed yet: %s", error)

    def _is_final(self, database: sqlite3.Connection, number: int) -> bool:
        if judged_by_two(database, number):
            return True
        return judged_for_good(database, number, time.time() - WITHDRAWN_WITHIN_S) and self._believes_clock()

    def _believes_clock(self) -> bool:
        """Whether the clock may decide: one that is ahead would take the claims from an officer who was wrong."""
        doubted, self._clock_doubted = self._clock_doubted, True
        if clock_state()["synchronised"] is False:
            return False
        try:
            believe_clock(self._folder)
        except CaseError as error:
            if not doubted:
                log.warning("the claims of judged cases stay: %s", error)
            return False
        self._clock_doubted = False
        return True

    def _erase(self, number: int) -> None:
        erase(self._folder.claims(number))
        self._numbers.discard(number)
