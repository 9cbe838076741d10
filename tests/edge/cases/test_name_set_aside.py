"""A name whose plate is right is set aside: the chip was copied, the identity stolen. It comes back by a withdrawal."""

from __future__ import annotations

import asyncio
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from pikepdf import open as open_pdf

from edge.cases import EventKind
from edge.cases.acts.agreement import Agreement
from edge.cases.acts.requests import ActingOfficer
from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence import name_follows
from edge.cases.evidence.verify import translated, verify_package
from edge.cases.export import export_cases, letter_of, report_of
from edge.cases.review import record
from edge.cases.statistics import statistics_of
from edge.cases.storage import ChainSession, StateFolder
from edge.cases.views import CaseFilter
from edge.cli import main
from edge.config import ReviewSettings
from edge.errors import CaseError, EvidenceError, SecondOfficerNeeded
from edge.officers.accounts import Account
from edge.officers.office import Office
from tests.support.cases import SIGNER, filled, write_key
from tests.support.judging import judged_by_two
from tests.support.pdf import needs_poppler, text_of

CLAIMED, OTHER = "AB000CD", "AB000CE"
ASIDE = "set_name_aside"
WHY = "denuncia di furto d'identità, prot. 44/2026"
CONTI, BRUNI = (ActingOfficer(name, name.lower(), uid) for name, uid in (("Conti", 5001), ("Bruni", 5002)))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Cases 1 and 2 name a driver, 3 names nobody."""
    asyncio.run(filled(tmp_path / "state", 3))
    return tmp_path / "state"


def judge(state: Path, kind: str, number: int = 1, plate: str | None = None, reason: str = WHY) -> int:
    return record(state, number, kind=kind, officer="Conti", reason=reason, plate=plate, signer=SIGNER)


def stands(state: Path, number: int = 1) -> tuple[bool, str | None]:
    """Whether the name stands, and the newest judgement: row and case say the same."""
    with Archive(state) as archive:
        (row,) = [row for row in archive.summaries() if row.number == number]
        case = archive.open(number).case
    assert (row.review, name_follows(row), row.name_set_aside) == (case.review, name_follows(case), case.name_set_aside)
    return name_follows(case), case.review


def open_ways(state: Path) -> list[int]:
    """The cases whose ordinary way is not at its end."""
    with Archive(state) as archive:
        return [row.number for row in archive.summaries(CaseFilter(follow_up="open"), order="oldest")]


@needs_poppler
def test_the_name_leaves_every_paper_and_the_keeper_is_asked(state: Path, tmp_path: Path) -> None:
    assert "Ada Rossi" in text_of(report_of(state, 1)) and open_ways(state) == [3]
    with pytest.raises(CaseError, match="names the driver"):
        letter_of(state, 1)
    judge(state, ASIDE)
    assert stands(state) == (False, ASIDE) and open_ways(state) == [1, 3]
    report, letter = text_of(report_of(state, 1)), text_of(letter_of(state, 1))
    for paper in (report, letter):
        assert "DRAFT" not in paper and "Rossi" not in paper and "UD1234567A" not in paper and CLAIMED in paper
    squeezed = " ".join(report.split())
    assert "Infringement with this vehicle: nobody is named" in squeezed
    assert "Conti set the name aside on" in squeezed and WHY in squeezed
    assert "before an officer set the name aside" in squeezed and "corrected the plate" not in squeezed
    assert "Confirmed for the vehicle, the name is set aside by Conti" in squeezed
    with open_pdf(BytesIO(report_of(state, 1))) as document:
        assert "/AF" not in document.Root, "the manifest holds the name"
    for kind in ("keeper_asked", "driver_named_by_keeper", "closed"):
        judge(state, kind)
    assert open_ways(state) == [3]
    assert "all signed" in audit(state, trusted=SIGNER.public_key)


def test_package_and_checker_say_it(state: Path, tmp_path: Path) -> None:
    judge(state, ASIDE)
    export_cases(state, [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
    facts = verify_package(tmp_path / "case.zip").facts
    (driver,) = [fact for fact in facts if fact.startswith("  driver ")]
    assert driver.endswith(": an officer set this name aside, and it is not to be used")
    assert translated(driver, "it").endswith(": un agente ha accantonato questo nominativo, che non va utilizzato")
    assert any(f"{ASIDE} by Conti: {WHY}" in fact for fact in facts)
    with zipfile.ZipFile(tmp_path / "case.zip") as package:
        assert f'"review":"{ASIDE}"' in package.read("export.json").decode()
    judge(state, "withdraw")
    export_cases(state, [1], tmp_path / "again.zip", officer="Conti", signer=SIGNER)
    assert not any("an officer set this name" in fact for fact in verify_package(tmp_path / "again.zip").facts)


def test_a_redacted_package_would_tell_the_name_and_is_not_made(state: Path, tmp_path: Path) -> None:
    judge(state, ASIDE)
    with pytest.raises(CaseError, match="names somebody whose name no longer follows"):
        export_cases(state, [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER, redact_with=lambda _: ())


def test_it_stays_aside_whatever_is_judged_later_until_it_is_withdrawn(state: Path) -> None:
    aside = judge(state, ASIDE)
    for kind, plate in (("dismiss", None), ("correct_plate", OTHER), ("correct_plate", CLAIMED)):
        judge(state, kind, plate=plate)
        assert stands(state)[0] is False, kind
        with pytest.raises(CaseError, match="set the name in case 1 aside"):
            judge(state, "confirm")
    judge(state, "confirm_vehicle")
    assert stands(state) == (False, "confirm_vehicle")
    with pytest.raises(CaseError, match="is not the judgement"):
        record(state, 1, kind="withdraw", officer="Conti", reason="x", judgement=aside, signer=SIGNER)
    for _ in range(5):
        judge(state, "withdraw")
    assert stands(state) == (True, None)
    judge(state, "confirm")
    assert stands(state) == (True, "confirm")
    assert "all signed" in audit(state, trusted=SIGNER.public_key)


def test_only_a_name_that_stands_is_set_aside_and_not_without_a_reason(state: Path) -> None:
    with pytest.raises(CaseError, match="the reason is missing"):
        judge(state, ASIDE, reason=" ")
    with pytest.raises(CaseError, match="no name stands in case 3"):
        judge(state, ASIDE, 3)
    judge(state, "correct_plate", plate=OTHER)
    with pytest.raises(CaseError, match="no name stands in case 1"):
        judge(state, ASIDE)
    judge(state, "correct_plate", plate=CLAIMED)
    judge(state, ASIDE)
    with pytest.raises(CaseError, match="no name stands in case 1"):
        judge(state, ASIDE)


def test_a_confirmed_name_can_still_be_set_aside(state: Path) -> None:
    judge(state, "confirm")
    judge(state, ASIDE)
    assert stands(state) == (False, ASIDE)
    judge(state, "withdraw")
    assert stands(state) == (True, "confirm")


def test_two_officers_where_configured(state: Path, tmp_path: Path) -> None:
    with ChainSession(StateFolder(state), SIGNER) as session:
        agreement = Agreement(state, SIGNER, session)
        assert agreement.judge(CONTI, 1, EventKind.SET_NAME_ASIDE, reason=WHY)[1]
        assert stands(state) == (True, None)
        with Archive(state) as archive:
            waiting = archive.summaries(CaseFilter(review="waiting"))
        assert [(row.number, row.waiting) for row in waiting] == [(1, ASIDE)]
        assert not agreement.judge(BRUNI, 1, EventKind.SET_NAME_ASIDE, reason="anch'io")[1]
        assert stands(state) == (False, ASIDE)
        export_cases(state, [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
        assert any(f"{ASIDE} by Conti, with Bruni" in fact for fact in verify_package(tmp_path / "case.zip").facts)
        assert agreement.judge(CONTI, 1, EventKind.WITHDRAW, reason="errore")[1]
        assert stands(state)[0] is False
        assert not agreement.judge(BRUNI, 1, EventKind.WITHDRAW, reason="sì")[1]
        assert stands(state) == (True, None)


def test_what_waits_cannot_set_aside_a_name_that_fell_meanwhile(state: Path) -> None:
    with ChainSession(StateFolder(state), SIGNER) as session:
        agreement = Agreement(state, SIGNER, session)
        asked, _ = agreement.judge(CONTI, 1, EventKind.SET_NAME_ASIDE, reason=WHY)
        content = {"kind": "correct_plate", "officer": "Verdi", "reason": "x", "plate": OTHER}
        record(state, 1, **content, signer=SIGNER, session=session)  # type: ignore[arg-type]
        with pytest.raises(CaseError, match="no name stands"):
            agreement.agree(BRUNI, asked)
    assert stands(state) == (False, "correct_plate")


def test_lists_and_statistics(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--state-dir", str(state), "--signing-key", str(write_key(tmp_path / "signing.key"))]
    assert main(["cases", "review", "1", ASIDE, "--reason", WHY, *where]) == 0
    capsys.readouterr()
    assert main(["cases", "list", "--review", ASIDE, *where]) == 0
    listed = capsys.readouterr().out
    assert "name set aside" in listed and ASIDE in listed and "Rossi" not in listed
    assert main(["cases", "list", "--json", *where]) == 0
    rows = {row["number"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows[1]["driver_name"], rows[1]["name_set_aside"]) == ("", True)
    assert "Rossi" in rows[2]["driver_name"] and not rows[2]["name_set_aside"]
    assert main(["cases", "show", "1", "--lang", "it", *where]) == 0
    assert "un agente ha accantonato questo nominativo" in capsys.readouterr().out
    found = statistics_of(state)
    assert found.reviews == {ASIDE: 1, "open": 2} and found.review_median_s is not None


@pytest.mark.parametrize(("kind", "plate"), [(ASIDE, None), ("correct_plate", OTHER)])
def test_a_search_for_the_name_finds_the_case_only_while_the_name_stands(
    state: Path, kind: str, plate: str | None
) -> None:
    def found(text: str) -> list[int]:
        with Archive(state) as archive:
            return [row.number for row in archive.summaries(CaseFilter(text=text), order="oldest")]

    assert found("Rossi") == [1, 2]
    judge(state, kind, plate=plate)
    assert found("Rossi") == [2] and found(plate or CLAIMED) == [1]
    judge(state, "withdraw")
    assert found("Rossi") == [1, 2]


@pytest.mark.parametrize("kind", ["withdraw", "dismiss", "confirm_vehicle", "correct_plate"])
def test_what_two_officers_judged_one_alone_does_not_undo_whatever_is_configured(state: Path, kind: str) -> None:
    plate = OTHER if kind == "correct_plate" else None
    judged_by_two(state, 1, EventKind.SET_NAME_ASIDE)
    with pytest.raises(SecondOfficerNeeded, match="two officers judged case 1"):
        judge(state, kind, plate=plate)
    office = Office(state, SIGNER, ReviewSettings(second=False))
    try:
        conti, bruni = (Account(uid, name) for uid, name in ((5001, "conti"), (5002, "bruni")))
        assert office.review(conti, 1, EventKind(kind), reason=WHY, plate=plate).waits
        assert stands(state) == (False, ASIDE)
        assert not office.review(bruni, 1, EventKind(kind), reason=WHY, plate=plate).waits
        assert not office.review(conti, 1, EventKind.HOLD, reason=WHY, plate=None).waits
    finally:
        office.close()
    assert stands(state) == ((True, None) if kind == "withdraw" else (False, kind))
    assert "all signed" in audit(state, trusted=SIGNER.public_key)


@pytest.mark.parametrize("kind", [ASIDE, "dismiss"])
def test_a_second_officer_whom_nobody_asked_is_none(state: Path, kind: str) -> None:
    second = {"second": {"officer": "Bruni", "account": "bruni"}}
    record(state, 1, kind=kind, officer="Conti", reason=WHY, signer=SIGNER, details=second)
    with pytest.raises(EvidenceError, match="names a request that is none"):
        audit(state)
