"""From a PDF to an archival one: PDF/A-3 (ISO 19005-3), level A, with the case's manifest attached.

It holds its fonts, says its colours (sRGB), its language, what each part of a page is, and its metadata (XMP): it can
be read in decades, and read aloud today. pikepdf writes, the rules are those of the standard. Tests hold each report
against them, and against a validator of PDF/A-1b (Apache PDFBox Preflight) as far as the rules of both parts agree.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from io import BytesIO

from pikepdf import Array, AttachedFileSpec, Dictionary, Name, Object, Pdf, String
from pikepdf.models.metadata import encode_pdf_date
from PIL import ImageCms

from edge.cases.report.tags import Part

MANIFEST_NAME = "manifest.json"
_MANIFEST_SAYS = "The signed manifest of the case, canonical JSON (RFC 8785)"

_NOTHING_SAID = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
"""XMP metadata that name their schemas at the top: readers (xmpbox is one) look for them there."""


def archival(pdf: bytes, parts: Sequence[Part], manifest: bytes | None = None) -> bytes:
    """The PDF with everything that PDF/A-3 asks for; *parts* is what was drawn, *manifest* is attached if given."""
    with Pdf.open(BytesIO(pdf)) as document:
        _describe(document)
        _embedded_fonts_alone(document)
        _state_colours(document)
        _structure(document, parts)
        if manifest is not None:
            _attach(document, manifest)
        out = BytesIO()
        document.save(out, min_version="1.7", fix_metadata_version=True)
        return out.getvalue()


def _describe(document: Pdf) -> None:
    """Metadata as XMP, saying what the document's information says."""
    information = document.docinfo
    for key in ("/Trapped", "/Keywords", "/Creator"):
        if key in information:
            del information[key]
    language = str(document.Root.get("/Lang", "en"))
    document.Root.Metadata = document.make_stream(_NOTHING_SAID, Type=Name.Metadata, Subtype=Name.XML)
    with document.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata.load_from_docinfo(information)
        metadata["pdfaid:part"], metadata["pdfaid:conformance"] = "3", "A"
        metadata["dc:language"] = {language}
    document.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    for page in document.pages:
        if "/Trans" in page:
            del page["/Trans"]
        page.Tabs = Name.S


def _embedded_fonts_alone(document: Pdf) -> None:
    """ReportLab selects a font that it does not embed on every page, and writes nothing with it: let it be another."""
    for page in document.pages:
        fonts = page.Resources.Font
        embedded = [font for font in fonts.values() if "/FontDescriptor" in font]
        for name in [name for name, font in fonts.items() if "/FontDescriptor" not in font]:
            fonts[name] = embedded[0]


@cache
def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _state_colours(document: Pdf) -> None:
    """The colours are those of sRGB."""
    profile = document.make_stream(_srgb(), N=3, Alternate=Name.DeviceRGB)
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB"),
        Info=String("sRGB IEC61966-2.1"),
        DestOutputProfile=profile,
    )
    document.Root.OutputIntents = Array([document.make_indirect(intent)])


def _attach(document: Pdf, manifest: bytes) -> None:
    """The manifest as a file that belongs to the document, dated with its verdict."""
    attached = AttachedFileSpec(
        document,
        manifest,
        filename=MANIFEST_NAME,
        description=_MANIFEST_SAYS,
        mime_type="application/json",
        mod_date=encode_pdf_date(datetime.fromtimestamp(json.loads(manifest)["decided_utc"], UTC)),
        relationship=Name.Data,
    )
    document.attachments[MANIFEST_NAME] = attached
    document.Root.AF = Array([document.attachments[MANIFEST_NAME].obj])


def _structure(document: Pdf, parts: Sequence[Part]) -> None:
    """The tree of headings, paragraphs, figures and tables, in the order in which they are read."""
    root = document.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    whole = _element(document, "Document", root)
    numbers: list[list[Object]] = [[] for _ in document.pages]
    table = row = None
    table_key, row_key = -1, (-1, -1)
    for part in parts:
        parent, role = whole, part.role
        if part.cell is not None:
            if part.cell.table != table_key or table is None:
                table, table_key = _child(document, "Table", whole), part.cell.table
            if (part.cell.table, part.cell.row) != row_key or row is None:
                row, row_key = _child(document, "TR", table), (part.cell.table, part.cell.row)
            parent, role = row, part.cell.role
        element = _child(document, role, parent)
        if part.alt:
            element.Alt = String(part.alt)
        element.Pg = document.pages[part.page - 1].obj
        element.K = part.mcid
        numbers[part.page - 1].append(element)
    nums = Array()
    for index, (page, elements) in enumerate(zip(document.pages, numbers, strict=True)):
        page.StructParents = index
        nums.append(index)
        nums.append(document.make_indirect(Array(elements)))
    root.K = whole
    root.ParentTree = document.make_indirect(Dictionary(Nums=nums))
    root.ParentTreeNextKey = len(document.pages)
    document.Root.StructTreeRoot = root
    document.Root.MarkInfo = Dictionary(Marked=True)


def _element(document: Pdf, role: str, parent: Object) -> Object:
    return document.make_indirect(Dictionary(Type=Name.StructElem, S=Name(f"/{role}"), P=parent, K=Array()))


def _child(document: Pdf, role: str, parent: Object) -> Object:
    element = _element(document, role, parent)
    parent.K.append(element)
    return element
