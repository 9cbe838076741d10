"""``autovelox cases stats``: counts of the unit's cases as a table, JSON or a picture that an authority can publish."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, time, timedelta
from pathlib import Path

from edge.cases import Statistics
from edge.errors import CaseError
from edge.officers.choose import open_desk
from edge.officers.language import locale_of
from edge.terminal import say, say_json, to_date

LANGUAGES = ("en", "it", "de", "sl")
"""What is published may be in every language that the papers of a case are written in."""
Add = Callable[
    [
        "argparse._SubParsersAction[argparse.ArgumentParser]",
        str,
        Callable[[argparse.Namespace], int],
        str,
    ],
    argparse.ArgumentParser,
]


def add_statistics(actions: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """Add ``cases stats`` with *add*, which knows the options that say whose cases are meant."""
    parser = add(actions, "stats", _stats, "count the cases: speeds, hours, verdicts, reviews; no plate and no name")
    parser.add_argument("--since", type=to_day, metavar="DAY", help="from this day on (2026-11-03)")
    parser.add_argument("--until", type=to_day, metavar="DAY", help="up to this day, which counts")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a new file: .svg or .png")
    parser.add_argument("--lang", choices=LANGUAGES, help="the language; without it, that of the locale")


def to_day(text: str) -> datetime:
    """The beginning of a day, local time; what argparse calls for ``--since`` and ``--until``."""
    return datetime.combine(to_date(text), time.min).astimezone()


def check_days(args: argparse.Namespace) -> None:
    """Refuse a span that ends before it begins.

    Raises:
        CaseError: ``--until`` is before ``--since``.
    """
    if args.since is not None and args.until is not None and args.until < args.since:
        raise CaseError("--until is before --since", "give the earlier day as --since")


def _stats(args: argparse.Namespace) -> int:
    from edge.cases.report.language import speaking  # loads ReportLab
    from edge.cases.statistics.table import table

    check_days(args)
    draw = _drawing(args.plot) if args.plot is not None else None
    since = args.since.timestamp() if args.since else 0.0
    until = (args.until + timedelta(days=1)).timestamp() if args.until else 1e12
    with closing(open_desk(args)) as desk:
        found = desk.statistics(since_utc=since, until_utc=until)
    with speaking(args.lang or (locale_of() or "en").split("_")[0]):
        if draw is not None:
            _write(args.plot, draw(found, _title(args)))
        if args.json:
            say_json(asdict(found), indent=1)
        elif draw is None:
            say(*table(found))
    return 0


def _write(to: Path, picture: bytes) -> None:
    try:
        with to.open("xb") as file:
            file.write(picture)
    except OSError as error:
        raise CaseError(f"{to} cannot be written ({error.strerror})", "name a new file") from None


def _drawing(to: Path) -> Callable[[Statistics, str], bytes]:
    from edge.cases.statistics.plot import png, svg  # loads Pillow

    drawings = {".svg": svg, ".png": png}
    if to.suffix.lower() not in drawings:
        raise CaseError(f"{to.name} is no picture that can be drawn", "name a file that ends in .svg or .png")
    return drawings[to.suffix.lower()]


def _title(args: argparse.Namespace) -> str:
    """What the picture is of, in the language in use."""
    from edge.cases.statistics.plot import title

    return title(*(f"{day:%Y-%m-%d}" if day else "" for day in (args.since, args.until)))
