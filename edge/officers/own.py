"""A desk on a store of one's own account: the same rules as those of the service, in this process, without a socket."""

from __future__ import annotations

from pathlib import Path

from edge.cases import CaseFilter, EventKind, Order, UnitStatus
from edge.officers.accounts import Account
from edge.officers.desk import ALL_CASES, Listing, OpenCase
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
        return self._office.list(filter, order=order, limit=limit, offset=offset)

    def open(self, number: int) -> OpenCase:
        """Record that the officer looks at the case, and read it."""
        return self._office.open(self._account, number)

    def again(self, number: int) -> OpenCase:
        """Read a case again that the officer opened."""
        return self._office.again(self._account, number)

    def photo(self, number: int, index: int) -> bytes:
        """A photo of a case that the officer opened."""
        return self._office.photo(self._account, number, index)

    def review(self, number: int, kind: EventKind, *, reason: str, plate: str | None = None) -> int:
        """Record the officer's judgement."""
        return self._office.review(self._account, number, kind, reason=reason, plate=plate)

    def export(
        self,
        numbers: list[int],
        to: Path,
        *,
        reason: str = "",
        full_chain: bool = False,
        checkpoint: bytes | None = None,
    ) -> str:
        """Write the evidence package of the cases."""
        return self._office.export(
            self._account, numbers, to, reason=reason, full_chain=full_chain, checkpoint=checkpoint
        )

    def report(self, number: int, to: Path, *, reason: str = "") -> None:
        """Write the PDF report of the case."""
        self._office.report(self._account, number, to, reason=reason)

    def verify(self, *, trusted: bytes | None = None, head: str | None = None, checkpoint: bytes | None = None) -> str:
        """Check all evidence."""
        return self._office.verify(trusted=trusted, head=head, checkpoint=checkpoint)

    def close(self) -> None:
        """Close the store."""
        self._office.close()
