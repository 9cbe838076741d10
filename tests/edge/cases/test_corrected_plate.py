"""A corrected plate takes the ground from a name, and every place that shows the case says so."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pikepdf import Pdf

from edge.cases import EventKind, name_follows, review
from edge.cases.acts import agreement
from edge.cases.acts.requests import ActingOfficer
from edge.cases.archive import Archive
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, report_of
from edge.cases.review import record
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.unit_chain import ChainSession
from edge.cli import main
from edge.errors import CaseError
from tests.support.cases import SIGNER, filled, write_key

PLATE = "AB000CD"
"""What the driver of case 1 claims, and the unit read."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    asyncio.run(filled(tmp_path / "state", 3))
    return tmp_path / "state"


def correct(state: Path, plate: str, number: int = 1) -> None:
    words = "the photo shows it"
    record(state, number, kind=EventKind.CORRECT_PLATE, officer="Conti", reason=words, plate=plate, signer=SIGNER)


def confirm(state: Path, number: int = 1) -> None:
    record(state, number, kind=EventKind.CONFIRM, officer="Bruni", reason="looked at it", signer=SIGNER)


def text_of(report: bytes) -> str:
    done = subprocess.run(["pdftotext", "-", "-"], input=report, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def follows(state: Path, number: int = 1) -> bool:
    with Archive(state) as archive:
        case = archive.open(number).case
        (row,) = [row for row in archive.summaries() if row.number == number]
    assert name_follows(case) == name_follows(row)
    return name_follows(case)


def test_another_plate_takes_the_name_away_and_the_same_one_gives_it_back(state: Path) -> None:
    assert follows(state)
    correct(state, "A8000CD")
    assert not follows(state)
    correct(state, PLATE)
    assert follows(state)


def test_where_nobody_is_named_nothing_is_taken_away(state: Path) -> None:
    correct(state, "EF456GH", number=3)
    assert follows(state, 3)
    confirm(state, 3)


def test_a_name_that_fell_cannot_be_confirmed(state: Path) -> None:
    correct(state, "A8000CD")
    with pytest.raises(CaseError, match="no longer follows"):
        confirm(state)
    with Archive(state) as archive:
        assert [event.kind for event in archive.events(1)] == [EventKind.CORRECT_PLATE]
    correct(state, PLATE)
    confirm(state)


def test_list_and_show_say_it(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    correct(state, "A8000CD")
    assert main(["cases", "list", "--order", "oldest", "--state-dir", str(state)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ["no longer follows" in line for line in lines] == [False, True, False, False]
    assert ["Ada Rossi" in line for line in lines] == [False, False, True, False]
    key = write_key(state.parent / "signing.key")
    assert main(["cases", "show", "1", "--json", "--state-dir", str(state), "--signing-key", str(key)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["standing"] == "plate corrected: this name no longer follows"
    assert shown["corrected_plate"] == "A8000CD"


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_no_name_is_confirmed_whose_plate_somebody_corrects_at_the_same_time(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the case and the entry another officer's correction comes in."""
    look = review.require_judgeable

    def looked(*what: Any) -> None:
        look(*what)
        monkeypatch.setattr(review, "require_judgeable", look)
        correct(state, "A8000CD")

    monkeypatch.setattr(review, "require_judgeable", looked)
    with pytest.raises(CaseError, match="no longer follows"):
        confirm(state)
    with Archive(state) as archive:
        assert archive.case(1).review == "correct_plate"


def test_two_officers_confirm_no_name_whose_plate_is_corrected_at_the_same_time(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conti, bruni = ActingOfficer("Conti", "conti", 5001), ActingOfficer("Bruni", "bruni", 5002)
    look = agreement.require_judgeable

    def looked(*what: Any) -> None:
        look(*what)
        correct(state, "A8000CD")

    with ChainSession(StateFolder(state), SIGNER) as session:
        both = agreement.Agreement(state, SIGNER, session)
        assert both.judge(conti, 1, EventKind.CONFIRM, reason="looked at it")[1]
        monkeypatch.setattr(agreement, "require_judgeable", looked)
        with pytest.raises(CaseError, match="no longer follows"):
            both.judge(bruni, 1, EventKind.CONFIRM, reason="looked at it")
    with Archive(state) as archive:
        assert archive.case(1).review == "correct_plate"


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_report_says_who_corrected_what_and_repeats_no_name(state: Path) -> None:
    before = text_of(report_of(state, 1))
    assert "Ada Rossi" in before
    correct(state, "A8000CD")
    after = text_of(report_of(state, 1))
    assert "Ada Rossi" not in after and "UD1234567A" not in after
    assert "corrected by Conti, " in after and f"the unit read {PLATE}" in after
    assert after.count("this name no longer follows") == 3
    assert "Proved" not in after


def test_no_paper_for_the_person_fined_holds_the_name_that_fell(state: Path, tmp_path: Path) -> None:
    """A report brings the signed manifest along, which has the name; so has every redacted package."""
    with Pdf.open(BytesIO(report_of(state, 1))) as document:
        assert b"Ada" in document.attachments["manifest.json"].get_file().read_bytes()
    correct(state, "A8000CD")
    with Pdf.open(BytesIO(report_of(state, 1))) as document:
        assert not document.attachments and "/AF" not in document.Root
    package = tmp_path / "redacted.zip"
    with pytest.raises(CaseError, match="names somebody whose name no longer follows"):
        export_cases(state, [1], package, officer="Conti", signer=SIGNER, redact_with=lambda _photo: ())
    assert list(tmp_path.glob("*redacted*")) == []
    with Archive(state) as archive:
        assert EventKind.EXPORT not in {event.kind for event in archive.events(1)}
    correct(state, PLATE)
    export_cases(state, [1], package, officer="Conti", signer=SIGNER, redact_with=lambda _photo: ())


def test_the_package_says_it(state: Path, tmp_path: Path) -> None:
    correct(state, "A8000CD")
    export_cases(state, [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
    facts = verify_package(tmp_path / "case.zip").facts
    (line,) = [line for line in facts if line.startswith("  corrected")]
    assert "A8000CD" in line and "no longer follows" in line


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_what_is_not_confirmed_is_a_draft_and_what_was_dismissed_says_so_on_each_page(state: Path) -> None:
    draft = text_of(report_of(state, 1))
    assert draft.count("DRAFT") == draft.count("Page ") == 2
    confirm(state)
    final = text_of(report_of(state, 1))
    assert "DRAFT" not in final and "DISMISSED" not in final
    correct(state, "A8000CD")
    assert text_of(report_of(state, 1)).count("DRAFT") == 2
    record(state, 1, kind=EventKind.DISMISS, officer="Conti", reason="ambulance", signer=SIGNER)
    dismissed = text_of(report_of(state, 1))
    assert dismissed.count("DISMISSED") == 2 and "DRAFT" not in dismissed
