"""docs/cli.md from the parsers. A test compares the page with them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import centre.cli
import centre.errors
import edge.cli
from edge import errors

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

**Language.** `cases list`, `show`, `ask`, `requests`, `agree` and `refuse` speak the language of `--lang`, else that of
the locale (`LANG=it_IT.UTF-8`), as the viewer does: English or Italian. Papers (`report`, `letter`, `export`) are in
the language of `--lang`, else in that of the locale unless it is English, else in the unit's own. Errors and JSON are
English.

**Manual and completion.** On an installed unit `man autovelox` and `man autovelox cases` say the same, and the tab key
completes commands, options and files in bash, zsh and fish.
"""
CENTRE = """
# The command line of the centre

`autovelox-centre --help` says the same; [centre.md](centre.md) explains what it does. `--config FILE` stands before the
command, and is `/etc/autovelox-centre/autovelox-centre.toml` without it. Every command but `run`, `opening` and `demo`
works on the centre's database, as the account of the service.

| command | what it does |
|---|---|"""


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


def summaries(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Each command of *parser*, with its line in the help."""
    return {
        each.dest: each.help or ""
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for each in action._choices_actions
    }


def exit_codes() -> Iterator[tuple[int, str]]:
    """The exit codes of both programs, and what each says: the first line of its error's docstring."""
    yield 0, "Done."
    yield (
        1,
        "`demo`, `doctor`, `read`, `status`, `cases verify` of the centre: it ran, and something was wrong or missing.",
    )
    yield 2, "The command line is wrong."
    known = (*vars(errors).values(), *vars(centre.errors).values())
    kinds = {kind for kind in known if isinstance(kind, type) and issubclass(kind, errors.EdgeError)}
    for kind in sorted(kinds, key=lambda kind: kind.exit_code):
        if "exit_code" in vars(kind) and kind is not errors.EdgeError:
            yield kind.exit_code, (kind.__doc__ or "").partition("\n")[0]
    yield 130, "Interrupted (Ctrl+C)."


def page() -> str:
    """The page."""
    lines = [HEAD, "## Exit codes", "", "| code | meaning |", "|---:|---|"]
    lines += [f"| {code} | {says} |" for code, says in exit_codes()]
    lines += ["", "## Commands", "", "| command | what it does |", "|---|---|"]
    lines += _program(edge.cli.whole_parser())
    lines += CENTRE.splitlines()
    lines += _program(centre.cli.whole_parser())
    return "\n".join(lines) + "\n"


def _program(parser: argparse.ArgumentParser) -> Iterator[str]:
    prog = parser.prog
    for name, says in summaries(parser).items():
        yield f"| [`{prog} {name}`](#{prog}-{name}) | {says} |"
    last = ""
    for words, each in leaves(parser):
        if words[0] != last:
            last = words[0]
            yield from ("", f"## {prog} {last}")
        yield from _command(prog, words, each)


def _command(prog: str, name: tuple[str, ...], parser: argparse.ArgumentParser) -> Iterator[str]:
    if len(name) > 1:
        yield from ("", f"### {prog} {' '.join(name)}")
    yield from ("", parser.description or "", "", "```sh")
    yield from ((parser.epilog or "").removeprefix("example: "), "```")
    yield from ("",) if options(parser) else ()
    for action in options(parser):
        yield f"- {_option(action)}"


def options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a command takes besides ``--help``."""
    return [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]


def written(action: argparse.Action) -> str:
    """An option with its value, or an argument, as one types it."""
    value = "" if action.nargs == 0 else _value(action)
    return ", ".join(f"{option} {value}".rstrip() for option in action.option_strings) or value


def explained(action: argparse.Action) -> str:
    """What the help says of it, with its default filled in."""
    return (action.help or "") % {**vars(action), "prog": "autovelox"}


def _option(action: argparse.Action) -> str:
    text = explained(action)
    needed = " (needed)" if action.option_strings and action.required else ""
    return f"`{written(action)}`{needed}{': ' if text else ''}{text}"


def _value(action: argparse.Action) -> str:
    if action.choices:
        choices = "|".join(map(str, action.choices))
        return f"[{choices}]" if action.nargs == "?" else choices
    metavar = action.metavar if isinstance(action.metavar, str) else None
    name = metavar or (action.dest.upper() if action.option_strings else action.dest)
    return {"+": f"{name} ...", "*": f"[{name} ...]", "?": f"[{name}]"}.get(str(action.nargs), name)
