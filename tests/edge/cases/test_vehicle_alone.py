"""A case whose name fell with a corrected plate can be ended: for the vehicle alone, and through its keeper."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from edge.cases import EventKind
from edge.cases.acts.agreement import Agreement
from edge.cases.acts.requests import ActingOfficer
from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, letter_of, report_of
from edge.cases.review import record
from edge.cases.statistics import statistics_of
from edge.cases.storage import ChainSession, StateFolder
from edge.cases.storage.entries import insert_event
from edge.cases.views import CaseFilter
from edge.cli import main
from edge.errors import CaseError
from tests.support.cases import SIGNER, filled, write_key
from tests.support.pdf import needs_poppler, text_of

CLAIMED, CORRECTED = "AB000CD", "AB000CE"
CONTI, BRUNI = (ActingOfficer(name, name.lower(), uid) for name, uid in (("Conti", 5001), ("Bruni", 5002)))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Cases 1 and 2 name a driver, 3 names nobody."""
    asyncio.run(filled(tmp_path / "state", 3))
    return tmp_path / "state"


def judge(state: Path, kind: str, number: int = 1, plate: str | None = None) -> None:
    record(state, number, kind=kind, officer="Conti", reason=f"why {kind}", plate=plate, signer=SIGNER)


def review_of(state: Path, number: int = 1) -> str | None:
    with Archive(state) as archive:
        (row,) = [row for row in archive.summaries() if row.number == number]
        assert row.review == archive.open(number).case.review
    return row.review


def unnamed(state: Path) -> list[int]:
    """The cases that nobody has ended yet, of those that name nobody."""
    with Archive(state) as archive:
        return [row.number for row in archive.summaries(CaseFilter(follow_up="open"), order="oldest")]


