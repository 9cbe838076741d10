"""``autovelox cases list``: the rows for a person, or as JSON, and how many there are besides."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

from edge.cases import (
    FOLLOW_UPS,
    REVIEWS,
    CaseFilter,
    CaseSummary,
    Order,
    Progress,
    Standing,
    name_follows,
    standing_words,
)
from edge.errors import CaseError
from edge.model import Outcome, State
from edge.officers.choose import open_desk
from edge.officers.desk import Desk, Listing
from edge.officers.office import MOST_ROWS
from edge.officers.statistics_command import to_day
from edge.terminal import progress_bar, say, say_json

OUTCOMES = {
    "pending": CaseFilter(state=State.PENDING),
    **{str(outcome): CaseFilter(outcome=outcome) for outcome in Outcome},
    **{standing.replace("_", "-"): CaseFilter(standing=standing) for standing in Standing},
}
"""What ``--outcome`` asks for."""
USUAL = 50
HEADER = f"{'case':>6}  {'time':<24} {'km/h':>5}/{'limit':<5} {'plate':<10} {'verdict':<13} {'driver':<28} review"

Add = Callable[
    ["argparse._SubParsersAction[argparse.ArgumentParser]", str, Callable[[argparse.Namespace], int], str],
    argparse.ArgumentParser,
]


def add_list(actions: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """Add ``cases list`` with *add*, which knows the options that say whose cases are meant."""
    parser = add(actions, "list", _list, "list cases")
    parser.add_argument("--text", default="", help="plate, driver's name or case number")
    parser.add_argument("--plate", metavar="PLATE", help="this plate, as read or as corrected; spaces do not count")
    parser.add_argument("--outcome", choices=[*OUTCOMES], help="only cases of this verdict")
    parser.add_argument("--review", choices=["open", "waiting", *sorted(REVIEWS)], help="by the newest judgement")
    parser.add_argument(
        "--follow-up", choices=["open", *sorted(FOLLOW_UPS)], help="what became of cases that name nobody"
    )
    parser.add_argument("--since", type=to_day, metavar="DAY", help="from this day on, local time (2026-11-03)")
    parser.add_argument("--until", type=to_day, metavar="DAY", help="up to this day, which counts")
    parser.add_argument(
        "--order",
        choices=[str(order) for order in Order],
        default=str(Order.NEWEST),
        help="what comes first (default %(default)s)",
    )
    rows = parser.add_mutually_exclusive_group()
    rows.add_argument("--limit", type=int, default=USUAL, metavar="N", help="rows at most (default %(default)s)")
    rows.add_argument("--all", action="store_true", help="all rows")
    parser.add_argument("--json", action="store_true", help="machine-readable")


def _filter(args: argparse.Namespace) -> CaseFilter:
    if args.plate is not None and args.text:
        raise CaseError("--plate and --text search for two things", "give one of them")
    plate = "".join(filter(str.isalnum, args.plate)).upper() if args.plate is not None else None
    if plate == "":
        raise CaseError("--plate has no letter and no digit", "give the plate, as in --plate AB123CD")
    return replace(
        OUTCOMES.get(args.outcome, CaseFilter()),
        text=plate or args.text,
        review=args.review,
        follow_up=args.follow_up,
        since_utc=args.since.timestamp() if args.since else None,
        until_utc=(args.until + timedelta(days=1)).timestamp() if args.until else None,
    )


def _list(args: argparse.Namespace) -> int:
    filter = _filter(args)
    with closing(open_desk(args)) as desk:
        if args.all:
            with progress_bar("listing") as progress:
                found = _all(desk, filter, args.order, progress)
        else:
            found = desk.cases(filter, limit=args.limit, order=args.order)
    if args.json:
        say_json([asdict(row) for row in found.rows], indent=1)
        return 0
    if found.rows:
        say(HEADER, *map(_line, found.rows))
    left = f"{len(found.rows):,} of {found.total:,} cases, --all shows them"
    counted = left if len(found.rows) < found.total else f"{found.total:,} case{'' if found.total == 1 else 's'}"
    say(counted if found.total else "no cases", to=sys.stderr)
    return 0


def _all(desk: Desk, filter: CaseFilter, order: str, progress: Progress) -> Listing:
    """All pages; a case that is filed meanwhile moves rows to the next page, and is listed once all the same."""
    rows: dict[int, CaseSummary] = {}
    offset, total = 0, 1
    while offset < total:
        page = desk.cases(filter, order=order, limit=MOST_ROWS, offset=offset)
        if not page.rows:
            break
        rows |= {row.number: row for row in page.rows}
        offset, total = offset + len(page.rows), page.total
        progress("rows", offset, total)
    return Listing(len(rows), tuple(rows.values()))


def _line(row: CaseSummary) -> str:
    counts = row.speed_kmh if row.remaining_kmh is None else row.remaining_kmh
    speed = f"{'?' if counts is None else f'{counts:.1f}':>5}/{f'{row.limit_kmh:.0f}':<5}"
    plate = row.corrected_plate or row.plate_text or "-"
    verdict = standing_words(row.outcome, row, name_follows=name_follows(row)) or row.state
    waits = f"{row.waiting} waits for a second officer" if row.waiting else ""
    review = ", ".join(filter(None, (row.review, row.follow_up, waits, "on hold" if row.is_held else "")))
    line = f"{row.number:>6}  {_local(row.at_utc):<24} {speed} {plate:<10} {verdict:<13} {row.driver_name:<28} {review}"
    return line.rstrip()


def _local(at_utc: float) -> str:
    """Local time with its zone, which changes twice a year."""
    at = datetime.fromtimestamp(at_utc, UTC).astimezone()
    zone = at.tzname() or ""
    return f"{at:%Y-%m-%d %H:%M:%S} {f'UTC{zone}' if zone.startswith(('+', '-')) else zone}"
