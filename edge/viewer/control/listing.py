"""Keeps the list true: watches the store for commits, fetches the pages in sight, tells how the unit fares."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from edge.cases.views import UnitStatus
from edge.viewer.data.source import Listing, Pulse, Query, Source
from edge.viewer.panels.case_list import PAGE, CaseList
from edge.viewer.text.language import _
from edge.viewer.text.plain import describe

POLL_MS = 400
STATUS_EVERY = 8
PATIENCE_S = 1.0
"""A store that has not answered after so long is called busy: it is locked by somebody, or its disk is slow."""


class ListController:
    """Between the source and the list."""

    def __init__(
        self,
        root: tk.Misc,
        source: Source,
        cases: CaseList,
        *,
        query: Callable[[], Query],
        status: Callable[[UnitStatus | None, str], None],
        committed: Callable[[], None],
    ) -> None:
        self._root, self._source, self._cases = root, source, cases
        self._ask, self._tell, self._committed = query, status, committed
        self._query = Query()
        self._version: int | None = None
        self._status: UnitStatus | None = None
        self._trouble = ""
        self._busy = False
        self._beats = 0
        self._asked: set[int] = set()
        self._timer: str | None = None
        self.loaded = False

    def start(self) -> None:
        """Begin to watch."""
        self._beat()

    def stop(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._root.after_cancel(self._timer)
            self._timer = None

    def requery(self) -> None:
        """The officer asks for other cases or another order."""
        self._query = self._ask()
        self._cases.rewind()
        self._refresh()

    def page(self, page: int) -> None:
        """Fetch a page that came into sight."""
        if page not in self._asked and self.loaded:
            self._asked.add(page)
            self._source.listing(self._query, lambda _total: (page,), PAGE, self._more, self._failed)

    def _beat(self) -> None:
        with_status = self._beats % STATUS_EVERY == 0
        self._beats += 1
        busy = self._source.waiting_s > PATIENCE_S
        if busy != self._busy:
            self._busy = busy
            self._told()
        self._source.pulse(self._felt, self._failed, with_status=with_status)
        self._timer = self._root.after(POLL_MS, self._beat)

    def _felt(self, pulse: Pulse) -> None:
        fresh = pulse.status is not None and pulse.status != self._status
        if self._trouble or fresh:
            self._trouble = ""
            self._status = pulse.status or self._status
            self._told()
        if pulse.version != self._version:
            first = self._version is None
            self._version = pulse.version
            self._beats = 0  # the next look brings the status too
            self._refresh()
            if not first:
                self._committed()

    def _refresh(self) -> None:
        self._source.listing(self._query, self._cases.plan(), PAGE, self._fresh, self._failed)

    def _fresh(self, listing: Listing) -> None:
        if listing.query != self._query:
            return
        self.loaded = True
        self._asked.clear()
        self._cases.empty_text = self._nothing()
        self._cases.show(listing.total, listing.pages, fresh=True)

    def _more(self, listing: Listing) -> None:
        self._asked.difference_update(listing.pages)
        if listing.query == self._query:
            self._cases.show(listing.total, listing.pages, fresh=False)

    def _failed(self, error: Exception) -> None:
        self._asked.clear()
        trouble = _("The cases cannot be read: {error}. Trying again.").format(error=describe(error))
        if trouble != self._trouble:
            self._trouble = trouble
            self._told()

    def _told(self) -> None:
        """Say how the unit fares, and what is in the way."""
        waiting = _("The database is busy: what was asked of it is shown as soon as it answers.") if self._busy else ""
        self._tell(self._status, self._trouble or waiting)

    def _nothing(self) -> str:
        if self._query == Query():
            return _("No case yet.\nThe first one appears here by itself.")
        return _("No case fits the filter.\nEscape in the search field shows all.")
