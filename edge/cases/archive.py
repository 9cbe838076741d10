"""Reading cases, for the viewer and the command line. Reading never writes and never waits for the daemon."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from edge.cases.evidence import Manifest, sha256, to_basis, to_flags
from edge.cases.storage import (
    FOLLOW_UP,
    HELD,
    NAME_SET_ASIDE,
    WAITING,
    CheckedCase,
    StateFolder,
    is_locked,
    open_to_read,
    read_notes_before,
)
from edge.cases.storage.filters import conditions
from edge.cases.storage.opened import OpenedCase, opened_in
from edge.cases.views import (
    CaseFilter,
    CaseSummary,
    Event,
    Order,
    UnitNote,
    UnitStatus,
)
from edge.errors import CaseError, NoSuchCase, PhotosLeft
from edge.model import DOUBTS, Case, Flag, Outcome, SpeedUnit, State, is_infringement

_ORDERS = {
    Order.NEWEST: "number DESC",
    Order.OLDEST: "number",
    Order.FASTEST: "speed_kmh - limit_kmh DESC NULLS LAST, number DESC",
    Order.PLATE: "coalesce(corrected_plate, plate_text) = '', coalesce(corrected_plate, plate_text), number DESC",
    Order.DRIVER: "driver_name = '', driver_name COLLATE NOCASE, number DESC",
}
_SUMMARY = f"""
SELECT number, state, at_utc, site, speed_kmh, limit_kmh, plate_text, corrected_plate, outcome, driver_name, review,
    (SELECT json_extract(CAST(body AS TEXT), '$.basis') FROM entries WHERE seq = filed_seq),
    (SELECT json_extract(CAST(body AS TEXT), '$.flags') FROM entries WHERE seq = decided_seq),
    (SELECT json_extract(CAST(body AS TEXT), '$.assessment.remaining_kmh') FROM entries WHERE seq = filed_seq),
    {HELD},
    {FOLLOW_UP},
    {WAITING},
    (SELECT json_extract(CAST(body AS TEXT), '$.speed_unit') FROM entries WHERE seq = filed_seq),
    {NAME_SET_ASIDE}
