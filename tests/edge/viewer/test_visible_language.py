"""Under ``--lang it``, ``de`` and ``sl`` no English is seen: windows, menus, sheets, notes and banners are walked."""

from __future__ import annotations

import gettext
import os
import re
import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest
from babel.messages.pofile import read_po

from edge.cases.views import EventKind
from edge.config import ReviewSettings
from edge.errors import CaseError, EdgeError, EvidenceError, NoSuchCase
from edge.model import Flag, Outcome, Reason
from edge.officers.accounts import Account
from edge.officers.office import Office
from edge.viewer.control import evidence
from edge.viewer.text import language
from edge.viewer.text.plain_text import describe
from edge.viewer.text.told import MESSAGES, told
from edge.viewer.ui.lightbox import Lightbox
from edge.viewer.ui.sheets import Modal
from tests.support import stores
from tests.support.desk import Desk, OpenDesk, said
from tests.support.english import english_in


def _all(widget: tk.Misc) -> Iterator[str]:
    """Every text that *widget* and all in it can show: also choices and menus."""
    yield from said(widget)
    for child in _everything(widget):
        if isinstance(child, ttk.Combobox):
            yield from (str(value) for value in child["values"])
            yield child.get()
        elif isinstance(child, tk.Menu):
            for index in range(int(child.index("end") or 0) + 1 if child.index("end") is not None else 0):
                yield str(child.entrycget(index, "label"))


def _everything(widget: tk.Misc) -> Iterator[tk.Misc]:
    for child in widget.winfo_children():
        yield child
        yield from _everything(child)


def _no_english(desk: Desk, where: str) -> None:
    for _turn in range(6):
        desk.viewer.root.update()
    lang = language.language()
    found = {text: english_in(text, lang) for text in _all(desk.viewer.root) if english_in(text, lang)}
    assert found == {}, where


def _close_all(desk: Desk) -> None:
    for child in desk.viewer.root.winfo_children():
        if isinstance(child, Modal | Lightbox):
            child.close()


def test_the_words_to_look_for_find_english() -> None:
    assert english_in("The evidence holds") and english_in("No case yet")
    assert not english_in("Le prove sono integre; nessun caso. Non c'è foto.")


def _judged_by_two(state_dir: Path) -> None:
    """Let two officers dismiss case 1, and one ask for it in case 2."""
    office = Office(state_dir, stores.SIGNER, ReviewSettings(second=True))
    first, second = (Account(os.getuid() + 1, "rossi", "Ugo Rossi"), Account(os.getuid() + 2, "bruni", "Ada Bruni"))
    for account, number in ((first, 1), (second, 1), (first, 2)):
        office.review(account, number, EventKind.DISMISS, reason="motivo", plate=None)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("locale", ["it_IT", "de_AT", "sl_SI"])
