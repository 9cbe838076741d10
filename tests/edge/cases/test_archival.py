"""Report and letter are archival (PDF/A-3, level A), as far as can be held against the standard without a validator."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Name, Object, Pdf

from edge.cases.archive import Archive
from edge.cases.export import letter_of, report_of
from edge.cases.review import record
from tests.support.cases import SIGNER, filled
from tests.support.pdf import needs_poppler

FORBIDDEN = {"/AA", "/OpenAction", "/JavaScript", "/Encrypt", "/Collection", "/Requirements", "/NeedsRendering", "/XFA"}
FILTERS = {"/ASCII85Decode", "/FlateDecode", "/DCTDecode"}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archival")
    asyncio.run(filled(folder, 3))
    record(folder, 2, kind="confirm", officer="Conti", reason="seen", signer=SIGNER)
    return folder


@pytest.fixture(params=["report-1", "report-2", "letter-3"])
def pdf(request: pytest.FixtureRequest, state: Path) -> Iterator[Pdf]:
    paper, _, number = request.param.partition("-")
    make = report_of if paper == "report" else letter_of
    with Pdf.open(BytesIO(make(state, int(number), language="it"))) as document:
        yield document


def everything(document: Pdf) -> Iterator[Object]:
    """All dictionaries and streams of the file."""
    for each in document.objects:
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            yield each


def test_metadata_says_what_the_information_says(pdf: Pdf) -> None:
    with pdf.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
        assert metadata["dc:title"] == str(pdf.docinfo["/Title"])
        assert metadata["dc:creator"] == [str(pdf.docinfo["/Author"])]
        assert metadata["pdf:Producer"] == str(pdf.docinfo["/Producer"])
        assert set(pdf.docinfo) <= {"/Title", "/Author", "/Subject", "/Producer", "/CreationDate", "/ModDate"}
        created = re.sub(r"\D", "", metadata["xmp:CreateDate"])[:14]
        assert created == re.sub(r"\D", "", str(pdf.docinfo["/CreationDate"]))[:14]
    assert pdf.Root.Metadata.get("/Filter") is None, "metadata have to be legible without the file's own filters"
    assert str(pdf.Root.Lang) == "it-IT"
    assert pdf.trailer.get("/ID") is not None and pdf.pdf_version == "1.7"


def test_colours_are_those_of_an_embedded_profile(pdf: Pdf) -> None:
    (intent,) = pdf.Root.OutputIntents
    assert intent.S == Name.GTS_PDFA1 and intent.DestOutputProfile.N == 3
    profile = intent.DestOutputProfile.read_bytes()
    assert profile[12:24] == b"mntrRGB XYZ " and profile[8] < 5 and profile[36:40] == b"acsp"
    spaces = {str(each.get("/ColorSpace")) for each in everything(pdf) if each.get("/Subtype") == Name.Image}
    assert spaces <= {"/DeviceRGB", "/DeviceGray"}


def test_every_font_is_embedded_and_says_its_letters(pdf: Pdf) -> None:
    fonts = [each for each in everything(pdf) if each.get("/Type") == Name.Font]
    used = {font.objgen for page in pdf.pages for font in page.Resources.Font.values()}
    assert used
    for font in fonts:
        if font.objgen in used:
            assert "/FontFile2" in font.FontDescriptor and "/ToUnicode" in font


def test_nothing_is_in_it_that_an_archive_refuses(pdf: Pdf) -> None:
    for each in everything(pdf):
        assert not FORBIDDEN & set(each.keys())
        assert each.get("/Type") != Name.Action and "/PresSteps" not in each
        if isinstance(each, pikepdf.Stream):
            found = each.get("/Filter", pikepdf.Array())
            names = {str(name) for name in found} if isinstance(found, pikepdf.Array) else {str(found)}
            assert names <= FILTERS
            assert "/F" not in each and not each.get("/Interpolate", False)


def test_every_mark_on_a_page_is_in_the_structure_once_and_in_order(pdf: Pdf) -> None:
    assert pdf.Root.MarkInfo.Marked
    leaves = list(_leaves(pdf.Root.StructTreeRoot.K))
    assert {str(leaf.S) for leaf in leaves} >= {"/H1", "/P", "/TH", "/TD"}
    for number, page in enumerate(pdf.pages):
        parents = list(pdf.Root.StructTreeRoot.ParentTree.Nums)[2 * number + 1]
        marks = list(_marks(page))
        assert [int(mark) for mark in marks if mark is not None] == list(range(len(parents)))
        own = [leaf for leaf in leaves if leaf.Pg.objgen == page.obj.objgen]
        assert [int(leaf.K) for leaf in own] == list(range(len(parents)))
        assert [leaf.objgen for leaf in own] == [parent.objgen for parent in parents]


def test_figures_have_words(pdf: Pdf) -> None:
    for leaf in _leaves(pdf.Root.StructTreeRoot.K):
        if Name.Figure == leaf.S:
            assert len(str(leaf.Alt).split()) >= 2


def _leaves(element: Object) -> Iterator[Object]:
    if "/Pg" in element:
        yield element
        return
    for child in element.K:
        yield from _leaves(child)


def _marks(page: pikepdf.Page) -> Iterator[int | None]:
    """The number of each marked content of a page in turn, None for an artifact; text outside of any is an error."""
    depth = 0
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name in {"BDC", "BMC"}:
            depth += 1
            assert depth == 1, "marks do not nest"
            yield int(operands[1].MCID) if name == "BDC" else None
        elif name == "EMC":
            depth -= 1
        elif name in {"Tj", "TJ", "Do", "f", "S", "f*", "B"}:
            assert depth == 1, f"{name} outside of marks"
    assert depth == 0


def test_the_manifest_is_attached_as_it_was_signed_to_the_report_alone(state: Path) -> None:
    with Archive(state) as archive:
        signed = archive.open(1).checked.manifest_bytes
    with Pdf.open(BytesIO(report_of(state, 1))) as document:
        (attached,) = document.Root.AF
        assert attached.AFRelationship == Name.Data and str(attached.UF) == "manifest.json"
        assert document.attachments["manifest.json"].get_file().read_bytes() == signed
        assert document.attachments["manifest.json"].get_file().mime_type == "application/json"
    with Pdf.open(BytesIO(letter_of(state, 3))) as document:
        assert "/AF" not in document.Root and not document.attachments


@needs_poppler
def test_who_reads_it_aloud_hears_the_table_by_rows(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(report_of(state, 1))
    done = subprocess.run(["pdfinfo", "-struct-text", str(file)], capture_output=True, text=True, check=True)
    heard = " ".join(re.findall(r'"(.*)"', done.stdout))
    assert re.search(r"Detection report . DRAFT.*Infringement Time 21 September 2026.*Place SP 235, km 12", heard)
    assert heard.count("Detection report") == 1, "the head is repeated on every page, and read once"
