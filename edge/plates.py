"""What plates look like, by country: ready-made formats, not regular expressions.

A layout is written with ``A`` for a letter, ``9`` for a digit and ``?`` for either; spaces and dashes are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from edge.errors import ConfigError
from edge.model import ALPHABET


@dataclass(frozen=True, slots=True)
class Format:
    """The layouts of one country; ``unused`` letters never occur where a layout says ``A``."""

    layouts: tuple[str, ...]
    unused: str = ""

    def pattern(self) -> str:
        """The layouts as one regular expression."""
        letters = "".join(letter for letter in ALPHABET[10:] if letter not in self.unused)
        classes = {"A": f"[{letters}]", "9": "[0-9]", "?": f"[0-9{letters}]"}
        return "|".join("".join(classes.get(sign, sign) for sign in layout) for layout in self.layouts)


FORMATS: dict[str, Format] = {
    "IT": Format(("AA999AA",), unused="IOQU"),
}


def plate_pattern(countries: Iterable[str], own: str | None = None) -> re.Pattern[str]:
    """The expression a plate of one of *countries* matches as a whole, or one that matches *own*.

    Raises:
        ConfigError: a country has no ready-made format, or *own* is no regular expression.
    """
    expressions = []
    for country in countries:
        if country not in FORMATS:
            raise ConfigError(f"plate_countries: there is no format for {country!r}: choose from {', '.join(FORMATS)}")
        expressions.append(FORMATS[country].pattern())
    if own is not None:
        expressions.append(own)
    return _compiled("plate_pattern", "|".join(f"(?:{expression})" for expression in expressions))


def licence_pattern(expression: str) -> re.Pattern[str]:
    """The compiled *expression* for licence numbers.

    Raises:
        ConfigError: it is no regular expression.
    """
    return _compiled("licence_pattern", expression)


def _compiled(key: str, expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression, re.ASCII)
    except re.error as error:
        raise ConfigError(f"{key} is not a regular expression: {error}") from None
