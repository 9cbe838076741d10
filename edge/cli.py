"""``autovelox``: every command of the unit, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from edge.config import Settings, load
from edge.errors import EdgeError, SecretError
from edge.terminal import say

PROVIDERS = {
    "car": "edge.link.commands",
    "registry": "edge.registry.commands",
    "cases": "edge.cases.commands",
    "backup": "edge.cases.commands",
    "restore": "edge.cases.commands",
    "view": "edge.viewer.commands",
    "read": "edge.vision.commands",
    "doctor": "edge.doctor",
    "demo": "edge.demo.commands",
}
"""Command -> module with ``add_commands``; only what is asked for is imported, so that every command starts fast."""

DEFAULT_CONFIG = Path("/etc/autovelox/autovelox.toml")


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


def _check_certificate(settings: Settings) -> None:
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
    parser = argparse.ArgumentParser(prog="autovelox", description="A roadside speed camera that says who drove.")
    parser.add_argument("--version", action="version", version=f"autovelox {version('autovelox')}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_run(subparsers)
    asked = words[0] if words else ""
    if asked != "run":
        for module in [PROVIDERS[asked]] if asked in PROVIDERS else dict.fromkeys(PROVIDERS.values()):
            importlib.import_module(module).add_commands(subparsers)
    return parser


def _add_run(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "run",
        help="run the unit",
        description="Run the unit until SIGTERM.",
        epilog="example: autovelox run --config /etc/autovelox/autovelox.toml",
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")
    parser.add_argument("--check", action="store_true", help="check the configuration, print it and stop")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    settings = load(args.config)
    if args.check:
        say(*settings.printable().split("\n"))
        _check_certificate(settings)
        return 0
    from edge.daemon.main import run

    return run(settings)
