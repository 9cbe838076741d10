"""Two officers: what one asks for is done once another account agrees, and the chain proves that it was so."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.acts.agreement import Agreement
from edge.cases.acts.requests import DAY_S, ActingOfficer, Action, RequestState
from edge.cases.acts.rotation import rotate_key
from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.signing import load_signer
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases
from edge.cases.retention import purge
from edge.cases.review import record
from edge.cases.storage.database import open_to_read
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.trusted_time import believe_clock
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.views import CaseFilter, EventKind
from edge.errors import CaseError, NoSuchCase
from tests.support.cases import SIGNER, write_key

CONTI, BRUNI, VERDI = (
    ActingOfficer(name, name.lower(), uid) for name, uid in (("Conti", 5001), ("Bruni", 5002), ("Verdi", 5003))
)
WHY = "file 12/2026"


def contents(store: Path, kind: str) -> list[dict[str, object]]:
    """The contents of all entries of a kind."""
    with closing(open_to_read(StateFolder(store))) as database:
        rows = database.execute("SELECT body FROM entries WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


def test_a_purge_before_its_time_is_done_when_a_second_account_agrees(store: Path, agreement: Agreement) -> None:
    request = agreement.ask(CONTI, Action.PURGE, [1, 3], reason="court order 7")
    assert [each.number for each in agreement.waiting()] == [request.number]
    assert "purged" not in audit(store)
    agreed = agreement.agree(BRUNI, request.number, reason="seen")
    assert (agreed.state(), agreed.answered_by) == (RequestState.AGREED, BRUNI)
    assert agreement.waiting() == ()
    assert "3 cases, 2 of them purged" in audit(store, trusted=SIGNER.public_key)
    for tombstone in contents(store, "purge"):
        assert tombstone["second"] == {"officer": "Bruni", "account": "bruni"}
        assert (tombstone["officer"], tombstone["request"], tombstone["reason"]) == (
            "Conti",
            request.number,
            "court order 7",
        )


def test_who_asks_does_not_agree_under_whatever_name(store: Path, agreement: Agreement) -> None:
    request = agreement.ask(CONTI, Action.PURGE, [1], reason=WHY)
    for same in (
        CONTI,
        ActingOfficer("Somebody", "somebody", CONTI.uid),
        ActingOfficer("Somebody", CONTI.account, 5009),
    ):
        with pytest.raises(CaseError, match="who asks cannot agree"):
            agreement.agree(same, request.number)
    assert "purged" not in audit(store)
    assert contents(store, "agree") == []


def test_a_request_is_answered_once(store: Path, agreement: Agreement) -> None:
    first, second = (agreement.ask(CONTI, Action.PURGE, [number], reason=WHY).number for number in (1, 2))
    assert agreement.refuse(BRUNI, first, reason="no such order").state() is RequestState.REFUSED
    assert agreement.refuse(CONTI, second, reason="a mistake").answered_by == CONTI
    for number in (first, second):
        with pytest.raises(CaseError, match="is refused"):
            agreement.agree(VERDI, number)
        with pytest.raises(CaseError, match="is refused"):
            agreement.refuse(VERDI, number, reason="x")
    assert "purged" not in audit(store)


def test_a_request_ends(store: Path, agreement: Agreement, monkeypatch: pytest.MonkeyPatch) -> None:
    request = agreement.ask(CONTI, Action.PURGE, [1], reason=WHY, days=2)
    now_utc = time.time()
    monkeypatch.setattr(time, "time", lambda: now_utc + 2.1 * DAY_S)
    with pytest.raises(CaseError, match="is expired"):
        agreement.agree(BRUNI, request.number)
    assert agreement.waiting() == ()
    with pytest.raises(CaseError, match="30 days at the most"):
        agreement.ask(CONTI, Action.PURGE, [1], reason=WHY, days=31)


def test_what_cannot_be_done_is_neither_asked_for_nor_agreed_to(store: Path, agreement: Agreement) -> None:
    request = agreement.ask(CONTI, Action.PURGE, [1], reason=WHY)
    record(store, 1, kind="hold", officer="Verdi", reason="appeal", signer=SIGNER)
    with pytest.raises(CaseError, match="on hold"):
        agreement.agree(BRUNI, request.number)
    assert agreement.request(request.number).state() is RequestState.OPEN
    asked: list[tuple[Action, list[int], str, type[CaseError], str]] = [
        (Action.PURGE, [1], WHY, CaseError, "on hold"),
        (Action.PURGE, [], WHY, CaseError, "100 cases"),
        (Action.PURGE, [9], WHY, NoSuchCase, "no case 9"),
        (Action.PURGE, [2], " ", CaseError, "reason is missing"),
        (Action.CLAIMS, [1], WHY, CaseError, "keeps no claims"),
        (Action.TRUST_CLOCK, [1], WHY, CaseError, "no cases"),
    ]
    for action, cases, reason, error, words in asked:
        with pytest.raises(error, match=words):
            agreement.ask(CONTI, action, cases, reason=reason)
    with pytest.raises(CaseError, match="there is no request 1"):
        agreement.agree(BRUNI, 1)


def test_an_interrupted_purge_is_finished_by_agreeing_again(
    store: Path, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = agreement.ask(CONTI, Action.PURGE, [1, 2, 3], reason=WHY)

    def interrupted(state_dir: Path, numbers: list[int], **words: object) -> None:
        purge(state_dir, numbers[:1], **words)  # type: ignore[arg-type]
        raise CaseError("the power went", "try again")

    with monkeypatch.context() as patch, pytest.raises(CaseError, match="the power went"):
        patch.setattr("edge.cases.acts.agreement.purge", interrupted)
        agreement.agree(BRUNI, request.number)
    assert "1 of them purged" in audit(store)
    with pytest.raises(CaseError, match="is agreed"):
        agreement.agree(VERDI, request.number)
    agreement.agree(BRUNI, request.number)
    assert "3 of them purged" in audit(store, trusted=SIGNER.public_key)


def test_the_clock_is_believed_when_two_officers_say_so(
    store: Path, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    believe_clock(StateFolder(store))
    now_utc = time.time()
    monkeypatch.setattr(time, "time", lambda: now_utc + 20 * DAY_S)
    with pytest.raises(CaseError, match="two officers"):
        believe_clock(StateFolder(store))
    request = agreement.ask(CONTI, Action.TRUST_CLOCK, [], reason="the unit stood in the depot")
    agreement.agree(BRUNI, request.number)
    assert believe_clock(StateFolder(store)) == time.time()
    (trusted,) = contents(store, "trust_clock")
    assert (trusted["officer"], trusted["request"]) == ("Conti", request.number)
    assert audit(store)


def test_another_key_is_put_in_place_for_an_agreed_request_once(
    store: Path, agreement: Agreement, session: ChainSession
) -> None:
    key = write_key(store.parent / "signing.key")
    request = agreement.ask(CONTI, Action.ROTATE_KEY, [], reason="yearly")
    session.close()
    with pytest.raises(CaseError, match="no agreed request"):
        rotate_key(store, key, request=request.number)
    agreement.agree(BRUNI, request.number)
    session.close()
    new = rotate_key(store, key, request=request.number)
    with pytest.raises(CaseError, match="changed for request"):
        rotate_key(store, key, request=request.number)
    (rotation,) = contents(store, "rotation")
    assert (rotation["officer"], rotation["second"]) == ("Conti", {"officer": "Bruni", "account": "bruni"})
    assert audit(store, trusted=SIGNER.public_key)
    says = export_cases(store, [1], store.parent / "case.zip", officer="Conti", signer=load_signer(key))
    assert new.key_id == load_signer(key).key_id and "Everything holds" in says


def test_a_judgement_counts_once_a_second_officer_made_the_same(store: Path, agreement: Agreement) -> None:
    _, waits = agreement.judge(CONTI, 1, EventKind.CORRECT_PLATE, reason="0 is O", plate="AB 000 CE")
    assert waits
    with Archive(store) as archive:
        (row,) = archive.summaries(CaseFilter(review="waiting"))
        assert (row.number, row.review, row.corrected_plate, row.waiting) == (1, None, None, "correct_plate")
        assert archive.open(1).waiting == "correct_plate"
        assert archive.case(1).review is None
    with pytest.raises(CaseError, match="waits for a second officer already"):
        agreement.judge(CONTI, 1, EventKind.CORRECT_PLATE, reason="0 is O", plate="AB000CE")
    _, waits = agreement.judge(BRUNI, 1, EventKind.CORRECT_PLATE, reason="seen", plate="AB000CE")
    assert not waits
    with Archive(store) as archive:
        (row,) = archive.summaries(CaseFilter(review="correct_plate"))
        assert (row.number, row.corrected_plate, row.waiting) == (1, "AB000CE", None)
        judgement = archive.events(1)[-1]
        assert (judgement.kind, judgement.officer, judgement.reason) == ("correct_plate", "Conti, with Bruni", "0 is O")
        assert archive.summaries(CaseFilter(review="waiting")) == ()
    assert "all signed" in audit(store, trusted=SIGNER.public_key)


def test_a_judgement_that_differs_refuses_what_waits_and_waits_itself(store: Path, agreement: Agreement) -> None:
    agreement.judge(CONTI, 1, EventKind.CONFIRM, reason="agrees")
    assert agreement.judge(BRUNI, 1, EventKind.DISMISS, reason="an ambulance")[1]
    (request,) = agreement.waiting()
    assert (request.action, request.asked_by) == (Action.DISMISS, BRUNI)
    agreement.agree(CONTI, request.number)
    with Archive(store) as archive:
        assert archive.case(1).review == "dismiss"
    assert [content["reason"] for content in contents(store, "refuse")] == ["an ambulance"]


def test_a_package_says_what_waits_and_who_agreed(store: Path, agreement: Agreement, tmp_path: Path) -> None:
    agreement.judge(CONTI, 1, EventKind.CONFIRM, reason="agrees")
    agreement.judge(CONTI, 2, EventKind.CONFIRM, reason="agrees")
    agreement.judge(BRUNI, 2, EventKind.CONFIRM, reason="seen")
    agreement.ask(CONTI, Action.PURGE, [3], reason="about somebody else")
    export_cases(store, [1, 2], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
    package = (tmp_path / "case.zip").read_bytes()
    assert b'"reviews":{"1":{"review":null,"waiting":"confirm"},"2":{"review":"confirm","waiting":null}}' in package
    assert b"about somebody else" not in package, "what concerns other cases stays on the unit"
    facts = "\n".join(verify_package(tmp_path / "case.zip", SIGNER.public_key).facts)
    assert facts.count("confirm by Conti, with Bruni: agrees") == 1
