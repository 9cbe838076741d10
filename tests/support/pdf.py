"""What stands in a PDF and where, as poppler's pdftotext reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from typing import NamedTuple

import pytest

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")

_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">(.*?)</page>', re.DOTALL)
_WORD = re.compile(r'<word xMin="(-?[\d.]+)" yMin="(-?[\d.]+)" xMax="(-?[\d.]+)" yMax="(-?[\d.]+)">(.*?)</word>')


class Word(NamedTuple):
    """A word and its box, in points from the page's top left corner."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


class Page(NamedTuple):
    """A page: its size in points, and its words."""

    width: float
    height: float
    words: list[Word]


def text_of(pdf: bytes) -> str:
    """The text of a PDF in the order in which it was written, with single spaces."""
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def pages_of(pdf: bytes) -> list[Page]:
    """The pages of a PDF with the place of every word."""
    done = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True)
    found = []
    for width, height, content in _PAGE.findall(done.stdout.decode()):
        words = [Word(*(float(edge) for edge in edges), unescape(text)) for *edges, text in _WORD.findall(content)]
        found.append(Page(float(width), float(height), words))
    return found
