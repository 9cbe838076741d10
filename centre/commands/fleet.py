"""``autovelox-centre status`` and ``alarms``: how the fleet is, and what somebody has to look at."""

from __future__ import annotations

import argparse

from centre.commands.work import account, with_database
from centre.config import Settings
from centre.database import Connection, Row
from centre.errors import CentreError
from centre.records import Officer, Right, enter
from centre.service import own_files
from centre.units import UnitState, close_alarm, list_units, open_alarms
from edge.terminal import say, to_number


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``status`` and ``alarms ...``."""
    status = subparsers.add_parser("status", help="say in a few lines how the fleet is; 1 if something is wrong")
    status.set_defaults(run=_status)
    alarms = subparsers.add_parser("alarms", help="list and close alarms", description="What somebody has to look at.")
    actions = alarms.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the open alarms")
    listing.set_defaults(run=_alarms)
    close = actions.add_parser("close", help="close an alarm: somebody looked at it")
    close.add_argument("number", type=to_number)
    close.add_argument("--reason", default="", help="what was found; goes into the centre's chain")
    close.set_defaults(run=_close)


def _status(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> tuple[list[Row], list[Row]]:
        return await list_units(connection), await open_alarms(connection)

    units, alarms = with_database(args, work)
    states = [f"{sum(unit['state'] == state for unit in units)} {state}" for state in UnitState]
    say(f"{len(units)} units: {', '.join(states)}")
    entries, cases, photos = (sum(unit[name] for unit in units) for name in ("head_seq", "cases", "photos_missing"))
    say(f"{entries} entries of {cases} cases are here, {photos} photos are to come")
    say(f"{len(alarms)} alarms are open" + (": autovelox-centre alarms list" if alarms else ""))
    return int(bool(alarms))


def _alarms(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Row]:
        return await open_alarms(connection)

    for row in with_database(args, work):
        where = f", entry {row['seq']}" if row["seq"] is not None else ""
        last = row["last_at"].strftime("%Y-%m-%d %H:%M:%S")
        what = f"{row['serial'] or '-'}{where}  {row['kind']}: {row['cause']}"
        say(f"{row['id']:>6}  {last}  {what} ({row['times']} times)")
    return 0


def _close(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> bool:
        if not await close_alarm(connection, args.number, account()):
            return False
        officer = Officer(account(), args.reason)
        await enter(connection, own_files(settings)[2], "close_alarm", officer.said(alarm=args.number))
        return True

    if not with_database(args, work, Right.ADMINISTER, command="alarms close"):
        raise CentreError(f"there is no open alarm {args.number}", "autovelox-centre alarms list shows which there are")
    say(f"alarm {args.number} is closed")
    return 0
