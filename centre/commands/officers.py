"""``autovelox-centre officers``: who may do what at the centre."""

from __future__ import annotations

import argparse

from centre.commands.work import account, with_database
from centre.config import Settings
from centre.database import Connection
from centre.errors import CentreError
from centre.records import Account, Officer, Right, add_officer, end_officer, list_officers
from centre.service import own_files
from edge.terminal import say


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``officers add|list|end``."""
    parser = subparsers.add_parser(
        "officers",
        help="who may search, see drivers, order, enter drivers, administer",
        description="Accounts of this computer that may use the centre. As long as there are none, whoever may run its"
        " commands may do everything.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="give an account rights, in place of those that it had")
    add.add_argument("account", metavar="ACCOUNT", help="the name that the officer logs in with")
    add.add_argument("--may", required=True, metavar="RIGHTS", help=f"of {', '.join(Right)}, with commas between")
    add.set_defaults(run=_add)
    actions.add_parser("list", help="list who may do what").set_defaults(run=_list)
    end = actions.add_parser("end", help="take all rights of an account")
    end.add_argument("account", metavar="ACCOUNT")
    end.set_defaults(run=_end)
    for action in (add, end):
        action.add_argument("--reason", default="", help="why, for the centre's chain")


def _add(args: argparse.Namespace) -> int:
    try:
        rights = frozenset(map(Right, args.may.split(",")))
    except ValueError:
        raise CentreError(f"{args.may!r} are no rights", f"choose of {', '.join(Right)}") from None

    async def work(settings: Settings, connection: Connection) -> None:
        officer = Officer(account(), args.reason)
        await add_officer(connection, own_files(settings)[2], officer, args.account, rights)

    with_database(args, work, Right.ADMINISTER, command="officers add")
    say(f"{args.account} may {', '.join(right for right in Right if right in rights)}")
    return 0


def _list(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Account]:
        return await list_officers(connection)

    officers = with_database(args, work)
    for one in officers:
        rights = ", ".join(right for right in Right if right in one.rights)
        say(f"{one.name:<20} {rights:<44} since {one.added_at:%Y-%m-%d}, by {one.added_by}")
    if not officers:
        say("nobody is an officer: whoever may run these commands may do everything")
    return 0


def _end(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> None:
        await end_officer(connection, own_files(settings)[2], Officer(account(), args.reason), args.account)

    with_database(args, work, Right.ADMINISTER, command="officers end")
    say(f"{args.account} may do nothing any more")
    return 0
