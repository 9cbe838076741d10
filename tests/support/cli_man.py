"""The man pages from the parsers: one for each program, and one for each command of the unit.

argparse-manpage does the same, but has no wheel, and the lock takes nothing else.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import centre.cli
import edge.cli
from tests.support.cli_page import exit_codes, explained, leaves, options, summaries, written

MAN = Path(__file__).resolve().parents[2] / "systemd" / "man"
UNIT = """\
Cars answer the camera's challenge with one sealed packet: plate and driver's licence number.
When the radar fires, the unit takes the photo, finds and reads the plate, opens the packets of those seconds,
and names the driver whose claim explains the photo."""
CONFIGURATION = """\
\\-\\-config FILE; for a \\-\\-state\\-dir, the autovelox.toml beside it that names it;
else /etc/autovelox/autovelox.toml, if it is there; else the defaults.
A command says which, unless it prints JSON."""
FILES = {
    "/etc/autovelox/autovelox.toml": "the settings; the file autovelox.example.toml has every one of them",
    "/etc/autovelox/master.key": "opens the registry; root's alone",
    "/etc/autovelox/signing.key": "signs evidence; root's alone",
    "/var/lib/autovelox": "cases, and the registry in a folder of its own",
    "/run/autovelox-officers/officers.sock": "where officers' programs ask",
    "/var/backups/autovelox": "daily copies of the cases",
}
CENTRE = """\
The centre takes in what units record, keeps it in PostgreSQL, and is the witness of their chains.
It holds the registry of the units in its care, and opens their packets."""
CENTRE_FILES = {
    "/etc/autovelox-centre/autovelox-centre.toml": "the settings",
    "/var/lib/autovelox-centre": "its certificate authority, its signing key, and a database of its own",
}


def pages() -> dict[str, str]:
    """File name -> text of every man page."""
    unit, headquarters = edge.cli.whole_parser(), centre.cli.whole_parser()
    names = summaries(unit)
    made = {"autovelox.1": _lines(_unit(names)), "autovelox-centre.8": _lines(_headquarters(headquarters))}
    commands: dict[str, list[tuple[tuple[str, ...], argparse.ArgumentParser]]] = {}
    for words, leaf in leaves(unit):
        commands.setdefault(words[0], []).append((words, leaf))
    return made | {f"autovelox-{name}.1": _lines(_command(name, names[name], commands[name])) for name in names}


def programs() -> tuple[tuple[argparse.ArgumentParser, str], ...]:
    """Each program's parser, and the one page that has all its commands; empty where each has a page of its own."""
    return (edge.cli.whole_parser(), ""), (centre.cli.whole_parser(), "autovelox-centre.8")


def _unit(names: Mapping[str, str]) -> Iterator[str]:
    yield from _head("autovelox", 1, "a roadside speed camera that says who drove")
    yield from (".SH SYNOPSIS", ".B autovelox", ".I COMMAND", ".RI [ options ]", ".br", ".B autovelox \\-\\-version")
    yield from (".SH DESCRIPTION", UNIT)
    yield from (".SH COMMANDS",)
    for name, says in names.items():
        yield from (".TP", f".BR autovelox\\-{name} (1)", _escaped(says))
    yield from (".SH CONFIGURATION", CONFIGURATION)
    yield from _files(FILES)
    yield from _exit_status()
    also = (*(f"autovelox-{name}(1)" for name in sorted(names)), "autovelox-centre(8)", "journalctl(1)", "systemctl(1)")
    yield from _see_also(also)


def _command(name: str, summary: str, commands: list[tuple[tuple[str, ...], argparse.ArgumentParser]]) -> Iterator[str]:
    yield from _head(f"autovelox-{name}", 1, summary)
    yield ".SH SYNOPSIS"
    for place, (words, leaf) in enumerate(commands):
        yield from ((".br",) if place else ())
        yield _usage(f"autovelox {' '.join(words)}", leaf)
    yield ".SH DESCRIPTION"
    for words, leaf in commands:
        if len(words) > 1:
            yield f".SS autovelox {_escaped(' '.join(words))}"
        yield from _explained(leaf)
    yield from _examples(leaf for _, leaf in commands)
    yield from (".SH EXIT STATUS", "See", ".BR autovelox (1).")
    yield from _see_also(("autovelox(1)", *(("autovelox-centre(8)",) if name == "centre" else ())))


def _headquarters(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield from _head("autovelox-centre", 8, "the headquarters of many autovelox units")
    yield from (".SH SYNOPSIS", ".B autovelox\\-centre", "[\\-\\-config FILE]", ".I COMMAND", ".RI [ options ]")
    yield from (".SH DESCRIPTION", CENTRE, ".SH COMMANDS")
    for words, leaf in leaves(parser):
        name = f"autovelox-centre {' '.join(words)}"
        yield from (f".SS {_escaped(name)}", _usage(name, leaf), ".PP")
        yield from _explained(leaf)
    yield from _examples(leaf for _, leaf in leaves(parser))
    yield from _files(CENTRE_FILES)
    yield from _exit_status()
    yield from _see_also(("autovelox(1)", "autovelox-centre(1)"))


def _head(name: str, section: int, summary: str) -> Iterator[str]:
    release = f"autovelox {version('autovelox')}"
    yield f'.TH {_escaped(name.upper())} {section} "" "{release}" "Autovelox"'  # of a release, not of a day
    yield from (".ad l", ".nh")  # an option is never hyphenated, nor pulled apart
    yield from (".SH NAME", f"{_escaped(name)} \\- {_escaped(summary)}")


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    words = []
    for action in sorted(options(parser), key=lambda action: not action.option_strings):
        text = _breakable(_escaped(written(action)))
        words.append(text if action.required or not action.option_strings else f"[{text}]")
    return "\n".join((f".B {_escaped(name)}", *(_text(word) for word in words)))


def _explained(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield _escaped(parser.description or "")
    for action in options(parser):
        needed = " (needed)" if action.option_strings and action.required else ""
        says = _escaped(explained(action)) or "\\&"
        yield from (".TP", f".B {_breakable(_escaped(written(action)))}{needed}", _text(says))


def _examples(parsers: Iterable[argparse.ArgumentParser]) -> Iterator[str]:
    yield ".SH EXAMPLES"
    for place, parser in enumerate(parsers):
        yield from ((".PP",) if place else ())
        yield from (".nf", _text(_escaped((parser.epilog or "").removeprefix("example: "))), ".fi")


def _files(files: Mapping[str, str]) -> Iterator[str]:
    yield ".SH FILES"
    for name, says in files.items():
        yield from (".TP", f".I {_escaped(name)}", _escaped(says))


def _exit_status() -> Iterator[str]:
    yield from (".SH EXIT STATUS", "An error is one line: what is wrong, and what to do.")
    for code, says in exit_codes():
        yield from (".TP", f".B {code}", _escaped(says.replace("`", "")))


def _see_also(names: Iterable[str]) -> Iterator[str]:
    *others, last = (f".BR {_escaped(name[:-3])} {name[-3:]}" for name in names)
    yield from (".SH SEE ALSO", *(f"{other}," for other in others), last)


def _breakable(text: str) -> str:
    """*text* with a place to break after each choice, where there are many."""
    return text.replace("|", "|\\:")


def _text(line: str) -> str:
    """*line*, so that troff takes it for no request."""
    return f"\\&{line}" if line[:1] in (".", "'") and line != "\\&" else line


def _escaped(text: str) -> str:
    return re.sub(r"[\\-]", lambda found: {"\\": "\\e", "-": "\\-"}[found[0]], text)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
