"""Reading cases, for the viewer and the command line. Reading never writes and never waits for the daemon."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from edge.cases.evidence import Manifest, sha256, to_case
from edge.cases.storage import StateFolder, is_locked, open_to_read
from edge.cases.views import CaseFilter, CaseSummary, Event, EventKind, Order, UnitStatus
from edge.errors import CaseError, NoSuchCase
from edge.model import Case, Outcome, State

_ORDERS = {
    Order.NEWEST: "number DESC",
    Order.OLDEST: "number",
    Order.FASTEST: "speed_kmh - limit_kmh DESC NULLS LAST, number DESC",
    Order.PLATE: "coalesce(corrected_plate, plate_text) = '', coalesce(corrected_plate, plate_text), number DESC",
    Order.DRIVER: "driver_name = '', driver_name COLLATE NOCASE, number DESC",
}
_SUMMARY = (
    "SELECT number, state, at_utc, site, speed_kmh, limit_kmh, plate_text, corrected_plate, outcome,"
    " driver_name, review FROM cases"
)
ALL_CASES = CaseFilter()


class Archive:
    """A read-only view of one state folder's cases. Use from one thread; several may exist beside the daemon.

    Raises:
        CaseError: the folder holds no store, or one that this program cannot read.
    """

    def __init__(self, state_dir: Path) -> None:
        """Open the store in *state_dir*."""
        self._folder = StateFolder(state_dir)
        self._database = open_to_read(self._folder)

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
        where, parameters = _where(filter)
        rows = self._all(
            f"{_SUMMARY} {where} ORDER BY {_ORDERS[Order(order)]} LIMIT ? OFFSET ?", *parameters, limit, offset
        )
        return tuple(
            CaseSummary(
                number, State(state), at, site, speed, limit_kmh, plate, corrected, _outcome(outcome), name, review
            )
            for number, state, at, site, speed, limit_kmh, plate, corrected, outcome, name, review in rows
        )

    def count(self, filter: CaseFilter = ALL_CASES) -> int:
        """How many cases *filter* selects.

        Raises:
            CaseError: the store cannot be read.
        """
        where, parameters = _where(filter)
        return int(self._one(f"SELECT count(*) FROM cases {where}", *parameters)[0])  # noqa: S608 - of constants

    def case(self, number: int) -> Case:
        """The whole case, including the driver's portrait.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
        """
        row = self._row(number)
        portrait = self._all("SELECT image FROM portraits WHERE case_number = ?", number)
        return to_case(self.manifest(number), portrait=portrait[0][0] if portrait else b"", review=row[0])

    def manifest(self, number: int) -> Manifest:
        """The newest manifest of the case: that of the decision if it is decided, else that of the filing.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
        """
        manifest: Manifest = json.loads(self.manifest_bytes(number))
        return manifest

    def manifest_bytes(self, number: int) -> bytes:
        """The bytes of :meth:`manifest` as they were hashed and signed.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
        """
        _, filed_seq, decided_seq = self._row(number)
        return bytes(self._one("SELECT body FROM entries WHERE seq = ?", decided_seq or filed_seq)[0])

    def frame_path(self, case: Case, index: int = 0) -> Path:
        """The path of photo *index* (from 0) of *case*; photo 0 is the one of the trigger.

        Raises:
            CaseError: the case has no such photo, its file is gone, or this account may not read it.
        """
        if not 0 <= index < len(case.frames):
            raise CaseError(
                f"case {case.number} has no photo {index}", f"autovelox cases show {case.number} lists its photos"
            )
        path = self._folder.file(case.frames[index])
        with suppress(PermissionError):
            if path.is_file():
                return path
            raise CaseError(f"photo {index} of case {case.number} is gone from the store", "run autovelox cases verify")
        raise CaseError(
            f"this account may not read photo {index} of case {case.number}", "ask to join the folder's group"
        )

    def events(self, number: int) -> tuple[Event, ...]:
        """What officers did with the case, the oldest first.

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
        """
        self._row(number)
        rows = self._all(
            "SELECT seq, kind, header, body, signature IS NOT NULL FROM entries"
            " WHERE case_number = ? AND kind IN (?, ?, ?, ?, ?) AND body IS NOT NULL ORDER BY seq",
            number,
            *EventKind,
        )
        return tuple(_event(*row) for row in rows)

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

    def _row(self, number: int) -> tuple[str | None, int, int | None]:
        rows = self._all("SELECT review, filed_seq, decided_seq, purged_seq FROM cases WHERE number = ?", number)
        if not rows:
            raise NoSuchCase(f"there is no case {number}", "autovelox cases list shows which there are")
        if rows[0][3] is not None:
            raise NoSuchCase(f"case {number} was purged", "look for it in backups and exports")
        review, filed_seq, decided_seq, _ = rows[0]
        return review, filed_seq, decided_seq

    def _one(self, sql: str, *parameters: object) -> tuple[Any, ...]:
        return self._all(sql, *parameters)[0]

    def _all(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise CaseError(f"the case store cannot be read ({error})", "run autovelox cases verify") from None


def _outcome(word: str | None) -> Outcome | None:
    return Outcome(word) if word else None


def _event(seq: int, kind: str, header: bytes, body: bytes, signed: int) -> Event:
    content = json.loads(body)
    return Event(
        seq=seq,
        kind=EventKind(kind),
        at_utc=json.loads(header)["at"],
        officer=content["officer"],
        reason=content["reason"],
        plate=content.get("plate"),
        signed=bool(signed),
    )


def _where(filter: CaseFilter) -> tuple[str, list[object]]:
    terms = ["purged_seq IS NULL"]
    parameters: list[object] = []
    if filter.text.strip():
        text = filter.text.strip()
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        squeezed = pattern.replace(" ", "")
        terms.append(
            "(plate_text LIKE ? ESCAPE '\\' OR corrected_plate LIKE ? ESCAPE '\\' OR driver_name LIKE ? ESCAPE '\\'"
            " OR CAST(number AS TEXT) = ?)"
        )
        parameters += [squeezed, squeezed, pattern, text]
    for column, value in (("state", filter.state), ("outcome", filter.outcome)):
        if value is not None:
            terms.append(f"{column} = ?")
            parameters.append(str(value))
    if filter.review == "open":
        terms.append("review IS NULL")
    elif filter.review is not None:
        terms.append("review = ?")
        parameters.append(str(EventKind(filter.review)))
    if filter.since_utc is not None:
        terms.append("at_utc >= ?")
        parameters.append(filter.since_utc)
    if filter.until_utc is not None:
        terms.append("at_utc < ?")
        parameters.append(filter.until_utc)
    return "WHERE " + " AND ".join(terms), parameters
