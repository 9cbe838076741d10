"""Foreign text is shown as text: it is never executed, and is neither a layout, a path nor a Tcl word."""

from __future__ import annotations

import ast
import tkinter as tk
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge.viewer
from edge.model import Flag, Outcome
from edge.viewer.text.plain_text import plain
from tests.support import stores
from tests.support.desk import OpenDesk
from tests.support.measured import faults

HOSTILE = (
    "[exec touch pwned]",
    "$::env(HOME) ${x} $x",
    '"; destroy .; "',
    "{ unbalanced",
    "} {a} {",
    "back\\slash \\x41 \\",
    "-text -command exit",
    "%s %d %W %{x}",
    "{0} {case} {number.__class__}",
    "../../../etc/passwd",
    "~root/x",
    "<b>bold</b> &amp; <script>",
    "line\nbreak\ttab\rreturn",
    "nul\0byte",
    "\x1b[31mred\x07",
    "abc\u202egnp.exe",
    "\u2066hidden\u2069\u200b\u200d",
    "e" + "\u0301" * 50,
    "\U0001f698\U0001f46e\u200d\U0001f3fd",
    "\ud800 lone",
    "\ufeffbom",
    "W" * 500,
    "",
    "   ",
    "𝕬𝖇",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_plain_is_one_visible_line(text: str) -> None:
    _is_plain(plain(text, 60))


@given(st.text(max_size=300))
def test_plain_is_one_visible_line_for_any_text(text: str) -> None:
    _is_plain(plain(text, 60))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_plain_leaves_ordinary_text_alone(text: str) -> None:
    assert plain(text, 60) == " ".join(text.split())


def _is_plain(line: str) -> None:
    assert len(line) <= 60
    assert all(character.isprintable() and ord(character) < 0x10000 for character in line)
    assert "  " not in line and line == line.strip()
    run = 0
    for character in line:
        run = run + 1 if unicodedata.combining(character) else 0
        assert run <= 2


def _hostile_scenes() -> Iterator[stores.Scene]:
    for index, text in enumerate(HOSTILE):
        if "\ud800" in text:
            continue  # no such string can be stored: the manifest is UTF-8
        person = stores.person(
            index,
            first_name=text,
            last_name=text,
            birth_place=text,
            birth_date=text,
            categories=text,
            issuing_office=text,
            expires_on=text,
            licence=text,
        )
        yield stores.Scene(plate=text[:40] or "X", driver=person, outcome=Outcome.IDENTIFIED, reason=text, site=text)


def test_hostile_cases_are_shown_word_for_word(
    open_desk: OpenDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photo = stores.photo("AB123CD")
    scenes = list(_hostile_scenes())
    stores.fill(tmp_path, scenes, photos=dict.fromkeys(range(len(scenes)), photo))
    desk = open_desk(tmp_path)
    failures: list[BaseException] = []
    desk.viewer.root.report_callback_exception = lambda _kind, error, _trace: failures.append(error)
    desk.listed()
    for number in range(len(scenes), 0, -1):
        desk.viewer.cases.move(1)
        desk.shows(number)
        driver = scenes[number - 1].driver
        assert driver is not None
        assert desk.viewer.driver.person.name.full_text == (plain(f"{driver.first_name} {driver.last_name}"))
        assert desk.viewer.driver.person.fields["licence"].value.full_text == (plain(driver.licence) or "–")
        assert desk.viewer.camera.facts.fields["place"].full_text == (plain(driver.licence, 100) or "–")
        desk.viewer.actions.copy()
        assert "\x1b" not in desk.viewer.root.clipboard_get()
    desk.press("ctrl+f")
    desk.type("[exec touch pwned] %_\\ ' OR 1=1 --")
    desk.until(lambda: desk.viewer.cases.total == 0)
    desk.shot("hostile")
    assert not failures
    assert not (tmp_path / "pwned").exists()


def test_long_names_are_shown_whole(open_desk: OpenDesk, tmp_path: Path) -> None:
    name = "Maria Immacolata Concetta Addolorata Annunziata"
    person = stores.person(0, first_name=name, last_name="Buonaventura-Castellammare degli Uberti della Gherardesca")
    scene = stores.scenes(1)[0]
    stores.fill(tmp_path, [replace(scene, driver=person, flags=(Flag.NOT_THE_KEEPER,))])
    desk = open_desk(tmp_path)
    desk.open_first()
    label = desk.viewer.driver.person.name
    assert label.full_text.startswith(name) and label.full_text.endswith("Gherardesca")
    assert faults(desk.viewer.root) == []
    desk.shot("long-name")


def test_no_code_of_the_viewer_builds_tcl() -> None:
    folder = Path(edge.viewer.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in {"eval", "evalfile", "send", "exec_"}, path.name
                if node.func.attr == "call":
                    assert isinstance(node.func.value, ast.Attribute) and node.func.value.attr == "tk"
                    assert not isinstance(node.args[0], ast.JoinedStr) or path.name == "filter_bar.py"


def test_tcl_takes_hostile_text_as_one_word(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    label = tk.Label(desk.viewer.root)
    for text in HOSTILE:
        shown = plain(text)
        label.configure(text=shown)
        assert label.cget("text") == shown
