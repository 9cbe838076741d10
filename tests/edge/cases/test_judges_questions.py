"""What a judge asks, question by question: the two pages answer it, or say that it is not known (docs/evidence.md)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from edge.cases.export import report_of
from tests.support.papers import KINDS, paper_case
from tests.support.pdf import needs_poppler, pages_of, text_of

pytestmark = needs_poppler

PAGE = Path(__file__).resolve().parents[3] / "docs" / "evidence.md"

QUESTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Which speed is contested?": (
        ("72.4 km/h", "5.0 km/h (art. 345 reg. C.d.S.", "67.4 km/h, 17.4 km/h over; art. 142, comma 8", "50 km/h"),
        ("72.4 km/h", "67.4 km/h, 17.4 km/h over", "50 km/h"),
    ),
    "Was the device allowed?": (
        ("approval D.D. 12 marzo 2024 n. 97", "census number UD-0042", "valid until 1 March 2027: valid on the day"),
        ("make, approval and calibration are not recorded in this case: not known",),
    ),
    "Who set the limit?": (
        ("ordinanza n. 12 del 3 febbraio 2024; decreto prefettizio n. 4411", "sign 250 m before the camera"),
        ("who ordered it is not recorded in this case: not known",),
    ),
    "Did it work that day?": (
        ("Self-check good before the case", "good after it"),
        ("Self-check none is recorded in this case: not known",),
    ),
    "What changed?": (
        ("settings: changed", "(speed.limit_kmh, site.road)", "software: the same since", "clock: no step was seen"),
        ("what changed on the unit is not recorded in this case: not known",),
    ),
    "Where are the raw data?": (
        ("The radar's own record is in the manifest, byte for byte: 1 line.", "Evidence (SHA-256, Ed25519) Photo 1"),
        ("The radar gave no record of its own.", "Evidence (SHA-256, Ed25519) Photo 1"),
    ),
    "Is that the vehicle measured?": (
        ("18 ms after the radar's signal", "That no other vehicle was measured must be seen in the photos."),
        ("18 ms after the radar's signal", "That no other vehicle was measured must be seen in the photos."),
    ),
    "Who looked, and why?": (
        ("Viewed by Isp. Marta Conti: fascicolo 12/2026", "Confirmed by Isp. Marta Conti: foto e targa concordano"),
        ("What officers did Nothing yet.",),
    ),
    "Is it under appeal?": (
        ("On hold since", "ricorso al giudice di pace, R.G. 812/2026"),
        ("The case is not on hold: no appeal is known to the unit.",),
    ),
    "Whose clock?": (
        ("the unit's own: synchronised, wrong by at most 0.012 s", "UTC"),
        ("the unit's own: not known whether it was synchronised", "UTC"),
    ),
    "May I have a copy?": (
        ("Whoever is fined may ask the authority for a copy of the package", "verify.py PACKAGE.zip"),
        ("Whoever is fined may ask the authority for a copy of the package", "verify.py PACKAGE.zip"),
    ),
    "Could somebody else have sent this packet?": (
        ("the chip of this driver's licence signed an answer", "who sat at the wheel", "A copied chip is found out"),
        ("somebody who has the data of this driver's chip", "the chip signs nothing: a copied chip, or somebody else"),
    ),
    "Is it final?": (("Confirmed by Isp. Marta Conti on",), ("Detection report – DRAFT", "No officer has judged")),
}
"""By question: what the report of a case of a full unit says, and that of a bare one."""


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The text of the report of a case of a full unit, confirmed and on hold, and of one of a bare unit."""
    folder, said = tmp_path_factory.mktemp("judge"), []
    for name in ("judged", "bare"):
        number = asyncio.run(paper_case(folder / name, KINDS[name]))
        report = report_of(folder / name, number)
        assert len(pages_of(report)) == 2
        said.append(text_of(report))
    return said[0], said[1]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_two_pages_answer_it_or_name_it_as_not_known(texts: tuple[str, str], question: str) -> None:
    for text, wanted in zip(texts, QUESTIONS[question], strict=True):
        for words in wanted:
            assert words in text, text


def test_the_page_goes_through_the_same_questions() -> None:
    told = PAGE.read_text(encoding="utf-8").partition("## What a judge asks")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([A-Z][^|]*\?) \|", told, re.MULTILINE) == list(QUESTIONS)
