"""The officer's actions: confirm, dismiss, correct, export, verify, copy; each through real keys.

Longer than 300 lines because every key of the desk is pressed in this one place.
"""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.evidence.verify import check_package
from edge.cases.review import record
from edge.cases.views import REVIEWS, Event, EventKind
from edge.config import ReviewSettings
from edge.model import Outcome, Reason
from edge.officers.accounts import Account
from edge.officers.office import Office
from edge.officers.own import OwnDesk
from edge.viewer.control import evidence
from edge.viewer.ui.lightbox import Lightbox
from edge.viewer.ui.questions import DockedQuestion, Question
from edge.viewer.ui.sheets import Modal, Page
from tests.support import xdisplay
from tests.support.desk import OFFICER, Desk, OpenDesk
from tests.support.measured import faults
from tests.support.stores import SIGNER, Scene, fill, person, running_unit
from tests.support.stores import photo as photo_of


def _events(state_dir: Path, number: int, kind: EventKind) -> list[Event]:
    with Archive(state_dir) as archive:
        return [event for event in archive.events(number) if event.kind is kind]


def _sheet(desk: Desk, kind: type[Modal]) -> Modal:
    found: list[Modal] = []

    def look() -> bool:
        found[:] = [child for child in desk.viewer.root.winfo_children() if isinstance(child, kind)]
        return bool(found)

    desk.until(look)
    desk.viewer.root.update()
    return found[0]


