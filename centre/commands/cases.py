"""``autovelox-centre cases``: list, search, show, verify, export."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from centre.commands.work import account, with_database
from centre.config import Settings
from centre.database import Connection
from centre.errors import CentreError
from centre.records import (
    MOST_ROWS,
    Exported,
    Found,
    Officer,
    Right,
    Search,
    Terms,
    Verified,
    export_case,
    list_cases,
    rights_of,
    searched,
    show_case,
    verify_journal,
    verify_units,
)
from centre.service import own_files
from edge.law import in_unit
from edge.model import SpeedUnit
from edge.terminal import say, say_json, to_date, to_number


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``cases ...``."""
    parser = subparsers.add_parser(
        "cases", help="list, show, verify, export cases", description="The cases of all units."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the newest cases; the centre's chain records that you looked")
    listing.add_argument("--unit", metavar="SERIAL")
    listing.add_argument("--plate", metavar="PLATE", help="with * for any characters and ? for one")
    listing.add_argument("--since", type=to_date, metavar="DAY", help="from this day on (UTC), as 2026-03-31")
    listing.add_argument("--until", type=to_date, metavar="DAY", help="to the end of this day (UTC)")
    listing.add_argument("--limit", type=to_number, default=50, metavar="N", help="rows at most (default %(default)s)")
    listing.set_defaults(run=_list)
    show = actions.add_parser("show", help="show one case; the centre's chain records that you looked")
    export = actions.add_parser("export", help="write the chain and the photos of one case into a new folder")
    for action, run in ((show, _show), (export, _export)):
        action.add_argument("unit", metavar="SERIAL")
        action.add_argument("number", type=to_number)
        action.set_defaults(run=run)
    show.add_argument("--signed", action="store_true", help="as the unit signed it, also a name that was taken away")
    export.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    for action in (listing, show, export):
        action.add_argument("--reason", default="", help="why, for the centre's chain; a search for a plate needs it")
    who = actions.add_parser("searched", help="list who searched for a plate; the centre's chain keeps no plate itself")
    who.add_argument("plate", metavar="PLATE", help="exactly as it was searched for, with * and ?")
    who.set_defaults(run=_searched)
    verify = actions.add_parser("verify", help="check chains, signatures, rows and photos from the first entry on")
    verify.add_argument("--unit", metavar="SERIAL", help="of one unit (default: of all)")
    verify.set_defaults(run=_verify)


def _list(args: argparse.Namespace) -> int:
    if args.since is not None and args.until is not None and args.until < args.since:
        raise CentreError("--until is before --since", "give the earlier day as --since")

    async def work(settings: Settings, connection: Connection) -> Found:
        signer, officer = own_files(settings)[2], Officer(account(), args.reason)
        drivers = Right.DRIVERS in await rights_of(connection, account())
        terms = Terms(args.unit, args.plate, args.since, args.until, args.limit, drivers)
        return await list_cases(connection, signer, officer, terms)

    found = with_database(args, work, Right.SEARCH, command="cases list")
    say(*(case_line(row, found) for row in found.rows))
    if found.more:
        say(f"and more: these are the newest {len(found.rows)}; --limit shows up to {MOST_ROWS}", to=sys.stderr)
    if found.back_to is not None:
        say(f"cases from before {found.back_to} were not looked at: --since DAY goes further back", to=sys.stderr)
    return 0


def case_line(row: Mapping[str, Any], found: Found) -> str:
    """The line of *row* of *found*: its speed as its law counts it, and no name that officers took away."""
    at_utc, unit = row["at_utc"], SpeedUnit.MPH if (row["serial"], row["number"]) in found.in_mph else SpeedUnit.KMH
    at = datetime.fromtimestamp(at_utc, UTC).strftime("%Y-%m-%d %H:%M:%S") if at_utc is not None else "-"
    speed = f"{in_unit(row['speed_kmh'], unit):.1f}" if row["speed_kmh"] is not None else "-"
    plate = row["corrected_plate"] or row["plate"] or "-"
    driver = "" if (row["serial"], row["number"]) in found.nameless else row["driver_name"]
    car = f"{plate:<10} {row['outcome'] or row['state']:<13} {driver}".rstrip()
    return f"{row['serial']:<16} {row['number']:>7}  {at}  {speed:>6} {unit:<4}  {car}"


def _searched(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Search]:
        return await searched(connection, own_files(settings)[2], args.plate)

    for one in with_database(args, work, Right.SEARCH, command="cases searched"):
        at = datetime.fromtimestamp(one.at_utc, UTC).strftime("%Y-%m-%d %H:%M:%S")
        say(f"{one.seq:>8}  {at}  {one.officer:<16} {one.hits:>5} found  {one.reason}")
    return 0


def _show(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> dict[str, Any]:
        signer, officer = own_files(settings)[2], Officer(account(), args.reason)
        return await show_case(connection, signer, officer, args.unit, args.number, signed=args.signed)

    say_json(with_database(args, work, Right.SEARCH, Right.DRIVERS, command="cases show"), indent=2)
    return 0


def _export(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> Exported:
        signer, officer = own_files(settings)[2], Officer(account(), args.reason)
        return await export_case(connection, signer, officer, args.unit, args.number, args.to)

    exported = with_database(args, work, Right.SEARCH, Right.DRIVERS, command="cases export")
    say(f"{args.to}: {', '.join(exported.names)}")
    if exported.note:
        say(exported.note, to=sys.stderr)
    return 0


def _verify(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Verified]:
        own = await verify_journal(connection, own_files(settings)[2].public_key)
        return [*await verify_units(connection, args.unit), own]

    found = with_database(args, work, Right.SEARCH, command="cases verify")
    for unit in found:
        figures = f"{unit.entries} entries, {unit.cases} cases, {unit.photos} photos"
        say(f"{unit.serial:<20} {figures}: " + (f"DOES NOT HOLD: {unit.fault}" if unit.fault else "everything holds"))
    return int(any(unit.fault for unit in found))
