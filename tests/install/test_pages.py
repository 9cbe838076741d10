"""Man pages and completions: made of the parsers, current, understood, placed and removed."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path

import pytest

from tests.support import cli_completions, cli_man
from tests.support.cli_page import leaves, options

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


def needs_program(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in found}


def test_the_man_pages_are_current() -> None:
    assert files(cli_man.MAN) == cli_man.pages(), "make cli-page"


def test_the_completions_are_current() -> None:
    assert files(cli_completions.COMPLETIONS) == cli_completions.completions(), "make cli-page"


@cache
def rendered(name: str) -> str:
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", cli_man.MAN / name],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "400", "MAN_KEEP_FORMATTING": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), name
    return done.stdout


@needs_program("man")
@pytest.mark.parametrize("name", sorted(path.name for path in cli_man.MAN.iterdir()))
def test_troff_has_nothing_to_say_against_a_page(name: str) -> None:
    page = rendered(name)
    assert name.rpartition(".")[0] in page
    assert "SEE ALSO" in page


@needs_program("man")
def test_every_command_and_option_is_on_a_page() -> None:
    for parser, whole in cli_man.programs():
        for words, leaf in leaves(parser):
            page = " ".join(rendered(whole or f"autovelox-{words[0]}.1").split())
            assert f"{parser.prog} {' '.join(words)}" in page
            for option in (each for action in options(leaf) for each in action.option_strings):
                assert option in page, (words, option)


@needs_program("mandoc")
def test_mandoc_finds_no_fault() -> None:
    done = subprocess.run(
        ["mandoc", "-Tlint", "-W", "warning", *sorted(cli_man.MAN.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if "missing date" not in line]  # a page is of a release
    assert said == []


def typed(shell: list[str], keys: str, until: str, home: Path) -> str:
    """What a terminal shows once *keys* are typed to *shell*, until *until* is on it."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update({"HOME": str(home), "PS1": "> ", "TERM": "dumb", "COLUMNS": "200", "LC_ALL": "C.UTF-8"})
        os.execvp(shell[0], shell)
    shown, end = "", time.monotonic() + PATIENCE_S
    try:
        os.write(terminal, keys.encode())
        while until not in shown and time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 4096).decode(errors="replace")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return shown


@pytest.mark.parametrize(
    ("begun", "completed"),
    [
        ("autovelox cases fol", "autovelox cases follow-up "),
        ("autovelox regi", "autovelox registry "),
        ("autovelox cases list --outc", "autovelox cases list --outcome "),
        ("autovelox cases review 17 corr", "autovelox cases review 17 correct_plate "),
        ("autovelox backup fol", "autovelox backup folder/"),
        ("autovelox-centre units susp", "autovelox-centre units suspend "),
    ],
)
def test_bash_completes(begun: str, completed: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "follow.txt").touch()
    program = cli_completions.COMPLETIONS / "bash" / begun.split()[0]
    keys = f"cd {tmp_path}; source {program}; echo rea''dy\n{begun}\t"
    shown = typed(["bash", "--norc", "--noprofile", "-i"], keys, completed, tmp_path)
    assert completed in shown.rpartition("ready")[2]


@needs_program("zsh")
@pytest.mark.parametrize(
    ("begun", "completed"),
    [("autovelox cases fol", "autovelox cases follow-up "), ("autovelox-centre units susp", "units suspend ")],
)
def test_zsh_completes(begun: str, completed: str, tmp_path: Path) -> None:
    folder = cli_completions.COMPLETIONS / "zsh"
    setup = f"fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -d {tmp_path}/dump; echo rea''dy"
    shown = typed(["zsh", "-f", "-i"], f"{setup}\n{begun}\t", completed, tmp_path)
    assert completed in shown.rpartition("ready")[2]


@needs_program("fish")
@pytest.mark.parametrize(
    ("begun", "completed"), [("autovelox cases fol", "follow-up"), ("autovelox-centre units susp", "suspend")]
)
def test_fish_completes(begun: str, completed: str, tmp_path: Path) -> None:
    program = cli_completions.COMPLETIONS / "fish" / f"{begun.split()[0]}.fish"
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {program}; complete --do-complete '{begun}'"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == [completed]


def place(dest: Path) -> None:
    """Place a release's files below *dest* with the functions of systemd/install.sh itself."""
    script = (ROOT / "systemd" / "install.sh").read_text(encoding="utf-8")
    start = script.index("\nput()")
    functions = script[start : script.index("\n}\n", script.index("\nplace()")) + 3]
    names = f"dest={dest} prefix=/opt/autovelox unitdir=/etc/systemd/system sharedir=/usr/local/share"
    subprocess.run(["bash", "-euc", f"{names}\n{functions}\nplace release"], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="removing a unit is root's")
def test_an_installation_has_them_and_a_removal_leaves_none(tmp_path: Path) -> None:
    release = tmp_path / "opt" / "autovelox" / "releases" / "release" / "share" / "autovelox"
    shutil.copytree(ROOT / "systemd", release / "systemd", ignore=shutil.ignore_patterns("__pycache__"))
    share = tmp_path / "usr" / "local" / "share"
    (share / "man" / "man1").mkdir(parents=True)
    (share / "man" / "man1" / "autovelox-gone.1").touch()  # a command that the release before had
    (share / "man" / "man1" / "other.1").touch()
    place(tmp_path)
    assert set(files(share)) == {
        "man/man1/other.1",
        *(f"man/man1/{path.name}" for path in cli_man.MAN.glob("*.1")),
        "bash-completion/completions/autovelox",
        "zsh/site-functions/_autovelox",
        "fish/vendor_completions.d/autovelox.fish",
    }
    subprocess.run(
        [ROOT / "systemd" / "uninstall.sh"],
        env={**os.environ, "DESTDIR": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    assert set(files(share)) == {"man/man1/other.1"}