def test_confirming_needs_a_reason_and_is_recorded(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("c")
    sheet = _sheet(desk, DockedQuestion)
    desk.shot("confirm")
    desk.press("BackSpace", "Return")
    assert "Give a reason" in desk.texts()
    desk.type("checked by eye")
    desk.press("Return")
    desk.until(lambda: not sheet.winfo_exists() and bool(_events(state_dir, 12, EventKind.CONFIRM)))
    (event,) = _events(state_dir, 12, EventKind.CONFIRM)
    assert (event.officer, event.reason) == (OFFICER, "checked by eye")
    desk.shows(11)  # the next case is there already
    desk.press("p")
    desk.until(lambda: "checked by eye" in desk.texts() and "Confirmed" in desk.texts())
    desk.until(lambda: desk.viewer.cases.row(0).review == EventKind.CONFIRM)  # type: ignore[union-attr]
    desk.shot("confirmed")


def test_ten_cases_are_reviewed_with_twenty_keys(open_desk: OpenDesk, state_dir: Path) -> None:
    """From the first open case on: C and Return for each, and no more, whether the list shows all or the open ones."""
    desk = open_desk(state_dir)
    desk.listed()
    review = desk.viewer.filters.review
    review.current(list(review["values"]).index("To review"))
    review.event_generate("<<ComboboxSelected>>")
    desk.open_first()
    keys = 0
    for number in range(12, 2, -1):
        desk.shows(number)
        confirm = desk.viewer.bar.buttons["confirm"]
        desk.until(lambda: confirm.instate(["!disabled"]))  # noqa: B023
        for key in ("c", "Return"):
            desk.press(key)
            keys += 1
        desk.until(lambda: bool(_events(state_dir, number, EventKind.CONFIRM)))  # noqa: B023
    assert keys == 20
    reasons = {number: _events(state_dir, number, EventKind.CONFIRM)[0].reason for number in range(3, 13)}
    with Archive(state_dir) as archive:
        for number, reason in reasons.items():
            assert ("agree" in reason) == (archive.case(number).driver is not None)
    desk.shows(2)


@pytest.mark.parametrize(
    ("size", "zoom"), [("1024x600", 1.0), ("1280x800", 1.0), ("1920x1080", 1.0), ("1920x1080", 1.5)]
)
def test_the_question_covers_neither_plate_nor_person(
    open_desk: OpenDesk, state_dir: Path, display_of: Callable[..., str], size: str, zoom: float
) -> None:
    desk = open_desk(state_dir, on=display_of(size), photo_width=None)
    desk.viewer.root.geometry(f"{size}+0+0")
    desk.viewer.theme.zoomed = zoom
    desk.viewer.zoomed()
    desk.open_first()
    desk.press("Down")
    desk.shows(11)
    desk.until(lambda: desk.viewer.driver.portrait.picture_size is not None)
    for key in ("c", "d", "e"):
        desk.press(key)
        question = _sheet(desk, DockedQuestion)
        assert faults(desk.viewer.root) == []
        top = question.winfo_rooty()
        for subject in (desk.viewer.camera.facts.crop, desk.viewer.camera.facts.plate, desk.viewer.driver.portrait):
            assert subject.winfo_rooty() + subject.winfo_height() <= top or size == "1024x600"
        facts = desk.viewer.camera.facts.plate
        assert facts.winfo_rooty() + facts.winfo_height() <= top
        desk.shot(f"docked-{key}-{size}-{zoom}")
        desk.press("Escape")


def test_nothing_is_preselected_for_a_dismissal_that_the_case_does_not_give(
    open_desk: OpenDesk, state_dir: Path
) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("d")
    question = _sheet(desk, DockedQuestion)
    assert isinstance(question, DockedQuestion) and question.entries[0].get() == ""
    desk.press("Return")
    assert "Give a reason" in desk.texts()
    assert not _events(state_dir, 12, EventKind.DISMISS)


def test_dismissing_by_mouse(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.click(desk.viewer.bar.buttons["dismiss"])
    sheet = _sheet(desk, DockedQuestion)
    desk.type("ambulance on duty")
    assert isinstance(sheet, DockedQuestion)
    desk.click(sheet.go)
    desk.until(lambda: bool(_events(state_dir, 12, EventKind.DISMISS)))
    desk.shows(11)


def test_a_follow_up_is_recorded_where_nobody_is_named(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()  # 12: ambiguous
    desk.press("f")
    question = _sheet(desk, Question)
    assert isinstance(question, Question)
    desk.type("letter sent")
    desk.press("Return")
    desk.until(lambda: bool(_events(state_dir, 12, EventKind.KEEPER_ASKED)))
    assert _events(state_dir, 12, EventKind.KEEPER_ASKED)[0].reason == "letter sent"
    desk.press("n")
    desk.shows(11)
    assert not desk.viewer.bar.is_available("follow_up") and not desk.viewer.bar.is_available("letter")


def test_the_menu_has_what_the_bar_has_no_room_for(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    bar = desk.viewer.bar
    bar.open_menu()
    labels = [bar.menu.entrycget(index, "label") for index in range(int(bar.menu.index("end") or 0) + 1)]
    bar.menu.unpost()
    assert "Letter to the keeper …" in labels and "Export" not in labels
    desk.viewer.root.geometry("480x600")
    desk.until(lambda: not bar.buttons["export"].winfo_ismapped())
    bar.open_menu()
    labels = [bar.menu.entrycget(index, "label") for index in range(int(bar.menu.index("end") or 0) + 1)]
    bar.menu.unpost()
    assert "Export" in labels


def test_the_letter_is_written(open_desk: OpenDesk, state_dir: Path, tmp_path: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("l")
    _sheet(desk, Question)
    desk.press("ctrl+a")
    desk.type(str(tmp_path / "letter.zip"))
    desk.press("Return")
    assert "ends in .pdf" in desk.texts()
    desk.press("ctrl+a")
    desk.type(str(tmp_path / "letter.pdf"))
    desk.press("Return")
    _sheet(desk, Page)
    assert (tmp_path / "letter.pdf").read_bytes().startswith(b"%PDF")


def test_a_judgement_that_waits_is_undone_by_an_entry_of_its_own(open_desk: OpenDesk, state_dir: Path) -> None:
    office = Office(state_dir, SIGNER, ReviewSettings(second=True))
    own = OwnDesk(office, Account(os.getuid() + 1, "sconti", "Sara Conti"))
    desk = open_desk(state_dir, desk=own)
    desk.open_first()
    desk.press("c")
    _sheet(desk, DockedQuestion)
    desk.press("Return")
    desk.until(lambda: bool(_events(state_dir, 12, EventKind.REQUEST)))
    desk.until(lambda: bool(desk.viewer.status.undo.winfo_ismapped()))
    desk.press("z")
    desk.until(lambda: bool(_events(state_dir, 12, EventKind.REFUSE)))
    assert own.requests() == ()


def _confirm(desk: Desk) -> None:
    """Confirm the open case as soon as that is possible."""
    desk.until(lambda: desk.viewer.bar.buttons["confirm"].instate(["!disabled"]))
    desk.press("c")
    _sheet(desk, DockedQuestion)
    desk.press("Return")


def test_a_judgement_that_counts_is_undone_by_an_entry_of_its_own(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    _confirm(desk)
    desk.until(lambda: bool(_events(state_dir, 12, EventKind.CONFIRM)))
    desk.until(lambda: bool(desk.viewer.status.undo.winfo_ismapped()))
    desk.shot("undo offered")
    desk.press("z")
    desk.until(lambda: bool(_events(state_dir, 12, EventKind.WITHDRAW)))
    (judged,), (back,) = _events(state_dir, 12, EventKind.CONFIRM), _events(state_dir, 12, EventKind.WITHDRAW)
    assert (back.judgement, back.officer) == (judged.seq, OFFICER)
    desk.until(lambda: desk.viewer.cases.row(0).review is None)  # type: ignore[union-attr]
    desk.until(lambda: "Case 12: judgement withdrawn" in desk.texts())
    assert not desk.viewer.status.undo.winfo_ismapped()
    desk.press("Home")
    desk.shows(12)
    desk.until(lambda: "Judgement withdrawn" in desk.texts() and "Confirmed, withdrawn" in desk.texts())
    assert "To review" in desk.texts()


def test_undo_takes_nothing_away_that_a_colleague_entered_meanwhile(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    _confirm(desk)
    desk.until(lambda: bool(desk.viewer.status.undo.winfo_ismapped()))
    record(state_dir, 12, kind="dismiss", officer="Bruni", reason="an ambulance", signer=SIGNER)
    desk.press("z")
    _sheet(desk, Page)
    assert "Nothing was recorded" in desk.texts()
    with Archive(state_dir) as archive:
        assert archive.case(12).review == "dismiss"


def test_a_judgement_of_two_officers_is_not_undone_by_one(open_desk: OpenDesk, state_dir: Path) -> None:
    office = Office(state_dir, SIGNER, ReviewSettings(second=True))
    office.review(Account(os.getuid() + 2, "bruni", "Bruni"), 12, EventKind.CONFIRM, reason="agrees", plate=None)
    own = OwnDesk(office, Account(os.getuid() + 1, "sconti", "Sara Conti"))
    desk = open_desk(state_dir, desk=own)
    desk.open_first()
    _confirm(desk)
    desk.until(lambda: bool(_events(state_dir, 12, EventKind.CONFIRM)))
    desk.until(lambda: bool(desk.viewer.status.undo.winfo_ismapped()))
    desk.press("z")
    desk.until(lambda: [request.action for request in own.requests()] == ["withdraw"])
    desk.until(lambda: "the withdrawal waits for a second officer" in desk.texts())
    with Archive(state_dir) as archive:
        assert archive.case(12).review == "confirm"


def test_two_keys_of_one_turn_confirm(open_desk: OpenDesk, state_dir: Path) -> None:
    """Return is typed before the viewer has handled C: it answers the question that C asks, and nothing else."""
    desk = open_desk(state_dir)
    desk.open_first()
    confirm = desk.viewer.bar.buttons["confirm"]
    for number in (12, 11, 10):
        desk.shows(number)
        desk.until(lambda: confirm.instate(["!disabled"]))
        desk.viewer.root.update()
        xdisplay.press(desk.display, "c", "Return")  # both are there before the next turn
        desk.until(lambda: bool(_events(state_dir, number, EventKind.CONFIRM)))  # noqa: B023
        assert len(_events(state_dir, number, EventKind.CONFIRM)) == 1
    desk.shows(9)


def test_c_and_return_do_nothing_where_confirm_is_off(open_desk: OpenDesk, state_dir: Path) -> None:
    with Archive(state_dir) as archive:
        named = next(row.number for row in archive.summaries() if row.driver_name)
        photo = state_dir / archive.case(named).photos[0]
    photo.chmod(0o600)
    photo.write_bytes(photo_of("ZZ999ZZ"))
    desk = open_desk(state_dir)
    desk.listed()
    desk.viewer.cases.select_index(next(i for i in range(12) if desk.viewer.cases.row(i).number == named))  # type: ignore[union-attr]
    desk.until(lambda: "photo 0 was altered" in desk.texts())
    assert desk.viewer.bar.buttons["confirm"].instate(["disabled"])
    for keys in (("c", "Return"), ("c",), ("Return",)):
        desk.press(*keys)
        assert not [child for child in desk.viewer.root.winfo_children() if isinstance(child, Modal)]
    with Archive(state_dir) as archive:
        assert not {event.kind for event in archive.events(named)} & REVIEWS
    assert "photo 0 was altered" in desk.texts()


def test_long_work_tells_how_far_it_is(open_desk: OpenDesk, state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "PROGRESS_S", 0.0)
    desk = open_desk(state_dir)
    desk.listed()
    told: list[str] = []
    show = desk.viewer.status.show_note
    monkeypatch.setattr(desk.viewer.status, "show_note", lambda text, *rest: (told.append(text), show(text, *rest)))
    desk.press("v")
    _sheet(desk, Page)
    assert any(" of 12" in text for text in told)
    assert not desk.viewer.status.note.cget("text")


def test_escape_records_nothing(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("d")
    sheet = _sheet(desk, DockedQuestion)
    desk.type("not this time")
    desk.press("Escape")
    desk.until(lambda: not sheet.winfo_exists())
    assert not _events(state_dir, 12, EventKind.DISMISS)
    assert desk.viewer.root.focus_get() == desk.viewer.cases.canvas


def test_a_corrected_plate_stands_beside_the_one_that_was_read(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    before = desk.viewer.case.opened
    assert before is not None
    desk.press("e")
    sheet = _sheet(desk, DockedQuestion)
    desk.press("ctrl+a")
    desk.type("xy987ab")
    desk.press("Tab")
    desk.type("the first letter is an X")
    desk.press("Return")
    desk.until(lambda: not sheet.winfo_exists() and "Corrected to XY987AB" in desk.texts())
    after = desk.viewer.case.opened
    assert after is not None and after.case.plate_text == before.case.plate_text
    assert list(before.case.plate_text) == [
        line for line in desk.texts().splitlines() if len(line) == 1 and line != "–"
    ]
    desk.until(lambda: desk.viewer.cases.row(0).corrected_plate == "XY987AB")  # type: ignore[union-attr]
    desk.shot("corrected")


def test_where_the_name_no_longer_follows_the_vehicle_alone_is_confirmed(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("Down")
    desk.until(lambda: (opened := desk.viewer.case.opened) is not None and opened.case.driver is not None)
    confirm = desk.viewer.bar.buttons["confirm"]
    assert not confirm.instate(["disabled"])
    desk.press("e")
    sheet = _sheet(desk, DockedQuestion)
    desk.press("ctrl+a")
    desk.type("xy987ab")
    desk.press("Tab")
    desk.type("the first letter is an X")
    desk.press("Return")
    desk.until(lambda: not sheet.winfo_exists() and "this name no longer follows" in desk.texts())
    assert "Name no longer follows" in desk.texts()
    desk.shot("fallen")
    desk.until(lambda: not confirm.instate(["disabled"]))
    desk.press("c")
    sheet = _sheet(desk, DockedQuestion)
    assert isinstance(sheet, DockedQuestion) and str(sheet.go.cget("text")) == "Confirm vehicle"
    desk.shot("vehicle")
    opened = desk.viewer.case.opened
    assert opened is not None
    desk.click(sheet.go)
    desk.until(lambda: bool(_events(state_dir, opened.case.number, EventKind.CONFIRM_VEHICLE)))
    assert not _events(state_dir, opened.case.number, EventKind.CONFIRM)


def test_an_impossible_plate_is_refused_in_words(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("e")
    _sheet(desk, DockedQuestion)
    desk.press("ctrl+a")
    desk.type("[exec id]")
    desk.press("Tab")
    desk.type("x")
    desk.press("Return")
    _sheet(desk, Page)
    assert "Nothing was recorded" in desk.texts() and "letters A to Z" in desk.texts()
    desk.press("Escape")
    assert not _events(state_dir, 12, EventKind.CORRECT_PLATE)


def test_export_makes_a_package_that_verifies_and_an_event(
    open_desk: OpenDesk, state_dir: Path, tmp_path: Path
) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    with running_unit(state_dir):
        for suffix in ("zip", "pdf"):
            target = tmp_path / f"case.{suffix}"
            desk.press("x")
            sheet = _sheet(desk, Question)
            assert isinstance(sheet, Question)
            assert sheet.entries[0].get().endswith("autovelox-case-12.zip")
            desk.press("ctrl+a")
            desk.type(str(target))
            desk.press("Return")
            page = _sheet(desk, Page)
            assert "Exported" in desk.texts()
            desk.press("Return")
            desk.until(lambda: not page.winfo_exists())  # noqa: B023
    assert check_package(tmp_path / "case.zip")
    assert (tmp_path / "case.pdf").read_bytes().startswith(b"%PDF")
    assert [event.officer for event in _events(state_dir, 12, EventKind.EXPORT)] == [OFFICER, OFFICER]


def test_a_bad_file_name_is_refused_in_words(open_desk: OpenDesk, state_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "there.zip").touch()
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("x")
    _sheet(desk, Question)
    for name, complaint in {
        "case.zip": "whole path",
        f"{tmp_path}/none/case.zip": "no such folder",
        f"{tmp_path}/case.txt": "ends in .zip or .pdf",
        f"{tmp_path}/there.zip": "exists already",
    }.items():
        desk.press("ctrl+a")
        desk.type(name)
        desk.press("Return")
        assert complaint in desk.texts()


def test_verify_says_that_all_holds_and_what_does_not(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    desk.press("v")
    page = _sheet(desk, Page)
    assert "12 cases" in desk.texts()
    desk.press("Return")
    desk.until(lambda: not page.winfo_exists())
    with Archive(state_dir) as archive:
        photo = state_dir / archive.case(7).photos[0]
    photo.chmod(0o600)
    photo.write_bytes(photo.read_bytes()[:-1] + b"\0")
    desk.press("v")
    _sheet(desk, Page)
    assert "case 7" in desk.texts() and desk.viewer.banners.shown[0].tone == "bad"
    desk.shot("evidence-broken")


def test_copy_puts_the_case_on_the_clipboard(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("ctrl+c")
    text = desk.viewer.root.clipboard_get()
    assert "Case: 12" in text and "UTC" in text


def test_the_plate_alone_is_copied_where_nobody_is_named(open_desk: OpenDesk, tmp_path: Path) -> None:
    named = Scene(plate="EF456GH", driver=person(0), outcome=Outcome.IDENTIFIED, reason=Reason.ONE_CLAIM)
    fill(tmp_path / "two", [Scene(plate="AB123CD"), named])
    desk = open_desk(tmp_path / "two")
    desk.open_first()  # the newest: its driver is named
    button = desk.viewer.driver.unnamed.copy_plate
    assert not button.winfo_viewable()
    desk.press("n")
    desk.until(lambda: bool(button.winfo_viewable()))
    button.invoke()
    assert desk.viewer.root.clipboard_get() == "AB123CD"
    desk.press("p")
    desk.until(lambda: not button.winfo_viewable())
    desk.press("k")
    assert desk.viewer.root.clipboard_get() == "EF456GH"


def test_shortcuts_page(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    desk.press("F1")
    desk.shot("shortcuts")
    assert "Everything by keyboard" in desk.texts()
    desk.press("Escape")
    assert "Everything by keyboard" not in desk.texts()


def test_full_size_photo_zooms_and_pans(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("space")
    box = desk.viewer.actions.lightbox
    assert isinstance(box, Lightbox)
    desk.until(lambda: box.drawings >= 1)
    desk.shot("full-size")
    zoom = box.zoom
    desk.press("plus", "plus", "plus")
    desk.until(lambda: box.zoom > zoom)
    drawn = box.drawings
    desk.until(lambda: box.drawings > drawn)
    desk.press("Right", "Down")
    desk.until(lambda: box.drawings > drawn + 1)
    desk.shot("full-size-zoomed")
    desk.press("Escape")
    assert desk.viewer.actions.lightbox is None


def test_tab_reaches_everything_in_order(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    seen: list[tk.Misc] = []
    for _ in range(30):
        desk.press("Tab")
        widget = desk.viewer.root.focus_get()
        assert widget is not None
        if widget in seen:
            break
        seen.append(widget)
    viewer = desk.viewer
    wanted = {viewer.cases.canvas, viewer.camera.photo, viewer.filters.text, *viewer.bar.buttons.values()}
    assert wanted <= set(seen)
    places = [seen.index(button) for button in viewer.bar.buttons.values()]
    assert places == sorted(places)


def test_the_next_case_after_a_judgement_is_the_one_that_followed(open_desk: OpenDesk, state_dir: Path) -> None:
    """In the cases to review a judged case leaves the list; N must not jump over the one that takes its place."""
    desk = open_desk(state_dir)
    desk.listed()
    cases, review = desk.viewer.cases, desk.viewer.filters.review
    review.current(list(review["values"]).index("To review"))
    review.event_generate("<<ComboboxSelected>>")
    desk.until(lambda: cases.total == 12 and desk.viewer.listing.loaded)
    desk.viewer.cases.canvas.focus_set()
    desk.press("Down", "n")
    desk.shows(11)
    for judged, left, following in (((11, 9), 10, 10), ((10,), 9, 8)):  # another officer takes case 9 meanwhile
        for number in judged:
            record(state_dir, number, kind=EventKind.CONFIRM, officer="Ugo Neri", reason="seen", signer=SIGNER)
        desk.until(lambda: cases.total == left)  # noqa: B023
        desk.press("n")
        desk.shows(following)
    desk.press("p")
    desk.shows(12)
