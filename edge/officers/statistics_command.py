"""``autovelox cases stats``: counts of the unit's cases as a table, JSON or a picture that an authority can publish."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from edge.cases import BIN_KMH, WEEKDAYS, Statistics
from edge.errors import CaseError
from edge.officers.choose import open_desk
from edge.terminal import say, say_json

_LONGEST_BAR = 40
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


def to_day(text: str) -> datetime:
    """The beginning of a day, local time; what argparse calls for ``--since`` and ``--until``."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write it as 2026-11-03") from None


def check_days(args: argparse.Namespace) -> None:
    """Refuse a span that ends before it begins.

    Raises:
        CaseError: ``--until`` is before ``--since``.
    """
    if args.since is not None and args.until is not None and args.until < args.since:
        raise CaseError("--until is before --since", "give the earlier day as --since")


def _stats(args: argparse.Namespace) -> int:
    check_days(args)
    draw = _drawing(args.plot) if args.plot is not None else None
    since = args.since.timestamp() if args.since else 0.0
    until = (args.until + timedelta(days=1)).timestamp() if args.until else 1e12
    with closing(open_desk(args)) as desk:
        found = desk.statistics(since_utc=since, until_utc=until)
    if draw is not None:
        try:
            with args.plot.open("xb") as file:
                file.write(draw(found, f"Cases{_between(args)}"))
        except OSError as error:
            raise CaseError(f"{args.plot} cannot be written ({error.strerror})", "name a new file") from None
    if args.json:
        say_json(asdict(found), indent=1)
    elif draw is None:
        say(*_table(found))
    return 0


def _drawing(to: Path) -> Callable[[Statistics, str], bytes]:
    from edge.cases.statistics.plot import png, svg  # loads Pillow

    drawings = {".svg": svg, ".png": png}
    if to.suffix.lower() not in drawings:
        raise CaseError(f"{to.name} is no picture that can be drawn", "name a file that ends in .svg or .png")
    return drawings[to.suffix.lower()]


def _between(args: argparse.Namespace) -> str:
    since = f" since {args.since:%Y-%m-%d}" if args.since else ""
    return since + (f" until {args.until:%Y-%m-%d}" if args.until else "")


def _table(found: Statistics) -> Iterator[str]:
    yield f"cases          {found.cases}, of which infringements {found.infringements}"
    if found.v85_kmh is not None:
        yield f"speed          V50 {found.v50_kmh:.1f}, V85 {found.v85_kmh:.1f}, fastest {found.fastest_kmh:.1f} km/h"
        yield "               (measured, of the cases; vehicles within the limit are not recorded)"
    for name, counts in (("verdicts", found.verdicts), ("reviews", found.reviews)):
        yield f"{name:<14} " + (", ".join(f"{word} {count}" for word, count in counts.items()) or "none")
    if found.review_median_s is not None and found.review_p90_s is not None:
        median, most = _duration(found.review_median_s), _duration(found.review_p90_s)
        yield f"review time    half within {median}, nine of ten within {most}"
    yield from _bars(f"km/h, steps of {BIN_KMH}", list(found.speeds.items()))
    yield from _bars("hour of the day", [(f"{hour:02d}", count) for hour, count in enumerate(found.hours) if count])
    yield from _bars("day of the week", list(zip(WEEKDAYS, found.weekdays, strict=True)))


def _bars(title: str, rows: list[tuple[str, int]]) -> Iterator[str]:
    most = max((count for _, count in rows), default=0)
    if not most:
        return
    yield ""
    yield title
    for name, count in rows:
        yield f"{name:>5} {count:>7}  {'#' * round(_LONGEST_BAR * count / most)}".rstrip()


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