@needs_poppler
def test_the_whole_way_from_the_corrected_plate_to_the_end(state: Path, tmp_path: Path) -> None:
    judge(state, "correct_plate", plate=CORRECTED)
    assert unnamed(state) == [1, 3]
    assert "DRAFT" in text_of(report_of(state, 1)) and "DRAFT" in text_of(letter_of(state, 1))
    assert "Nothing of it is recorded so far" in text_of(report_of(state, 1))
    judge(state, "confirm_vehicle")
    for kind in ("keeper_asked", "driver_named_by_keeper", "closed"):
        assert unnamed(state) == [1, 3]
        judge(state, kind)
    assert unnamed(state) == [3]
    assert review_of(state) == EventKind.CONFIRM_VEHICLE
    report, letter = text_of(report_of(state, 1)), text_of(letter_of(state, 1))
    for paper in (report, letter):
        assert "DRAFT" not in paper and "Rossi" not in paper and "UD1234567A" not in paper
    assert "Infringement with this vehicle: nobody is named" in report
    assert "Confirmed for the vehicle, nobody is named by Conti" in report
    for taken in ("Recorded so far: Keeper asked who drove on", "Driver named by the keeper on", "Closed on"):
        assert taken in report
    assert CORRECTED in letter and CLAIMED not in letter
    assert "all signed" in audit(state, trusted=SIGNER.public_key)
    export_cases(state, [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
    facts = "\n".join(verify_package(tmp_path / "case.zip").facts)
    assert "officer   confirm_vehicle by Conti: why confirm_vehicle" in facts


def test_only_what_lost_its_name_is_confirmed_for_the_vehicle_alone(state: Path) -> None:
    for number in (1, 3):  # one names a driver, one never named anybody
        with pytest.raises(CaseError, match="only where a name fell"):
            judge(state, "confirm_vehicle", number)
    judge(state, "correct_plate", plate=CORRECTED)
    with pytest.raises(CaseError, match="no longer follows"):
        judge(state, "confirm")
    judge(state, "correct_plate", plate=CLAIMED)
    with pytest.raises(CaseError, match="only where a name fell"):
        judge(state, "confirm_vehicle")
    assert review_of(state) == EventKind.CORRECT_PLATE


@needs_poppler
def test_it_can_be_withdrawn_and_the_name_come_back(state: Path) -> None:
    judge(state, "correct_plate", plate=CORRECTED)
    judge(state, "confirm_vehicle")
    judge(state, "withdraw")
    assert review_of(state) == EventKind.CORRECT_PLATE
    assert "DRAFT" in text_of(report_of(state, 1))
    judge(state, "withdraw")
    judge(state, "confirm")
    final = text_of(report_of(state, 1))
    assert "DRAFT" not in final and "Ada Rossi" in final
    assert "all signed" in audit(state, trusted=SIGNER.public_key)


def test_two_officers_confirm_the_vehicle_and_only_while_the_name_is_gone(state: Path, tmp_path: Path) -> None:
    judge(state, "correct_plate", plate=CORRECTED)
    with ChainSession(StateFolder(state), SIGNER) as session:
        agreement = Agreement(state, SIGNER, session)
        with pytest.raises(CaseError, match="no longer follows"):
            agreement.judge(CONTI, 1, EventKind.CONFIRM, reason="seen")
        assert agreement.judge(CONTI, 1, EventKind.CONFIRM_VEHICLE, reason="seen")[1]
        assert review_of(state) == EventKind.CORRECT_PLATE
        with Archive(state) as archive:
            waiting = archive.summaries(CaseFilter(review="waiting"))
        assert [(row.number, row.waiting) for row in waiting] == [(1, "confirm_vehicle")]
        assert not agreement.judge(BRUNI, 1, EventKind.CONFIRM_VEHICLE, reason="seen too")[1]
        assert review_of(state) == EventKind.CONFIRM_VEHICLE
        export_cases(state, [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
        assert verify_package(tmp_path / "case.zip").facts
        judge_again = agreement.judge(CONTI, 1, EventKind.WITHDRAW, reason="once more")
        assert judge_again[1] and not agreement.judge(BRUNI, 1, EventKind.WITHDRAW, reason="yes")[1]
        asked, _ = agreement.judge(CONTI, 1, EventKind.CONFIRM_VEHICLE, reason="seen")
        record(
            *(state, 1),
            kind="correct_plate",
            officer="Verdi",
            reason="x",
            plate=CLAIMED,
            signer=SIGNER,
            session=session,
        )
        with pytest.raises(CaseError, match="only where a name fell"):
            agreement.agree(BRUNI, asked)
    assert review_of(state) == EventKind.CORRECT_PLATE


@needs_poppler
def test_what_an_earlier_program_let_an_officer_confirm_is_no_confirmed_vehicle(state: Path) -> None:
    """Before the rule a name that had fallen could be confirmed; the officer then meant the name, which is gone."""
    judge(state, "correct_plate", plate=CORRECTED)
    with ChainSession(StateFolder(state), SIGNER) as session, session.extending() as database:
        content = {"officer": "Conti", "account": "conti", "reason": "looked at it"}
        insert_event(database, "confirm", 1, content, signer=SIGNER, at_utc=time.time(), review="confirm")
    assert "DRAFT" in text_of(report_of(state, 1))
    judge(state, "confirm_vehicle")
    assert "DRAFT" not in text_of(report_of(state, 1))
    assert "all signed" in audit(state, trusted=SIGNER.public_key)


def test_the_statistics_count_it_as_judged(state: Path) -> None:
    judge(state, "correct_plate", plate=CORRECTED)
    assert statistics_of(state).review_median_s is None
    judge(state, "confirm_vehicle")
    found = statistics_of(state)
    assert found.reviews == {"confirm_vehicle": 1, "open": 2} and found.review_median_s is not None


def test_the_command_records_and_lists_it(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judge(state, "correct_plate", plate=CORRECTED)
    where = ["--state-dir", str(state), "--signing-key", str(write_key(tmp_path / "signing.key"))]
    assert main(["cases", "review", "1", "confirm_vehicle", "--reason", "photo and plate checked", *where]) == 0
    assert main(["cases", "list", "--review", "confirm_vehicle", *where]) == 0
    assert "confirm_vehicle" in capsys.readouterr().out


@needs_poppler
def test_the_letter_of_a_case_that_nobody_judged_is_a_draft(state: Path) -> None:
    assert text_of(letter_of(state, 3)).count("DRAFT") == 1
    assert text_of(letter_of(state, 3, language="it")).count("BOZZA") == 1
    judge(state, "confirm", 3)
    assert "DRAFT" not in text_of(letter_of(state, 3))
