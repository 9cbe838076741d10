"""``autovelox car`` and ``autovelox chip``: what a car and its driver's chip do, on the command line."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.crypto import (
    URI_EXAMPLE,
    Chip,
    ChipKey,
    Position,
    check_request,
    generate_private_key,
    is_token_uri,
    load_chip,
    load_chip_key,
    make_request,
    open_token,
    read_authority,
    read_token_uri,
    save_chip_key,
)
from edge.errors import LinkError, SecretError
from edge.link.authority import write_public
from edge.terminal import say


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``car`` and ``chip request|store`` to the command line."""
    parser = subparsers.add_parser(
        "car", help="drive by: tell a unit who drives which car", description="Deliver one packet, as a car does."
    )
    parser.add_argument("--url", required=True, help="the unit, for example https://unit.example:8443")
    parser.add_argument(
        "--chip",
        required=True,
        metavar="FILE|URI",
        help="the chip file that autovelox registry enrol wrote, or a token, pkcs11:..., which signs: version 2",
    )
    parser.add_argument("--plate", required=True, help="the car's plate, for example AB123CD")
    parser.add_argument("--attempts", type=int, default=5, help="how often to try (default 5)")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="seconds an attempt may take")
    parser.add_argument("--ca", type=Path, help="certificate to trust (PEM) instead of the system's")
    parser.add_argument(
        "--signing-key",
        type=Path,
        metavar="FILE",
        help="the signing key of a chip file: speak version 2, needs --authority",
    )
    parser.add_argument(
        "--authority", type=Path, metavar="FILE", help="public key of the authority whose units get an answer"
    )
    parser.add_argument(
        "--position", metavar="LAT,LON", help="where the car is, in degrees: no unit far from there gets an answer"
    )
    parser.set_defaults(run=_car)
    chip = subparsers.add_parser("chip", help="the signing key of a driver's chip", description="Prepare a chip.")
    actions = chip.add_subparsers(metavar="ACTION", required=True)
    what = "make a signing key, and the request with which autovelox registry enrol enters it"
    request = actions.add_parser("request", help=what, description=what[0].upper() + what[1:] + ".")
    request.add_argument("--licence", required=True, help="the licence number of its driver")
    where = request.add_mutually_exclusive_group(required=True)
    where.add_argument("--signing-key", type=Path, metavar="FILE", help="where to write the key")
    where.add_argument("--token", metavar="URI", help=f"the token to make it in: {URI_EXAMPLE}")
    request.add_argument("--out", required=True, type=Path, metavar="FILE", help="where to write the request")
    request.set_defaults(run=_request)
    what = "keep in a token what autovelox registry enrol wrote: then a car needs the token alone"
    store = actions.add_parser("store", help=what, description=what[0].upper() + what[1:] + ".")
    store.add_argument("chip", type=Path, metavar="CHIP", help="the chip file")
    store.add_argument("--token", required=True, metavar="URI", help="the token in which autovelox chip request ran")
    store.set_defaults(run=_store)


def _car(args: argparse.Namespace) -> int:
    """Deliver one packet; return the exit code."""
    from edge.link.answering import Signing
    from edge.link.car import deliver  # aiohttp and python-socketio are loaded only for this command

    with _chip_of(args) as (chip, key):
        signing = None
        if key is not None:
            if args.authority is None:
                raise LinkError("whose units shall get an answer?", "give --authority with the authority's public key")
            signing = Signing(key, read_authority(args.authority), _position(args.position))
        elif args.authority is not None or args.position is not None:
            raise LinkError(
                "version 1 proves nothing of a unit", "give --signing-key, or leave --authority and --position"
            )
        counts_s = asyncio.run(
            deliver(
                args.url,
                chip,
                args.plate,
                signing=signing,
                attempts=max(1, args.attempts),
                timeout_s=args.timeout,
                ca_file=args.ca,
            )
        )
    say("accepted" if counts_s is None else f"accepted, and counts for the next {counts_s} s")
    return 0


@contextmanager
def _chip_of(args: argparse.Namespace) -> Iterator[tuple[Chip, ChipKey | None]]:
    """The chip in a file or a token, and what signs for it."""
    if is_token_uri(args.chip):
        if args.signing_key is not None:
            raise LinkError("a token signs with the key in it", "leave --signing-key")
        with open_token(read_token_uri(args.chip)) as token:
            yield token.chip(), token
    else:
        yield (
            load_chip(Path(args.chip)),
            None if args.signing_key is None else load_chip_key(args.signing_key),
        )


def _position(text: str | None) -> Position | None:
    if text is None:
        return None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            raise ValueError("beyond the poles")
    except ValueError:
        raise LinkError("that is no position", "write it in degrees, as in 46.0625,13.2345") from None
    return Position.of_degrees(latitude, longitude)


def _request(args: argparse.Namespace) -> int:
    """Make a signing key and its request; return the exit code."""
    if args.token is not None:
        return _request_of_token(args)
    key = save_chip_key(args.signing_key, generate_private_key())
    try:
        write_public(args.out, make_request(key, args.licence), "the request")
    except (LinkError, SecretError):  # without its request the key is of no use
        args.signing_key.unlink()
        raise
    say(
        f"the signing key is {args.signing_key}: it never leaves the chip, and a copy of it is found out",
        f"the request is {args.out}: autovelox registry enrol --request {args.out} ...",
    )
    return 0


def _request_of_token(args: argparse.Namespace) -> int:
    with open_token(read_token_uri(args.token)) as token:
        if not token.has_key:  # a request that could not be written is made again
            token.make_key()
        request = make_request(token, args.licence)
    check_request(request, args.licence)
    write_public(args.out, request, "the request")
    say(
        "the signing key was made in the token, and never leaves it",
        f"the request is {args.out}: autovelox registry enrol --request {args.out} ..., then autovelox chip store",
    )
    return 0


def _store(args: argparse.Namespace) -> int:
    """Keep a chip file's contents in a token; return the exit code."""
    chip = load_chip(args.chip)
    with open_token(read_token_uri(args.token)) as token:
        token.store(chip)
    say(f"the token has it: delete {args.chip}, and use autovelox car --chip pkcs11:...")
    return 0
