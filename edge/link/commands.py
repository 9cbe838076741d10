"""``autovelox car``: the link on the command line."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from edge.crypto import load_chip
from edge.terminal import say


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``car`` to the command line."""
    parser = subparsers.add_parser(
        "car", help="drive by: tell a unit who drives which car", description="Deliver one packet, as a car does."
    )
    parser.add_argument("--url", required=True, help="the unit, for example https://unit.example:8443")
    parser.add_argument("--chip", required=True, type=Path, help="the chip file that autovelox registry enrol wrote")
    parser.add_argument("--plate", required=True, help="the car's plate, for example AB123CD")
    parser.add_argument("--attempts", type=int, default=5, help="how often to try (default 5)")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="seconds an attempt may take")
    parser.add_argument("--ca", type=Path, help="certificate to trust (PEM) instead of the system's")
    parser.set_defaults(run=_car)


def _car(args: argparse.Namespace) -> int:
    """Deliver one packet; return the exit code."""
    from edge.link.car import deliver  # aiohttp and python-socketio are loaded only for this command

    asyncio.run(
        deliver(
            args.url,
            load_chip(args.chip),
            args.plate,
            attempts=max(1, args.attempts),
            timeout_s=args.timeout,
            ca_file=args.ca,
        )
    )
    say("accepted")
    return 0
