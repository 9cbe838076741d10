"""Fonts of the reports: DejaVu if the system has it (all European letters), else Vera, which ReportLab ships."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, TTFontFace

REGULAR, BOLD, ITALIC, BOLD_ITALIC, MONO = "Report", "Report-Bold", "Report-Italic", "Report-BoldItalic", "Report-Mono"
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
_FILES = {
    REGULAR: ("DejaVuSans.ttf", "Vera.ttf"),
    BOLD: ("DejaVuSans-Bold.ttf", "VeraBd.ttf"),
    MONO: ("DejaVuSansMono.ttf", "Vera.ttf"),
}


def bold_file() -> str:
    """The path of the bold font's file, for pictures."""
    return _file(BOLD)


def regular_file() -> str:
    """The path of the upright font's file, for pictures."""
    return _file(REGULAR)


def _file(font: str) -> str:
    wanted, shipped = _FILES[font]
    path = DEJAVU / wanted
    return str(path if path.is_file() else Path(reportlab.__file__).parent / "fonts" / shipped)


@cache
def register_fonts() -> None:
    """Register the font names above with ReportLab; a second call does nothing."""
    for name, (wanted, fallback) in _FILES.items():
        path = DEJAVU / wanted
        font = TTFont(name, str(path) if path.is_file() else fallback)
        _mend_widths(font.face)
        pdfmetrics.registerFont(font)
    # The pages use no italics: mapping them to the upright fonts keeps ReportLab from looking for any.
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    pdfmetrics.registerFontFamily(BOLD, normal=BOLD, bold=BOLD, italic=BOLD, boldItalic=BOLD)
    pdfmetrics.registerFontFamily(MONO, normal=MONO, bold=MONO, italic=MONO, boldItalic=MONO)


def _mend_widths(face: TTFontFace) -> None:
    """Give every glyph its width in the font's own unit.

    In a fixed-width font most glyphs share the last width of the table. ReportLab hands them that width in thousandths
    of an em and writes it into the font that it embeds: PDF/A wants there what the page says (ISO 19005-3, 6.2.11.5).
    """
    header = face.get_table("hhea")  # type: ignore[no-untyped-call]
    listed = int.from_bytes(header[34:36], "big")
    width, _bearing = face.hmetrics[listed - 1]
    face.hmetrics[listed:] = [(width, bearing) for _width, bearing in face.hmetrics[listed:]]
