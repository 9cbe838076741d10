"""What every command's help says besides its options, a description and an example; and what a slip is told."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NoReturn

from edge.terminal.say import say

_WRONG = re.compile(r"(?P<where>.*)invalid choice: '(?P<given>[^']*)' \(choose from (?P<choices>.*)\)", re.DOTALL)
_MISSING = re.compile(r"the following arguments are required: (?:COMMAND|ACTION)")
_NO_NUMBER = re.compile(r"(?P<where>.*)invalid (?:int|float) value: (?P<given>.*)", re.DOTALL)


MOST = 999_999_999
"""The highest number of a case, an entry or a request that can be asked for."""


def to_number(text: str) -> int:
    """Return the number of a case, an entry or a request; what argparse calls for one.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    if len(text) > len(str(MOST)) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and {MOST}")
    return int(text)


def to_date(text: str) -> date:
    """Return a day of this century; what argparse calls for one.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write it as 2026-11-03") from None
    if not 2000 <= day.year < 2100:
        raise argparse.ArgumentTypeError(f"{text} is not between 2000 and 2099")
    return day


class Parser(argparse.ArgumentParser):
    """A parser whose errors say what was meant, or what to do; the parsers of its commands are like it."""

    def error(self, message: str) -> NoReturn:
        """Print *message*, with a remedy where there is one, and exit with 2."""
        super().error(self._with_remedy(message))

    def _with_remedy(self, message: str) -> str:
        if _MISSING.fullmatch(message):
            return f"say what to do: {self.prog} --help lists it"
        if found := _NO_NUMBER.fullmatch(message):
            return f"{found['where']}{found['given']} is no number"
        if (found := _WRONG.fullmatch(message)) is None:
            return message
        choices = [choice.strip(" '") for choice in found["choices"].split(",")]
        near = difflib.get_close_matches(found["given"], choices, n=1)
        meant = f"did you mean {near[0]}?" if near else f"choose from {', '.join(choices)}"
        return f"{found['where']}there is no {found['given']!r}: {meant}"


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add ``--version`` to the command line."""
    parser.add_argument("--version", action=_Version, help="show program's version number and exit")


class _Version(argparse._VersionAction):  # shells' completions know it by its class
    """Says the version; reading it off the installation is left to who asks."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        """Say the version and exit."""
        from importlib.metadata import version

        say(f"{parser.prog} {version('autovelox')}")
        parser.exit()


def complete_help(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], examples: Mapping[str, str], before: str = ""
) -> None:
    """Give every parser below *actions* its example, and its summary as description where it has none of its own.

    Args:
        actions: the commands of a parser.
        examples: command, or command and action -> an example; one with actions shows that of its first action.
        before: the words that lead to *actions*, without the program's name.
    """
    summaries = {each.dest: each.help or "" for each in actions._choices_actions}
    for name, parser in actions.choices.items():
        full = f"{before} {name}".strip()
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                complete_help(action, examples, full)
        of_an_action = (text for key, text in examples.items() if key.startswith(f"{full} "))
        example = examples.get(full) or next(of_an_action, examples.get(before))
        parser.epilog = f"example: {example}" if example else None
        if not parser.description and (summary := summaries.get(name)):
            parser.description = f"{summary[0].upper()}{summary[1:]}."
