"""A judgement that counts is withdrawn by an entry of its own: what counted before it counts again, everywhere."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cases.acts.agreement import Agreement
from edge.cases.acts.requests import ActingOfficer, Action
from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, report_of
from edge.cases.review import record
from edge.cases.statistics import statistics_of
from edge.cases.storage.entries import append_entry
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.views import CaseFilter, EventKind
from edge.errors import CaseError, EvidenceError, NoSuchCase
from edge.model import Case
from tests.support.cases import SIGNER

CONTI, BRUNI = (ActingOfficer(name, name.lower(), uid) for name, uid in (("Conti", 5001), ("Bruni", 5002)))


def judge(store: Path, kind: EventKind, plate: str | None = None, number: int = 1) -> int:
    return record(store, number, kind=kind, officer="Conti", reason="looked at it", plate=plate, signer=SIGNER)


def withdraw(store: Path, judgement: int | None = None, number: int = 1) -> int:
    words = "the wrong key"
    kind = EventKind.WITHDRAW
    return record(store, number, kind=kind, officer="Conti", reason=words, judgement=judgement, signer=SIGNER)


def standing(store: Path, number: int = 1) -> tuple[str | None, str | None]:
    """The judgement and the corrected plate that count; the row of the list and the signed entries must agree."""
    with Archive(store) as archive:
        case: Case = archive.case(number)
        (row,) = [row for row in archive.summaries() if row.number == number]
    assert (row.review, row.corrected_plate) == (case.review, case.corrected_plate)
    assert "all signed" in audit(store, trusted=SIGNER.public_key)
    return case.review, case.corrected_plate


def test_what_counted_before_counts_again(store: Path) -> None:
    judge(store, EventKind.CORRECT_PLATE, "AB000CE")
    judge(store, EventKind.CORRECT_PLATE, "AB000CF")
    judge(store, EventKind.DISMISS)
    assert standing(store) == ("dismiss", "AB000CF")
    for left in (("correct_plate", "AB000CF"), ("correct_plate", "AB000CE"), (None, None)):
        withdraw(store)
        assert standing(store) == left
    with pytest.raises(CaseError, match="no judgement on case 1 counts"):
        withdraw(store)
    judge(store, EventKind.CONFIRM)
    assert standing(store) == ("confirm", None)


def test_only_the_judgement_that_is_meant_is_withdrawn(store: Path) -> None:
    """Undo must not take away what a colleague entered meanwhile."""
    own = judge(store, EventKind.CONFIRM)
    newer = judge(store, EventKind.DISMISS)
    with pytest.raises(CaseError, match=f"entry {own} is not the judgement"):
        withdraw(store, own)
    assert standing(store) == ("dismiss", None)
    withdraw(store, newer)
    withdraw(store, own)
    with pytest.raises(CaseError, match="no judgement on case 1 counts"):
        withdraw(store, own)
    with pytest.raises(NoSuchCase):
        withdraw(store, number=9)
    with pytest.raises(CaseError, match="goes with withdraw only"):
        record(store, 1, kind="confirm", officer="Conti", reason="x", judgement=own, signer=SIGNER)
    with pytest.raises(CaseError, match="reason is missing"):
        record(store, 1, kind="withdraw", officer="Conti", signer=SIGNER)


@pytest.mark.parametrize("kind", ["request", "agree", "refuse"])
def test_what_two_officers_enter_is_not_recorded_by_one(store: Path, kind: str) -> None:
    before = audit(store)
    with pytest.raises(CaseError, match="needs two officers"):
        record(store, 1, kind=kind, officer="Conti", reason="x", signer=SIGNER)
    assert audit(store) == before


def test_list_statistics_and_package_say_it(store: Path, tmp_path: Path) -> None:
    judge(store, EventKind.CORRECT_PLATE, "AB000CE")
    judge(store, EventKind.CONFIRM, number=2)
    withdraw(store)
    withdraw(store, number=2)
    with Archive(store) as archive:
        assert [row.number for row in archive.summaries(CaseFilter(review="open"))] == [3, 2, 1]
    counts = statistics_of(store)
    assert (counts.reviews, counts.review_median_s) == ({"open": 3}, None)
    export_cases(store, [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
    facts = verify_package(tmp_path / "case.zip", SIGNER.public_key).facts
    assert not [line for line in facts if line.startswith("  corrected")]
    said = [line for line in facts if line.startswith("  officer")]
    assert "correct_plate, withdrawn later, by Conti: looked at it" in said[0]
    assert "withdraw by Conti: the wrong key" in said[1]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_report_is_a_draft_again(store: Path) -> None:
    def text() -> str:
        done = subprocess.run(["pdftotext", "-", "-"], input=report_of(store, 1), capture_output=True, check=True)
        return " ".join(done.stdout.decode().split())

    judge(store, EventKind.CONFIRM)
    assert "DRAFT" not in text()
    withdraw(store)
    said = text()
    assert "DRAFT" in said and "Confirmed by Conti (withdrawn later)" in said
    assert "Judgement withdrawn by Conti: the wrong key" in said
    assert "The judgement on this case was withdrawn: none counts." in said


def test_a_judgement_of_two_is_withdrawn_by_two(store: Path, agreement: Agreement) -> None:
    agreement.judge(CONTI, 1, EventKind.CONFIRM, reason="agrees")
    entry, _ = agreement.judge(BRUNI, 1, EventKind.CONFIRM, reason="seen")
    _, waits = agreement.judge(BRUNI, 1, EventKind.WITHDRAW, reason="the wrong case", judgement=entry)
    assert waits and standing(store) == ("confirm", None)
    with Archive(store) as archive:
        (row,) = archive.summaries(CaseFilter(review="waiting"))
        assert (row.waiting, archive.open(1).waiting) == ("withdraw", "withdraw")
    (request,) = agreement.waiting()
    assert (request.action, request.judgement) == (Action.WITHDRAW, entry)
    with pytest.raises(CaseError, match="waits for a second officer already"):
        agreement.judge(BRUNI, 1, EventKind.WITHDRAW, reason="again")
    with pytest.raises(CaseError, match="who asks cannot agree"):
        agreement.agree(BRUNI, request.number)
    agreement.agree(CONTI, request.number)
    assert standing(store) == (None, None)
    with Archive(store) as archive:
        last = archive.events(1)[-1]
    assert (last.kind, last.officer, last.judgement) == ("withdraw", "Bruni, with Conti", entry)


def test_the_second_officer_withdraws_by_doing_the_same(store: Path, agreement: Agreement) -> None:
    entry = judge(store, EventKind.DISMISS)
    agreement.judge(CONTI, 1, EventKind.WITHDRAW, reason="a mistake")
    assert not agreement.judge(BRUNI, 1, EventKind.WITHDRAW, reason="seen", judgement=entry)[1]
    assert standing(store) == (None, None)


def test_a_withdrawal_that_nothing_is_left_for_is_not_agreed_to(store: Path, agreement: Agreement) -> None:
    judge(store, EventKind.CONFIRM)
    request, _ = agreement.judge(CONTI, 1, EventKind.WITHDRAW, reason="a mistake")
    judge(store, EventKind.DISMISS)
    with pytest.raises(CaseError, match="is not the judgement"):
        agreement.agree(BRUNI, request)
    assert standing(store) == ("dismiss", None)


def _entered(case: int, content: Callable[[int], object]) -> Callable[[ChainSession, int], None]:
    def attempt(session: ChainSession, judgement: int) -> None:
        said = {"officer": "Conti", "account": "conti", "reason": "x", "judgement": content(judgement)}
        with session.extending() as database:
            append_entry(database, "withdraw", case, said, signer=SIGNER, at_utc=time.time())

    return attempt


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        pytest.param(_entered(2, lambda judgement: judgement), "none of its case", id="another case's"),
        pytest.param(_entered(1, lambda judgement: judgement - 1), "none of its case", id="no judgement"),
        pytest.param(_entered(1, lambda judgement: judgement + 500), "names no entry before it", id="not written yet"),
        pytest.param(_entered(1, str), "names no entry before it", id="a text"),
        pytest.param(_entered(1, lambda _judgement: None), "names no entry before it", id="nothing"),
    ],
)
def test_verify_refuses_a_withdrawal_of_what_is_none_whoever_signed_it(
    store: Path, session: ChainSession, attempt: Callable[[ChainSession, int], None], words: str
) -> None:
    judgement = judge(store, EventKind.CONFIRM)
    assert audit(store)
    attempt(session, judgement)
    with pytest.raises(EvidenceError, match=words):
        audit(store)


def test_verify_refuses_a_second_withdrawal(store: Path, session: ChainSession) -> None:
    judgement = judge(store, EventKind.CONFIRM)
    withdraw(store)
    assert audit(store)
    _entered(1, lambda number: number)(session, judgement)
    with pytest.raises(EvidenceError, match="withdrawn before"):
        audit(store)


def test_verify_refuses_a_withdrawal_that_was_not_the_one_asked_for(store: Path, session: ChainSession) -> None:
    first, second = judge(store, EventKind.CONFIRM), judge(store, EventKind.DISMISS)
    agreement = Agreement(store, SIGNER, session)
    request, _ = agreement.judge(CONTI, 1, EventKind.WITHDRAW, reason="a mistake", judgement=second)
    with session.extending() as database:
        answer = {"officer": "Bruni", "account": "bruni", "uid": 5002, "reason": "", "request": request}
        append_entry(database, "agree", 1, answer, signer=SIGNER)
        said = {"officer": "Conti", "account": "conti", "reason": "x", "request": request, "judgement": first}
        append_entry(database, "withdraw", 1, said, signer=SIGNER)
    with pytest.raises(EvidenceError, match="is not what request"):
        audit(store)
