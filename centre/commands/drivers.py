"""``autovelox-centre registry enrol`` and its like: the drivers at the centre, and who changed them."""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from centre.commands.work import account, root_of, with_database
from centre.config import Settings
from centre.database import Connection
from centre.records import (
    CERTIFIED,
    ENROLLED,
    LISTED,
    REMOVED,
    REPLACED,
    REVOKED,
    Act,
    Officer,
    Right,
    acts_on,
    enter_act,
)
from centre.registry import OPTIONS, Change, Enrolment, Particulars, changing, make_chip
from centre.service import own_files
from edge.crypto import Chip, read_authority, save_chip
from edge.errors import RegistryError, SecretError, why
from edge.terminal import say

PLATE_HELP = "a vehicle the driver is keeper of, with its country if that is known: IT:AB123CD; may be repeated"
COMMANDS = {ENROLLED: "registry enrol", REPLACED: "registry replace", REVOKED: "registry revoke"}


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``enrol|replace|revoke|certify|remove|list|acts`` to the actions of ``registry``."""
    new = actions.add_parser("enrol", help="enter a driver and write the chip file that a car needs")
    for name, what in OPTIONS:
        new.add_argument(f"--{name}", required=True, help=what)
    new.add_argument("--portrait", required=True, type=Path, metavar="FILE", help="JPEG or PNG")
    new.add_argument("--plate", action="append", default=[], metavar="[CC:]PLATE", help=PLATE_HELP)
    new.set_defaults(run=_enrol)
    lost = actions.add_parser("replace", help="revoke a driver's chip and write the file of another")
    lost.set_defaults(run=_replace)
    for action in (new, lost):
        action.add_argument("--chip", required=True, type=Path, metavar="FILE", help="where to write the chip file")
        what = "what autovelox chip request wrote: the chip signs"
        action.add_argument("--request", type=Path, metavar="FILE", help=what)
    off = actions.add_parser("revoke", help="revoke a driver's chip: lost, stolen, licence withdrawn")
    off.set_defaults(run=_revoke)
    word = actions.add_parser("certify", help="keep the authority's certificate for a chip's signing key")
    word.add_argument("certificate", type=Path, metavar="FILE", help="what autovelox authority certify-chip wrote")
    word.add_argument("--authority", required=True, type=Path, metavar="FILE", help="the authority's public key")
    word.set_defaults(run=_certify)
    gone = actions.add_parser("remove", help="remove a driver with chips and vehicles; no old case can be opened again")
    gone.add_argument("--yes", action="store_true", required=True, help="it is meant")
    gone.set_defaults(run=_remove)
    for action in (lost, off, gone):
        action.add_argument("licence")
    for action in (new, lost, off, word, gone):
        action.add_argument("--reason", required=True, help="why, for the records and the centre's chain")
    listing = actions.add_parser("list", help="show who is in the registry; the centre's chain records that you looked")
    listing.add_argument("--licence", help="this driver alone")
    listing.add_argument("--json", action="store_true", help="machine-readable, one driver a line")
    listing.add_argument("--reason", required=True, help="why, for the centre's chain")
    listing.set_defaults(run=_list)
    acts = actions.add_parser("acts", help="show who entered a driver, or replaced or revoked a chip; the chain has it")
    acts.add_argument("licence")
    acts.set_defaults(run=_acts)


def _enrol(args: argparse.Namespace) -> int:
    texts = {name.replace("-", "_"): getattr(args, name.replace("-", "_")) for name, _ in OPTIONS}
    portrait = _given(args.portrait, "the portrait")
    driver = Particulars(**texts, portrait=portrait, plates=args.plate)
    driver.check()  # before a key pair is made, which takes seconds
    request = _request(args)
    _make(args, ENROLLED, driver.licence, lambda change, chip: change.enrol(driver, chip, request))
    say(f"enrolled; the chip is {args.chip}: it is a secret, give it to its driver")
    return 0


def _replace(args: argparse.Namespace) -> int:
    request = _request(args)
    _make(
        *(args, REPLACED, args.licence),
        lambda change, chip: change.replace(args.licence, chip, reason=args.reason, request=request),
    )
    say(f"the old chip is revoked; the new one is {args.chip}: it is a secret, give it to its driver")
    return 0


def _make(
    args: argparse.Namespace, kind: str, licence: str, change_it: Callable[[Change, Any], Awaitable[Enrolment]]
) -> None:
    """Make a chip, and enter it in the centre's chain and the registry and write its file: all of it or nothing."""
    to: Path = args.chip
    if to.exists():
        raise SecretError(f"{to} exists already", "move it away, a chip is never overwritten")

    async def allowed(settings: Settings, connection: Connection) -> None:
        """Nothing: whoever lacks the right is told before a key pair is made."""

    with_database(args, allowed, Right.REGISTRY, command=COMMANDS[kind])
    chip = make_chip()

    async def work(settings: Settings, connection: Connection) -> None:
        async with _file_with(connection.transaction(), to) as write:
            await enter_act(connection, own_files(settings)[2], Officer(account(), args.reason), kind, licence)
            async with changing(connection, root_of(settings)) as change:
                made = await change_it(change, chip)
            write(Chip(made.uid, made.licence, made.public_key_pem))

    with_database(args, work, Right.REGISTRY, command=COMMANDS[kind])


