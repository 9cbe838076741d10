"""Which cases a command line means: those of the unit's service, or a store of one's own account."""

from __future__ import annotations

import argparse
import os
import stat
from pathlib import Path

from edge.cases.evidence import Signer, load_signer
from edge.config import CaseSettings, Settings, load
from edge.errors import CaseError, ConfigError, SecretError
from edge.officers.accounts import own_account
from edge.officers.client import ServiceDesk
from edge.officers.desk import Desk
from edge.officers.office import Office
from edge.officers.own import OwnDesk

CONFIG_BESIDE = "autovelox.toml"
"""A configuration beside the state folder that it names, as a demo has it."""


def add_where(parser: argparse.ArgumentParser) -> None:
    """Add the options that :func:`open_desk` reads."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the unit's configuration; says where its service answers"
    )
    parser.add_argument(
        "--state-dir", type=Path, metavar="FOLDER", help="a state folder of your own account, without the service"
    )
    parser.add_argument(
        "--signing-key",
        type=Path,
        metavar="FILE",
        help="the signing key of that folder, instead of the configuration's",
    )


def open_desk(args: argparse.Namespace) -> Desk:
    """The desk that the options of :func:`add_where` mean.

    With ``--state-dir`` a store of one's own account. Without it the unit's service; where none answers, root and the
    unit's own account get the store itself.

    Raises:
        CaseError: nobody answers, or this account may not see the cases.
        ConfigError, SecretError: the configuration or the key cannot be used.
    """
    if args.state_dir is not None:
        return own_desk(args.state_dir, _key_file(args))
    settings = load(args.config) if args.config is not None else Settings()
    path, state_dir = settings.officers.socket, settings.unit.state_dir
    if (desk := _service(path, state_dir, named=args.config is not None)) is not None:
        return desk
    if _owns(state_dir):
        return own_desk(state_dir, args.signing_key or settings.cases.signing_key_file)
    raise CaseError(f"the officers' service does not answer at {path}", "let the operator start autovelox-officers")


def _service(path: Path, state_dir: Path, *, named: bool) -> ServiceDesk | None:
    """The service at *path*; None if nobody answers there and this account may do without.

    *named*: a configuration names *state_dir*, and a service of other cases is none.
    """
    if not _is_socket(path):
        return None
    try:
        desk = ServiceDesk(path)
    except CaseError:
        if _owns(state_dir):
            return None
        raise
    if not named or desk.state_dir == state_dir.resolve():
        return desk
    desk.close()
    return None


def own_desk(state_dir: Path, key_file: Path) -> Desk:
    """A desk on the store in *state_dir*, as this process's account; without a key it can list and verify only.

    Raises:
        CaseError: the folder does not exist, or belongs to another account.
    """
    if not state_dir.is_dir():
        raise CaseError(f"there is no folder {state_dir}", "name the unit's state folder with --state-dir")
    if not _owns(state_dir):
        raise CaseError(
            f"the cases in {state_dir} belong to another account", "ask the unit's service: leave --state-dir out"
        )
    return OwnDesk(Office(state_dir, _signer(key_file)), own_account())


def _signer(key_file: Path) -> Signer | None:
    try:
        return load_signer(key_file)
    except SecretError:
        if key_file.exists():
            raise
        return None


def _key_file(args: argparse.Namespace) -> Path:
    """The key that was named, or that the configuration names: the one that was named, or the one beside the folder."""
    if args.signing_key is not None:
        return Path(args.signing_key)
    if args.config is not None:
        return load(args.config).cases.signing_key_file
    beside = Path(args.state_dir).resolve().parent / CONFIG_BESIDE
    try:
        settings = load(beside) if beside.is_file() else None
    except ConfigError:
        settings = None
    if settings is not None and settings.unit.state_dir.resolve() == Path(args.state_dir).resolve():
        return settings.cases.signing_key_file
    return CaseSettings().signing_key_file


def _owns(folder: Path) -> bool:
    """Whether the folder exists, and this account is its owner or root."""
    try:
        return folder.is_dir() and os.geteuid() in (0, folder.stat().st_uid)
    except OSError:
        return False


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except PermissionError:
        raise CaseError(
            "this account may not see the unit's cases", "let the operator add it to the unit's group, log in again"
        ) from None
    except OSError:
        return False
