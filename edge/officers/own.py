"""A desk on a store of one's own account: the same rules as those of the service, in this process, without a socket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.cases import (
    USUAL_DAYS,
    Action,
    CaseFilter,
    EventKind,
    Order,
    Progress,
    Request,
    Statistics,
    UnitStatus,
    unwatched,
)
from edge.officers.accounts import Account
from edge.officers.desk import ALL_CASES, Judged, Listing, OpenCase
from edge.officers.office import Office


class OwnDesk:
    """The cases of *office*, as *account* sees them; the interface is :class:`edge.officers.desk.Desk`."""

    def __init__(self, office: Office, account: Account) -> None:
        """Close *office* with the desk."""
        self._office = office
        self._account = account

    @property
    def officer(self) -> str:
        """The officer's name, as entries of the chain will have it."""
        return self._account.officer

    def version(self) -> str:
        """A text that changes with every commit."""
        return self._office.version()

    def status(self) -> UnitStatus:
        """The state of the unit."""
        return self._office.status()

    def cases(
        self, filter: CaseFilter = ALL_CASES, *, order: str = Order.NEWEST, limit: int = 100, offset: int = 0
    ) -> Listing:
        """The cases that *filter* selects, sorted."""
        return self._office.list(self._account, filter, order=order, limit=limit, offset=offset)

    def open(self, number: int, *, reason: str = "") -> OpenCase:
        """Record that the officer looks at the case, and read it."""
        return self._office.open(self._account, number, reason=reason)

    def again(self, number: int) -> OpenCase:
        """Read a case again that the officer opened."""
        return self._office.again(self._account, number)

    def photo(self, number: int, index: int) -> bytes:
        """A photo of a case that the officer opened."""
        return self._office.photo(self._account, number, index)

    def review(
        self, number: int, kind: EventKind, *, reason: str, plate: str | None = None, judgement: int | None = None
    ) -> Judged:
        """Record the officer's judgement."""
        return self._office.review(self._account, number, kind, reason=reason, plate=plate, judgement=judgement)

    def requests(self) -> tuple[Request, ...]:
        """What waits for a second officer."""
        return self._office.second.waiting(self._account)

    def ask(self, action: Action, cases: Sequence[int], *, reason: str, days: float = USUAL_DAYS) -> Request:
        """Ask for what needs a second officer."""
        return self._office.second.ask(self._account, action, cases, reason=reason, days=days)

    def agree(self, request: int, *, reason: str = "") -> Request:
        """Agree to what another officer asked for."""
        return self._office.second.agree(self._account, request, reason=reason)

    def refuse(self, request: int, *, reason: str) -> Request:
        """Refuse what another officer asked for, or take one's own request back."""
        return self._office.second.refuse(self._account, request, reason=reason)

    def claims(self, request: int) -> bytes:
        """The sealed claims that two officers agreed to take out."""
        return self._office.second.claims(self._account, request)

    def export(
        self,
        numbers: list[int],
        to: Path,
        *,
        reason: str = "",
        language: str | None = None,
        redacted: bool = False,
        full_chain: bool = False,
        checkpoint: bytes | None = None,
        progress: Progress = unwatched,
    ) -> str:
        """Write the evidence package of the cases."""
        return self._office.export(
            self._account,
            numbers,
            to,
            reason=reason,
            language=language,
            redacted=redacted,
            full_chain=full_chain,
            checkpoint=checkpoint,
            progress=progress,
        )

    def report(self, number: int, to: Path, *, reason: str = "", language: str | None = None) -> None:
        """Write the PDF report of the case."""
        self._office.report(self._account, number, to, reason=reason, language=language)

    def letter(self, number: int, to: Path, *, reason: str = "", language: str | None = None) -> None:
        """Write the letter to the keeper as PDF."""
        self._office.report(self._account, number, to, paper="letter", reason=reason, language=language)

    def statistics(self, *, since_utc: float = 0.0, until_utc: float = 1e12) -> Statistics:
        """Counts of the cases of a time."""
        return self._office.statistics(since_utc=since_utc, until_utc=until_utc)

    def verify(
        self,
        *,
        trusted: bytes | None = None,
        head: str | None = None,
        checkpoint: bytes | None = None,
        progress: Progress = unwatched,
    ) -> str:
        """Check all evidence."""
        return self._office.verify(trusted=trusted, head=head, checkpoint=checkpoint, progress=progress)

    def close(self) -> None:
        """Close the store."""
        self._office.close()
