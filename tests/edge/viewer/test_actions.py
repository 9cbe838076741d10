"""The officer's actions: confirm, dismiss, correct, export, verify, copy; each through real keys."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

from edge.cases.archive import Archive
from edge.cases.evidence.verify import check_package
from edge.cases.review import record
from edge.cases.views import Event, EventKind
from edge.model import Outcome, Reason
from edge.viewer.ui.lightbox import Lightbox
from edge.viewer.ui.sheets import Page, Question, Sheet
from tests.support.desk import OFFICER, Desk, OpenDesk
from tests.support.stores import SIGNER, Scene, fill, person, running_unit


def _events(state_dir: Path, number: int, kind: EventKind) -> list[Event]:
    with Archive(state_dir) as archive:
        return [event for event in archive.events(number) if event.kind is kind]


def _sheet(desk: Desk, kind: type[Sheet]) -> Sheet:
    found: list[Sheet] = []

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
    sheet = _sheet(desk, Question)
    desk.shot("confirm")
    desk.press("Return")
    assert "Give a reason" in desk.texts()
    desk.type("checked by eye")
    desk.press("Return")
    desk.until(lambda: not sheet.winfo_exists() and "Confirmed" in desk.texts())
    (event,) = _events(state_dir, 12, EventKind.CONFIRM)
    assert (event.officer, event.reason) == (OFFICER, "checked by eye")
    assert "checked by eye" in desk.texts()
    desk.until(lambda: desk.viewer.cases.row(0).review == EventKind.CONFIRM)  # type: ignore[union-attr]
    desk.shot("confirmed")


def test_dismissing_by_mouse(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.click(desk.viewer.bar.buttons["dismiss"])
    sheet = _sheet(desk, Question)
    desk.type("ambulance on duty")
    assert isinstance(sheet, Question)
    desk.click(sheet.go)
    desk.until(lambda: bool(_events(state_dir, 12, EventKind.DISMISS)))
    desk.until(lambda: "Dismissed" in desk.texts())


def test_escape_records_nothing(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("d")
    sheet = _sheet(desk, Question)
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
    sheet = _sheet(desk, Question)
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


def test_confirm_is_off_where_the_name_no_longer_follows(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("Down")
    desk.until(lambda: (opened := desk.viewer.case.opened) is not None and opened.case.driver is not None)
    confirm = desk.viewer.bar.buttons["confirm"]
    assert not confirm.instate(["disabled"])
    desk.press("e")
    sheet = _sheet(desk, Question)
    desk.press("ctrl+a")
    desk.type("xy987ab")
    desk.press("Tab")
    desk.type("the first letter is an X")
    desk.press("Return")
    desk.until(lambda: not sheet.winfo_exists() and "this name no longer follows" in desk.texts())
    assert confirm.instate(["disabled"])
    assert "Name no longer follows" in desk.texts()
    desk.press("c")
    assert not [child for child in desk.viewer.root.winfo_children() if isinstance(child, Question)]
    desk.shot("fallen")


def test_an_impossible_plate_is_refused_in_words(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("e")
    _sheet(desk, Question)
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
        f"{tmp_path}/case.txt": "ends in .zip",
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
