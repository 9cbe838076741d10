"""What somebody does who uses the commands for the first time, and wrongly: each slip is one sentence with a remedy."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

import centre.cli
from edge.cli import main
from edge.configured import given
from edge.errors import CaseError, RegistryError, why
from edge.terminal import Parser


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int) -> str:
    """The last line on standard error, where the command ends with *code*."""
    try:
        assert main(words) == code
    except SystemExit as stopped:
        assert stopped.code == code
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("cases shw 1", "argument ACTION: there is no 'shw': did you mean show?"),
        ("registry enroll", "argument ACTION: there is no 'enroll': did you mean enrol?"),
        ("cases list --outcome identifed", "argument --outcome: there is no 'identifed': did you mean identified?"),
        ("cases show 1 --lang fr", "argument --lang: there is no 'fr': choose from en, it"),
        ("cases show abc", "argument number: 'abc' is no number"),
        ("cases show 99999999999999999999", "argument number: 99999999999999999999 is not between 1 and 999999999"),
        ("cases hold 0", "argument number: 0 is not between 1 and 999999999"),
        ("cases list --since yesterday", "argument --since: 'yesterday' is no day: write it as 2026-11-03"),
        ("cases list --until 9999-12-31", "argument --until: 9999-12-31 is not between 2000 and 2099"),
        ("cases agree 1e3", "argument request: '1e3' is no number"),
        ("cases review 1 confrm", "argument kind: there is no 'confrm': did you mean confirm?"),
        ("cases follow-up 1 xyz", "there is no 'xyz': choose from closed, driver_named_by_keeper, keeper_asked"),
        ("cases", "say what to do: autovelox cases --help lists it"),
    ],
)
def test_a_slip_of_an_action_or_a_choice_is_understood(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, *words.split(), code=2).endswith(says)


@pytest.mark.parametrize("action", ["list", "stats"])
def test_a_span_that_ends_before_it_begins_is_refused(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("cases", action, "--since", "2026-11-29", "--until", "2026-11-01")
    assert told(capsys, *words, code=10).endswith("--until is before --since: give the earlier day as --since")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("units ad AVX-1", "there is no 'ad': did you mean add?"),
        ("alarms close 99999999999999999999", "argument number: 99999999999999999999 is not between 1 and 999999999"),
        ("cases list --since x", "argument --since: 'x' is no day: write it as 2026-11-03"),
        ("heads export 1999-12-31 --to x", "argument DAY: 1999-12-31 is not between 2000 and 2099"),
    ],
)
def test_the_centre_understands_slips_too(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        centre.cli.main(words.split())
    assert says in capsys.readouterr().err


def test_what_the_centre_lists_ends_after_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("cases", "list", "--reason", "x", "--since", "2026-11-29", "--until", "2026-11-01")
    assert centre.cli.main(words) == 20
    assert "--until is before --since" in capsys.readouterr().err


@pytest.mark.parametrize("listed", ["'list', 'show'", "list, show"], ids=["Python 3.11", "Python 3.12"])
def test_both_ways_of_argparse_to_list_choices_are_read(listed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        Parser(prog="x").error(f"argument ACTION: invalid choice: 'shwo' (choose from {listed})")
    assert "did you mean show?" in capsys.readouterr().err


def test_commands_of_a_parser_are_like_it() -> None:
    actions = Parser().add_subparsers()
    assert isinstance(actions.add_parser("one"), Parser)
    assert issubclass(Parser, argparse.ArgumentParser)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"\x89\x00 no text")
    return path


def test_a_file_for_a_folder_and_a_folder_for_a_file(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says = told(capsys, "cases", "list", "--state-dir", str(file), code=10)
    assert says == f"autovelox: {file} is no folder: name the unit's state folder with --state-dir"
    says = told(capsys, "run", "--config", str(tmp_path), code=3)
    assert says == f"autovelox: {tmp_path} cannot be read (Is a directory): name a text file that this account may read"
    says = told(capsys, "run", "--config", str(file), code=3)
    assert says == f"autovelox: {file} cannot be read (it is no text): name a text file that this account may read"


def test_a_file_that_never_was_evidence_is_not_called_changed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says = told(capsys, "cases", "verify", str(file), code=10)
    assert says == f"autovelox: {file} is no evidence package: name the zip file that autovelox cases export wrote"


def test_a_photo_that_is_none_is_refused_once_and_named_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = file.with_name("missing.jpg")
    says = told(capsys, "read", str(missing), code=1)
    assert says == f"autovelox: {missing} does not exist: check the path"
    says = told(capsys, "read", str(file), code=1)
    assert says.count(str(file)) == 1


def test_a_chip_asks_for_a_licence_number_and_leaves_no_key_without_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, out = tmp_path / "chip.key", tmp_path / "request.json"
    says = told(capsys, "chip", "request", "--licence", "", "--signing-key", str(key), "--out", str(out), code=9)
    assert says.startswith("autovelox: that is no licence number: write its 1 to 20 characters")
    assert not key.exists() and not out.exists()


def test_a_folder_in_place_of_a_picture_is_called_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says = told(capsys, "camera", "calibrate", str(tmp_path), "--board", "9x6", code=5)
    assert says == f"autovelox: {tmp_path} is a folder: name a picture"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_closed_folder_is_not_called_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert told(capsys, "read", str(closed), code=1).endswith(
        "cannot be read (Permission denied): check its permissions"
    )


def test_a_named_file_that_cannot_be_read_says_why_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as missing:
        given(tmp_path / "none", RegistryError, "the portrait")
    assert (
        str(missing.value) == f"the portrait {tmp_path}/none cannot be read (No such file or directory): check its name"
    )
    with pytest.raises(CaseError) as folder:
        given(tmp_path, CaseError)
    assert str(folder.value) == f"{tmp_path} cannot be read (Is a directory): name a file"


def test_the_systems_words_come_without_its_number_and_the_path() -> None:
    assert why(PermissionError(13, "Permission denied", "/etc/shadow")) == "Permission denied"
    assert why(ValueError("of another kind")) == "of another kind"
