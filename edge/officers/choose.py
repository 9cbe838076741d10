"""Which cases a command line means: those of the unit's service, or a store of one's own account."""

from __future__ import annotations

import argparse
import os
import stat
from pathlib import Path

from edge.cases import Signer, load_signer
from edge.config import Settings
from edge.configured import add_config, configuration
from edge.delivery import ordered
from edge.errors import CaseError, SecretError
from edge.officers.accounts import own_account
from edge.officers.client import ServiceDesk
from edge.officers.desk import Desk
from edge.officers.language import configuration_line
from edge.officers.office import Office
from edge.officers.own import OwnDesk


def add_where(parser: argparse.ArgumentParser) -> None:
    """Add the options that :func:`open_desk` reads."""
    add_config(parser)
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
        settings = configuration(args, says=configuration_line).settings
        key_file = args.signing_key or settings.cases.signing_key_file
        needed = args.signing_key is not None or args.config is not None
        return own_desk(args.state_dir, key_file, needed, settings=settings)
    found = configuration(args, says=configuration_line)
    settings = found.settings
    path, state_dir = settings.officers.socket, settings.unit.state_dir
    if (desk := _service(path, state_dir, named=found.path is not None)) is not None:
        return desk
    if _owns(state_dir):
        key_file = args.signing_key or settings.cases.signing_key_file
        return own_desk(state_dir, key_file, needed=args.signing_key is not None, settings=settings)
    raise CaseError(
        f"the officers' service does not answer at {path}",
        "let the operator start autovelox-officers; cases of your own account, such as the demo's: --state-dir FOLDER",
    )


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


def own_desk(state_dir: Path, key_file: Path, needed: bool, settings: Settings | None = None) -> Desk:
    """A desk on the store in *state_dir*, as this process's account, by the rules and in the language of *settings*.

    Without a readable key it can list and verify only; one that is *needed* must be readable.

    Raises:
        CaseError: the folder does not exist, or belongs to another account.
        SecretError: the key cannot be used.
    """
    if not _owns(state_dir):
        # Path.is_dir raises where this account may not look.
        if not os.path.isdir(state_dir) and os.access(state_dir.absolute().parent, os.X_OK):  # noqa: PTH112
            wrong = f"{state_dir} is no folder" if os.path.lexists(state_dir) else f"there is no folder {state_dir}"
            raise CaseError(wrong, "name the unit's state folder with --state-dir")
        raise CaseError(
            f"the cases in {state_dir} belong to another account", "ask the unit's service: leave --state-dir out"
        )
    try:
        signer: Signer | None = load_signer(key_file)
    except SecretError:
        if needed:
            raise
        signer = None
    settings = ordered(settings or Settings()).settings
    office = Office(
        state_dir,
        signer,
        settings.review,
        language=settings.unit.language,
        models=settings.recognition.models_dir,
    )
    return OwnDesk(office, own_account())


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
