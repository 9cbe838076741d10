"""The viewer shows a British case in miles per hour: the list's row, the facts, what Copy puts on the clipboard."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.desk import OpenDesk
from tests.support.miles import lone
from tests.support.papers import KINDS, paper_case


def test_speeds_and_limit_are_in_miles_per_hour(open_desk: OpenDesk, tmp_path: Path) -> None:
    state = tmp_path / "state"
    asyncio.run(paper_case(state, KINDS["british-nobody"]))
    desk = open_desk(state)
    desk.open_first()
    listed = desk.viewer.cases.canvas
    rows = "\n".join(listed.itemcget(item, "text") for item in listed.find_all() if listed.type(item) == "text")
    assert "44.9 mph" in rows and "km/h" not in rows
    said = desk.texts()
    assert "44.9 mph" in said and "limit 30 mph, 14.9 mph over; measured 44.9 less 0.0" in said
    assert "44 mph, standard deviation 2" in said and lone(said) == []
    desk.viewer.actions.copy()
    copied = desk.viewer.root.clipboard_get()
    for line in ("Speed: 44.9 mph", "Speed that counts: 44.9 mph", "Excess: 14.9 mph (s. 89(1) of", "Limit: 30 mph"):
        assert line in copied, copied
    assert "km/h" not in copied
