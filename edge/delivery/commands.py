"""``autovelox centre``: join a headquarters, let it decide, ask how far delivery is."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from pathlib import Path

from edge.cases import Outbox, load_signer
from edge.config import DEFAULT_CONFIG, Settings, load
from edge.delivery.client import Client, trusting
from edge.delivery.joining import join_centre
from edge.delivery.openings import OpeningService
from edge.delivery.remote import fetch_service
from edge.errors import DeliveryError
from edge.terminal import say


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``centre join``, ``centre opener`` and ``centre status``."""
    parser = subparsers.add_parser(
        "centre",
        help="join a headquarters, and say what it has of this unit",
        description="The headquarters of many units.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    join = actions.add_parser(
        "join",
        help="join the centre at URL with the one-time CODE",
        description="Join the centre at URL with the one-time CODE that autovelox-centre units add printed there.",
        epilog="example: autovelox centre join https://centre.example:8444 ABCDE-FGHIJ-...",
    )
    join.add_argument("url", metavar="URL")
    join.add_argument("code", metavar="CODE")
    opener = actions.add_parser(
        "opener", help="fetch the public keys of the centre's opening service, for [centre] decides"
    )
    status = actions.add_parser("status", help="say what the centre has of this unit")
    for action, run in ((join, _join), (opener, _opener), (status, _status)):
        action.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")
        action.set_defaults(run=run)


def _join(args: argparse.Namespace) -> int:
    settings = load(args.config)
    signer = load_signer(settings.cases.signing_key_file)
    authority = settings.centre.authority_file
    url = args.url.rstrip("/")
    name = asyncio.run(
        join_centre(url, args.code, serial=settings.unit.serial, signer=signer, authority_file=authority)
    )
    say(f"unit {settings.unit.serial} has joined the centre {name}; its authority is in {authority}")
    if settings.centre.url != url:
        say(f"now add to {args.config} and restart the unit:", "", "[centre]", f'url = "{url}"')
    return 0


def _opener(args: argparse.Namespace) -> int:
    settings = load(args.config)
    outbox, client = _asking(settings)

    async def fetch() -> OpeningService:
        async with client:
            return await fetch_service(client, outbox.key_lines(), settings.centre.opener_file)

    service = asyncio.run(fetch())
    key = hashlib.sha256(service.signing_key).hexdigest()[:16]
    say(f"the opening service is {service.url}, its key {key}; it is in {settings.centre.opener_file}")
    if not settings.centre.decides:
        say(
            f"now set decides = true in [centre] of {args.config}, restart the unit, and remove registry and master key"
        )
    return 0


def _asking(settings: Settings) -> tuple[Outbox, Client]:
    if settings.centre.url is None:
        raise DeliveryError("this unit has no centre", "run autovelox centre join, and set [centre] url")
    signer = load_signer(settings.cases.signing_key_file)
    client = Client(settings.centre.url, trusting(settings.centre.authority_file), settings.unit.serial, signer)
    return Outbox(settings.unit.state_dir), client


def _status(args: argparse.Namespace) -> int:
    settings = load(args.config)
    outbox, client = _asking(settings)

    async def ask() -> int:
        async with client:
            await client.log_in(outbox.key_lines())
            return (await client.head()).seq

    confirmed, head = asyncio.run(ask()), outbox.head()
    own = head.seq if head is not None else 0
    say(f"the centre has entries up to {confirmed} of {own}; {max(0, own - confirmed)} wait")
    return 0
