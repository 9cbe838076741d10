"""``autovelox cases list``: the rows for a person, or as JSON, and how many there are besides."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
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
from edge.law import in_unit, limit_digits
from edge.model import Outcome, SpeedUnit, State
from edge.officers.choose import open_desk
from edge.officers.desk import Desk, Listing
from edge.officers.language import _, add_language, ngettext, number, speaking
from edge.officers.office import MOST_ROWS
from edge.officers.statistics_command import check_days, to_day
from edge.officers.words import word
from edge.terminal import progress_bar, say, say_json

OUTCOMES = {
    "pending": CaseFilter(state=State.PENDING),
    **{str(outcome): CaseFilter(outcome=outcome) for outcome in Outcome},
    **{standing.replace("_", "-"): CaseFilter(standing=standing) for standing in Standing},
}
"""What ``--outcome`` asks for."""
USUAL = 50
WIDEST_VERDICT = 28
"""A longer one takes its row out of the columns, not all rows."""

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
    add_language(parser)


def _filter(args: argparse.Namespace) -> CaseFilter:
    check_days(args)
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
    with speaking(args):
        return _listed(args, _filter(args))


def _listed(args: argparse.Namespace, filter: CaseFilter) -> int:
    with closing(open_desk(args)) as desk:
        if args.all:
            with progress_bar(_("listing")) as progress:
                found = _all(desk, filter, args.order, progress)
        else:
            found = desk.cases(filter, limit=args.limit, order=args.order)
    if args.json:
        say_json([{**asdict(row), "driver_name": _named(row)} for row in found.rows], indent=1)
        return 0
    if found.rows:
        say(*_table(found.rows))
    if not found.total:
        says = _("no cases")
    elif len(found.rows) < found.total:
        says = _("{shown} of {total} cases, --all shows them").format(
            shown=number(len(found.rows)), total=number(found.total)
        )
    else:
        says = ngettext("{total} case", "{total} cases", found.total).format(total=number(found.total))
    say(says, to=sys.stderr)
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


def _table(rows: tuple[CaseSummary, ...]) -> Iterator[str]:
    verdicts = [word(standing_words(row.outcome, row, name_follows=name_follows(row)) or row.state) for row in rows]
    head = _("verdict")
    width = max(13, len(head), *(len(each) for each in verdicts if len(each) <= WIDEST_VERDICT))
    units = {row.speed_unit for row in rows}
    speed = str(SpeedUnit.KMH if len(units) > 1 else next(iter(units), SpeedUnit.KMH))
    case, time, limit, plate = _("case"), _("time"), _("limit"), _("plate")
    driver, review = _("driver"), _("review")
    yield f"{case:>6}  {time:<24} {speed:>5}/{limit:<6} {plate:<10} {head:<{width}} {driver:<28} {review}"
    for row, verdict in zip(rows, verdicts, strict=True):
        yield _line(row, f"{verdict:<{width}}", str(row.speed_unit) if row.speed_unit != speed else "")


def _named(row: CaseSummary) -> str:
    """Whom *row* names; empty where the name fell, which is nobody's business in a list."""
    return row.driver_name if name_follows(row) else ""


def _line(row: CaseSummary, verdict: str, unit: str) -> str:
    """The line of *row*, whose speeds are followed by *unit* where the head names another one."""
    counts = row.speed_kmh if row.remaining_kmh is None else row.remaining_kmh
    measured = "?" if counts is None else number(in_unit(counts, row.speed_unit), 1)
    limit = number(in_unit(row.limit_kmh, row.speed_unit), limit_digits(row.limit_kmh, row.speed_unit))
    speed = f"{measured:>5}/{f'{limit} {unit}'.rstrip():<6}"
    plate = row.corrected_plate or row.plate_text or "-"
    waits = _("{judgement} waits for a second officer").format(judgement=word(row.waiting)) if row.waiting else ""
    held = _("on hold") if row.is_held else ""
    review = ", ".join(filter(None, (word(row.review or ""), word(row.follow_up or ""), waits, held)))
    driver = _named(row)
    line = f"{row.number:>6}  {_local(row.at_utc):<24} {speed} {plate:<10} {verdict} {driver:<28} {review}"
    return line.rstrip()


def _local(at_utc: float) -> str:
    """Local time with its zone, which changes twice a year."""
    at = datetime.fromtimestamp(at_utc, UTC).astimezone()
    zone = at.tzname() or ""
    return f"{at:%Y-%m-%d %H:%M:%S} {f'UTC{zone}' if zone.startswith(('+', '-')) else zone}"
