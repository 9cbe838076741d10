"""``autovelox``: every command of the unit, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.errors import ConfigError, EdgeError, SecretError
from edge.terminal import Parser, add_version, complete_help, say

if TYPE_CHECKING:
    from edge.config import Settings

COMMANDS = {
    "run": ("edge.cli", "run the unit"),
    "officers": (
        "edge.officers.commands",
        "answer officers' programs (the viewer, `autovelox cases`) at a Unix socket",
    ),
    "car": ("edge.link.commands", "drive by: tell a unit who drives which car"),
    "chip": ("edge.link.commands", "the signing key of a driver's chip"),
    "authority": ("edge.link.authority", "certify units, which cars then answer, and chips"),
    "registry": ("edge.registry.commands", "the police registry: drivers, chips, keys"),
    "cases": ("edge.officers.commands", "list, show, export, verify, review cases"),
    "backup": (
        "edge.cases.commands",
        "copy all cases to a new folder, or to a dated one in an existing folder, and verify the copy",
    ),
    "restore": ("edge.cases.commands", "make the state folder from a backup"),
    "centre": ("edge.delivery.commands", "join a headquarters, and say what it has of this unit"),
    "view": ("edge.viewer.commands", "look at the cases and judge them, in a window"),
    "read": ("edge.vision.commands", "find and read the plates of photos"),
    "doctor": ("edge.doctor", "say what this machine has and lacks, each with the remedy"),
    "camera": ("edge.doctor.camera", "measure the lens of the unit's camera"),
    "demo": ("edge.demo.commands", "play recorded infringements and print who drove"),
    "play": ("edge.demo.play", "play a video of your own to a unit, and print what it makes of it"),
}
"""Command -> the module with its ``add_commands``, and its line in the help.

Only what is asked for is imported, so that every command, and the help, starts fast.
"""

EXAMPLES = {
    "run": "autovelox run --check",
    "officers": "autovelox officers --config /etc/autovelox/autovelox.toml",
    "car": "autovelox car --url https://unit.example:8443 --chip anna.chip --plate AB123CD",
    "chip request": "autovelox chip request --licence UD1234567A --signing-key chip.key --out request.json",
    "chip store": "autovelox chip store anna.chip --token "
    "'pkcs11:token=anna?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/anna.pin'",
    "authority init": "autovelox authority init --key authority.key --out authority.json",
    "authority request": "autovelox authority request --key /etc/autovelox/unit.key --out request.json",
    "authority certify": "autovelox authority certify request.json --key authority.key --out unit.json",
    "authority certify-chip": "autovelox authority certify-chip chip-request.json --key authority.key --out chip.json",
    "registry init": "sudo autovelox registry init",
    "registry enrol": "sudo autovelox registry enrol --licence UD1234567A --first-name Anna --last-name Rossi "
    '--birth-date 1980-12-31 --birth-place Udine --categories "A B" --issuing-office MIT-UCO '
    "--issued-on 2020-01-01 --expires-on 2030-01-01 --portrait anna.jpg --plate IT:AB123CD --chip anna.chip",
    "registry list": "sudo autovelox registry list --json",
    "registry check": "sudo autovelox registry check",
    "registry replace": "sudo autovelox registry replace UD1234567A --chip new.chip --reason 'lost, report 12/26'",
    "registry revoke": "sudo autovelox registry revoke UD1234567A --reason 'stolen, report 13/26'",
    "registry remove": "sudo autovelox registry remove UD1234567A",
    "registry certify": "sudo autovelox registry certify chip.json --authority authority.json",
    "registry reopen": "sudo autovelox registry reopen manifest.json",
    "registry rotate": "sudo autovelox registry rotate",
    "registry migrate": "sudo autovelox registry migrate",
    "cases list": "autovelox cases list --review open --since 2026-11-01 --all",
    "cases show": "autovelox cases show 17",
    "cases export": "autovelox cases export 17 18 --to evidence.zip --redacted --reason 'prosecutor, file 4/26'",
    "cases report": "autovelox cases report 17 --to case-17.pdf --lang it",
    "cases letter": "autovelox cases letter 17 --to letter-17.pdf --lang it",
    "cases stats": "autovelox cases stats --since 2026-11-01 --until 2026-11-30 --plot november.svg",
    "cases review": "autovelox cases review 17 correct_plate --plate AB123CD --reason 'the 8 is a B'",
    "cases hold": "autovelox cases hold 17 --reason 'appeal 31/26'",
    "cases release": "autovelox cases release 17 --reason 'appeal 31/26 is decided'",
    "cases follow-up": "autovelox cases follow-up 17 keeper_asked --reason 'letter of today'",
    "cases ask": "autovelox cases ask purge 17 --reason 'court order 8/26'",
    "cases requests": "autovelox cases requests",
    "cases agree": "autovelox cases agree 41 --reason 'order seen'",
    "cases refuse": "autovelox cases refuse 41 --reason 'wrong case'",
    "cases take": "autovelox cases take 41 --to claims.json",
    "cases verify": "autovelox cases verify evidence.zip --key unit.pem",
    "cases purge": "sudo autovelox cases purge --dry-run",
    "cases bring-back": "sudo autovelox cases bring-back 17 /media/usb/case-17",
    "cases claims": "sudo autovelox cases claims 17 --reason 'court order 9/26' --to claims.json",
    "cases searched": "sudo autovelox cases searched AB123CD",
    "cases init-key": "sudo autovelox cases init-key",
    "cases public-key": "sudo autovelox cases public-key",
    "cases rotate-key": "sudo autovelox cases rotate-key --request 41",
    "backup": "sudo autovelox backup /media/backup",
    "restore": "sudo autovelox restore /media/backup/cases-2026-11-29T030000Z",
    "centre join": "sudo autovelox centre join https://centre.example:8444 ABCDE-FGHIJ",
    "centre opener": "sudo autovelox centre opener",
    "centre signers": "sudo autovelox centre signers",
    "centre status": "sudo autovelox centre status",
    "view": "autovelox view --lang it",
    "read": "autovelox read street.jpg --json",
    "doctor": "autovelox doctor",
    "camera": "autovelox camera calibrate --take 12 --board 9x6",
    "demo": "autovelox demo --view",
    "play": "autovelox play street.mp4 --at 3.2 --speed 66 --car AB123CD",
}
"""Command, or command and action -> an example for its help; a test reads each with the command's own parser."""

