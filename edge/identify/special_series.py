"""Series of Europe beside the ordinary ones: of authorities, diplomats, dealers, trailers, for export, for a few days.

They speak for a plate's country, and keep a claimed text from counting as none that a plate can have. Else texts are
read, and claims judged, by the ordinary ones (:mod:`edge.identify.format_table`, whose signs are used here). Letters
that stand for themselves are in lower case.
"""

from __future__ import annotations

import re
from functools import cache

from edge.identify.format_table import Series, layouts_of
from edge.identify.formats import pattern_of

_CONSONANTS = "AEIOUQ"
_SLOVENE = "ce go kk kp kr lj mb ms nm po sg"

SPECIAL_SERIES: dict[str, tuple[Series, ...]] = {
    # 1951 to 1973; diplomats; the Union's institutions
    "BE": (Series(("AA999", "A9999", "cdAA999", "eur999", "eur9999", "999euro")),),
    "BG": (Series(("999A999",)),),  # for a few days
    "CZ": (Series(("999cd99", "999xs99")),),
    "DE": (
        Series(layouts_of("bd bp nrw thw", "9999 99999 999999", longest=8)),  # the federation's, a land's
        Series(layouts_of("A AA AAA", "03 04 06 07", "99 999 9999", longest=9)),  # a few days, dealers, collectors
    ),
    "ES": (Series(("e9999SSS", "h9999SSS", "p9999SSS", "s9999SSS", "v9999SSS"), unused_serial=_CONSONANTS),),
    "HU": (
        Series(("ck9999", "cd9999", "dt9999", "ha9999", "ma9999", "ot9999", "rb9999", "rr9999")),
        Series(("e99999", "p99999", "v99999", "z99999")),  # trial, customs, export
        Series(("cA9999", "xA9999")),  # foreigners; hired cars until 2004
    ),
    "IE": (Series(layouts_of("zz", "9999 99999")),),  # for export
    "LT": (Series(("t99999", "d99999")),),
    "LU": (Series(("a9999",)),),  # the Union's institutions
    "RO": (Series(layouts_of("mai", "99999"), unused="Q"), Series(layouts_of("A AA", "999999"))),
    "SI": (
        Series(layouts_of("A999 99AA A99A", _SLOVENE)),  # trailers
        Series(("m9999", "cd9999", "cmd9999")),  # diplomats
    ),
    "SK": (Series(("p99999", "c99999", "9999999")),),  # police; foreigners; army
}  # fmt: skip
"""en.wikipedia.org/wiki/Vehicle_registration_plates_of_X of each country."""


def is_special(code: str, text: str) -> bool:
    """Whether *text* has the form of a special series of the country *code*."""
    pattern = _pattern(code)
    return pattern is not None and pattern.fullmatch(text) is not None


def is_special_anywhere(text: str) -> bool:
    """Whether *text* has the form of a special series of any country."""
    return any(is_special(code, text) for code in SPECIAL_SERIES)


@cache
def _pattern(code: str) -> re.Pattern[str] | None:
    return pattern_of(SPECIAL_SERIES[code]) if code in SPECIAL_SERIES else None
