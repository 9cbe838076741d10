"""``autovelox registry``: the police's commands."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from edge.config import RegistrySettings, load
from edge.crypto.chip import Chip, save_chip
from edge.errors import RegistryError, SecretError
from edge.registry.enrol import create_registry, enrol_driver, list_drivers, remove_driver, rotate_master_key
from edge.registry.reopen import reopen_packet
from edge.registry.vault import create_master_key, load_master_key

SPINNER = "|/-\\"


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``registry init|enrol|list|remove|reopen|rotate``."""
    parser = subparsers.add_parser(
        "registry", help="the police registry: drivers, chips, keys", description="Make and change the police registry."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add(actions, "init", _init, "make an empty registry, and the master key if there is none")
    new = _add(actions, "enrol", _enrol, "enter a driver and write the chip file that a car needs")
    for name, what in (
        ("licence", "licence number, for example UD1234567A"),
        ("first-name", "first name"),
        ("last-name", "last name"),
        ("birth-date", "date of birth, 1980-12-31"),
        ("birth-place", "place of birth"),
        ("categories", 'categories, for example "A B"'),
        ("issuing-office", "who issued the licence"),
        ("issued-on", "date of issue"),
        ("expires-on", "expiry date"),
    ):
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
    listing = _add(actions, "list", _list, "show who is in the registry")
    listing.add_argument("--json", action="store_true", help="machine-readable")
    _add(actions, "remove", _remove, "remove a driver with chip and vehicles").add_argument("licence")
    proof = _add(
        actions, "reopen", _reopen, "open the packet of a decided case again, from the manifest of its package"
    )
    proof.add_argument("manifest", type=Path, metavar="manifest.json")
    _add(actions, "rotate", _rotate, "seal all private keys anew under a new master key; restart the unit afterwards")


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: object, what: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the unit's configuration, with the paths of its files"
    )
    parser.add_argument("--registry", type=Path, metavar="FILE", help="the registry, instead of the configuration's")
    parser.add_argument(
        "--master-key", type=Path, metavar="FILE", help="the master key file, instead of the configuration's"
    )
    parser.set_defaults(run=run)
    return parser


def _paths(args: argparse.Namespace) -> tuple[Path, Path]:
    """Registry and master key: from the options, else from the configuration."""
    settings = load(args.config).registry if args.config else RegistrySettings()
    return args.registry or settings.path, args.master_key or settings.master_key_file


def _init(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    create_registry(registry)
    if not master_key.exists():
        create_master_key(master_key)
        print(f"made the master key {master_key}: keep a copy where the registry is not")
    print(f"made the registry {registry}")
    return 0


def _enrol(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    if args.chip.exists():
        raise SecretError(f"{args.chip} exists already", "move it away, a chip is never overwritten")
    try:
        portrait = args.portrait.read_bytes()
    except OSError as error:
        raise RegistryError(
            f"the portrait {args.portrait} cannot be read ({error.strerror})", "check its name and permissions"
        ) from None
    turns = 0

    def progress() -> None:
        nonlocal turns
        turns += 1
        print(f"\r{SPINNER[turns % len(SPINNER)]} making the key pair ", end="", file=sys.stderr, flush=True)

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
        progress=progress if sys.stderr.isatty() else None,
    )
    if turns:
        print("\r\x1b[K", end="", file=sys.stderr)
    try:
        save_chip(Chip(enrolment.uid, enrolment.licence, enrolment.public_key_pem), args.chip)
    except SecretError:
        remove_driver(registry, enrolment.licence)  # without a chip file the licence could not be enrolled again
        raise
    print(f"enrolled; the chip is {args.chip}: it is a secret, give it to its driver")
    return 0


def _list(args: argparse.Namespace) -> int:
    drivers = list_drivers(_paths(args)[0])
    if args.json:
        print(json.dumps([asdict(driver) for driver in drivers], ensure_ascii=False, indent=1))
        return 0
    for driver in drivers:
        plates = f"  keeper of {', '.join(driver.plates)}" if driver.plates else ""
        name = f"{driver.last_name}, {driver.first_name}"
        print(f"{driver.licence:<12} {name:<32} {driver.categories:<10} until {driver.expires_on}{plates}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    remove_driver(_paths(args)[0], args.licence)
    print("removed")
    return 0


def _reopen(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    try:
        manifest = args.manifest.read_bytes()
    except OSError as error:
        raise RegistryError(
            f"{args.manifest} cannot be read ({error.strerror})", "check its name and permissions"
        ) from None
    print(reopen_packet(registry, load_master_key(master_key), manifest))
    return 0


def _rotate(args: argparse.Namespace) -> int:
    registry, master_key = _paths(args)
    count = rotate_master_key(registry, master_key)
    print(f"sealed {count} keys anew; restart the unit, and destroy copies of the old master key")
    return 0
