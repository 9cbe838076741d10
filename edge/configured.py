"""What a command line names: the configuration, by one rule for all commands, and other files.

``--config`` if it is given; for a state folder that is named, the configuration beside it that names it, as a demo has
one; else the file in /etc, if there is one; else the defaults. The command says which, on standard error, unless its
output is JSON.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.config import DEFAULT_CONFIG, Settings, load
from edge.errors import ConfigError, EdgeError, why
from edge.terminal import say

BESIDE = "autovelox.toml"
"""A configuration beside the state folder that it names."""
HELP = f"the unit's configuration (default: {DEFAULT_CONFIG}, if it is there)"


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings, and the file that they come from; None for the defaults."""

    settings: Settings
    path: Path | None


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``, which :func:`configuration` reads."""
    parser.add_argument("--config", type=Path, metavar="FILE", help=HELP)


def told(path: Path | None) -> str:
    """Which configuration counts: the file at *path*, or the defaults."""
    return f"configuration: {path or f'the defaults, there is no {DEFAULT_CONFIG}'}"


def configuration(
    args: argparse.Namespace, *, required: bool = False, says: Callable[[Path | None], str] = told
) -> Configuration:
    """The configuration that the command line *args* means; it is read, and told, once.

    *required*: the command means nothing without a file. *says*: words it, for a command that has other languages.

    Raises:
        ConfigError: the file cannot be read, is wrong, or is required and not there.
    """
    known = vars(args).get("configuration")
    if isinstance(known, Configuration):
        return known
    found = _chosen(args.config, vars(args).get("state_dir"), DEFAULT_CONFIG, required)
    args.configuration = found
    if not vars(args).get("json"):
        say(says(found.path), to=sys.stderr)
    return found


def given(path: Path, error: type[EdgeError], what: str = "") -> bytes:
    """The content of the file at *path*, which the command line names.

    Args:
        path: the file.
        error: what is raised, the error of the command's own room.
        what: what the file is to be, with its article; empty where the path says enough.

    Raises:
        EdgeError: of the kind *error*: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as failure:
        remedy = {
            FileNotFoundError: "check its name",
            IsADirectoryError: "name a file",
            PermissionError: "check its permissions",
        }.get(type(failure), "check its name and the disk")
        raise error(f"{what} {path} cannot be read ({why(failure)})".lstrip(), remedy) from None


def _chosen(named: Path | None, state_dir: Path | None, default: Path, required: bool) -> Configuration:
    if named is not None:
        return Configuration(load(named), named)
    if state_dir is not None and (beside := _beside(state_dir)) is not None:
        return beside
    if required or _is_there(default):
        return Configuration(load(default), default)
    return Configuration(Settings(), None)


def _beside(state_dir: Path) -> Configuration | None:
    folder = state_dir.absolute()
    path = folder.parent / BESIDE
    try:
        settings = load(path)
        is_its_own = settings.unit.state_dir.resolve() == folder.resolve()
    except (ConfigError, OSError):
        return None
    return Configuration(settings, path) if is_its_own else None


def _is_there(path: Path) -> bool:
    """Whether *path* exists, or this account may not know: reading it then says why not."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
