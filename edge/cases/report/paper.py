"""Building blocks of a report's pages: colours, sizes, paragraphs, tables, pictures. Lengths are in points.

Nothing here has a fixed room for a text: whatever its length, it wraps and moves what follows it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from io import BytesIO
from itertools import count
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Image, Table

from edge.cases.report.fonts import BOLD, MONO, REGULAR
from edge.cases.report.tags import Cell, TaggedImage, TaggedParagraph, TaggedTable

INK = colors.HexColor("#1b2430")
MUTED = colors.HexColor("#5b6675")
RULE = colors.HexColor("#c9d1da")
WASH = colors.HexColor("#f3f5f8")
ACCENT = colors.HexColor("#123a63")
WARN = colors.HexColor("#8a4b00")
BAD = colors.HexColor("#9b1c1c")
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
NAMES = 34 * mm
"""Width of the column of names in a table of facts."""

_TABLES = count(1)
Fact = tuple[str, str]
"""A name, and a value that may hold ReportLab's markup."""


def clean(text: str) -> str:
    """Untrusted text for a paragraph: legible, with markup escaped."""
    return escape(legible(text))


def legible(text: str) -> str:
    """Untrusted text with control and bidirectional characters replaced by U+FFFD."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign)[0] == "C" else sign for sign in text)


def mono(text: str, size: float = 7.0) -> str:
    """Markup for a fixed-width font, for digits that a reader compares one by one."""
    return f"<font name='{MONO}' size='{size}'>{text}</font>"


def paragraph(
    text: str, *, font: str = REGULAR, size: float = 9.0, colour: colors.Color = INK, role: str = "P"
) -> TaggedParagraph:
    """A paragraph of *text*, which may hold ReportLab's markup; a line is never left alone on a page.

    *role* says what it is to programs that read the page: ``P``, ``H1`` or ``H2``.
    """
    style = ParagraphStyle(
        "text",
        fontName=font,
        fontSize=size,
        leading=size * 1.26,
        textColor=colour,
        allowWidows=0,
        allowOrphans=0,
        splitLongWords=1,
    )
    made = TaggedParagraph(text, style)
    made.role = role
    return made


def heading(title: str) -> Flowable:
    """The title of a section; it stays with what follows."""
    style = ParagraphStyle(
        "section", fontName=BOLD, fontSize=10, leading=12.5, textColor=ACCENT, spaceAfter=0.6 * mm, keepWithNext=True
    )
    made = TaggedParagraph(title, style)
    made.role = "H2"
    return made


def fact_table(
    rows: Sequence[Fact], width: float = WIDTH, *, names: float = NAMES, size: float = 8.5, padding: float = 1.4
) -> Table:
    """A table of names, in a column as wide as *names*, and values; one row for each fact."""
    cells = [[paragraph(name, size=size - 0.5, colour=MUTED), paragraph(value, size=size)] for name, value in rows]
    table_number = next(_TABLES)
    for row, pair in enumerate(cells):
        for cell, role in zip(pair, ("TH", "TD"), strict=True):
            cell.cell = Cell(table_number, row, role)
    table = TaggedTable(cells, colWidths=[names, width - names])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ("TOPPADDING", (0, 0), (-1, -1), padding),
            ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
        ]
    )
    return table


def signature_line(left: str, right: str) -> Table:
    """Two lines to write on, with what belongs there in small letters below."""
    cells = [paragraph(name, size=7.5, colour=MUTED) for name in (left, "", right)]
    table = TaggedTable([cells], colWidths=[0.4 * WIDTH, 0.1 * WIDTH, 0.5 * WIDTH])
    table.setStyle(
        [
            ("LINEABOVE", (0, 0), (0, 0), 0.6, INK),
            ("LINEABOVE", (2, 0), (2, 0), 0.6, INK),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ]
    )
    return table


def stage(picture: Image) -> Table:
    """A picture, centred on a background as wide as the page's text."""
    picture.hAlign = "CENTER"
    table = TaggedTable([[picture]], colWidths=[WIDTH])
    table.setStyle([("ALIGN", (0, 0), (-1, -1), "CENTER"), ("BACKGROUND", (0, 0), (-1, -1), WASH)])
    return table


def fitted(data: bytes, width: float, height: float, alt: str) -> Image:
    """The picture in *data*, as large as *width* and *height* (points) allow; *alt* says what it shows."""
    image = TaggedImage(BytesIO(data))
    image.alt = alt
    scale = min(width / image.imageWidth, height / image.imageHeight)
    image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
    image.hAlign = "LEFT"
    return image


def height_of(parts: Sequence[Flowable], width: float = WIDTH) -> float:
    """How much room *parts* take, one below the other."""
    canvas = Canvas(BytesIO())  # some parts measure with one
    return sum(part.wrapOn(canvas, width, 1e6)[1] + part.getSpaceBefore() + part.getSpaceAfter() for part in parts)
