"""The language of a report: messages through gettext, dates and numbers through Babel's CLDR data.

English is the language of the source. A service makes reports in several languages at once: :func:`speaking` sets the
language of the thread, or task, that makes one.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from edge.errors import CaseError

LOCALE_DIR = Path(__file__).parent / "locale"
DOMAIN = "report"
TERRITORIES = {"en": "GB", "it": "IT", "de": "DE", "sl": "SI"}
"""The languages that reports are written in, each with the country whose dates and numbers it uses."""
_CERTAIN = 0.999
NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class _Language:
    translations: gettext.NullTranslations
    locale: Locale


@cache
def _language(tag: str) -> _Language:
    fallback = tag == "en"
    return _Language(gettext.translation(DOMAIN, LOCALE_DIR, [tag], fallback=fallback), Locale(tag, TERRITORIES[tag]))


_current: ContextVar[str] = ContextVar("language of the report", default="en")


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Write in the language *tag* (a key of :data:`TERRITORIES`) until the end of the block.

    Raises:
        CaseError: no report is written in that language.
    """
    if tag not in TERRITORIES:
        known = ", ".join(TERRITORIES)
        raise CaseError(f"there is no report in the language {tag[:12]!r}", f"choose one of {known}")
    before = _current.set(tag)
    try:
        yield
    finally:
        _current.reset(before)


def spoken() -> str:
    """The language in use, a tag with its country such as ``it-IT``."""
    return f"{_current.get()}-{TERRITORIES[_current.get()]}"


def _(message: str) -> str:
    """Return *message* in the report's language."""
    return _language(_current.get()).translations.gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """Return the singular *one* or the plural *many*, as *count* requires, in the report's language."""
    return _language(_current.get()).translations.ngettext(one, many, count)


def number(value: float, digits: int = 0) -> str:
    """Format *value* with *digits* decimals and the locale's separators."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, pattern, locale=_language(_current.get()).locale)


def percent(value: float) -> str:
    """Format 0 to 1 as a percentage with one decimal; nothing that is less than certain reads as 100 %."""
    if _CERTAIN < value < 1.0:
        words = _("more than {share} %").replace("{share} ", "{share}" + NO_BREAK)
        return words.format(share=number(100 * _CERTAIN, 1))
    return unbroken(f"{number(100 * value, 1)} %")


def unbroken(text: str) -> str:
    """A figure and its unit, which stay on one line."""
    return text.replace(" ", NO_BREAK)


def day(iso: str) -> str:
    """An ISO 8601 date in words; any other text is returned unchanged."""
    try:
        return format_date(date.fromisoformat(iso), "long", locale=_language(_current.get()).locale)
    except ValueError:
        return iso


def moment(at_utc: float, *, milliseconds: bool = False) -> str:
    """Unix seconds as the unit's local time with its zone, and the same in UTC beside it."""
    utc = datetime.fromtimestamp(at_utc, UTC)
    local = utc.astimezone()
    written = f"{_day_of(local)}, {_clock(local, milliseconds)}"
    offset = local.utcoffset() or timedelta()
    if not offset and local.tzname() == "UTC":
        return f"{written} UTC"
    minutes = round(offset.total_seconds() / 60)
    zone = f"UTC{minutes // 60:+d}" + (f":{minutes % 60:02d}" if minutes % 60 else "")
    name = local.tzname() or zone
    named = zone if name.startswith(("+", "-")) else f"{name}, {zone}"
    other = "" if utc.date() == local.date() else f"{_day_of(utc)}, "
    return f"{written} ({named}); {other}{_clock(utc, milliseconds)} UTC"


def minute(at_utc: float) -> str:
    """Unix seconds as the unit's local time to the minute, with its zone."""
    local = datetime.fromtimestamp(at_utc, UTC).astimezone()
    zone = local.tzname() or ""
    return f"{_day_of(local)}, {local:%H:%M} {f'UTC{zone}' if zone.startswith(('+', '-')) else zone}".strip()


def _day_of(at: datetime) -> str:
    return format_date(at.date(), "long", locale=_language(_current.get()).locale)


def _clock(at: datetime, milliseconds: bool) -> str:
    if not milliseconds:
        return f"{at:%H:%M:%S}"
    return f"{at:%H:%M}:{number(at.second + at.microsecond // 1000 / 1000, 3):0>6}"
