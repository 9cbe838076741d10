"""``autovelox-centre units``: invite, list, suspend, activate, revoke."""

from __future__ import annotations

import argparse
from datetime import datetime

from centre.commands.work import with_database
from centre.config import Settings
from centre.database import Connection, Row
from centre.records import Right
from centre.service import own_files
from centre.units import UnitState, add_unit, change_state, list_units
from edge.terminal import say, say_json

ACTIONS = {
    "suspend": (UnitState.SUSPENDED, "let the unit deliver nothing until it is activated again"),
    "activate": (UnitState.ACTIVE, "let a suspended unit deliver again"),
    "revoke": (UnitState.REVOKED, "let the unit deliver nothing, for good: stolen, broken, retired"),
}


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``units ...``."""
    parser = subparsers.add_parser("units", help="invite, list, suspend and revoke units", description="The units.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="invite a unit: print a one-time code for autovelox centre join")
    add.add_argument("serial", metavar="SERIAL", help="as [unit] serial in the unit's configuration")
    add.set_defaults(run=_add)
    listing = actions.add_parser("list", help="list the units, and what is here of each")
    listing.add_argument("--json", action="store_true", help="machine-readable")
    listing.set_defaults(run=_list)
    for name, (state, what) in ACTIONS.items():
        action = actions.add_parser(name, help=what)
        action.add_argument("serial", metavar="SERIAL")
        action.set_defaults(run=_change, state=state)


def _add(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> tuple[str, str]:
        _, certificates, _ = own_files(settings)
        code = await add_unit(connection, args.serial, certificates.authority_der())
        return f"https://{settings.listen.names[0]}:{settings.listen.port}", code

    url, code = with_database(args, work, Right.ADMINISTER, command="units add")
    say(f"Within seven days, on unit {args.serial}:", "", f"  autovelox centre join {url} {code}")
    return 0


def _list(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Row]:
        return await list_units(connection)

    rows = with_database(args, work)
    if args.json:
        say_json([_as_json(row) for row in rows], indent=2)
        return 0
    for row in rows:
        heard = max(filter(None, (row["status_at"], row["delivered_at"])), default=None)
        say(
            f"{row['serial']:<20} {row['state']:<10} {row['head_seq']:>9} entries {row['cases']:>8} cases"
            f"  photos missing {row['photos_missing']:>5}  alarms {row['alarms']:>3}  heard {_moment(heard)}"
        )
    return 0


def _change(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> None:
        await change_state(connection, args.serial, args.state)

    with_database(args, work, Right.ADMINISTER, command=f"units {args.state}")
    say(f"unit {args.serial} is {args.state}")
    return 0


def _as_json(row: Row) -> dict[str, object]:
    names = ("serial", "state", "head_seq", "head_hash", "anchored", "cases", "photos_missing", "alarms", "current_key")
    times = {name: row[name].isoformat() if row[name] else None for name in ("joined_at", "delivered_at", "status_at")}
    return {**{name: row[name] for name in names}, **times}


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at is not None else "never"
