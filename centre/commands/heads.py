"""``autovelox-centre heads``: the time stamps of a day's heads."""

from __future__ import annotations

import argparse
from pathlib import Path

from centre.commands.work import with_database
from centre.config import Settings
from centre.database import Connection
from centre.records import StampedDay, export_stamp, stamped_days
from edge.terminal import say, to_date


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``heads ...``."""
    parser = subparsers.add_parser(
        "heads", help="list and export time stamps of a day's heads", description="Time stamps of all units' heads."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the stamped days, each held against the chains; 1 if one is not so")
    listing.set_defaults(run=_list)
    export = actions.add_parser("export", help="write the heads of a day and their time stamp into a folder")
    export.add_argument("day", type=to_date, metavar="DAY", help="as 2026-03-31")
    export.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    export.set_defaults(run=_export)


def _list(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[StampedDay]:
        return await stamped_days(connection)

    days = with_database(args, work)
    for day in days:
        wrong = f", and NOT HERE are those of {', '.join(day.wrong)}" if day.wrong else ""
        say(f"{day.day}  stamped {day.stamped_at:%Y-%m-%d %H:%M:%S}  {day.holds} heads are in the chains here{wrong}")
    return int(any(day.wrong for day in days))


def _export(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> tuple[Path, Path]:
        return await export_stamp(connection, args.day, args.to)

    heads, stamp = with_database(args, work)
    say(f"openssl ts -verify -data {heads} -in {stamp} -CAfile ROOT.pem")
    return 0
