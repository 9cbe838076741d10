"""What two officers decide, held against the rules by ``verify``: whoever signed the entries."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cases.acts.agreement import Agreement
from edge.cases.acts.requests import DAY_S, ActingOfficer
from edge.cases.audit import audit
from edge.cases.storage.entries import append_entry, insert_event
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.views import EventKind
from edge.errors import EvidenceError
from tests.support.cases import SIGNER

CONTI, BRUNI, VERDI = (
    ActingOfficer(name, name.lower(), uid) for name, uid in (("Conti", 5001), ("Bruni", 5002), ("Verdi", 5003))
)
WHY = "file 12/2026"


def _done(action: str, kind: str, **content: object) -> Callable[[ChainSession, int], None]:
    def work(session: ChainSession, request: int) -> None:
        said = {"officer": "Conti", "account": "conti", "reason": "x", "request": request, **content}
        with session.extending() as database:
            insert_event(database, kind, 1, said, signer=SIGNER, at_utc=time.time(), review=None)

    work.__name__ = action
    return work


def _answered(kind: str, case: int | None, **content: object) -> Callable[[ChainSession, int], None]:
    def work(session: ChainSession, request: int) -> None:
        said = {"officer": "Bruni", "account": "bruni", "uid": 5002, "reason": "", "request": request, **content}
        with session.extending() as database:
            append_entry(database, kind, case, said, signer=SIGNER)

    return work


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        pytest.param(_done("confirm", "confirm"), "without a second officer", id="done without an answer"),
        pytest.param(_answered("agree", 1, uid=5001), "agreed to by who asked", id="the same uid"),
        pytest.param(_answered("agree", 1, account="conti"), "agreed to by who asked", id="the same account"),
        pytest.param(_answered("agree", 2), "about another case", id="an answer about another case"),
        pytest.param(_answered("agree", 1, request=2), "request that is none", id="an entry that is no request"),
        pytest.param(_answered("agree", 1, request="7"), "request that is none", id="a text for a number"),
        pytest.param(_answered("agree", 1, uid=None, account=None, officer=1), "", id="whatever else"),
    ],
)
def test_verify_knows_the_rules_even_if_who_has_the_key_breaks_them(
    store: Path, agreement: Agreement, session: ChainSession, attempt: Callable[[ChainSession, int], None], words: str
) -> None:
    """The unit's own signature does not make one officer two."""
    entry, _ = agreement.judge(CONTI, 1, EventKind.CONFIRM, reason="agrees")
    before = audit(store)
    attempt(session, entry)
    if words:
        with pytest.raises(EvidenceError, match=words):
            audit(store)
    else:
        assert audit(store) != before  # an account without a number is another one than Conti's


def test_verify_refuses_a_second_answer_and_another_act(
    store: Path, agreement: Agreement, session: ChainSession
) -> None:
    entry, _ = agreement.judge(CONTI, 1, EventKind.CONFIRM, reason="agrees")
    _answered("agree", 1)(session, entry)
    assert audit(store)
    _done("dismiss", "dismiss")(session, entry)
    with pytest.raises(EvidenceError, match="without a second officer"):
        audit(store)


def test_verify_refuses_a_second_answer(store: Path, agreement: Agreement, session: ChainSession) -> None:
    entry, _ = agreement.judge(CONTI, 1, EventKind.CONFIRM, reason="agrees")
    for _ in range(2):
        _answered("refuse", 1)(session, entry)
    with pytest.raises(EvidenceError, match="answered or about another case"):
        audit(store)


def test_verify_refuses_an_agreement_after_its_time(
    store: Path, agreement: Agreement, session: ChainSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, _ = agreement.judge(CONTI, 1, EventKind.CONFIRM, reason="agrees")
    now_utc = time.time()
    monkeypatch.setattr(time, "time", lambda: now_utc + 8 * DAY_S)
    _answered("agree", 1)(session, entry)
    with pytest.raises(EvidenceError, match="too late"):
        audit(store)
