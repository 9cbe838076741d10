"""At the desk: the name is set aside from the menu, with a reason; it says so in the list, on the card and in Copy."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from edge.cases.archive import Archive
from edge.cases.views import EventKind
from edge.viewer.panels.case_list import why_it_fits
from edge.viewer.ui.questions import DockedQuestion
from tests.support.desk import Desk, OpenDesk
from tests.support.papers import KINDS, paper_case


def question(desk: Desk) -> DockedQuestion:
    """The question above the buttons, once it is there."""

    def there() -> list[DockedQuestion]:
        return [child for child in desk.viewer.root.winfo_children() if isinstance(child, DockedQuestion)]

    desk.until(lambda: bool(there()))
    desk.viewer.root.update()
    return there()[0]


def test_a_name_that_stands_is_set_aside_with_a_reason(open_desk: OpenDesk, tmp_path: Path) -> None:
    state = tmp_path / "state"
    asyncio.run(paper_case(state, KINDS["draft"]))
    desk = open_desk(state)
    desk.open_first()
    desk.until(lambda: desk.viewer.bar.is_available("aside"))
    assert not desk.viewer.bar.is_available("letter")
    desk.viewer.actions.set_name_aside()
    sheet = question(desk)
    assert str(sheet.go.cget("text")) == "Set name aside"
    desk.press("Return")
    assert "Give a reason" in desk.texts()
    desk.type("identity stolen")
    desk.shot("name-aside")
    desk.press("Return")
    desk.until(lambda: (row := desk.viewer.cases.row(0)) is not None and row.name_set_aside)
    with Archive(state) as archive:
        (entered,) = [event for event in archive.events(1) if event.kind is EventKind.SET_NAME_ASIDE]
    assert entered.reason == "identity stolen"
    desk.until(lambda: (opened := desk.viewer.case.opened) is not None and opened.case.name_set_aside)
    desk.until(lambda: "an officer set this name aside: it is not to be used" in desk.texts())
    assert "Name set aside" in desk.texts()
    assert not desk.viewer.bar.is_available("aside") and desk.viewer.bar.is_available("letter")
    desk.viewer.actions.copy()
    copied = desk.viewer.root.clipboard_get()
    assert "Ferrante" not in copied and "Driver: an officer set this name aside" in copied


def test_where_nobody_is_named_there_is_nothing_to_set_aside(open_desk: OpenDesk, tmp_path: Path) -> None:
    state = tmp_path / "state"
    asyncio.run(paper_case(state, KINDS["unidentified"]))
    desk = open_desk(state)
    desk.open_first()
    desk.until(lambda: desk.viewer.bar.is_available("letter"))
    assert not desk.viewer.bar.is_available("aside")


def test_a_row_that_was_sought_by_a_name_says_it_only_while_it_stands(tmp_path: Path) -> None:
    asyncio.run(paper_case(tmp_path / "state", KINDS["draft"]))
    with Archive(tmp_path / "state") as archive:
        (row,) = archive.summaries()
    name = row.driver_name
    assert "Ferrante" in why_it_fits(row, "ferrante") and why_it_fits(row, "zzz") == ""
    assert name not in why_it_fits(replace(row, name_set_aside=True), "ferrante")
    assert name not in why_it_fits(replace(row, corrected_plate="ZZ999ZZ"), "ferrante")
