"""Writes docs/cli.md from the parsers: ``make cli-page``. A test compares the page with them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from edge import errors
from edge.cli import COMMANDS, whole_parser

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
HEAD = """\
# The command line

`make cli-page` writes this page from the parsers; do not edit it. `autovelox COMMAND --help` says the same.

**Which configuration.** `--config FILE`; for a `--state-dir`, the `autovelox.toml` beside it that names it; else
`/etc/autovelox/autovelox.toml`, if it is there; else the defaults. Every command that works by one says which, on
standard error, unless it prints JSON. `run`, `centre`, and `authority request` need a file.

**Output.** What was asked for goes to standard output; the rest, progress and errors to standard error. Progress is
shown on a terminal alone, of work above a second. Control characters in foreign text are shown, never obeyed. An error
is one line: `autovelox: what is wrong: what to do`.
"""


def leaves(
    parser: argparse.ArgumentParser, name: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every command that can be run, with its parser."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield name, parser
    for action in inner:
        for word, each in action.choices.items():
            yield from leaves(each, (*name, word))


def exit_codes() -> Iterator[tuple[int, str]]:
    """The exit codes, and what each says: the first line of its error's docstring."""
    yield 0, "Done."
    yield 1, "`demo`, `doctor`, `read`: it ran, and something was wrong or missing."
    yield 2, "The command line is wrong."
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.EdgeError)}
    for kind in sorted(kinds, key=lambda kind: kind.exit_code):
        if "exit_code" in vars(kind) and kind is not errors.EdgeError:
            yield kind.exit_code, (kind.__doc__ or "").partition("\n")[0]
    yield 130, "Interrupted (Ctrl+C)."


def page() -> str:
    """The page."""
    lines = [HEAD, "## Exit codes", "", "| code | meaning |", "|---:|---|"]
    lines += [f"| {code} | {says} |" for code, says in exit_codes()]
    lines += ["", "## Commands", "", "| command | what it does |", "|---|---|"]
    lines += [f"| [`autovelox {name}`](#autovelox-{name}) | {says} |" for name, (_, says) in COMMANDS.items()]
    last = ""
    for name, parser in leaves(whole_parser()):
        if name[0] != last:
            last = name[0]
            lines += ["", f"## autovelox {last}"]
        lines += list(_command(name, parser))
    return "\n".join(lines) + "\n"


def _command(name: tuple[str, ...], parser: argparse.ArgumentParser) -> Iterator[str]:
    if len(name) > 1:
        yield from ("", f"### autovelox {' '.join(name)}")
    yield from ("", parser.description or COMMANDS[name[0]][1], "", "```sh")
    yield from ((parser.epilog or "").removeprefix("example: "), "```", "")
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction):
            yield f"- {_option(action)}"


def _option(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else _value(action)
    written = ", ".join(f"`{option} {value}`".replace(" `", "`") for option in action.option_strings) or f"`{value}`"
    text = (action.help or "") % {**vars(action), "prog": "autovelox"}
    needed = " (needed)" if action.option_strings and action.required else ""
    return f"{written}{needed}{': ' if text else ''}{text}"


def _value(action: argparse.Action) -> str:
    if action.choices:
        choices = "|".join(map(str, action.choices))
        return f"[{choices}]" if action.nargs == "?" else choices
    metavar = action.metavar if isinstance(action.metavar, str) else None
    name = metavar or (action.dest.upper() if action.option_strings else action.dest)
    return {"+": f"{name} ...", "*": f"[{name} ...]", "?": f"[{name}]"}.get(str(action.nargs), name)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
