"""Patterns of plates, as officers write them: as SQL writes them, and the pairs by which PostgreSQL finds what fits.

A *pair* is two characters of a plate with their distance, from 1 to :data:`FARTHEST`; the beginning and the end of the
plate count as characters. ``A?1*`` holds the pairs of beginning and ``A`` (1), and of ``A`` and ``1`` (2): each plate
that fits has both. The index of ``schema/013_plate_pairs.sql`` keeps the pairs of each plate.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from centre.errors import CentreError

FARTHEST: Final = 4
BEGINNING, END = "^", "$"
ANY, ONE = "*", "?"


def normal(plate: str) -> str:
    """What was written without spaces, in capitals."""
    return "".join(plate.upper().split())


def like(pattern: str) -> str:
    """A search for a plate with ``*`` and ``?`` as a pattern of SQL's LIKE.

    Raises:
        CentreError: it holds something else than letters, digits and those two.
    """
    text = normal(pattern)
    if not text or not all(letter in (ANY, ONE) or (letter.isascii() and letter.isalnum()) for letter in text):
        raise CentreError("a plate has letters and digits", "use * for any characters, ? for one")
    return text.replace(ANY, "%").replace(ONE, "_")


def pairs(pattern: str) -> list[int]:
    """Pairs of every plate that fits *pattern*, as ``plate_pairs`` in PostgreSQL makes them; none, if it has none.

    Each known character is in a pair with the next known one, if that is near enough. Many plates begin or end
    alike, so pairs with beginning and end are left out where there are two others.
    """
    found, ends = dict[int, None](), dict[int, None]()
    for part in f"{BEGINNING}{normal(pattern)}{END}".split(ANY):
        known = [(place, letter) for place, letter in enumerate(part) if letter != ONE]
        for (place, letter), (other, after) in pairwise(known):
            if other - place <= FARTHEST:
                pair = (other - place) * 16384 + ord(letter) * 128 + ord(after)
                (ends if letter == BEGINNING or after == END else found)[pair] = None
    return list(found) if len(found) > 1 else [*found, *ends]