FROM cases"""  # noqa: S608 - of constants
ALL_CASES = CaseFilter()


class Archive:
    """A read-only view of one state folder's cases, for one thread; several may exist beside the daemon.

    Raises:
        CaseError: the folder holds no store, or one that this program cannot read.
    """

    def __init__(self, state_dir: Path, *, for_threads: bool = False) -> None:
        """Open the store in *state_dir*; *for_threads*: several threads use it, one at a time."""
        self._folder = StateFolder(state_dir)
        self._database = open_to_read(self._folder, for_threads=for_threads)

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def data_version(self) -> int:
        """A number that changes exactly when another connection has committed; takes microseconds."""
        return int(self._one("PRAGMA data_version")[0])

    def summaries(
        self, filter: CaseFilter = ALL_CASES, *, limit: int = 100, offset: int = 0, order: str = Order.NEWEST
    ) -> tuple[CaseSummary, ...]:
        """The cases that *filter* selects, sorted by *order* (an :class:`Order`): *limit* of them, from *offset* on.

        Raises:
            ValueError: *order* is not a value of :class:`Order`.
            CaseError: the store cannot be read.
        """
        where, parameters = conditions(filter)
        rows = self._all(
            f"{_SUMMARY} {where} ORDER BY {_ORDERS[Order(order)]} LIMIT ? OFFSET ?", *parameters, limit, offset
        )
        return tuple(_summary(*row) for row in rows)

    def count(self, filter: CaseFilter = ALL_CASES) -> int:
        """How many cases *filter* selects.

        Raises:
            CaseError: the store cannot be read.
        """
        where, parameters = conditions(filter)
        return int(self._one(f"SELECT count(*) FROM cases {where}", *parameters)[0])  # noqa: S608 - of constants

    def open(self, number: int) -> OpenedCase:
        """The whole case, every part of it checked against hashes, chain and signatures, and every photo that is here.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            EvidenceError: something of it does not hold; nothing of it may be shown as true.
            CaseError: the store or a photo cannot be read.
        """
        checked = self._checked(number)
        for index in range(len(checked.manifest["frames"])):
            with suppress(PhotosLeft):
                checked.read_photo(self._folder, index)
        return OpenedCase(checked)

    def case(self, number: int) -> Case:
        """The whole case, including the driver's portrait, checked as :meth:`open` does but for the photos.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            EvidenceError: something of it does not hold.
        """
        return OpenedCase(self._checked(number)).case

    def manifest(self, number: int) -> Manifest:
        """The newest manifest of the case: that of the decision if it is decided, else that of the filing.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            EvidenceError: something of the case does not hold.
        """
        return self._checked(number).manifest

    def photo(self, number: int, index: int) -> bytes:
        """Photo *index* (from 0) of a case, as it was recorded.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            EvidenceError: the photo, or something else of the case, does not hold.
            PhotosLeft: it is at the centre.
            CaseError: there is no such photo, or this account may not read it.
        """
        return self._checked(number).read_photo(self._folder, index)

    def _checked(self, number: int) -> CheckedCase:
        try:
            self._database.execute("BEGIN")  # one snapshot, whatever the daemon writes meanwhile
            try:
                self._check_exists(number)
                return opened_in(self._folder, self._database, number).checked
            finally:
                self._database.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise CaseError(f"the case store cannot be read ({error})", "run autovelox cases verify") from None

    def events(self, number: int) -> tuple[Event, ...]:
        """What officers did with the case, the oldest first.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            EvidenceError: something of the case does not hold.
        """
        return OpenedCase(self._checked(number)).events

    def unit_notes(self, number: int) -> tuple[UnitNote, ...]:
        """What the unit had said of itself when it filed the case: start, configuration, software, clock; checked.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            EvidenceError: one of the entries does not hold.
            CaseError: the store cannot be read.
        """
        try:
            self._database.execute("BEGIN")
            try:
                self._check_exists(number)
                (filed,) = self._one("SELECT filed_seq FROM cases WHERE number = ?", number)
                return read_notes_before(self._database, filed)
            finally:
                self._database.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise CaseError(f"the case store cannot be read ({error})", "run autovelox cases verify") from None

    def status(self) -> UnitStatus:
        """The state of the unit; only the newest entry of the chain is checked (:func:`edge.cases.audit.audit`: all).

        Raises:
            CaseError: the store cannot be read.
        """
        usage = shutil.disk_usage(self._folder.root)
        cases, pending = self._one("SELECT count(*), count(*) FILTER (WHERE state = 'pending') FROM cases")
        (unsigned,) = self._one("SELECT count(*) FROM entries WHERE signature IS NULL")
        chain, chain_ok = self._head(unsigned)
        return UnitStatus(is_locked(self._folder), chain, chain_ok, unsigned, cases, pending, usage.free, usage.total)

    def _head(self, unsigned: int) -> tuple[str, bool]:
        head = self._all("SELECT seq, header, hash FROM entries ORDER BY seq DESC LIMIT 1")
        if not head:
            return "the chain has not begun", True
        seq, header, digest = head[0]
        (count,) = self._one("SELECT count(*) FROM entries")
        if sha256(header) != digest or json.loads(header)["seq"] != seq or count != seq:
            return "the chain is broken: run autovelox cases verify", False
        waiting = f", {unsigned} of them not yet signed" if unsigned else ", all signed"
        return f"{seq} entries{waiting}", True

    def _check_exists(self, number: int) -> None:
        rows = self._all("SELECT purged_seq FROM cases WHERE number = ?", number)
        if not rows:
            raise NoSuchCase(f"there is no case {number}", "autovelox cases list shows which there are")
        if rows[0][0] is not None:
            raise NoSuchCase(f"case {number} was purged", "look for it in backups and exports")

    def _one(self, sql: str, *parameters: object) -> tuple[Any, ...]:
        return self._all(sql, *parameters)[0]

    def _all(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise CaseError(f"the case store cannot be read ({error})", "run autovelox cases verify") from None


def _summary(
    number: int, state: str, at: float, site: str, speed: float | None, limit_kmh: float, plate: str,
    corrected: str | None, outcome: str | None, name: str, review: str | None, basis: str | None, flags: str | None,
    remaining: float | None, held: int, follow_up: str | None, waits: str | None, unit: str | None,
    aside: int,
) -> CaseSummary:  # fmt: skip
    told = to_flags(json.loads(flags or "[]"))
    return CaseSummary(
        number, State(state), at, site, speed, limit_kmh, plate, corrected, Outcome(outcome) if outcome else None, name,
        review, to_basis(basis), bool(name) and Flag.NOT_THE_KEEPER in told, remaining, bool(held),
        is_infringement(basis) and not DOUBTS.isdisjoint(told), follow_up, waits,
        SpeedUnit(unit or SpeedUnit.KMH), bool(aside),
    )  # fmt: skip
