"""The officer's language: messages through gettext, dates and numbers through Babel's CLDR data.

English is the language of the source. :func:`use` is called once, before the first widget is made.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import LOCALTZ, format_date, format_datetime, parse_date
from babel.numbers import format_decimal, format_percent

from edge.officers import locale_of

LOCALE_DIR = Path(__file__).parents[1] / "locale"
DOMAIN = "viewer"
TERRITORIES = {"en": "GB", "it": "IT", "de": "AT", "sl": "SI"}
LANGUAGES = ("en", "it", "de", "sl")
"""The languages there are; one in which not every message is, is asked for by name only."""


@dataclass(slots=True)
class _Current:
    translations: gettext.NullTranslations
    locale: Locale


_current = _Current(gettext.NullTranslations(), Locale("en", "GB"))


def from_environment(environ: Mapping[str, str] = os.environ) -> str:
    """Return the locale of the environment, such as ``it_IT``; ``en_GB`` if its language is not available."""
    return locale_of(environ) or "en_GB"


def use(tag: str) -> None:
    """Use the language of the locale *tag* (``it``, ``it_IT``, ``en_US``) from now on."""
    language, _, territory = tag.partition("_")
    language = language if language in LANGUAGES else "en"
    try:
        _current.locale = Locale(language, territory or TERRITORIES[language])
    except UnknownLocaleError:
        _current.locale = Locale(language)
    _current.translations = gettext.translation(DOMAIN, LOCALE_DIR, [language], fallback=True)


def language() -> str:
    """Return the two-letter code of the language in use."""
    return _current.locale.language


def _(message: str) -> str:
    """Return *message* in the officer's language."""
    return _current.translations.gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """Return the singular *one* or the plural *many*, as *count* requires, in the officer's language."""
    return _current.translations.ngettext(one, many, count)


def moment(at_utc: float, style: str = "medium") -> str:
    """Format Unix seconds as local date and time; *style* is Babel's short, medium or long (with the time zone)."""
    return format_datetime(datetime.fromtimestamp(at_utc, LOCALTZ), style, locale=_current.locale)


def zoned(at_utc: float) -> str:
    """Format Unix seconds as local date and time with its zone, and the same in UTC beside it."""
    local = datetime.fromtimestamp(at_utc, LOCALTZ)
    utc = local.astimezone(UTC)
    offset = local.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    name = local.tzname() or ""
    if not minutes and name == "UTC":
        return f"{moment(at_utc)} UTC"
    zone = f"UTC{minutes // 60:+d}" + (f":{minutes % 60:02d}" if minutes % 60 else "")
    named = zone if not name or name[0] in "+-" else f"{name}, {zone}"
    other = "" if utc.date() == local.date() else f"{format_date(utc.date(), 'medium', locale=_current.locale)}, "
    return f"{moment(at_utc)} ({named}); {other}{utc:%H:%M:%S} UTC"


def day(iso: str) -> str:
    """Format an ISO 8601 date for the officer's locale; any other text is returned unchanged."""
    try:
        return format_date(date.fromisoformat(iso), "long", locale=_current.locale)
    except ValueError:
        return iso


def short_day(value: date) -> str:
    """Format a date in the locale's shortest form."""
    return format_date(value, "short", locale=_current.locale)


def full_day(value: date) -> str:
    """Format a date with the month's name and the whole year."""
    return format_date(value, "medium", locale=_current.locale)


def read_day(text: str) -> date:
    """Parse a date in the locale's form or in ISO 8601.

    Raises:
        ValueError: *text* is no date, or its year is not between 2000 and 2099.
    """
    try:
        read = date.fromisoformat(text)
    except ValueError:
        try:
            read = parse_date(text, locale=_current.locale)
        except IndexError:
            raise ValueError(f"{text!r} is no date") from None
    if not 2000 <= read.year < 2100:
        raise ValueError(f"{read.year} is not between 2000 and 2099")
    return read


def number(value: float, digits: int = 0) -> str:
    """Format *value* with *digits* decimals and the locale's separators."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, pattern, locale=_current.locale)


def percent(value: float) -> str:
    """Format 0 to 1 as a percentage; only exactly 1 is shown as 100 %."""
    if 0.999 < value < 1.0:
        value = 0.999
    return format_percent(value, "#,##0.0\u202f%" if 0.99 < value < 1.0 else "#,##0\u202f%", locale=_current.locale)