@asynccontextmanager
async def _file_with(
    transaction: AbstractAsyncContextManager[object], to: Path
) -> AsyncIterator[Callable[[Chip], None]]:
    """What writes a chip's file; the file goes again if *transaction* does not end well: then it is no chip."""
    written: list[Path] = []

    def write(chip: Chip) -> None:
        save_chip(chip, to)
        written.append(to)

    try:
        async with transaction:
            yield write
    except BaseException:
        for file in written:
            with suppress(OSError):
                file.unlink()
        raise


def _revoke(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> None:
        async with connection.transaction():
            officer = Officer(account(), args.reason)
            await enter_act(connection, own_files(settings)[2], officer, REVOKED, args.licence)
            async with changing(connection, root_of(settings)) as change:
                await change.revoke(args.licence, reason=args.reason)

    with_database(args, work, Right.REGISTRY, command=COMMANDS[REVOKED])
    say("revoked; old cases can still be opened again")
    return 0


def _certify(args: argparse.Namespace) -> int:
    certificate, authority = _given(args.certificate, "the certificate"), read_authority(args.authority)

    async def work(settings: Settings, connection: Connection) -> None:
        async with connection.transaction():
            async with changing(connection, root_of(settings)) as change:
                licence = await change.certify(certificate, authority)
            officer = Officer(account(), args.reason)
            await enter_act(connection, own_files(settings)[2], officer, CERTIFIED, licence)

    with_database(args, work, Right.REGISTRY, command="registry certify")
    say("certified: cases of this chip hold the authority's word from now on")
    return 0


def _remove(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> None:
        async with connection.transaction():
            officer = Officer(account(), args.reason)
            await enter_act(connection, own_files(settings)[2], officer, REMOVED, args.licence)
            async with changing(connection, root_of(settings)) as change:
                await change.remove(args.licence)

    with_database(args, work, Right.REGISTRY, command="registry remove")
    say("removed")
    return 0


def _list(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> None:
        await enter_act(connection, own_files(settings)[2], Officer(account(), args.reason), LISTED, args.licence)
        async with changing(connection, root_of(settings)) as change:
            if args.licence is not None:
                for driver in await change.of_licences([args.licence]):
                    _show(driver, args.json)
                return
            async for driver in change.drivers():
                _show(driver, args.json)

    with_database(args, work, Right.REGISTRY, Right.DRIVERS, command="registry list")
    return 0


def _show(driver: Any, as_json: bool) -> None:
    if as_json:
        say(json.dumps(asdict(driver), ensure_ascii=False))
        return
    plates = f"  keeper of {', '.join(driver.plates)}" if driver.plates else ""
    chip = "" if driver.has_chip else "  no chip in use"
    name = f"{driver.last_name}, {driver.first_name}"
    say(f"{driver.licence:<12} {name:<32} {driver.categories:<10} until {driver.expires_on}{plates}{chip}")


def _acts(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[Act]:
        return await acts_on(connection, own_files(settings)[2], args.licence)

    for act in with_database(args, work, Right.REGISTRY, command="registry acts"):
        at = datetime.fromtimestamp(act.at_utc, UTC).strftime("%Y-%m-%d %H:%M:%S")
        say(f"{act.seq:>8}  {at}  {act.kind:<16} {act.officer:<16} {act.reason}")
    return 0


def _request(args: argparse.Namespace) -> bytes | None:
    return None if args.request is None else _given(args.request, "the request")


def _given(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RegistryError(f"{what} {path} cannot be read ({why(error)})", "check its name and permissions") from None
