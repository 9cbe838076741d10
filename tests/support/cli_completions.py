"""Completions for bash, zsh and fish from the parsers."""

from __future__ import annotations

import argparse
from pathlib import Path

import shtab

import centre.cli
import edge.cli
from tests.support.cli_page import leaves

COMPLETIONS = Path(__file__).resolve().parents[2] / "systemd" / "completions"
FOLDERS = ("DIR", "FOLDER")
NAMES = {"bash": "{}", "zsh": "_{}", "fish": "{}.fish"}
"""Shell -> the name of a program's file in the shell's own folder."""


def completions() -> dict[str, str]:
    """File, as ``bash/autovelox``, -> its text."""
    made = {}
    for parser in (edge.cli.whole_parser(), centre.cli.whole_parser()):
        _mark(parser)
        for shell, name in NAMES.items():
            made[f"{shell}/{name.format(parser.prog)}"] = shtab.complete(parser, shell)
    return made


def _mark(parser: argparse.ArgumentParser) -> None:
    """Say of every option that takes a path whether it is a file or a folder."""
    for each in (parser, *(leaf for _, leaf in leaves(parser))):
        for action in each._actions:
            if action.type is Path:
                is_folder = action.metavar in FOLDERS
                action.complete = shtab.DIRECTORY if is_folder else shtab.FILE  # type: ignore[attr-defined]
