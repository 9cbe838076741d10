"""``autovelox authority``: the authority's key, and its word for units and chips (certificates of version 2)."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any, Final

from edge.config import Settings
from edge.configured import add_config, configuration, given
from edge.crypto import (
    AUTHORITY_FORMAT,
    KEY_BYTES,
    Ed25519Key,
    Position,
    UnitCertificate,
    certify_chip,
    read_key,
    write_key,
)
from edge.errors import LinkError
from edge.link.certificate import DAY_S
from edge.link.identity import KEY_NAME as UNIT_KEY_NAME
from edge.terminal import say

KEY_NAME: Final = "the authority's key"
REQUEST_FORMAT: Final = "autovelox-unit-request/2"
MAX_BYTES: Final = 4096
_DAYS: Final = 365


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``authority init|request|certify|certify-chip`` to the command line."""
    parser = subparsers.add_parser(
        "authority",
        help="certify units, which cars then answer, and chips",
        description="Certify units and chips.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    init = _add(actions, "init", _init, "make the authority's key, away from all units, and its public half for cars")
    init.add_argument("--key", required=True, type=Path, metavar="FILE", help="where to write the key")
    init.add_argument("--out", required=True, type=Path, metavar="FILE", help="where to write the public half")
    request = _add(
        actions, "request", _request, "on the unit: make its key if there is none, and ask for a certificate"
    )
    add_config(request)
    request.add_argument("--key", required=True, type=Path, metavar="FILE", help="[link] unit_key_file")
    request.add_argument("--out", required=True, type=Path, metavar="FILE", help="where to write the request")
    certify = _add(actions, "certify", _certify, "certify what a unit's request says; read it first")
    certify.add_argument("request", type=Path, metavar="REQUEST")
    certify.add_argument("--out", required=True, type=Path, metavar="FILE", help="[link] unit_certificate")
    chip = _add(actions, "certify-chip", _certify_chip, "certify the signing key in a chip's request, for its licence")
    chip.add_argument("request", type=Path, metavar="REQUEST", help="what autovelox chip request wrote; read it first")
    chip.add_argument("--out", required=True, type=Path, metavar="FILE", help="for autovelox registry certify")
    for action in (certify, chip):
        action.add_argument("--key", required=True, type=Path, metavar="FILE", help="the authority's key")
        action.add_argument("--days", type=int, default=_DAYS, help="how long it is valid (default: %(default)s)")


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: object, what: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.set_defaults(run=run)
    return parser


def _init(args: argparse.Namespace) -> int:
    seed = secrets.token_bytes(KEY_BYTES)
    write_key(args.key, seed, KEY_NAME)
    document = {"format": AUTHORITY_FORMAT, "key": Ed25519Key(seed).public_key.hex()}
    write_public(args.out, _text(document), "the public key")
    say(f"the key is {args.key}: keep it where no unit is", f"the public half is {args.out}: cars have it")
    return 0


def _request(args: argparse.Namespace) -> int:
    settings = configuration(args, required=True).settings
    if not args.key.exists():
        write_key(args.key, secrets.token_bytes(KEY_BYTES), UNIT_KEY_NAME)
    document = unit_request(settings, Ed25519Key(read_key(args.key, UNIT_KEY_NAME)).public_key)
    write_public(args.out, _text(document), "the request")
    say(f"the request is {args.out}: the authority certifies it with autovelox authority certify")
    return 0


def _certify(args: argparse.Namespace) -> int:
    authority = Ed25519Key(read_key(args.key, KEY_NAME))
    until = int(time.time() + args.days * DAY_S)
    certificate = certified(_read(args.request, "the request"), authority, until)
    write_public(args.out, _text(certificate.record()), "the certificate")
    place = "no place" if certificate.position is None else "its place"
    say(f"certified: unit {certificate.unit}, {certificate.site} ({place} is in it), for {args.days} days")
    return 0


def _certify_chip(args: argparse.Namespace) -> int:
    authority = Ed25519Key(read_key(args.key, KEY_NAME))
    request = given(args.request, LinkError, "the request")
    certificate = certify_chip(request, authority, int(time.time() + args.days * DAY_S))
    write_public(args.out, certificate.document(), "the certificate")
    say(f"certified for {args.days} days; enter it with autovelox registry certify {args.out}")
    return 0


def unit_request(settings: Settings, key: bytes) -> dict[str, Any]:
    """What a unit with *settings* and the public *key* (32 bytes) asks the authority to certify, JSON values."""
    site = settings.site
    place = None
    if site.latitude is not None and site.longitude is not None:
        place = list(Position.of_degrees(site.latitude, site.longitude))
    what = {"unit": settings.unit.serial, "key": key.hex(), "site": settings.site_text, "position": place}
    return {"format": REQUEST_FORMAT, **what}


def certified(request: Any, authority: Ed25519Key, valid_until: int) -> UnitCertificate:
    """The certificate of *authority* for a unit's *request*, until *valid_until* (Unix seconds).

    Raises:
        LinkError: this is no request, or a value in it cannot be certified.
    """
    try:
        if request["format"] != REQUEST_FORMAT:
            raise ValueError("of another format")
        unsigned = {**request, "valid_until": valid_until, "signature": "00" * 64}
        return UnitCertificate.of_record(unsigned).signed_by(authority)
    except (ValueError, KeyError, TypeError):
        raise LinkError(
            "the request cannot be certified",
            "give the unit a serial number of A-Z a-z 0-9 . _ - (at most 32), and a site of at most 120 characters",
        ) from None


def write_public(path: Path, content: bytes, what: str) -> None:
    """Write *content*, which is no secret, to a new file.

    Raises:
        LinkError: the file exists already or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise LinkError(f"{what} {path} exists already", "move it away, nothing is overwritten") from None
    except OSError as error:
        raise LinkError(f"{what} {path} cannot be written ({error.strerror})", "check its folder") from None


def _read(path: Path, what: str) -> Any:
    try:
        with path.open("rb") as file:
            return json.loads(file.read(MAX_BYTES))
    except OSError as error:
        raise LinkError(f"{what} {path} cannot be read ({error.strerror})", "check its name") from None
    except (ValueError, RecursionError):
        return None


def _text(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
