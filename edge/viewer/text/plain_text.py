"""Foreign text made safe to show: one line, no invisible characters, nothing that overlaps other text."""

from __future__ import annotations

import unicodedata

from edge.errors import EdgeError
from edge.viewer.text.told import told

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MARKS_IN_A_ROW = 2


def plain(text: str, limit: int = 120) -> str:
    """Return *text* as one line of at most *limit* visible characters.

    Control, format (also right-to-left overrides), unassigned and private characters and everything beyond the basic
    plane become U+FFFD. So a plate cannot hide or reorder the text beside it, and Tk 8.6 gets no colour glyph, on which
    it may fail. White space becomes one space; of many combining marks in a row only :data:`MARKS_IN_A_ROW` remain.
    """
    if len(text) <= limit and text.isascii() and text.isprintable() and text == " ".join(text.split()):
        return text  # as almost all texts are; the rest takes thirty times as long
    shown: list[str] = []
    marks = 0
    for character in " ".join(unicodedata.normalize("NFC", text[: 4 * limit]).split()):
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MARKS_IN_A_ROW:
            safe = character.isprintable() and ord(character) < 0x10000
            shown.append(character if safe else REPLACEMENT)
    line = "".join(shown)
    return line if len(line) <= limit and len(text) <= 4 * limit else line[: limit - 1] + "…"


def describe(error: Exception) -> str:
    """Return *error* as one line to show, a sentence that begins with a capital letter, in the officer's language."""
    if isinstance(error, EdgeError):
        text = f"{told(plain(error.cause, 200))}: {told(plain(error.remedy, 200))}"
    else:
        text = told(plain(str(error), 200))
    text = plain(text, 400)
    return text[:1].upper() + text[1:]
