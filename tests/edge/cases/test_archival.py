"""Report and letter are archival (PDF/A-3, level A): what the validator does not look at, or is not here for."""

from __future__ import annotations

import asyncio
import re
import struct
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
    said = pdf.Root.Metadata.read_bytes().decode()
    start = said[said.index("<rdf:Description") : said.index(">", said.index("<rdf:Description"))]
    assert said.count("<rdf:Description") == 1
    for schema in ("dc", "pdf", "xmp", "pdfaid"):
        assert f"xmlns:{schema}=" in start and said.count(f"xmlns:{schema}=") == 1
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


def test_every_font_is_as_wide_as_the_page_says(pdf: Pdf) -> None:
    """Of each letter that is used; one that is not used may have no glyph in the font."""
    for page in pdf.pages:
        for font in page.Resources.Font.values():
            program = font.FontDescriptor.FontFile2.read_bytes()
            widths, glyph_of = _widths_of(program), _glyphs_of(program)
            first = int(font.FirstChar)
            for place, width in enumerate(font.Widths):
                glyph = glyph_of[first + place]
                assert glyph == 0 or abs(float(width) - widths[glyph]) <= 1.0


def _tables_of(program: bytes) -> dict[bytes, bytes]:
    """The tables of a TrueType font by tag."""
    (count,) = struct.unpack_from(">H", program, 4)
    found = {}
    for index in range(count):
        tag, _sum, offset, length = struct.unpack_from(">4sIII", program, 12 + 16 * index)
        found[tag] = program[offset : offset + length]
    return found


def _widths_of(program: bytes) -> list[float]:
    """The width of each glyph in thousandths of an em."""
    tables = _tables_of(program)
    (em,) = struct.unpack_from(">H", tables[b"head"], 18)
    (listed,) = struct.unpack_from(">H", tables[b"hhea"], 34)
    (glyphs,) = struct.unpack_from(">H", tables[b"maxp"], 4)
    own = [struct.unpack_from(">H", tables[b"hmtx"], 4 * glyph)[0] for glyph in range(listed)]
    return [1000 * width / em for width in own + own[-1:] * (glyphs - listed)]


def _glyphs_of(program: bytes) -> list[int]:
    """The glyph of each code: the subsets have one table of format 6, or of format 0."""
    cmap = _tables_of(program)[b"cmap"]
    (offset,) = struct.unpack_from(">I", cmap, 8)
    (format,) = struct.unpack_from(">H", cmap, offset)
    if format == 0:
        return list(cmap[offset + 6 : offset + 262])
    assert format == 6
    first, count = struct.unpack_from(">HH", cmap, offset + 6)
    listed = list(struct.unpack_from(f">{count}H", cmap, offset + 10))
    return ([0] * first + listed + [0] * 256)[:256]


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


def test_the_structure_is_of_standard_types_that_nest_as_they_must(pdf: Pdf) -> None:
    inside = {"Document": {"H1", "H2", "P", "Figure", "Table"}, "Table": {"TR"}, "TR": {"TH", "TD"}}
    for element in _elements(pdf.Root.StructTreeRoot.K):
        role = str(element.S).removeprefix("/")
        children = [] if "/Pg" in element else [str(child.S).removeprefix("/") for child in element.K]
        assert set(children) <= inside.get(role, set()), role
        assert "/Pg" in element or children, f"an empty {role}"
    headings = [str(leaf.S) for leaf in _leaves(pdf.Root.StructTreeRoot.K) if str(leaf.S).startswith("/H")]
    assert headings.count("/H1") == 1 and headings[0] == "/H1"


def _elements(element: Object) -> Iterator[Object]:
    yield element
    if "/Pg" not in element:
        for child in element.K:
            yield from _elements(child)


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
        assert attached.AFRelationship == Name.Data and str(attached.UF) == str(attached.F) == "manifest.json"
        assert str(attached.Desc) and attached.EF.F.Subtype == Name("/application/json")
        assert str(attached.EF.F.Params.ModDate).startswith("D:20") and int(attached.EF.F.Params.Size) == len(signed)
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
