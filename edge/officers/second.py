"""What needs a second officer, asked and answered by accounts: the rules of the service around :class:`Agreement`.

Root and the unit's own account may ask, and have ways of their own, where the chain names them. They are no second
officer: whoever is root could be both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from edge.cases import USUAL_DAYS, ActingOfficer, Action, Agreement, EventKind, Request
from edge.errors import CaseError
from edge.officers.accounts import Account

ROOT = 0


class SecondOfficer:
    """Requests and answers of officers. May be called from any thread."""

    def __init__(self, writing: Callable[[Account, int], Agreement]) -> None:
        """*writing* gives what writes for an account that records so many entries, or refuses."""
        self._writing = writing

    def waiting(self, account: Account) -> tuple[Request, ...]:
        """The requests that wait for an answer, the oldest first.

        Raises:
            CaseError: the store cannot be read.
            EvidenceError: one of them does not hold.
        """
        return self._writing(account, 0).waiting()

    def ask(
        self, account: Account, action: Action, cases: Sequence[int], *, reason: str, days: float = USUAL_DAYS
    ) -> Request:
        """Ask for *action*; judgements are asked for by :meth:`judge`. Raises as :meth:`Agreement.ask`."""
        return self._writing(account, 1).ask(_person(account), action, cases, reason=reason, days=days)

    def agree(self, account: Account, number: int, *, reason: str = "") -> Request:
        """Agree to request *number*, and do what it asks for. Raises as :meth:`Agreement.agree`."""
        _require_officer(account)
        agreement = self._writing(account, 1)
        return agreement.agree(_person(account), number, reason=reason)

    def refuse(self, account: Account, number: int, *, reason: str) -> Request:
        """Refuse request *number*, or take it back. Raises as :meth:`Agreement.refuse`."""
        return self._writing(account, 1).refuse(_person(account), number, reason=reason)

    def judge(
        self,
        account: Account,
        number: int,
        kind: EventKind,
        *,
        reason: str,
        plate: str | None,
        judgement: int | None = None,
    ) -> tuple[int, bool]:
        """Judge a case where two have to. Raises as :meth:`Agreement.judge`."""
        may_agree = not _is_privileged(account)
        return self._writing(account, 2).judge(
            _person(account), number, kind, reason=reason, plate=plate, judgement=judgement, may_agree=may_agree
        )

    def claims(self, account: Account, number: int) -> bytes:
        """The sealed claims of the agreed request *number*. Raises as :meth:`Agreement.claims`."""
        return self._writing(account, 1).claims(_person(account), number)


def _person(account: Account) -> ActingOfficer:
    return ActingOfficer(account.officer, account.name, account.uid)


def _is_privileged(account: Account) -> bool:
    return account.uid in (ROOT, os.geteuid())


def _require_officer(account: Account) -> None:
    if _is_privileged(account):
        raise CaseError("root and the unit's own account are no second officer", "let an officer agree")
