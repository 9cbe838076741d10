"""The sheet that a document's pages are printed on: head, foot, the mark across a page that is not final."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Table

from edge.cases.report.archive import archival
from edge.cases.report.fonts import BOLD, REGULAR, bold_file
from edge.cases.report.language import _, spoken
from edge.cases.report.paper import ACCENT, BAD, INK, MARGIN, MUTED, RULE, WIDTH, clean, paragraph
from edge.cases.report.tags import Part, TaggedTable, artifact, tagging

GAP = 3 * mm
_MARK, _MARK_ALPHA = (155, 28, 28), 40
_LONGEST_MARK, _HIGHEST_MARK = 250 * mm, 50 * mm
_RIGHT = 62 * mm
"""Width of the head's right column."""


@dataclass(frozen=True, slots=True)
class PageTexts:
    """The texts at the top and the bottom of every page; ``mark`` is printed across each, unless it is empty."""

    title: str
    authority: str
    reference: str
    case: str
    moment: str
    notice: str
    made: str
    mark: str = ""


Story = Callable[[float], Sequence[Sequence[Flowable]]]
"""Makes the parts of a document's pages for the height of a page's room in points; a page may need more than one."""


def bind(head: PageTexts, story: Story, manifest: bytes | None = None) -> bytes:
    """The archival PDF of the pages that *story* makes, with *manifest* attached if it is given.

    *story* is called again until the number of pages on each page is right.
    """
    pages = 2
    while (drawn := _build(head, story, pages)).pages != pages:
        pages = drawn.pages
    return archival(drawn.pdf, drawn.parts, manifest)


class Drawn(NamedTuple):
    """A PDF as ReportLab wrote it, its parts, and the number of pages that it has."""

    pdf: bytes
    parts: tuple[Part, ...]
    pages: int


def _build(head: PageTexts, story: Story, pages: int) -> Drawn:
    """The PDF whose pages say that it has *pages* pages."""
    out = BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=f"{head.title} {head.reference}",
        author=head.authority,
        subject=head.title,
        lang=spoken(),
    )
    top, bottom = _top(head), _bottom(head, pages)
    above, below = top.wrap(WIDTH, A4[1])[1] + 7 * mm + GAP, bottom.wrap(WIDTH, A4[1])[1] + 7 * mm + GAP
    room = A4[1] - above - below
    frame = Frame(MARGIN, below, WIDTH, room, 0, 0, 0, 0)

    def decorate(canvas: Canvas, _document: object) -> None:
        _page(canvas, head, pages)

    def mark(canvas: Canvas, _document: object) -> None:
        if head.mark:
            with artifact(canvas):  # the head says it in letters
                _across(canvas, head.mark)  # at last: over the photos as well

    document.addPageTemplates(PageTemplate("page", [frame], onPage=decorate, onPageEnd=mark))
    with tagging() as tags:
        canvas_maker = partial(Canvas, initialFontName=REGULAR)  # type: ignore[arg-type]
        document.build([part for page in story(room) for part in page], canvasmaker=canvas_maker)
    return Drawn(out.getvalue(), tuple(tags.parts), document.page)


def _top(head: PageTexts) -> Table:
    left = [
        paragraph(clean(head.authority), font=BOLD, size=9.5, colour=ACCENT),
        paragraph(
            head.title + (f" – <font color='{BAD.hexval()}'>{head.mark}</font>" if head.mark else ""),
            font=BOLD,
            size=15,
            role="H1",
        ),
    ]
    right = [
        paragraph(
            _right(_("Ref. {reference}").format(reference=clean(head.reference))), font=BOLD, size=9.5, colour=ACCENT
        ),
        paragraph(_right(head.case), font=BOLD, size=15),
        paragraph(_right(head.moment), size=8, colour=MUTED),
    ]
    table = TaggedTable([[left, right]], colWidths=[WIDTH - _RIGHT, _RIGHT])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("LINEBELOW", (0, 0), (-1, -1), 1.2, ACCENT),
        ]
    )
    return table


def _right(text: str) -> str:
    return f"<para align='right'>{text}</para>"


def _bottom(head: PageTexts, pages: int, page: int = 1) -> Table:
    left = [paragraph(clean(text), size=7, colour=MUTED) for text in (head.notice, head.made)]
    number = paragraph(_right(_("Page {page} of {pages}").format(page=page, pages=pages)), size=7, colour=MUTED)
    table = TaggedTable([[left, number]], colWidths=[WIDTH - 28 * mm, 28 * mm])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("LINEABOVE", (0, 0), (-1, -1), 0.4, RULE),
        ]
    )
    return table


def _page(canvas: Canvas, head: PageTexts, pages: int) -> None:
    top, bottom = _top(head), _bottom(head, pages, canvas.getPageNumber())
    height = top.wrap(WIDTH, A4[1])[1]
    bottom.wrap(WIDTH, A4[1])
    with nullcontext() if canvas.getPageNumber() == 1 else artifact(canvas):  # content once, repeated afterwards
        top.drawOn(canvas, MARGIN, A4[1] - 7 * mm - height)
    with artifact(canvas):
        canvas.setFillColor(ACCENT)
        canvas.rect(0, A4[1] - 3 * mm, A4[0], 3 * mm, stroke=0, fill=1)
        bottom.drawOn(canvas, MARGIN, 7 * mm)
        canvas.setFillColor(INK)


def _across(canvas: Canvas, mark: str) -> None:
    """Print *mark* from corner to corner, pale enough to read what stands over it.

    It is a picture: as text it would stand between the lines for programs that read the page. For them it is in the
    head.
    """
    picture = _picture_of(mark)
    width = min(_LONGEST_MARK, _HIGHEST_MARK * picture.width / picture.height)
    height = width * picture.height / picture.width
    canvas.saveState()
    canvas.translate(A4[0] / 2, A4[1] / 2)
    canvas.rotate(54)
    canvas.drawImage(ImageReader(picture), -width / 2, -height / 2, width, height, mask="auto")
    canvas.restoreState()


@cache
def _picture_of(mark: str) -> Image.Image:
    """*mark* in large, pale letters on nothing."""
    font = ImageFont.truetype(bold_file(), 160)
    left, top, right, bottom = font.getbbox(mark)
    picture = Image.new("RGBA", (round(right - left), round(bottom - top)), (*_MARK, 0))
    ImageDraw.Draw(picture).text((-left, -top), mark, font=font, fill=(*_MARK, _MARK_ALPHA))
    return picture
