"""``autovelox-centre orders`` and ``signers``: what officers of the centre ask of units, and who may sign it."""

from __future__ import annotations

import argparse
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from centre.commands.work import account, with_database
from centre.config import Settings
from centre.database import Connection, Row
from centre.delivery import list_orders
from centre.errors import CentreError
from centre.records import Officer, Right, draft_order, enter, purge_of_month, sign_order, withdraw_order
from centre.service import own_files
from centre.units import add_signer, end_signer, list_signers
from edge.cases.evidence import KeyFileError, create_signing_key, load_signer, read_public_key
from edge.delivery.orders import OfficerKey, OrderKind, read_order
from edge.terminal import say, to_number

KEY_HELP = "the officer's private key, from autovelox-centre signers key"


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``orders ...`` and ``signers ...``."""
    parser = subparsers.add_parser(
        "orders", help="order holds, purges and configurations of units", description="Orders of officers to units."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the orders that are to come")
    listing.add_argument("--all", action="store_true", help="and those that are done or were withdrawn")
    listing.set_defaults(run=_list)
    show = actions.add_parser("show", help="show one order as it is signed")
    show.add_argument("number", type=to_number)
    show.set_defaults(run=_show)
    for kind, what in (
        (OrderKind.HOLD, "hold cases, here and at the unit: one signature"),
        (OrderKind.RELEASE, "release cases that the centre holds: two signatures"),
        (OrderKind.PURGE, "purge cases before their time, at the unit and here: two signatures"),
    ):
        action = _drafting(actions, str(kind), what, kind)
        action.add_argument("serial", metavar="SERIAL")
        action.add_argument("cases", type=to_number, nargs="+", metavar="CASE")
        action.set_defaults(run=_cases)
    month = _drafting(actions, "purge-month", "purge every decided case of a month that nobody holds", OrderKind.PURGE)
    month.add_argument("month", type=_month, metavar="MONTH", help="as 2026-03")
    month.set_defaults(run=_purge_month)
    what = "set limit, tolerance, site or review rules of a unit: two signatures"
    configuration = _drafting(actions, "configuration", what, OrderKind.CONFIGURATION)
    configuration.add_argument("serial", metavar="SERIAL")
    configuration.add_argument("settings", nargs="+", metavar="NAME=VALUE", help="as speed.limit_kmh=70")
    configuration.set_defaults(run=_configuration)
    sign = actions.add_parser("sign", help="sign orders of another officer, once you have read them")
    sign.add_argument("numbers", type=to_number, nargs="+", metavar="NUMBER")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help=KEY_HELP)
    sign.set_defaults(run=_sign)
    withdraw = actions.add_parser("withdraw", help="withdraw an order that no unit carried out")
    withdraw.add_argument("number", type=to_number)
    withdraw.add_argument("--reason", required=True)
    withdraw.set_defaults(run=_withdraw)
    _add_signers(subparsers)


def _add_signers(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "signers", help="who may sign orders to units", description="Officers who sign orders to units."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    key = actions.add_parser("key", help="make a key pair: FILE is the officer's alone, FILE.pem is public")
    key.add_argument("file", type=Path, metavar="FILE")
    key.set_defaults(run=_make_key)
    add = actions.add_parser("add", help="let an officer sign; then run autovelox centre signers on each unit")
    add.add_argument("name", metavar="NAME")
    add.add_argument("file", type=Path, metavar="FILE.pem", help="the officer's public key")
    add.set_defaults(run=_add_signer)
    listing = actions.add_parser("list", help="list the keys there are and were")
    listing.set_defaults(run=_signers)
    end = actions.add_parser("end", help="let a key sign nothing any more")
    end.add_argument("key", metavar="KEY", help="its id, as signers list shows it")
    end.set_defaults(run=_end)


def _drafting(actions: Any, name: str, what: str, kind: OrderKind) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(name, help=what)
    action.add_argument("--reason", required=True, help="why; it goes to the unit and into both chains")
    action.add_argument("--key", type=Path, required=True, metavar="FILE", help=KEY_HELP)
    action.set_defaults(kind=kind)
    return action


def _month(text: str) -> date:
    return datetime.strptime(text, "%Y-%m").date()


def _draft(args: argparse.Namespace, drafts: Any) -> int:
    """Make an order for each unit and cases or settings that *drafts* finds."""
    key = load_signer(args.key)

    async def work(settings: Settings, connection: Connection) -> list[int]:
        house, officer = own_files(settings)[2], Officer(account(), args.reason)
        return [
            await draft_order(
                *(connection, house, officer, key),
                centre=settings.centre.name,
                unit=serial,
                kind=args.kind,
                cases=cases,
                settings=values,
            )
            for serial, cases, values in await drafts(connection)
        ]

    numbers = with_database(args, work, Right.ORDER, command=f"orders {args.kind}")
    for number in numbers:
        say(f"order {number} is made and signed")
    if numbers and args.kind.signatures > 1:
        words = " ".join(map(str, numbers))
        say("now a second officer:", "", f"  autovelox-centre orders sign {words} --key FILE")
    if not numbers:
        say("there is nothing to order")
    return 0


def _cases(args: argparse.Namespace) -> int:
    async def drafts(connection: Connection) -> list[tuple[str, list[int], None]]:
        return [(args.serial, args.cases, None)]

    return _draft(args, drafts)


def _purge_month(args: argparse.Namespace) -> int:
    async def drafts(connection: Connection) -> list[tuple[str, list[int], None]]:
        return [(serial, numbers, None) for serial, numbers in await purge_of_month(connection, args.month)]

    return _draft(args, drafts)


def _configuration(args: argparse.Namespace) -> int:
    values = dict(_setting(each) for each in args.settings)

    async def drafts(connection: Connection) -> list[tuple[str, list[int], dict[str, Any]]]:
        return [(args.serial, [], values)]

    return _draft(args, drafts)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CentreError(f"{name} has no value", "write it as speed.limit_kmh=70")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name, value  # a text, which the shell has taken the quotes of


def _sign(args: argparse.Namespace) -> int:
    key = load_signer(args.key)

    async def work(settings: Settings, connection: Connection) -> None:
        for number in args.numbers:
            await sign_order(connection, own_files(settings)[2], Officer(account(), "second officer"), key, number)

    with_database(args, work, Right.ORDER, command="orders sign")
    say(f"signed: {', '.join(map(str, args.numbers))}")
    return 0


def _withdraw(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> None:
        await withdraw_order(connection, own_files(settings)[2], Officer(account(), args.reason), args.number)

    with_database(args, work, Right.ORDER, command="orders withdraw")
    say(f"order {args.number} is withdrawn")
    return 0


def _list(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Row]:
        return await list_orders(connection, every=args.all)

    for row in with_database(args, work):
        cases = f" {row['done']}/{row['cases']} cases" if row["cases"] else ""
        say(f"{row['number']:>6}  {row['serial']:<16} {row['kind']:<13}{cases}  {_state(row)}")
    return 0


def _state(row: Row) -> str:
    if row["withdrawn_at"]:
        return "withdrawn"
    if row["done_at"]:
        return f"refused: {row['refused']}" if row["refused"] else "done"
    if row["signed_at"] is None:
        return f"signed by {', '.join(row['names'])}; waits for a second officer"
    return f"on its way, the unit says: {row['refused']}" if row["refused"] else "on its way"


def _show(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Row]:
        return await list_orders(connection, args.number)

    rows = with_database(args, work)
    if not rows:
        raise CentreError(
            f"there is no order {args.number}", "autovelox-centre orders list --all shows which there are"
        )
    (row,) = rows
    order = read_order(bytes(row["document"]))
    say(f"order {order.number} to {order.unit}: {order.kind}, because: {order.reason}")
    if order.cases:
        say(f"cases: {', '.join(map(str, order.cases))}")
    for name, value in (order.settings or {}).items():
        say(f"{name} = {value!r}")
    say(f"signed by {', '.join(row['names'])}; {_state(row)}")
    return 0


def _make_key(args: argparse.Namespace) -> int:
    signer, public = create_signing_key(args.file), args.file.with_name(args.file.name + ".pem")
    public.write_text(signer.public_pem(), encoding="ascii")
    say(f"{args.file} is yours alone: keep it where nobody else reads it", f"{public} goes to who runs the centre")
    return 0


def _add_signer(args: argparse.Namespace) -> int:
    try:
        key = OfficerKey(args.name, read_public_key(args.file))
    except (KeyFileError, OSError) as error:
        raise CentreError(f"{args.file} holds no public key ({error})", "take FILE.pem of signers key") from None

    async def work(settings: Settings, connection: Connection) -> None:
        async with connection.transaction():
            said = Officer(account(), "").said(name=key.name, key_id=key.key_id)
            await enter(connection, own_files(settings)[2], "signer", said)
            await add_signer(connection, key)

    with_database(args, work, Right.ADMINISTER, command="signers add")
    say(f"{key.name} signs with key {key.key_id}; now run autovelox centre signers on each unit that has joined")
    return 0


def _end(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> str:
        async with connection.transaction():
            said = Officer(account(), "").said(key_id=args.key)
            await enter(connection, own_files(settings)[2], "signer_ended", said)
            return await end_signer(connection, args.key)

    name = with_database(args, work, Right.ADMINISTER, command="signers end")
    say(f"{name} signs nothing any more; now run autovelox centre signers on each unit")
    return 0


def _signers(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Row]:
        return await list_signers(connection)

    for row in with_database(args, work):
        ended = f"ended {row['ended_at']:%Y-%m-%d}" if row["ended_at"] else ""
        say(f"{row['key_id']}  {row['name']:<30} {row['added_at']:%Y-%m-%d}  {ended}".rstrip())
    return 0
