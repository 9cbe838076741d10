"""An independent validator finds nothing in reports and letters that PDF/A-3 forbids; it does find what is wrong."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Name, Pdf
from reportlab.pdfbase.ttfonts import TTFont

from edge.cases.export import letter_of, report_of
from edge.cases.report.fonts import DEJAVU
from tests.support.papers import KINDS, paper_case
from tests.support.preflight import findings, needs_preflight

pytestmark = needs_preflight


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three reports and a letter: with and without DRAFT across the pages, with several photos, with few words."""
    folder = tmp_path_factory.mktemp("papers")
    for kind, language in (("identified", "it"), ("long", "sl"), ("bare", "de"), ("unidentified", "it")):
        number = asyncio.run(paper_case(folder / kind, KINDS[kind]))
        (folder / f"{kind}.pdf").write_bytes(report_of(folder / kind, number, language=language))
    (folder / "letter.pdf").write_bytes(letter_of(folder / "unidentified", 1, language="it"))
    return folder


def test_nothing_is_found_that_part_3_forbids(papers: Path) -> None:
    found = findings(sorted(papers.glob("*.pdf")))
    assert len(found) == 5
    assert not any(found.values()), found


def _without_metadata(document: Pdf) -> None:
    del document.Root.Metadata


def _with_a_font_outside(document: Pdf) -> None:
    for font in document.pages[0].Resources.Font.values():
        if "/FontFile2" in font.FontDescriptor:  # names of one font share it
            del font.FontDescriptor.FontFile2


def _with_other_widths(document: Pdf) -> None:
    for font in document.pages[0].Resources.Font.values():
        font.Widths = pikepdf.Array([2 * int(width) for width in font.Widths])


def _with_a_script(document: Pdf) -> None:
    document.Root.OpenAction = pikepdf.Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def _without_colours(document: Pdf) -> None:
    del document.Root.OutputIntents


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_without_metadata, "7."),
        (_with_a_font_outside, "3."),
        (_with_other_widths, "3.1.6"),
        (_with_a_script, "6."),
        (_without_colours, "2."),
    ],
    ids=["metadata", "font", "widths", "script", "colours"],
)
def test_the_validator_finds_what_is_wrong(papers: Path, tmp_path: Path, spoil: object, code: str) -> None:
    spoiled = tmp_path / "spoiled.pdf"
    with Pdf.open(BytesIO((papers / "bare.pdf").read_bytes())) as document:
        spoil(document)  # type: ignore[operator]
        document.save(spoiled)
    found = findings([spoiled])["spoiled.pdf"]
    assert any(finding.startswith(code) for finding in found), found


@pytest.mark.skipif(not DEJAVU.is_dir(), reason="fonts-dejavu-core is not installed")
def test_the_library_still_needs_its_widths_mended() -> None:
    """ReportLab keeps the shared width of a fixed-width font in another unit. Once it does not, drop the mend."""
    face = TTFont("of-the-test", str(DEJAVU / "DejaVuSansMono.ttf")).face
    assert any(width != int(width) for width, _bearing in face.hmetrics)
