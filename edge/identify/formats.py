"""What plates look like, by country: the ready-made formats as expressions and as sets of characters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import product

from edge.errors import ConfigError
from edge.identify.format_table import FORMATS, VEHICLES, Series
from edge.model import ALPHABET

_DIGITS, _LETTERS = ALPHABET[:10], ALPHABET[10:]

_SIGNS = str.maketrans(ALPHABET, "9" * 10 + "A" * 26)
_KINDS = str.maketrans(ALPHABET, "D" * 10 + "L" * 26)

Slots = tuple[str, ...]
"""The characters that may stand at each place of a plate."""
Weighed = tuple[Slots, float]
"""A layout, and how many vehicles have it, in millions."""


class Layouts:
    """The layouts of plates that drive here, and how many vehicles have each.

    Args:
        countries: ISO 3166-1 codes of :data:`edge.identify.format_table.FORMATS`, or ``ANY``.
    """

    def __init__(self, countries: Iterable[str] = ("ANY",)) -> None:
        named = [country for country in countries if country != "ANY"]
        self.everywhere = not named
        """Whether any country's plates drive here: then a format alone settles nothing."""
        self.fleet = sum(VEHICLES[country] for country in named or VEHICLES)
        """Vehicles that drive here, in millions."""
        self._slots, self._by_kinds = _tables(tuple(named))

    def usual(self, text: str) -> bool:
        """Whether *text* has a ready-made format of the countries."""
        return self.vehicles(text) > 0

    def vehicles(self, text: str) -> float:
        """How many vehicles of the countries have a plate of a series that *text* fits, at most, in millions."""
        return sum(
            vehicles
            for slots, vehicles in self._by_kinds.get(kinds_of(text), ())
            if all(character in allowed for character, allowed in zip(text, slots, strict=True))
        )

    def slots(self, length: int) -> frozenset[Slots]:
        """Every usual layout of *length* characters, as the characters allowed at each place."""
        return self._slots.get(length, frozenset())


class Formats(Layouts):
    """What is known of the plates that drive here: their layouts, and which texts are possible at all.

    Args:
        countries: ISO 3166-1 codes of :data:`edge.identify.format_table.FORMATS`, or ``ANY``: then every plate is
            possible, and one that looks like some country's is usual.
        own: a further regular expression for whole plates; it makes them possible, not usual.

    Raises:
        ConfigError: a country has no ready-made format, nothing is given at all, or *own* is no regular expression.
    """

    def __init__(self, countries: Iterable[str] = ("ANY",), own: str | None = None) -> None:
        countries = tuple(countries)
        self.pattern = plate_pattern(countries, own)
        super().__init__(countries)

    def possible(self, text: str) -> bool:
        """Whether a car may say that *text* is its plate."""
        return self.pattern.fullmatch(text) is not None


def layout_of(text: str) -> str:
    """*text* with ``A`` for each letter and ``9`` for each digit."""
    return text.translate(_SIGNS)


def kinds_of(text: str) -> str:
    """*text* with ``L`` for each letter and ``D`` for each digit."""
    return text.translate(_KINDS)


def slots_of(series: Series) -> tuple[Slots, ...]:
    """The characters that may stand at each place of each layout of *series*, each layout once."""
    return tuple(tuple(_allowed(sign, series) for sign in layout) for layout in dict.fromkeys(series.layouts))


def pattern_of(series: Iterable[Series]) -> re.Pattern[str]:
    """The expression that a plate of one of *series* matches as a whole."""
    return _matching({slots for each in series for slots in slots_of(each)})


def plate_pattern(countries: Iterable[str], own: str | None = None) -> re.Pattern[str]:
    """The expression a plate of one of *countries* matches as a whole, or one that matches *own*.

    Raises:
        ConfigError: a country has no ready-made format, nothing is given at all, or *own* is no regular expression.
    """
    expressions = []
    for country in countries:
        if country not in FORMATS:
            raise ConfigError(
                f"plate_countries: there is no format for {country!r}", f"choose from {', '.join(FORMATS)}"
            )
        expressions.append(_matching(_slots(country)).pattern)
    if own is not None:
        expressions.append(own)
    if not expressions:
        raise ConfigError("plate_countries is empty", 'name the countries whose plates drive here, or "ANY"')
    return _compiled("plate_pattern", "|".join(f"(?:{expression})" for expression in expressions))


def licence_pattern(expression: str) -> re.Pattern[str]:
    """The compiled *expression* for licence numbers.

    Raises:
        ConfigError: it is no regular expression.
    """
    return _compiled("licence_pattern", expression)


@cache
def _slots(country: str) -> dict[Slots, float]:
    """Every layout of *country*, with the vehicles in millions whose plates have one of its series."""
    found: dict[Slots, float] = defaultdict(float)
    for series in FORMATS[country].series:
        vehicles = VEHICLES.get(country, 0.0) * series.share
        for slots in slots_of(series):
            found[slots] = max(found[slots], vehicles)
    return found


@cache
def _tables(named: tuple[str, ...]) -> tuple[Mapping[int, frozenset[Slots]], Mapping[str, Sequence[Weighed]]]:
    """The layouts of the countries *named* by their length, and by the kinds of their characters; none means all.

    Whoever asks for the same countries shares them: those of all countries take a tenth of a second to make.
    """
    usual: dict[Slots, float] = defaultdict(float)
    for country in named or VEHICLES:
        for slots, vehicles in _slots(country).items():
            if named or not any(map(_is_anything, slots)):
                usual[slots] += vehicles
    by_kinds: dict[str, list[Weighed]] = defaultdict(list)
    for slots, vehicles in usual.items():
        for kinds in product(*map(kinds_at, slots)):
            by_kinds["".join(kinds)].append((slots, vehicles))
    lengths = set(map(len, usual))
    return {each: frozenset(slots for slots in usual if len(slots) == each) for each in lengths}, by_kinds


def kinds_at(allowed: str) -> str:
    """The kinds of characters (D digit, L letter) among those allowed at one place."""
    return "".join(sorted(set(allowed.translate(_KINDS))))


def _allowed(sign: str, series: Series) -> str:
    letters = "".join(letter for letter in _LETTERS if letter not in series.unused)
    serial = "".join(letter for letter in _LETTERS if letter not in series.unused_serial)
    return {"A": letters, "S": serial, "9": _DIGITS, "1": _DIGITS[1:], "?": _DIGITS + letters}.get(sign, sign.upper())


def _matching(layouts: Iterable[Slots]) -> re.Pattern[str]:
    return re.compile("|".join("".join(f"[{place}]" for place in slots) for slots in sorted(layouts)))


def _is_anything(place: str) -> bool:
    return set(place) >= set(_DIGITS) and len(place) > len(_DIGITS)


def _compiled(key: str, expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression, re.ASCII)
    except re.error as error:
        raise ConfigError(f"{key} is not a regular expression ({error})", "correct it") from None
