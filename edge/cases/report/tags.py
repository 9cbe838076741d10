"""What a page's contents are, for programs that read it aloud: headings, paragraphs, tables, figures (ISO 32000, 14.8).

ReportLab draws; while it does, every part of a page puts its drawing between marks, and is written down here with its
role. :mod:`edge.cases.report.archive` makes the document's structure of that. What is no content (rules, backgrounds,
repeated heads) is marked as an artifact.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Image, Paragraph, Table


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in a table of facts: which table, which row, and whether it is a row's header (``TH``) or datum."""

    table: int
    row: int
    role: str


@dataclass(frozen=True, slots=True)
class Part:
    """Something that was drawn: its role, page (from 1) and number on it, its cell, and what a figure shows."""

    role: str
    page: int
    mcid: int
    cell: Cell | None = None
    alt: str = ""


@dataclass(slots=True)
class Tags:
    """The parts of a document in the order in which they were drawn."""

    parts: list[Part] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    is_artifact: bool = False


_tags: ContextVar[Tags | None] = ContextVar("parts of the document that is drawn", default=None)


@contextmanager
def tagging() -> Iterator[Tags]:
    """Write down what is drawn until the end of the block."""
    tags = Tags()
    before = _tags.set(tags)
    try:
        yield tags
    finally:
        _tags.reset(before)


@contextmanager
def artifact(canvas: Canvas) -> Iterator[None]:
    """What is drawn in this block is no content."""
    tags = _tags.get()
    if tags is None or tags.is_artifact:
        yield
        return
    canvas.addLiteral("/Artifact BMC")
    tags.is_artifact = True
    try:
        yield
    finally:
        tags.is_artifact = False
        canvas.addLiteral("EMC")


@contextmanager
def _part(canvas: Canvas, role: str, cell: Cell | None = None, alt: str = "") -> Iterator[None]:
    tags = _tags.get()
    if tags is None or tags.is_artifact:
        yield
        return
    page = canvas.getPageNumber()
    mcid = tags.counts.get(page, 0)
    tags.counts[page] = mcid + 1
    tags.parts.append(Part(role, page, mcid, cell, alt))
    canvas.addLiteral(f"/{role} <</MCID {mcid}>> BDC")
    yield
    canvas.addLiteral("EMC")


class TaggedParagraph(Paragraph):
    """A paragraph, or a heading (``H1``, ``H2``)."""

    role = "P"
    cell: Cell | None = None

    def draw(self) -> None:
        """Draw it between marks."""
        with _part(self.canv, self.role, self.cell):
            super().draw()


class TaggedImage(Image):
    """A picture, with words for who cannot see it."""

    alt = ""

    def draw(self) -> None:
        """Draw it between marks."""
        with _part(self.canv, "Figure", None, self.alt):
            super().draw()


class TaggedTable(Table):
    """A table whose rules and backgrounds are artifacts; its cells say themselves what they are."""

    def _drawBkgrnd(self) -> None:  # noqa: N802 - ReportLab's name
        with artifact(self.canv):
            super()._drawBkgrnd()  # type: ignore[misc]

    def _drawLines(self) -> None:  # noqa: N802 - ReportLab's name
        with artifact(self.canv):
            super()._drawLines()  # type: ignore[misc]
