"""Keeps the list up to date: polls the store for commits, reads the visible pages, reports the unit's status."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from edge.officers import UnitStatus
from edge.viewer.data import Listing, Pulse, Query, Source
from edge.viewer.panels import CaseList
from edge.viewer.panels.case_list import PAGE
from edge.viewer.text import _, describe

POLL_MS = 400
POLLS_PER_STATUS = 8
BUSY_AFTER_S = 1.0
"""A store that has not answered for so long is shown as busy: it is locked, or its disk is slow."""


class ListController:
    """Connects the source of cases with the list.

    Attributes:
        loaded: whether the first page has been shown.
    """

    def __init__(
        self,
        root: tk.Misc,
        source: Source,
        cases: CaseList,
        *,
        query: Callable[[], Query],
        on_status: Callable[[UnitStatus | None, str], None],
        on_commit: Callable[[], None],
        on_officer: Callable[[str], None],
        on_count: Callable[[int], None],
    ) -> None:
        """Prepare; nothing is read before :meth:`start`.

        Args:
            root: any widget, for timers.
            source: the cases.
            cases: the list.
            query: returns what the officer asks for.
            on_status: gets the unit's status and what keeps the store from being read, empty if nothing does.
            on_commit: called when the store has changed, and at the first look.
            on_count: gets the number of cases that the officer asks for.
            on_officer: gets the name of the officer, once the list is known.
        """
        self._root, self._source, self._cases = root, source, cases
        self._read_query, self._on_status, self._on_commit = query, on_status, on_commit
        self._on_officer, self._officer, self._on_count = on_officer, "", on_count
        self._query = Query()
        self._version: str | None = None
        self._status: UnitStatus | None = None
        self._problem = ""
        self._busy = False
        self._polls = 0
        self._requested: set[int] = set()
        self._timer: str | None = None
        self.loaded = False
        self._reading = False
        self._then: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to poll."""
        self._poll()

    def stop(self) -> None:
        """Stop polling."""
        if self._timer is not None:
            self._root.after_cancel(self._timer)
            self._timer = None

    def requery(self) -> None:
        """Read the list again: the officer asks for other cases or another order."""
        self._query = self._read_query()
        self._reading = True
        self._cases.rewind()
        self._refresh()

    def after_next(self, call: Callable[[], None]) -> None:
        """Call *call* when the list shows what the officer asks for: at once, unless it is being read."""
        if self._reading:
            self._then = call
        else:
            call()

    def page(self, page: int) -> None:
        """Read a page that became visible."""
        if page not in self._requested and self.loaded:
            self._requested.add(page)
            self._source.listing(self._query, lambda _total: (page,), PAGE, self._on_page, self._failed)

    def _poll(self) -> None:
        with_status = self._polls % POLLS_PER_STATUS == 0
        self._polls += 1
        busy = self._source.waiting_s > BUSY_AFTER_S
        if busy != self._busy:
            self._busy = busy
            self._report()
        self._source.pulse(self._on_pulse, self._failed, with_status=with_status)
        self._timer = self._root.after(POLL_MS, self._poll)

    def _on_pulse(self, pulse: Pulse) -> None:
        self._officer = pulse.officer or self._officer
        fresh = pulse.status is not None and pulse.status != self._status
        if self._problem or fresh:
            self._problem = ""
            self._status = pulse.status or self._status
            self._report()
            if self.loaded and not self._cases.total:
                self._cases.empty_text = self._empty_text()
                self._cases.draw()
        if pulse.version != self._version:
            self._version = pulse.version
            self._polls = 0  # the next poll reads the status, too
            self._refresh()
            self._on_commit()  # the first time, too: a case may be open that was read before

    def _refresh(self) -> None:
        self._source.listing(self._query, self._cases.plan(), PAGE, self._on_listing, self._failed)

    def _on_listing(self, listing: Listing) -> None:
        if listing.query != self._query:
            return
        self.loaded = True
        self._requested.clear()
        self._cases.empty_text, self._cases.sought = self._empty_text(), self._query.filter.text
        self._on_count(listing.total)
        self._cases.show(listing.total, listing.pages, fresh=True)
        self._on_officer(self._officer)
        self._reading = False
        then, self._then = self._then, None
        if then is not None:
            then()

    def _on_page(self, listing: Listing) -> None:
        self._requested.difference_update(listing.pages)
        if listing.query == self._query:
            self._cases.show(listing.total, listing.pages, fresh=False)

    def _failed(self, error: Exception) -> None:
        self._requested.clear()
        problem = _("The cases cannot be read: {error}. Trying again.").format(error=describe(error))
        if problem != self._problem:
            self._problem = problem
            self._report()

    def _report(self) -> None:
        """Report the unit's status, and what keeps the store from being read."""
        waiting = _("The database is busy: what was asked of it is shown as soon as it answers.") if self._busy else ""
        self._on_status(self._status, self._problem or waiting)

    def _empty_text(self) -> str:
        if self._query == Query():
            if self._status is not None and not self._status.daemon_alive:
                return _("No case yet.\nThe unit is stopped: start it, or open another store with --state-dir.")
            return _(
                "No case yet.\nThe first one appears here by itself, as soon as a vehicle is too fast.\n"
                "F1 shows what every key does."
            )
        return _("No case fits the filter.\nEscape in the search field shows all.")
