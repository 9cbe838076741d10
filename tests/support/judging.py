"""Two officers who judge a case."""

from __future__ import annotations

from pathlib import Path

from edge.cases.acts.agreement import Agreement
from edge.cases.acts.requests import ActingOfficer
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.views import EventKind
from tests.support.cases import SIGNER

OFFICERS = (ActingOfficer("Conti", "conti", 1001), ActingOfficer("Bianchi", "bianchi", 1002))


def judged_by_two(state: Path, number: int, kind: EventKind) -> None:
    """Let both of :data:`OFFICERS` judge case *number*, or withdraw what was judged; it counts then."""
    with ChainSession(StateFolder(state), SIGNER) as session:
        agreement = Agreement(state, SIGNER, session)
        waits = [agreement.judge(officer, number, kind, reason="the photo")[1] for officer in OFFICERS]
    assert waits == [True, False]
