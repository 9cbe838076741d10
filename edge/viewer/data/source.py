"""Where the viewer gets its cases from: the archive, read in lanes of its own, and the review's chained events.

Nothing here knows Tk. Every method gives its answer to a callback in Tk's thread.
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
    """What the list shows and in which order."""

    filter: CaseFilter = field(default_factory=CaseFilter)
    order: Order = Order.NEWEST


@dataclass(frozen=True, slots=True)
class Listing:
    """Some pages of the answer to a query, and how many rows there are in all."""

    query: Query
    total: int
    pages: dict[int, tuple[CaseSummary, ...]]


@dataclass(frozen=True, slots=True)
class CaseDetails:
    """A case with everything officers did to it."""

    case: Case
    events: tuple[Event, ...]
    photos: tuple[StoredPhoto | None, ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """The answer to one look at the store: its data version and, now and then, how the unit fares."""

    version: int
    status: UnitStatus | None


class _Reader:
    """An archive that is opened when first needed, and again after an error; for one thread."""

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
        """A number that changes with every commit and every time the store was opened again."""
        return self._openings << 48 | archive.data_version()

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()
            self._archive = None


def officer_name() -> str:
    """Who sits here, as the system's account database has it: ``Full Name (account)``, never from the environment."""
    account = pwd.getpwuid(os.getuid())
    full = account.pw_gecos.split(",")[0].strip()
    return f"{full} ({account.pw_name})" if full and full != account.pw_name else account.pw_name


class Source:
    """The cases of one state folder."""

    def __init__(self, state_dir: Path, background: Background, officer: str) -> None:
        self.state_dir = state_dir
        self.officer = officer
        self._watch, self._desk = _Reader(state_dir), _Reader(state_dir)
        self._watch_lane = background.thread("watch", self._watch.close)
        self._desk_lane = background.thread("desk", self._desk.close)

    @property
    def waiting_s(self) -> float:
        """For how many seconds the store has kept us waiting; 0 while nothing is asked of it."""
        return max(self._watch_lane.busy_s, self._desk_lane.busy_s)

    def pulse(self, done: Callable[[Pulse], None], failed: Failed, *, with_status: bool) -> None:
        """Look whether anything was committed."""

        def look(archive: Archive) -> Pulse:
            return Pulse(self._watch.version(archive), archive.status() if with_status else None)

        self._watch_lane.submit(lambda: self._watch(look), done, failed, key="pulse")

    def listing(
        self,
        query: Query,
        pages: Callable[[int], Iterable[int]],
        size: int,
        done: Callable[[Listing], None],
        failed: Failed,
    ) -> None:
        """Count what *query* lets through, then read the pages that *pages* asks for, given that number."""

        def read(archive: Archive) -> Listing:
            total = archive.count(query.filter)
            found = {
                page: archive.summaries(query.filter, limit=size, offset=page * size, order=query.order)
                for page in pages(total)
            }
            return Listing(query, total, found)

        self._watch_lane.submit(lambda: self._watch(read), done, failed)

    def open(self, number: int, done: Callable[[CaseDetails], None], failed: Failed) -> None:
        """Record that the officer looks at the case, and only then read it."""

        def read() -> CaseDetails:
            review.record(self.state_dir, number, kind=EventKind.VIEW, officer=self.officer)
            return self._desk(lambda archive: _read_case(archive, number))

        self._desk_lane.submit(read, done, failed, key="open")

    def reload(self, number: int, done: Callable[[CaseDetails], None], failed: Failed) -> None:
        """Read the case that is on the screen again: something was committed."""
        self._desk_lane.submit(
            lambda: self._desk(lambda archive: _read_case(archive, number)), done, failed, key="reload"
        )

    def judge(
        self,
        number: int,
        kind: EventKind,
        reason: str,
        plate: str | None,
        done: Callable[[int], None],
        failed: Failed,
    ) -> None:
        """Record the officer's judgement."""
        self._desk_lane.submit(
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
