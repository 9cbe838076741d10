"""Where the viewer gets its cases: an officers' desk, asked in two job threads; it records looks and reviews.

This module does not use Tk. Every method passes its result to a callback, which runs in Tk's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from edge.model import Case
from edge.officers import (
    CaseFilter,
    CaseSummary,
    Desk,
    Enclosure,
    Event,
    EventKind,
    Judged,
    OpenCase,
    Order,
    UnitStatus,
)
from edge.viewer.data.background import Background
from edge.viewer.data.pictures import StoredPhoto

Failed = Callable[[Exception], None]


@dataclass(frozen=True, slots=True)
class Query:
    """Which cases the list shows, and in which order."""

    filter: CaseFilter = field(default_factory=CaseFilter)
    order: Order = Order.NEWEST


@dataclass(frozen=True, slots=True)
class Listing:
    """Some pages of a query's result, and the number of rows in all."""

    query: Query
    total: int
    pages: dict[int, tuple[CaseSummary, ...]]


@dataclass(frozen=True, slots=True)
class CaseDetails:
    """A case with its events and photos, the self-checks around it, and what measured, as the manifest has it.

    ``unit`` is the serial number of the unit that recorded it.
    """

    case: Case
    events: tuple[Event, ...]
    photos: tuple[StoredPhoto, ...]
    enclosure: Enclosure = field(default_factory=Enclosure)
    instrument: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The result of one poll of the store: its version and, in some polls, the unit's status and who asks."""

    version: str
    status: UnitStatus | None
    officer: str = ""


class Source:
    """The cases, as one officer sees them."""

    def __init__(self, desk: Desk, background: Background) -> None:
        """Ask *desk* in job threads of *background*."""
        self.desk = desk
        self._list_jobs = background.thread("list")
        self._case_jobs = background.thread("case")

    @property
    def waiting_s(self) -> float:
        """For how many seconds the present request has been waiting for the store; 0 if there is none."""
        return max(self._list_jobs.busy_s, self._case_jobs.busy_s)

    def pulse(self, done: Callable[[Pulse], None], failed: Failed, *, with_status: bool) -> None:
        """Poll the store for commits."""

        def poll() -> Pulse:
            if not with_status:
                return Pulse(self.desk.version(), None)
            return Pulse(self.desk.version(), self.desk.status(), self.desk.officer)

        self._list_jobs.submit(poll, done, failed, key="pulse")

    def listing(
        self,
        query: Query,
        pages: Callable[[int], Iterable[int]],
        size: int,
        done: Callable[[Listing], None],
        failed: Failed,
    ) -> None:
        """Count the rows of *query*, then read the pages that *pages* returns for that number."""

        def read() -> Listing:
            total = self.desk.cases(query.filter, limit=0).total
            found = {
                page: self.desk.cases(query.filter, limit=size, offset=page * size, order=query.order).rows
                for page in pages(total)
            }
            return Listing(query, total, found)

        self._list_jobs.submit(read, done, failed)

    def open(self, number: int, done: Callable[[CaseDetails], None], failed: Failed, *, reason: str = "") -> None:
        """Have it recorded that the officer views the case, and why; only then read it."""
        self._case_jobs.submit(lambda: self._details(self.desk.open(number, reason=reason)), done, failed, key="open")

    def reload(self, number: int, done: Callable[[CaseDetails], None], failed: Failed) -> None:
        """Read the open case again, after a commit."""
        self._case_jobs.submit(lambda: self._details(self.desk.again(number)), done, failed, key="reload")

    def record_review(
        self,
        number: int,
        kind: EventKind,
        reason: str,
        plate: str | None,
        done: Callable[[Judged], None],
        failed: Failed,
    ) -> None:
        """Record the officer's review of a case; *plate* is the corrected plate, or None."""
        self._case_jobs.submit(
            lambda: self.desk.review(number, kind, reason=reason, plate=plate),
            done,
            failed,
        )

    def withdraw(
        self, number: int, judgement: int, reason: str, done: Callable[[Judged], None], failed: Failed
    ) -> None:
        """Withdraw the judgement of entry *judgement* on a case, if it is still the one that counts."""
        self._case_jobs.submit(
            lambda: self.desk.review(number, EventKind.WITHDRAW, reason=reason, judgement=judgement), done, failed
        )

    def take_back(self, request: int, reason: str, done: Callable[[None], None], failed: Failed) -> None:
        """Take back the officer's own *request* for a second officer's judgement."""

        def work() -> None:
            self.desk.refuse(request, reason=reason)

        self._case_jobs.submit(work, done, failed)

    def _details(self, opened: OpenCase) -> CaseDetails:
        case = opened.case
        photos = tuple(
            StoredPhoto(
                case.number,
                index,
                digest,
                partial(self.desk.photo, case.number, index),
                case.plate_box if index == case.photo else None,
            )
            for index, digest in enumerate(opened.photo_hashes)
        )
        instrument = opened.manifest.get("instrument") or {}
        unit = str((opened.manifest.get("unit") or {}).get("serial", ""))
        return CaseDetails(case, opened.events, photos, opened.enclosure, instrument, unit)