def test_nothing_english_is_visible(
    open_desk: OpenDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    state_dir = tmp_path / "unit"
    named = stores.Scene(
        driver=stores.person(0, expires_on="2020-01-01"),
        outcome=Outcome.IDENTIFIED,
        reason=Reason.ONE_CLAIM,
        scores=(-0.1,),
        flags=tuple(Flag),
        frames=3,
    )
    scenes = [
        named,
        *(
            stores.Scene(plate="AB123CD", reason=reason, outcome=Outcome.AMBIGUOUS, scores=(-1.0, -2.0))
            for reason in Reason
        ),
        stores.Scene(plate="", reason=Reason.NO_PLATE),
        stores.Scene(outcome=None),
        replace(named, flags=()),
    ]
    stores.fill(state_dir, scenes)
    _judged_by_two(state_dir)
    say = gettext.translation(language.DOMAIN, language.LOCALE_DIR, [locale[:2]]).gettext
    desk = open_desk(state_dir, locale=locale)
    desk.listed()
    desk.until(lambda: desk.viewer.status.count.cget("text") != "")
    _no_english(desk, "the list")
    for index in range(len(scenes)):
        desk.viewer.cases.select_index(index)
        desk.shows(len(scenes) - index)
        _no_english(desk, f"case {len(scenes) - index}")
    assert say("{first} with {second}").format(first="Ugo Rossi (rossi)", second="Ada Bruni (bruni)") in desk.texts()
    desk.viewer.cases.select_index(0)
    desk.shows(len(scenes))
    number = len(scenes)
    for kind, plate in ((EventKind.CONFIRM, None), (EventKind.DISMISS, None), (EventKind.HOLD, None)):
        desk.viewer.source.desk.review(number, kind, reason="motivo", plate=plate)
    desk.viewer.source.desk.review(number, EventKind.CORRECT_PLATE, reason="motivo", plate="ZZ999ZZ")
    desk.until(lambda: bool(desk.viewer.camera.facts.corrected.winfo_ismapped()))
    _no_english(desk, "a case that was judged")
    desk.until(lambda: desk.viewer.bar.buttons["confirm"].instate(["!disabled"]))
    desk.viewer.actions.confirm()
    _no_english(desk, "the vehicle alone")
    _close_all(desk)
    desk.viewer.source.desk.review(number, EventKind.CONFIRM_VEHICLE, reason="motivo", plate=None)
    desk.until(lambda: say("Vehicle confirmed") in desk.texts())
    _no_english(desk, "the vehicle is confirmed")
    bar = desk.viewer.bar
    bar.open_menu()
    bar.menu.unpost()
    _no_english(desk, "the menu")
    desk.viewer.cases.select_index(3)
    desk.shows(number - 3)
    for act in ("confirm", "dismiss", "correct_plate", "follow_up", "letter", "redacted", "export", "full_size"):
        getattr(desk.viewer.actions, act)()
        _no_english(desk, act)
        _close_all(desk)
    desk.viewer.help()
    _no_english(desk, "the keys")
    _close_all(desk)
    desk.viewer.filters.choose_days()
    _no_english(desk, "the days")
    _close_all(desk)
    monkeypatch.setattr(evidence, "PROGRESS_S", 0.0)
    notes: list[str] = []
    show = desk.viewer.status.show_note
    monkeypatch.setattr(
        desk.viewer.status, "show_note", lambda text, *rest: (notes.append(text), show(text, *rest))[-1]
    )
    desk.viewer.evidence.verify()
    desk.until(lambda: say("The evidence holds") in desk.texts())
    _no_english(desk, "the evidence is whole")
    assert notes and not any(english_in(note, locale[:2]) for note in notes)
    _close_all(desk)
    photo = next(state_dir.rglob("*.jpg"))
    photo.chmod(0o600)
    photo.write_bytes(photo.read_bytes()[:-1] + b"\0")
    desk.viewer.evidence.verify()
    desk.until(lambda: say("The evidence does not hold") in desk.texts())
    _no_english(desk, "the evidence is not whole")
    _close_all(desk)


def test_what_the_rooms_below_say_is_told_in_italian() -> None:
    """Every sentence of the errors that the service and the store raise to the window, with parts that it can have."""
    language.use("it_IT")
    parts = {"number": "7", "index": "0", "most": "12", "what": "the reason", "file": "/tmp/x", "detail": "EIO"}
    parts |= {"count": "7", "entries": "9", "key": "ab12", "head": "cd34", "purged": "1", "error": "photo 0 is gone"}
    for message in MESSAGES:
        shown = told(message.format(**parts))
        assert not english_in(shown), shown
    assert told("some detail that nobody translated").startswith("dettaglio per il gestore: «")


RAISED = [
    CaseError("case 12 is not decided yet", "wait for the unit's verdict"),
    NoSuchCase("there is no case 99", "autovelox cases list shows which there are"),
    EvidenceError(
        "the evidence of case 3 does not hold: photo 0 was altered", "do not use it, and run autovelox cases verify"
    ),
]


@pytest.mark.parametrize("error", RAISED, ids=["case", "number", "evidence"])
def test_an_error_is_told_whole(error: EdgeError) -> None:
    english = describe(error)
    language.use("it_IT")
    italian = describe(error)
    assert not english_in(italian) and "«" not in italian
    assert re.findall(r"\d+", english) == re.findall(r"\d+", italian)


def test_each_catalogue_has_words_for_the_buttons() -> None:
    for tag in ("it", "de", "sl"):
        with (language.LOCALE_DIR / tag / "LC_MESSAGES" / "viewer.po").open("rb") as file:
            catalogue = read_po(file, locale=tag)
        for message in ("Confirm", "Dismiss", "Identified", "Speed", "Place", "Plate"):
            found = catalogue.get(message)
            assert found is not None and found.string
