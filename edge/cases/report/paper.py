"""Building blocks of a report's pages: colours, sizes, paragraphs, tables, pictures. Lengths are in points."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, Image, PageTemplate, Paragraph, Table

from edge.cases.report.fonts import BOLD, MONO, REGULAR

INK = colors.HexColor("#1b2430")
MUTED = colors.HexColor("#5b6675")
RULE = colors.HexColor("#c9d1da")
WASH = colors.HexColor("#f3f5f8")
ACCENT = colors.HexColor("#123a63")
WARN = colors.HexColor("#8a4b00")
MARGIN = 18 * mm
HEAD = 35 * mm
FOOT = 20 * mm
WIDTH = A4[0] - 2 * MARGIN
TITLE = "Speed infringement report"
NOTICE = "Contains personal data. This report explains the evidence; the signed manifest and photos are the evidence."


@dataclass(frozen=True, slots=True)
class Head:
    """The texts at the top and the bottom of every page, from :func:`legible`."""

    authority: str
    reference: str
    case: str
    site: str
    moment: str
    made: str


def bind(head: Head, story: Callable[[], list[Flowable]]) -> bytes:
    """The PDF of the parts that *story* returns; it is called again until the number of pages on each page is right."""
    data, found, pages = b"", 0, 2
    while found != pages:
        pages = found or pages
        data, found = _build(head, story(), pages)
    return data


def _build(head: Head, story: list[Flowable], pages: int) -> tuple[bytes, int]:
    """The PDF whose pages say that it has *pages* pages, and the number of pages that it has."""
    out = BytesIO()
    document = BaseDocTemplate(
        out, pagesize=A4, title=f"Speed infringement {head.reference}", author=head.authority, subject=TITLE
    )
    frame = Frame(MARGIN, FOOT, WIDTH, A4[1] - HEAD - FOOT, 0, 0, 0, 0)

    def decorate(canvas: Canvas, _document: object) -> None:
        _page(canvas, head, pages)

    document.addPageTemplates(PageTemplate("page", [frame], onPage=decorate))
    document.build(story)
    return out.getvalue(), document.page


def _page(canvas: Canvas, head: Head, pages: int) -> None:
    top, right = A4[1] - 13 * mm, A4[0] - MARGIN
    canvas.setFillColor(ACCENT)
    canvas.rect(0, A4[1] - 3 * mm, A4[0], 3 * mm, stroke=0, fill=1)
    canvas.setFont(BOLD, 10.5)
    canvas.drawString(MARGIN, top, head.authority)
    canvas.drawRightString(right, top, f"Ref. {head.reference}")
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 16)
    canvas.drawString(MARGIN, top - 8 * mm, TITLE)
    canvas.drawRightString(right, top - 8 * mm, head.case)
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 8.5)
    canvas.drawString(MARGIN, top - 13 * mm, head.site)
    canvas.drawRightString(right, top - 13 * mm, head.moment)
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(1.2)
    canvas.line(MARGIN, top - 16 * mm, right, top - 16 * mm)
    canvas.setLineWidth(0.4)
    canvas.setStrokeColor(RULE)
    canvas.line(MARGIN, 15 * mm, right, 15 * mm)
    canvas.setFont(REGULAR, 7)
    canvas.drawString(MARGIN, 11 * mm, NOTICE)
    canvas.drawString(MARGIN, 7.5 * mm, head.made)
    canvas.drawRightString(right, 11 * mm, f"Page {canvas.getPageNumber()} of {pages}")


def minute(at_utc: float) -> str:
    """A time to the minute, in words."""
    return datetime.fromtimestamp(at_utc, UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def clean(text: str) -> str:
    """Untrusted text for a paragraph: legible, with markup escaped."""
    return escape(legible(text))


def legible(text: str) -> str:
    """Untrusted text with control and bidirectional characters replaced by U+FFFD."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign)[0] == "C" else sign for sign in text)


def mono(text: str) -> str:
    """Markup for a fixed-width font, for digits that a reader compares one by one."""
    return f"<font name='{MONO}' size='7.5'>{text}</font>"


def paragraph(text: str, *, font: str = REGULAR, size: float = 9.5, colour: colors.Color = INK) -> Paragraph:
    """A paragraph of *text*, which may hold ReportLab's markup."""
    return Paragraph(text, ParagraphStyle("text", fontName=font, fontSize=size, leading=size * 1.28, textColor=colour))


def heading(title: str) -> Flowable:
    """The title of a section."""
    style = ParagraphStyle(
        "section", fontName=BOLD, fontSize=10.5, leading=13, textColor=ACCENT, spaceAfter=1 * mm, keepWithNext=True
    )
    return Paragraph(title, style)


def fact_table(rows: Sequence[tuple[str, str]], width: float = WIDTH) -> Table:
    """A table of names and values (ReportLab markup), one row for each pair."""
    cells = [[paragraph(name, size=8.5, colour=MUTED), paragraph(value, size=9)] for name, value in rows]
    table = Table(cells, colWidths=[34 * mm, width - 34 * mm])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
        ]
    )
    return table


def stage(picture: Image) -> Table:
    """A picture, centred on a background as wide as the page's text."""
    picture.hAlign = "CENTER"
    table = Table([[picture]], colWidths=[WIDTH])
    table.setStyle([("ALIGN", (0, 0), (-1, -1), "CENTER"), ("BACKGROUND", (0, 0), (-1, -1), WASH)])
    return table


def fitted(data: bytes, width: float, height: float) -> Image:
    """The picture in *data*, as large as *width* and *height* (points) allow."""
    image = Image(BytesIO(data))
    scale = min(width / image.imageWidth, height / image.imageHeight)
    image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
    image.hAlign = "LEFT"
    return image
