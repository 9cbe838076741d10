"""``autovelox``: every command of the unit, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ConfigError, EdgeError, SecretError
from edge.terminal import say

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 2 wrong usage, otherwise the error's own)."""
    words = sys.argv[1:] if argv is None else list(argv)
    keep_imports_safe()
    args = _parser(words).parse_args(words)
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
    parser = argparse.ArgumentParser(prog="autovelox", description="A roadside speed camera that says who drove.")
    parser.add_argument("--version", action="version", version=f"autovelox {version('autovelox')}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    asked = words[0] if words else ""
    if asked in COMMANDS:
        importlib.import_module(COMMANDS[asked][0]).add_commands(subparsers)
        return parser
    if asked and not asked.startswith("-"):
        near = difflib.get_close_matches(asked, COMMANDS, n=1)
        meant = f"did you mean {near[0]}?" if near else "autovelox --help lists the commands"
        parser.error(f"there is no command {asked}: {meant}")
    for name, (_, summary) in COMMANDS.items():
        subparsers.add_parser(name, help=summary)
    return parser


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run`` to the command line."""
    from edge.config import DEFAULT_CONFIG

    parser = subparsers.add_parser(
        "run",
        help=COMMANDS["run"][1],
        description="Run the unit until SIGTERM.",
        epilog="example: autovelox run --config /etc/autovelox/autovelox.toml",
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")
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
    from edge.config import expired, load, require_answers

    settings = load(args.config)
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
