"""The claims that an ambiguous case keeps, sealed, until an officer has judged it."""

from __future__ import annotations

import logging
import sqlite3

from edge.cases.evidence import claims_document
from edge.cases.storage.durable import erase, write_durably
from edge.cases.storage.entries import no_longer_waiting
from edge.cases.storage.layout import StateFolder
from edge.model import Decision

log = logging.getLogger(__name__)


class KeptClaims:
    """The files of claims in a state folder. For one thread."""

    def __init__(self, folder: StateFolder) -> None:
        """Find those that are there."""
        self._folder = folder
        self._numbers = set(folder.with_claims())

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
        """Overwrite and remove the claims of the cases that wait for no officer any more.

        Raises:
            sqlite3.Error: the database cannot be read.
        """
        if not self._numbers:
            return
        try:
            for number in no_longer_waiting(database, self._numbers):
                self._erase(number)
        except OSError as error:
            log.warning("the claims of judged cases could not be removed yet: %s", error)

    def _erase(self, number: int) -> None:
        erase(self._folder.claims(number))
        self._numbers.discard(number)
