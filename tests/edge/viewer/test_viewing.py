"""Viewing cases: the list, the open case, and the views that are recorded."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from tkinter import ttk

from edge.cases import review
from edge.cases.archive import Archive
from edge.cases.store import CaseStore
from edge.cases.views import EventKind
from edge.viewer.control.listing import POLL_MS
from edge.viewer.panels.case_list import PAGE
from edge.viewer.panels.history import lines
from tests.support import stores
from tests.support.desk import OFFICER, OpenDesk


def _views(state_dir: Path, number: int) -> list[str]:
    with Archive(state_dir) as archive:
        return [event.officer for event in archive.events(number) if event.kind is EventKind.VIEW]


def test_a_case_shows_what_the_camera_saw_and_who_drove(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    desk.press("Down")
    desk.shows(11)
    desk.press("n")
    desk.shows(10)
    desk.press("p")
    desk.shows(11)
    said = desk.texts()
    opened = desk.viewer.case.opened
    assert opened is not None and opened.case.driver is not None
    driver = opened.case.driver
    for wanted in (
        "Case 11",
        "Identified",
        driver.licence,
        driver.first_name,
        driver.last_name,
        driver.birth_place,
        "km/h",
    ):
        assert wanted in said
    photo = desk.viewer.camera.photo
    assert photo.picture_size is not None and photo.find_withtag("box")
    assert desk.viewer.driver.portrait.picture_size is not None
    desk.shot("identified")


def test_views_are_chained_events_and_cases_passed_over_are_not_viewed(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    for _ in range(4):
        desk.viewer.cases.move(1)
    desk.shows(9)
    assert _views(state_dir, 9) == [OFFICER]
    assert [_views(state_dir, number) for number in (10, 11, 12)] == [[], [], []]


def test_a_case_whose_view_cannot_be_recorded_stays_closed(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir, desk=stores.own_desk(state_dir, signer=None))
    desk.listed()
    desk.press("Down")
    desk.until(lambda: "stays closed" in desk.texts())
    assert desk.viewer.case.opened is None
    with Archive(state_dir) as archive:
        licences = [case.driver.licence for number in range(1, 13) if (case := archive.case(number)).driver]
    assert licences and not any(licence in desk.texts() for licence in licences)


def test_a_new_case_appears_by_itself_and_the_open_one_is_not_painted_again(
    open_desk: OpenDesk, state_dir: Path
) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    drawn = desk.viewer.case.photos_drawn
    stores.fill(state_dir, [stores.Scene(plate="NEW01AA")])
    desk.until(lambda: desk.viewer.cases.total == 13)
    assert "NEW01AA" in desk.texts()
    assert desk.viewer.cases.selection == 12
    assert desk.viewer.case.photos_drawn == drawn
    assert POLL_MS < 1000


def test_a_pending_case_is_completed_on_the_screen_when_it_is_decided(open_desk: OpenDesk, tmp_path: Path) -> None:
    pending = stores.Scene(outcome=None)
    stores.fill(tmp_path, [pending])
    desk = open_desk(tmp_path)
    desk.open_first()
    assert "still being decided" in desk.texts()
    assert desk.viewer.bar.buttons["confirm"].instate(["disabled"])
    desk.shot("pending")
    drawn = desk.viewer.case.photos_drawn

    async def decide() -> None:
        store = await CaseStore.open(tmp_path, stores.SIGNER, stores.UNIT)
        await store.enter_verdict(1, stores.decision(stores.scenes(1)[0]))
        await store.close()

    asyncio.run(decide())
    desk.until(lambda: desk.viewer.driver.portrait.picture_size is not None)
    assert "Identified" in desk.texts()
    assert desk.viewer.camera.photo.find_withtag("box")
    assert desk.viewer.case.photos_drawn == drawn
    assert desk.viewer.bar.buttons["confirm"].instate(["!disabled"])


def test_a_thousand_cases_are_reached_by_key_and_wheel(open_desk: OpenDesk, thousand: Path) -> None:
    desk = open_desk(thousand)
    desk.listed()
    cases = desk.viewer.cases
    assert cases.total >= 1000
    desk.press("End")
    desk.until(lambda: cases.row(cases.total - 1) is not None)
    desk.until(lambda: cases.selection == 1)
    desk.press("Home")
    desk.until(lambda: cases.selection == cases.total)
    desk.press("Next")
    desk.until(lambda: cases.selection == cases.total - cases.visible_rows)
    before = cases.canvas.find_all()
    desk.click(cases.canvas, button=5)
    desk.until(lambda: cases.canvas.find_all() != before)
    assert len(cases.canvas.find_all()) < 10 * (cases.visible_rows + 2)
    assert cases.loaded_pages * PAGE < cases.total


def test_a_click_opens_a_case(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    desk.click(desk.viewer.cases.canvas, y=int(2.5 * desk.viewer.cases.row_height))
    desk.shows(10)


def test_filters_and_order_narrow_the_list(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    cases, filters = desk.viewer.cases, desk.viewer.filters
    desk.press("ctrl+f")
    desk.type("zz")
    desk.until(lambda: cases.total == 0)
    assert "No case fits the filter" in desk.texts()
    desk.shot("nothing-fits")
    desk.press("Escape")
    desk.until(lambda: cases.total == 12)
    filters.outcome.current(2)
    filters.outcome.event_generate("<<ComboboxSelected>>")
    desk.until(lambda: 0 < cases.total < 12)
    assert {row.outcome for index in range(cases.total) if (row := cases.row(index))} == {"ambiguous"}
    filters.reset()
    filters.order.current(2)
    filters.order.event_generate("<<ComboboxSelected>>")
    desk.until(lambda: cases.row(0) is not None and cases.row(0).number != 12)  # type: ignore[union-attr]
    speeds = [row.speed_kmh for index in range(12) if (row := cases.row(index)) and row.speed_kmh]
    assert speeds == sorted(speeds, reverse=True)


def test_the_review_and_the_day_filter(open_desk: OpenDesk, state_dir: Path) -> None:
    review.record(state_dir, 3, kind=EventKind.DISMISS, officer=OFFICER, reason="ambulance", signer=stores.SIGNER)
    desk = open_desk(state_dir)
    desk.listed()
    cases, filters = desk.viewer.cases, desk.viewer.filters
    _choose(filters.review, "Dismissed")
    desk.until(lambda: cases.total == 1)
    assert cases.row(0).number == 3  # type: ignore[union-attr]
    _choose(filters.review, "To review")
    desk.until(lambda: cases.total == 11)
    filters.reset()
    _choose(filters.day, "Today")
    desk.until(lambda: cases.total == 0)
    _choose(filters.day, "Any day")
    desk.until(lambda: cases.total == 12)


def test_days_of_ones_choice(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    cases, filters = desk.viewer.cases, desk.viewer.filters
    days = [datetime.fromtimestamp(row.at_utc).date() for index in range(12) if (row := cases.row(index))]
    first, last = min(days), max(days)
    assert first < last
    _choose(filters.day, "Choose days …")
    desk.press("ctrl+a")
    desk.type("yesterday")
    desk.press("Return")
    assert "Write a day as" in desk.texts()
    desk.press("ctrl+a")
    desk.type(f"{last:%d/%m/%Y}")
    desk.press("Tab")
    desk.type(first.isoformat())
    desk.press("Return")
    assert "before the first" in desk.texts()
    desk.shot("choose-days")
    desk.press("ctrl+a", "BackSpace", "Return")
    desk.until(lambda: cases.total == days.count(last))
    assert f"{last.day} {last:%b %Y}  ✕" in desk.texts()
    assert f"{days.count(last)} of 12" in desk.texts()
    _choose(filters.day, "Choose days …")
    desk.press("Escape")
    desk.until(lambda: cases.total == 12)
    assert filters.day.get() == "Any day"


def test_the_search_leads_to_its_hits_and_back(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    cases = desk.viewer.cases
    row = cases.row(1)
    assert row is not None and row.driver_name
    name = row.driver_name.split()[-1]
    for key in ("Return", "Down"):
        desk.press("ctrl+f")
        desk.type(name.lower())
        desk.press(key)
        desk.until(lambda: 0 < cases.total < 12 and cases.selection is not None)
        first = cases.row(0)
        assert first is not None and cases.selection == first.number
        assert desk.viewer.root.focus_get() == cases.canvas
        assert name in desk.texts() and f"{cases.total} of 12" in desk.texts()
        desk.shot("search-hits")
        desk.press("ctrl+f", "Escape")
        desk.until(lambda: cases.total == 12)
        assert desk.viewer.root.focus_get() == cases.canvas


def test_a_chip_drops_its_filter(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    cases, filters = desk.viewer.cases, desk.viewer.filters
    _choose(filters.outcome, "Ambiguous")
    desk.until(lambda: 0 < cases.total < 12)
    (chip,) = filters.chips.winfo_children()
    desk.click(chip)
    desk.until(lambda: cases.total == 12)
    assert not filters.chips.winfo_children() and "12 cases" in desk.texts()


def _choose(box: ttk.Combobox, text: str) -> None:
    box.current(list(box["values"]).index(text))
    box.event_generate("<<ComboboxSelected>>")


def test_the_history_tells_who_did_what(open_desk: OpenDesk, state_dir: Path) -> None:
    review.record(state_dir, 12, kind=EventKind.VIEW, officer="Ugo Neri", signer=stores.SIGNER)
    review.record(state_dir, 12, kind=EventKind.VIEW, officer="Ugo Neri", signer=stores.SIGNER)
    correction = {"kind": EventKind.CORRECT_PLATE, "reason": "an X", "plate": "XY1"}
    review.record(state_dir, 12, officer="Ugo Neri", signer=stores.SIGNER, **correction)  # type: ignore[arg-type]
    desk = open_desk(state_dir)
    desk.open_first()
    opened = desk.viewer.case.opened
    assert opened is not None
    told = [(line.act, line.details) for line in lines(opened.case, opened.events)]
    assert told == [
        ("Viewed", OFFICER),
        ("Plate corrected", "Ugo Neri · XY1 · an X"),
        ("Viewed 2 times", "Ugo Neri"),
        ("Ambiguous", "by the unit"),
        ("Recorded", ""),
    ]
    for word, story in told:
        assert word in desk.texts() and story in desk.texts()
