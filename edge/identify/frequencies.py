"""How often a country's plates say a text.

A series of many texts says each of them seldom: AB123CD is one of 280 million that France can give out, AB1234 one of
Luxembourg's 6.8 million. Elsewhere a text of a series is some owner's word or a misreading, which is rarer still. The
series are those of :mod:`edge.identify.format_table` and of :mod:`edge.identify.special_series`; the parts below are
knowledge, in round numbers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import product

from edge.identify.format_table import FORMATS, Series
from edge.identify.formats import Slots, kinds_at, kinds_of, slots_of
from edge.identify.special_series import SPECIAL_SERIES

SPECIAL_PART = 0.05
"""Share of a country's plates, as a camera meets them, of its special series; 0 where none is written down."""
OTHER_PART = 0.1
"""Share of a country's plates of which the text is of no series of its: owners' words, and readings that err."""
OTHER_LAYOUTS = 60
"""Layouts over which those are spread, evenly."""

_ByKinds = dict[str, list[tuple[Slots, float]]]


@lru_cache(maxsize=8192)
def log_frequency(code: str, text: str) -> float:
    """The logarithm of the share of the plates of country *code* that say *text*.

    Where the country's formats are not written down, any text is one of no series.
    """
    other = math.prod(1 / 10 if character.isdigit() else 1 / 26 for character in text) / OTHER_LAYOUTS
    if code not in FORMATS:
        return math.log(other)
    special = SPECIAL_PART if code in SPECIAL_SERIES else 0.0
    ordinary, rare = (
        sum(share for slots, share in series.get(kinds_of(text), ()) if _fits(text, slots))
        for series in (_ordinary(code), _special(code))
    )
    return math.log((1 - special - OTHER_PART) * ordinary + special * rare + OTHER_PART * other)


def prepare() -> None:
    """Make what the first text would make."""
    for code in FORMATS:
        _ordinary(code)
        _special(code)


def _fits(text: str, slots: Slots) -> bool:
    return all(character in allowed for character, allowed in zip(text, slots, strict=True))


@cache
def _ordinary(code: str) -> _ByKinds:
    return _shares(FORMATS[code].series)


@cache
def _special(code: str) -> _ByKinds:
    return _shares(SPECIAL_SERIES.get(code, ()))


def _shares(series: Iterable[Series]) -> _ByKinds:
    """The share of each text of each layout of *series*, by the kinds of its characters.

    How a series' plates spread over its layouts is not written down: half of them are spread evenly over the layouts,
    half over the texts.
    """
    found: _ByKinds = defaultdict(list)
    whole = sum(each.share for each in series)
    for each in series:
        layouts = slots_of(each)
        texts = sum(math.prod(map(len, slots)) for slots in layouts)
        for slots in layouts:
            share = each.share / whole * (0.5 / len(layouts) / math.prod(map(len, slots)) + 0.5 / texts)
            for kinds in product(*map(kinds_at, slots)):
                found["".join(kinds)].append((slots, share))
    return dict(found)