BESIDE_THE_CAMERA = frozenset({"view", "cases"})
"""What officers run, on the unit itself: its processor is the camera's first."""
NICENESS = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 2 wrong usage, otherwise the error's own)."""
    words = sys.argv[1:] if argv is None else list(argv)
    keep_imports_safe()
    args = _parser(words).parse_args(words)
    if argv is None and words[0] in BESIDE_THE_CAMERA:  # a program of its own
        with suppress(OSError):
            os.nice(NICENESS)
    try:
        return int(args.run(args))
    except EdgeError as error:
        say(f"autovelox: {error}", to=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _advise_on_certificate(settings: Settings) -> None:
    """Warn of a TLS certificate that cannot be used, ends soon, or makes connections costly."""
    from edge.link.certificate import advice, read_certificate

    if settings.link.tls_certificate is None:
        return
    found: tuple[tuple[str, str], ...]
    try:
        found = advice(read_certificate(settings.link.tls_certificate), time.time())
    except SecretError as error:
        found = ((error.cause, error.remedy),)
    for cause, remedy in found:
        say(f"autovelox: warning: {cause}: {remedy}", to=sys.stderr)


def keep_imports_safe() -> None:
    """Let no process that this one starts import from the folder it happens to be started in.

    multiprocessing starts its fork server and its resource tracker with ``python -c``, and other commands are started
    with ``python -m``: Python puts the working folder before its own library for both, unless this is set.
    """
    os.environ["PYTHONSAFEPATH"] = "1"


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser for *words*: the command's own where they name one, else one that knows all names."""
    parser: argparse.ArgumentParser = Parser(
        prog="autovelox", description="A roadside speed camera that says who drove."
    )
    add_version(parser)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    asked = words[0] if words else ""
    if asked in COMMANDS:
        importlib.import_module(COMMANDS[asked][0]).add_commands(subparsers)
        complete_help(subparsers, EXAMPLES)
        return parser
    if asked and not asked.startswith("-"):
        near = difflib.get_close_matches(asked, COMMANDS, n=1)
        meant = f"did you mean {near[0]}?" if near else "autovelox --help lists the commands"
        parser.error(f"there is no command {asked}: {meant}")
    for name, (_, summary) in COMMANDS.items():
        subparsers.add_parser(name, help=summary)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """The parser with all commands, for what is made of it: documentation, man pages, completions. It imports a lot."""
    parser: argparse.ArgumentParser = Parser(
        prog="autovelox", description="A roadside speed camera that says who drove."
    )
    add_version(parser)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in dict.fromkeys(module for module, _ in COMMANDS.values()):
        importlib.import_module(module).add_commands(subparsers)
    complete_help(subparsers, EXAMPLES)
    return parser


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run`` to the command line."""
    from edge.configured import add_config

    parser = subparsers.add_parser(
        "run",
        help=COMMANDS["run"][1],
        description="Run the unit until SIGTERM.",
    )
    add_config(parser)
    parser.add_argument(
        "--check",
        nargs="?",
        const="all",
        choices=("all", "configuration"),
        help="refuse what a start would refuse (files, keys, registry, cases, models), print the settings and stop; "
        "configuration: look at the configuration file alone",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from edge.config import expired, require_answers
    from edge.configured import configuration

    settings = configuration(args, required=True).settings
    if args.check:
        require_answers(settings)
        if (missing := expired(settings, time.time())) is not None:
            cause, remedy = missing
            raise ConfigError(cause, remedy)
        if args.check == "all":
            from edge.daemon.preflight import preflight, try_models

            preflight(settings)
            try_models(settings)
        say(*settings.printable().split("\n"))
        _advise_on_certificate(settings)
        return 0
    from edge.daemon.memory import wipe_freed_memory

    wipe_freed_memory()
    from edge.daemon.main import run

    return run(settings)
