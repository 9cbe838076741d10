"""What the colours of a plate say of its country.

The reader's network sees grey pictures. Yellow ground and red characters are told by a few pixels, and few countries
have them: the table holds how often the plates of cars do, by the rules of each country. It is knowledge, not fitted to
pictures; shares that rest on a guess (how many rear plates a camera sees) are round numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

YELLOW_SHARES = {
    "NL": 0.95, "LU": 0.95, "IL": 0.95,  # all cars
    "GB": 0.5, "GI": 0.5, "IM": 0.5, "JE": 0.5, "GG": 0.3, "CY": 0.5,  # at the rear
    "DK": 0.1, "NO": 0.05, "FR": 0.05, "HU": 0.05, "GR": 0.05, "LT": 0.05, "PT": 0.03, "PL": 0.03,  # some series
}  # fmt: skip
"""Share of a country's plates whose ground is yellow."""
RED_SHARES = {
    "BE": 0.93,
    "DE": 0.02,
    "AT": 0.02,
    "HU": 0.02,
    "PL": 0.02,
    "LV": 0.02,
    "LT": 0.02,
    "GR": 0.02,
    "US": 0.05,
}
"""Share of a country's plates, among those that are not yellow, whose characters are red."""
RARE_SHARE = 0.01
"""Either share of a country that is not listed."""


class Colour(StrEnum):
    """The colours of a plate as far as they tell countries apart."""

    YELLOW = "yellow"
    """Yellow ground."""
    RED = "red"
    """Red characters on light ground."""
    OTHER = "other"
    UNKNOWN = "unknown"
    """A grey picture: night, or a camera without colours."""


def share(code: str, colour: Colour) -> float:
    """The share (0 to 1) of plates of country *code* that have *colour*; 1 for an unknown one."""
    yellow, red = YELLOW_SHARES.get(code, RARE_SHARE), RED_SHARES.get(code, RARE_SHARE)
    return {
        Colour.YELLOW: yellow, Colour.RED: (1 - yellow) * red, Colour.OTHER: (1 - yellow) * (1 - red),
        Colour.UNKNOWN: 1.0,
    }[colour]  # fmt: skip


def weighed(seen: Mapping[str, float], colour: Colour) -> dict[str, float]:
    """The probability of each country of *seen*, given the *colour* of its plate as well."""
    judged = {code: probability * share(code, colour) for code, probability in seen.items()}
    total = sum(judged.values())
    return {code: value / total for code, value in judged.items()} if total > 0 else dict(seen)
