"""Where the viewer gets its cases: the archive, read in two job threads, and the chained events of reviews.

This module does not use Tk. Every method passes its result to a callback, which runs in Tk's thread.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from edge.cases import review
from edge.cases.archive import Archive
from edge.cases.views import CaseFilter, CaseSummary, Event, EventKind, Order, UnitStatus
from edge.errors import CaseError, NoSuchCase
from edge.model import Case
from edge.viewer.data.background import Background
from edge.viewer.data.pictures import StoredPhoto

Result = TypeVar("Result")
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
    """A case with its events and photos; None is a photo whose file is missing."""

    case: Case
    events: tuple[Event, ...]
    photos: tuple[StoredPhoto | None, ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """The result of one poll of the store: its data version and, in some polls, the unit's status."""

    version: int
    status: UnitStatus | None


class _Reader:
    """An archive that is opened on first use, and again after an error; for one thread."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._archive: Archive | None = None
        self._openings = 0

    def __call__(self, work: Callable[[Archive], Result]) -> Result:
        if self._archive is None:
            self._archive = Archive(self._state_dir)
            self._openings += 1
        try:
            return work(self._archive)
        except NoSuchCase:
            raise
        except CaseError:
            self.close()
            raise

    def version(self, archive: Archive) -> int:
        """Return a number that changes with every commit and every time the store is opened."""
        return self._openings << 48 | archive.data_version()

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()
            self._archive = None


def officer_name() -> str:
    """Return the officer as ``Full Name (account)``, from the system's account database, never from the environment."""
    account = pwd.getpwuid(os.getuid())
    full = account.pw_gecos.split(",")[0].strip()
    return f"{full} ({account.pw_name})" if full and full != account.pw_name else account.pw_name


class Source:
    """The cases of one state folder."""

    def __init__(self, state_dir: Path, background: Background, officer: str) -> None:
        """Read *state_dir* in job threads of *background* and record reviews in the name of *officer*."""
        self.state_dir = state_dir
        self.officer = officer
        self._list_reader, self._case_reader = _Reader(state_dir), _Reader(state_dir)
        self._list_jobs = background.thread("list", self._list_reader.close)
        self._case_jobs = background.thread("case", self._case_reader.close)

    @property
    def waiting_s(self) -> float:
        """For how many seconds the present request has been waiting for the store; 0 if there is none."""
        return max(self._list_jobs.busy_s, self._case_jobs.busy_s)

    def pulse(self, done: Callable[[Pulse], None], failed: Failed, *, with_status: bool) -> None:
        """Poll the store for commits."""

        def poll(archive: Archive) -> Pulse:
            return Pulse(self._list_reader.version(archive), archive.status() if with_status else None)

        self._list_jobs.submit(lambda: self._list_reader(poll), done, failed, key="pulse")

    def listing(
        self,
        query: Query,
        pages: Callable[[int], Iterable[int]],
        size: int,
        done: Callable[[Listing], None],
        failed: Failed,
    ) -> None:
        """Count the rows of *query*, then read the pages that *pages* returns for that number."""

        def read(archive: Archive) -> Listing:
            total = archive.count(query.filter)
            found = {
                page: archive.summaries(query.filter, limit=size, offset=page * size, order=query.order)
                for page in pages(total)
            }
            return Listing(query, total, found)

        self._list_jobs.submit(lambda: self._list_reader(read), done, failed)

    def open(self, number: int, done: Callable[[CaseDetails], None], failed: Failed) -> None:
        """Record that the officer views the case, and only then read it."""

        def read() -> CaseDetails:
            review.record(self.state_dir, number, kind=EventKind.VIEW, officer=self.officer)
            return self._case_reader(lambda archive: _read_case(archive, number))

        self._case_jobs.submit(read, done, failed, key="open")

    def reload(self, number: int, done: Callable[[CaseDetails], None], failed: Failed) -> None:
        """Read the open case again, after a commit."""
        self._case_jobs.submit(
            lambda: self._case_reader(lambda archive: _read_case(archive, number)), done, failed, key="reload"
        )

    def record_review(
        self,
        number: int,
        kind: EventKind,
        reason: str,
        plate: str | None,
        done: Callable[[int], None],
        failed: Failed,
    ) -> None:
        """Record the officer's review of a case; *plate* is the corrected plate, or None."""
        self._case_jobs.submit(
            lambda: review.record(self.state_dir, number, kind=kind, officer=self.officer, reason=reason, plate=plate),
            done,
            failed,
        )


def _read_case(archive: Archive, number: int) -> CaseDetails:
    case = archive.case(number)
    digests = [frame["sha256"] for frame in archive.manifest(number)["frames"]]
    photos = tuple(_photo(archive, case, index, digest) for index, digest in enumerate(digests))
    return CaseDetails(case, archive.events(number), photos)


def _photo(archive: Archive, case: Case, index: int, digest: str) -> StoredPhoto | None:
    try:
        return StoredPhoto(archive.frame_path(case, index), digest)
    except CaseError:
        return None
