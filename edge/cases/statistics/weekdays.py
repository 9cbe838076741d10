"""The days of the week in the language in use, Monday first."""

from __future__ import annotations

from babel.dates import get_day_names

from edge.cases.report.language import spoken


def weekdays() -> tuple[str, ...]:
    """Their short names, from Babel's CLDR data."""
    names = get_day_names("abbreviated", locale=spoken().replace("-", "_"))
    return tuple(names[day].rstrip(".") for day in range(7))
