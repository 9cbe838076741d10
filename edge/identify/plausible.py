"""What a text says of the thing it was read on: a plate, a word (a badge, an advertisement, a caption), or a scrap.

Digits, length and format decide, and how clearly the text was read: what the reader doubts says nothing against the
detector. No list of words is kept: every make and every shop has its own.
"""

from __future__ import annotations

from enum import IntEnum

from edge.identify.origin import format_of
from edge.model import PlateRead

MIN_CHARACTERS = 4
"""Fewer characters are a plate's only where they fit a format."""
MAX_CHARACTERS = 10
"""No format has more."""
CLEAR_CHARACTERS = 0.8
"""Mean confidence (0 to 1) of the characters from which a text counts as read clearly."""
SURE_DETECTION = 0.8
"""The detector's confidence (0 to 1) from which an unlikely text is a plate all the same: owners choose words."""
UNUSUAL_SHARE = 0.5
"""What a text of no usual format counts in the order of plates, beside one that has a format."""


class Likeness(IntEnum):
    """What a text looks like, the likest to a plate first."""

    PLATE = 0
    """It has digits and length of a plate, or a format, or it is too unclear to say that it has not."""
    UNLIKELY = 1
    """A word: it was read clearly, and it has no digit or is longer than any plate. Or a few unclear characters."""
    SCRAP = 2
    """Nothing, or so few characters that they fit no format."""


def likeness(read: PlateRead) -> Likeness:
    """What the text of *read* looks like; formats of all countries count, for cars come from abroad."""
    text, clear = read.text, is_clear(read)
    usual = format_of(text) is not None if text else False
    if len(text) < MIN_CHARACTERS:
        return Likeness.SCRAP if not usual else Likeness.PLATE if clear else Likeness.UNLIKELY
    has_digit = any(character.isdigit() for character in text)
    if usual or not clear or (has_digit and len(text) <= MAX_CHARACTERS):
        return Likeness.PLATE
    return Likeness.UNLIKELY


def is_clear(read: PlateRead) -> bool:
    """Whether *read* has characters, and the reader is sure of them."""
    return bool(read.text) and sum(read.characters) >= CLEAR_CHARACTERS * len(read.characters)


def is_listed(read: PlateRead) -> bool:
    """Whether *read*, of something found at or above the detector's threshold, is shown as a plate of the photo.

    A text of no format and without a digit is shown only where the detector is sure, however unclear it is: it keeps a
    neighbour from being named, but nobody looks for it in a list.
    """
    kind = likeness(read)
    if kind is Likeness.SCRAP:
        return False
    plate_like = kind is Likeness.PLATE and (any(map(str.isdigit, read.text)) or format_of(read.text) is not None)
    return plate_like or read.detection.confidence >= SURE_DETECTION


def rank(read: PlateRead) -> tuple[Likeness, float]:
    """The place of *read* among the plates of a photo: the smaller comes first."""
    share = 1.0 if read.text and format_of(read.text) else UNUSUAL_SHARE
    return likeness(read), -share * read.confidence * read.detection.confidence
