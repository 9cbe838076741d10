"""The command line: what the help lists is what there is, nothing is imported for it, and a slip is understood."""

from __future__ import annotations

import argparse
import importlib
import shlex
import subprocess
import sys

import pytest

import centre.cli
from edge.cli import COMMANDS, EXAMPLES, main, whole_parser
from tests.support import cli_page

HOUSE = {"edge.config", "edge.model", "numpy", "pydantic", "aiohttp", "rich", "cv2", "torch", "tkinter", "Crypto"}


def test_the_help_lists_each_command_as_the_command_describes_itself(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="autovelox")
    subparsers = parser.add_subparsers(metavar="COMMAND")
    for module in dict.fromkeys(module for module, _ in COMMANDS.values()):
        importlib.import_module(module).add_commands(subparsers)
    with pytest.raises(SystemExit):
        main(["--help"])
    listed, described = (text.partition("COMMAND\n")[2] for text in (capsys.readouterr().out, parser.format_help()))
    assert set(subparsers.choices) == set(COMMANDS)
    assert {line.strip() for line in described.splitlines()} - {""} <= {line.strip() for line in listed.splitlines()}


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_and_version_import_nothing_of_the_house(words: list[str]) -> None:
    code = (
        "import sys\nfrom edge.cli import main\n"
        f"try:\n    main({words})\nfinally:\n    print(sorted(set(sys.modules) & {HOUSE}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"
    assert "autovelox" in done.stdout


@pytest.mark.parametrize(
    ("slip", "meant"), [("casse", "cases"), ("doktor", "doctor"), ("vew", "view"), ("rune", "run")]
)
def test_a_slip_is_understood(slip: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([slip])
    assert stopped.value.code == 2
    assert f"there is no command {slip}: did you mean {meant}?" in capsys.readouterr().err


def test_what_resembles_no_command_is_refused_with_the_way_to_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["xyzzy"])
    assert stopped.value.code == 2
    assert "autovelox --help lists the commands" in capsys.readouterr().err


def test_no_command_at_all_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2


PARSERS = {"autovelox": whole_parser, "autovelox-centre": centre.cli.whole_parser}
LEAVES = {(prog, *name): leaf for prog, parser in PARSERS.items() for name, leaf in cli_page.leaves(parser())}


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_shows_an_example_that_its_parser_takes(words: tuple[str, ...]) -> None:
    shown = (LEAVES[words].epilog or "").removeprefix("example: ").removeprefix("sudo ")
    prog, *given = shlex.split(shown)
    command = given[2:] if given[0] == "--config" else given
    assert (prog, *command)[: len(words)] == words
    assert PARSERS[prog]().parse_args(given).run
    assert LEAVES[words].description


@pytest.mark.parametrize(
    ("prog", "examples"), [("autovelox", EXAMPLES), ("autovelox-centre", centre.cli.EXAMPLES)], ids=["unit", "centre"]
)
def test_each_example_belongs_to_a_command(prog: str, examples: dict[str, str]) -> None:
    names = [" ".join(words) for words in LEAVES]
    assert {key for key in examples if not any(name.startswith(f"{prog} {key}") for name in names)} == set()


def test_the_page_of_commands_is_current() -> None:
    assert cli_page.PAGE.read_text(encoding="utf-8") == cli_page.page(), "make cli-page"


def test_exit_codes_are_told_apart() -> None:
    codes = [code for code, _ in cli_page.exit_codes()]
    assert len(codes) == len(set(codes))
