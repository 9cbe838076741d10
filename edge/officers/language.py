"""The language of what ``autovelox cases`` prints: one rule with the viewer, messages through gettext.

``--lang``, else the language of the locale. English is that of the source; errors and JSON stay English.
"""

from __future__ import annotations

import argparse
import gettext
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from edge.config import DEFAULT_CONFIG

LOCALE_DIR = Path(__file__).parent / "locale"
DOMAIN = "officers"
COMPLETE = ("en", "it")
"""The languages in which everything is said."""
_SEPARATORS = {"it": str.maketrans(",.", ".,")}

_current: ContextVar[str] = ContextVar("language of the command line", default="en")


def locale_of(environ: Mapping[str, str] = os.environ) -> str | None:
    """The locale that the environment asks for, such as ``it_IT``; None where it asks for none of :data:`COMPLETE`."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for wish in environ.get(name, "").split(":"):
            tag = wish.partition(".")[0].partition("@")[0]
            if tag.split("_")[0] in COMPLETE:
                return tag
            if name != "LANGUAGE" and tag:
                return None
    return None


def add_language(parser: argparse.ArgumentParser) -> None:
    """Add ``--lang``, which :func:`speaking` reads."""
    parser.add_argument("--lang", choices=COMPLETE, help="the language; without it, that of the locale")


@contextmanager
def speaking(args: argparse.Namespace) -> Iterator[None]:
    """Speak the language that *args* ask for, else that of the locale, until the end of the block."""
    from edge.cases.report import language as report

    tag = args.lang or (locale_of() or "en").split("_")[0]
    before = _current.set(tag)
    try:
        with report.speaking(tag):
            yield
    finally:
        _current.reset(before)


def of_papers(args: argparse.Namespace) -> str | None:
    """The language of a paper: ``--lang``, else that of the locale; None, the unit's own, where neither says one.

    English decides nothing: it is the locale of systems that nobody set up.
    """
    language = args.lang or (locale_of() or "en").split("_")[0]
    return str(language) if args.lang or language != "en" else None


def configuration_line(path: Path | None) -> str:
    """Which configuration counts: the file at *path*, or the defaults."""
    if path is None:
        return _("configuration: the defaults, there is no {file}").format(file=DEFAULT_CONFIG)
    return _("configuration: {file}").format(file=path)


def _(message: str) -> str:
    """Return *message* in the language in use."""
    return _translations(_current.get()).gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """Return the singular *one* or the plural *many*, as *count* requires, in the language in use."""
    return _translations(_current.get()).ngettext(one, many, count)


def number(value: float, digits: int = 0) -> str:
    """*value* with *digits* decimals, with the separators of the language in use."""
    text = f"{value:,.{digits}f}"
    return text.translate(_SEPARATORS.get(_current.get(), {}))


@cache
def _translations(tag: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE_DIR, [tag], fallback=tag == "en")
