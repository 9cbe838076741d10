"""``autovelox centre``: join a headquarters, let it decide, ask how far delivery is."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json

from edge.cases import Outbox, load_signer
from edge.config import Settings
from edge.configured import add_config, configuration
from edge.delivery.client import Client, trusting
from edge.delivery.joining import join_centre
from edge.delivery.kept import keep
from edge.delivery.openings import OpeningService
from edge.delivery.orders import OfficerKey, read_signers, signers_record
from edge.delivery.remote import fetch_service
from edge.errors import DeliveryError
from edge.terminal import say


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``centre join``, ``opener``, ``signers`` and ``status``."""
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
    )
    join.add_argument("url", metavar="URL")
    join.add_argument("code", metavar="CODE")
    what = "fetch the public keys of the centre's opening service, for [centre] decides"
    opener = actions.add_parser("opener", help=what, description=what[0].upper() + what[1:] + ".")
    what = "fetch the keys of the centre's officers whose orders this unit obeys"
    signers = actions.add_parser("signers", help=what, description=what[0].upper() + what[1:] + ".")
    what = "say what the centre has of this unit"
    status = actions.add_parser("status", help=what, description=what[0].upper() + what[1:] + ".")
    for action, run in ((join, _join), (opener, _opener), (signers, _signers), (status, _status)):
        add_config(action)
        action.set_defaults(run=run)


def _join(args: argparse.Namespace) -> int:
    found = configuration(args, required=True)
    settings = found.settings
    signer = load_signer(settings.cases.signing_key_file)
    authority = settings.centre.authority_file
    url = args.url.rstrip("/")
    name = asyncio.run(
        join_centre(
            url,
            args.code,
            serial=settings.unit.serial,
            signer=signer,
            authority_file=authority,
            signers_file=settings.centre.signers_file,
        )
    )
    say(f"unit {settings.unit.serial} has joined the centre {name}; its authority is in {authority}")
    if settings.centre.url != url:
        say(f"now add to {found.path} and restart the unit:", "", "[centre]", f'url = "{url}"')
    return 0


def _opener(args: argparse.Namespace) -> int:
    found = configuration(args, required=True)
    settings = found.settings
    outbox, client = _asking(settings)

    async def fetch() -> OpeningService:
        async with client:
            return await fetch_service(client, outbox.key_lines(), settings.centre.opener_file)

    service = asyncio.run(fetch())
    key = hashlib.sha256(service.signing_key).hexdigest()[:16]
    say(f"the opening service is {service.url}, its key {key}; it is in {settings.centre.opener_file}")
    if not settings.centre.decides:
        say(f"now set decides = true in [centre] of {found.path}, restart the unit, and remove registry and master key")
    return 0


def _signers(args: argparse.Namespace) -> int:
    settings = configuration(args, required=True).settings
    outbox, client = _asking(settings)

    async def fetch() -> list[OfficerKey]:
        async with client:
            await client.log_in(outbox.key_lines())
            return read_signers(await client.signers())

    keys, file = asyncio.run(fetch()), settings.centre.signers_file
    keep(file, json.dumps(signers_record(keys), indent=2) + "\n")
    say(*(f"{key.key_id}  {key.name}" for key in keys))
    say(f"{len(keys)} officers of the centre: compare their keys with what they say; they are in {file}")
    return 0


def _asking(settings: Settings) -> tuple[Outbox, Client]:
    if settings.centre.url is None:
        raise DeliveryError("this unit has no centre", "run autovelox centre join, and set [centre] url")
    signer = load_signer(settings.cases.signing_key_file)
    client = Client(settings.centre.url, trusting(settings.centre.authority_file), settings.unit.serial, signer)
    return Outbox(settings.unit.state_dir), client


def _status(args: argparse.Namespace) -> int:
    settings = configuration(args, required=True).settings
    outbox, client = _asking(settings)

    async def ask() -> int:
        async with client:
            await client.log_in(outbox.key_lines())
            return (await client.head()).seq

    confirmed, head = asyncio.run(ask()), outbox.head()
    own = head.seq if head is not None else 0
    say(f"the centre has entries up to {confirmed} of {own}; {max(0, own - confirmed)} wait")
    return 0
