"""``autovelox registry``: the police's commands."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from edge.configured import add_config, configuration, given
from edge.crypto import Chip, read_authority, save_chip
from edge.errors import RegistryError, SecretError
from edge.registry.certify import certify_chip
from edge.registry.enrol import (
    Enrolment,
    create_registry,
    enrol_driver,
    remove_driver,
    replace_chip,
    revoke_chip,
)
from edge.registry.migrate import migrate_registry
from edge.registry.particulars import OPTIONS
from edge.registry.reopen import is_claims, reopen_claims, reopen_packet
from edge.registry.survey import check_registry, list_drivers, rotate_master_key
from edge.registry.vault import create_master_key, load_master_key
from edge.terminal import end_progress, progress, say

SPINNER = "|/-\\"


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``registry init|enrol|list|check|replace|revoke|certify|remove|reopen|rotate|migrate``."""
    parser = subparsers.add_parser(
        "registry", help="the police registry: drivers, chips, keys", description="Make and change the police registry."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add(actions, "init", _init, "make an empty registry, and the master key if there is none")
    new = _add(actions, "enrol", _enrol, "enter a driver and write the chip file that a car needs")
    for name, what in OPTIONS:
        new.add_argument(f"--{name}", required=True, help=what)
    new.add_argument("--portrait", required=True, type=Path, metavar="FILE", help="JPEG or PNG")
    new.add_argument(
        "--plate",
        action="append",
        default=[],
        metavar="[CC:]PLATE",
        help="a vehicle the driver is keeper of, with its country if that is known: IT:AB123CD; may be repeated",
    )
    new.add_argument("--chip", required=True, type=Path, metavar="FILE", help="where to write the chip file")
    new.add_argument("--request", type=Path, metavar="FILE", help="what autovelox chip request wrote: the chip signs")
    listing = _add(actions, "list", _list, "show who is in the registry")
    listing.add_argument("--json", action="store_true", help="machine-readable")
    _add(actions, "check", _check, "verify every row, and finish what an interrupted command left")
    lost = _add(actions, "replace", _replace, "revoke a driver's chip and write the file of another")
    lost.add_argument("--chip", required=True, type=Path, metavar="FILE", help="where to write the chip file")
    lost.add_argument("--request", type=Path, metavar="FILE", help="what autovelox chip request wrote: the chip signs")
    for action in (lost, _add(actions, "revoke", _revoke, "revoke a driver's chip: lost, stolen, licence withdrawn")):
        action.add_argument("licence")
        action.add_argument("--reason", required=True, help="why, for the records")
    word = _add(
        actions, "certify", _certify, "keep the authority's certificate for a chip's signing key; cases hold it"
    )
    word.add_argument("certificate", type=Path, metavar="FILE", help="what autovelox authority certify-chip wrote")
    word.add_argument("--authority", required=True, type=Path, metavar="FILE", help="the authority's public key")
    gone = _add(actions, "remove", _remove, "remove a driver with chips and vehicles; old cases cannot be opened again")
    gone.add_argument("licence")
    gone.add_argument("--yes", action="store_true", help="do not ask")
    proof = _add(
        actions,
        "reopen",
        _reopen,
        "open the packet of a decided case again, from the manifest of its package, or the claims of an ambiguous one",
    )
    proof.add_argument("manifest", type=Path, metavar="manifest.json|claims.json")
    _add(actions, "rotate", _rotate, "seal all private keys anew under a new master key; restart the unit afterwards")
    _add(actions, "migrate", _migrate, "bring a registry of an earlier version to this one; a copy is kept")


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: object, what: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    add_config(parser)
    parser.add_argument("--registry", type=Path, metavar="FILE", help="the registry, instead of the configuration's")
    parser.add_argument(
        "--master-key", type=Path, metavar="FILE", help="the master key file, instead of the configuration's"
    )
    parser.set_defaults(run=run)
    return parser


def _paths(args: argparse.Namespace) -> tuple[Path, Path]:
    """Registry and master key: from the options, else from the configuration."""
    if args.registry and args.master_key:
        return args.registry, args.master_key
    settings = configuration(args).settings.registry
    return args.registry or settings.path, args.master_key or settings.master_key_file


def _init(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    create_registry(registry)
    if not master_key.exists():
        create_master_key(master_key)
        say(f"made the master key {master_key}: keep a copy where the registry is not")
    say(f"made the registry {registry}")
    return 0


def _enrol(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    _require_new(args.chip)
    portrait = given(args.portrait, RegistryError, "the portrait")
    request = _request(args)
    with _progress() as progress:
        enrolment = enrol_driver(
            registry,
            load_master_key(master_key),
            licence=args.licence,
            first_name=args.first_name,
            last_name=args.last_name,
            birth_date=args.birth_date,
            birth_place=args.birth_place,
            categories=args.categories,
            issuing_office=args.issuing_office,
            issued_on=args.issued_on,
            expires_on=args.expires_on,
            portrait=portrait,
            plates=args.plate,
            request=request,
            progress=progress,
        )
    try:
        _hand_over(enrolment, args.chip)
    except SecretError:  # without a chip file the licence could not be enrolled again
        remove_driver(registry, load_master_key(master_key), enrolment.licence)
        raise
    say(f"enrolled; the chip is {args.chip}: it is a secret, give it to its driver")
    return 0


def _request(args: argparse.Namespace) -> bytes | None:
    """What the chip asks to be entered, where the command line names it."""
    return given(args.request, RegistryError, "the request") if args.request is not None else None


def _require_new(chip: Path) -> None:
    """Raise :class:`SecretError` where the chip file exists: before anything is entered."""
    if chip.exists():
        raise SecretError(f"{chip} exists already", "move it away, a chip is never overwritten")


@contextmanager
def _progress() -> Iterator[Callable[[], None] | None]:
    """What turns while a key pair is made, on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    turns = itertools.cycle(SPINNER)
    yield lambda: progress(f"{next(turns)} making the key pair ")
    end_progress()


def _hand_over(enrolment: Enrolment, to: Path) -> None:
    save_chip(Chip(enrolment.uid, enrolment.licence, enrolment.public_key_pem), to)


def _list(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    drivers = list_drivers(registry, load_master_key(master_key))
    if args.json:
        before = "["
        for driver in drivers:
            say(f"{before} {json.dumps(asdict(driver), ensure_ascii=False)}")
            before = ","
        say("[]" if before == "[" else "]")
        return 0
    for driver in drivers:
        plates = f"  keeper of {', '.join(driver.plates)}" if driver.plates else ""
        name = f"{driver.last_name}, {driver.first_name}"
        chip = "" if driver.has_chip else "  no chip in use"
        say(f"{driver.licence:<12} {name:<32} {driver.categories:<10} until {driver.expires_on}{plates}{chip}")
    return 0


def _check(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    count = check_registry(registry, load_master_key(master_key))
    say(f"everything holds: {count} rows, all of them made with this master key, none missing")
    return 0


def _replace(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    _require_new(args.chip)
    request = _request(args)
    with _progress() as progress:
        enrolment = replace_chip(
            registry,
            load_master_key(master_key),
            args.licence,
            reason=args.reason,
            request=request,
            progress=progress,
        )
    _hand_over(enrolment, args.chip)  # if the disk refuses, the old chip is revoked all the same: replace once more
    say(f"the old chip is revoked; the new one is {args.chip}: it is a secret, give it to its driver")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    revoke_chip(registry, load_master_key(master_key), args.licence, reason=args.reason)
    say("revoked; old cases can still be opened again")
    return 0


def _certify(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    certificate = given(args.certificate, RegistryError, "the certificate")
    certify_chip(registry, load_master_key(master_key), certificate, read_authority(args.authority))
    say("certified: cases of this chip hold the authority's word from now on")
    return 0


def _remove(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    secret = load_master_key(master_key)
    if not args.yes:
        _confirm(args.licence)
    remove_driver(registry, secret, args.licence)
    say("removed")
    return 0


def _confirm(licence: str) -> None:
    """Raise :class:`RegistryError` unless whoever sits at the terminal writes *licence* again."""
    if not sys.stdin.isatty():
        raise RegistryError("nobody can be asked whether to remove the driver", "give --yes; a lost chip needs revoke")
    say("The driver, all chips and vehicles are removed; packets of old cases can then not be opened again.")
    try:
        answer = input("To go on, write the licence number again: ")
    except EOFError:
        raise RegistryError("nothing was removed: the input ended", "try again") from None
    if answer.strip() != licence:
        raise RegistryError("nothing was removed: the licence number is another one", "try again")


def _reopen(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    manifest = given(args.manifest, RegistryError)
    if is_claims(manifest):
        say(*reopen_claims(registry, load_master_key(master_key), manifest))
    else:
        say(reopen_packet(registry, load_master_key(master_key), manifest))
    return 0


def _rotate(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    count = rotate_master_key(registry, master_key)
    say(f"sealed {count} keys anew; restart the unit, and destroy copies of the old master key")
    return 0


def _migrate(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    copy = migrate_registry(registry, load_master_key(master_key))
    if copy is None:
        say("nothing to do: the registry is of this version")
    else:
        say(f"migrated; {copy} is the registry as it was, as secret as before: keep it where the unit is not")
    return 0
