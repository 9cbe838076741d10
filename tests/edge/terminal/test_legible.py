"""Foreign text on a terminal: shown, never obeyed."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cases.review import record
from edge.cli import main
from edge.daemon.journald import LegibleFormatter
from edge.terminal import legible, say, say_json
from tests.support.cases import SIGNER, filled, write_key
from tests.support.unit_files import write_settings

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31mred\r\nsecond\u202eline\u2028x\x7f\ud800"
SHOWN = r"\u001b]0;owned\u0007\u001b[2J\u009b31mred\u000d\u000asecond\u202eline\u2028x\u007f\ud800"


def test_what_a_terminal_would_obey_is_shown() -> None:
    assert legible(HOSTILE) == SHOWN
    assert legible("\U000e0041") == r"\udb40\udc41"


def test_names_stay_as_they_are() -> None:
    for name in ("Łukasz Žižka", "Ἀθηνᾶ", "Nguyễn", "李小龍", "O'Brien-Müller"):
        assert legible(name) == name


@given(st.text())
def test_whatever_comes_is_one_line_that_a_terminal_only_prints(text: str) -> None:
    assert legible(text).isprintable()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.lists(some, max_size=4)))
def test_json_stays_the_same_json(value: object) -> None:
    for indent in (None, 1):
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        assert json.loads("\n".join(map(legible, text.split("\n")))) == value


def test_a_line_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\ntwo", "three")
    say_json({"a": "\x1b"}, indent=1)
    assert capsys.readouterr().out == 'one\\u000atwo\nthree\n{\n "a": "\\u001b"\n}\n'


def test_a_terminal_that_cannot_write_it_gets_an_escape() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    say("Žižka", to=stream)
    stream.seek(0)
    assert stream.read() == "\\u017di\\u017eka\n"


def is_harmless(said: str) -> bool:
    return all(line.isprintable() for line in said.split("\n"))


async def test_an_officers_words_move_no_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`cases list`, `show` and `verify`, on a case that was reviewed with an escape sequence for a reason."""
    await filled(tmp_path, 1)
    text = HOSTILE.replace("\ud800", "")  # the store takes Unicode only
    where = ["--state-dir", str(tmp_path), "--signing-key", str(write_key(tmp_path / "signing.key"))]
    record(tmp_path, 1, kind="dismiss", officer=f"Conti{text}", reason=text, signer=SIGNER)
    for words in (["list"], ["list", "--json"], ["show", "1"], ["show", "1", "--json"], ["show", f"{2**29}"]):
        main(["cases", *words, *where])
        said = capsys.readouterr()
        assert said.out + said.err, words
        assert is_harmless(said.out) and is_harmless(said.err), words
    main(["cases", "show", "1", *where])
    assert r"\u001b[2J" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["read"], ["read", "--json"], ["cases", "verify"], ["registry", "reopen"]])
def test_a_files_name_moves_no_cursor(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, str(tmp_path / "none\x1b[2J.jpg")]) != 0
    said = capsys.readouterr()
    assert r"\u001b[2J" in said.out + said.err
    assert is_harmless(said.out) and is_harmless(said.err)


def test_nor_do_the_doctors_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_settings(tmp_path, {"unit": 'state_dir = "a\\u001b[2Jb"'})
    main(["doctor", "--config", str(config)])
    said = capsys.readouterr().out
    assert r"a\u001b[2Jb" in said
    assert is_harmless(said)
    assert main(["run", "--check=configuration", "--config", str(config)]) == 0
    assert is_harmless(capsys.readouterr().out)


def test_a_message_of_the_log_is_one_line() -> None:
    formatter = LegibleFormatter("%(levelname)s %(message)s")
    try:
        raise ValueError("bad\x1b[2J")
    except ValueError as error:
        shown = logging.LogRecord("x", logging.INFO, "", 1, "said %s", (HOSTILE,), (ValueError, error, None))
    lines = formatter.format(shown).split("\n")
    assert lines[0] == f"INFO said {SHOWN}"
    assert lines[-1] == r"ValueError: bad\u001b[2J"
