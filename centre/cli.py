"""``autovelox-centre``: every command of the centre, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from centre.config import DEFAULT_CONFIG, load
from centre.errors import CentreError
from edge.errors import EdgeError
from edge.terminal import Parser, add_version, complete_help, say

EXAMPLES = {
    "run": "autovelox-centre --config /etc/autovelox-centre/autovelox-centre.toml run --check",
    "opening": "autovelox-centre opening",
    "status": "autovelox-centre status",
    "alarms list": "autovelox-centre alarms list",
    "alarms close": "autovelox-centre alarms close 7",
    "units add": "autovelox-centre units add AVX-2231",
    "units list": "autovelox-centre units list --json",
    "units suspend": "autovelox-centre units suspend AVX-2231",
    "units activate": "autovelox-centre units activate AVX-2231",
    "units revoke": "autovelox-centre units revoke AVX-2231",
    "cases list": "autovelox-centre cases list --unit AVX-2231 --plate 'AB*' --reason 'report 14/26'",
    "cases searched": "autovelox-centre cases searched AB123CD",
    "cases show": "autovelox-centre cases show AVX-2231 17 --reason 'report 14/26'",
    "cases export": "autovelox-centre cases export AVX-2231 17 --to case-17 --reason 'prosecutor, file 4/26'",
    "cases verify": "autovelox-centre cases verify --unit AVX-2231",
    "orders list": "autovelox-centre orders list --all",
    "orders show": "autovelox-centre orders show 12",
    "orders hold": "autovelox-centre orders hold AVX-2231 17 18 --reason 'appeal 12/26' --key conti.key",
    "orders release": "autovelox-centre orders release AVX-2231 17 --reason 'appeal 12/26 closed' --key conti.key",
    "orders purge": "autovelox-centre orders purge AVX-2231 17 --reason 'court order 9/26' --key conti.key",
    "orders purge-month": "autovelox-centre orders purge-month 2026-03 --reason 'period over' --key conti.key",
    "orders configuration": "autovelox-centre orders configuration AVX-2231 speed.limit_kmh=70"
    " --reason 'ordinance 5/26' --key conti.key",
    "orders sign": "autovelox-centre orders sign 12 13 --key bruni.key",
    "orders withdraw": "autovelox-centre orders withdraw 12 --reason 'wrong unit'",
    "signers key": "autovelox-centre signers key conti.key",
    "signers add": "autovelox-centre signers add 'Ada Conti' conti.key.pem",
    "signers list": "autovelox-centre signers list",
    "signers end": "autovelox-centre signers end 0a1b2c3d4e5f6071",
    "heads list": "autovelox-centre heads list",
    "heads export": "autovelox-centre heads export 2026-03-31 --to .",
    "registry import": "autovelox-centre registry import registry.sqlite --master-key master.key",
    "registry enrol": "autovelox-centre registry enrol --licence UD1234567A --first-name Ada --last-name Rossi"
    " --birth-date 1980-12-31 --birth-place Udine --categories B --issuing-office MC-UD --issued-on 2024-05-02"
    " --expires-on 2034-05-02 --portrait ada.jpg --plate IT:AB123CD --chip ada.chip --reason 'licence issued'",
    "registry replace": "autovelox-centre registry replace UD1234567A --chip ada-2.chip --reason 'lost, report 7/26'",
    "registry revoke": "autovelox-centre registry revoke UD1234567A --reason 'licence withdrawn'",
    "registry certify": "autovelox-centre registry certify ada.certificate --authority authority.pub.pem"
    " --reason 'certified by the ministry'",
    "registry remove": "autovelox-centre registry remove UD1234567A --yes --reason 'driver died'",
    "registry list": "autovelox-centre registry list --licence UD1234567A --reason 'enquiry 3/26'",
    "registry acts": "autovelox-centre registry acts UD1234567A",
    "officers add": "autovelox-centre officers add conti --may search,drivers --reason 'new in the office'",
    "officers list": "autovelox-centre officers list",
    "officers end": "autovelox-centre officers end conti --reason 'moved'",
    "registry status": "autovelox-centre registry status",
    "registry rotate-root": "autovelox-centre registry rotate-root",
    "registry rotate-shards": "autovelox-centre registry rotate-shards 0 1 2",
    "demo": "autovelox-centre demo --dir var/fleet",
}
"""Command, or command and action -> an example for its help; a test reads each with the command's own parser."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 2 wrong usage, otherwise the error's own)."""
    os.environ["PYTHONSAFEPATH"] = "1"  # no child imports from the folder it happens to be started in
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        args = _parser(with_demo=bool({"demo", "--help", "-h"} & set(words))).parse_args(words)
        return int(args.run(args))
    except EdgeError as error:
        say(f"autovelox-centre: {error}", to=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def whole_parser() -> argparse.ArgumentParser:
    """The parser with all commands, for what is made of it: documentation, man pages, completions."""
    return _parser(with_demo=True)


def _parser(*, with_demo: bool) -> argparse.ArgumentParser:
    try:
        from centre.commands import cases, fleet, heads, officers, orders, registry, units
    except ModuleNotFoundError as error:  # a unit's installation has the command and not what it needs
        raise CentreError(
            f"the package {error.name} of the centre is not installed",
            "make install in the checkout, or, for a server, docs/centre.md",
        ) from None

    parser: argparse.ArgumentParser = Parser(prog="autovelox-centre", description="The headquarters of many units.")
    add_version(parser)
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    run = subparsers.add_parser("run", help="run the centre", description="Run the centre until SIGTERM.")
    run.add_argument("--check", action="store_true", help="check the configuration and stop")
    run.set_defaults(run=_run)
    opening = subparsers.add_parser(
        "opening",
        help="run the opening service",
        description="Run the service that opens packets for units that hold no keys, until SIGTERM.",
    )
    opening.set_defaults(run=_opening)
    fleet.add_commands(subparsers)
    units.add_commands(subparsers)
    cases.add_commands(subparsers)
    orders.add_commands(subparsers)
    heads.add_commands(subparsers)
    registry.add_commands(subparsers)
    officers.add_commands(subparsers)
    if with_demo:  # it brings the unit's demo with it
        from centre.demo import fleet as demo

        demo.add_commands(subparsers)
    complete_help(subparsers, EXAMPLES)
    return parser


def _run(args: argparse.Namespace) -> int:
    settings = load(args.config)
    from centre.service import check, run

    if args.check:
        check(settings)
        say(f"{args.config} is valid")
        return 0
    return run(settings)


def _opening(args: argparse.Namespace) -> int:
    settings = load(args.config)
    from centre.opening import run

    return run(settings)
