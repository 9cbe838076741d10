"""Nothing is cut off and nothing covers anything, at every size of a display, scale, zoom, language and palette."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import ttk

import pytest

from tests.support.desk import Desk, OpenDesk
from tests.support.matrix import FACTORS, SIZES
from tests.support.measured import faults

LOCALES = ("en_GB", "it_IT")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("scale", "zoom"), FACTORS)
def test_nothing_is_cut_off_or_covered(
    open_desk: OpenDesk,
    long_cases: Path,
    display_of: Callable[..., str],
    size: str,
    locale: str,
    scale: float,
    zoom: float,
) -> None:
    dark = (SIZES.index(size) + LOCALES.index(locale)) % 2 == 1
    desk = open_desk(long_cases, on=display_of(size), locale=locale, dark=dark, scale=scale, photo_width=None)
    desk.viewer.root.geometry(f"{size}+0+0")
    desk.viewer.theme.zoomed = zoom
    desk.viewer.zoomed()
    desk.listed()
    desk.until(lambda: desk.viewer.cases.row(0) is not None)
    assert _after_a_turn(desk) == []
    for number in (4, 3, 2, 1):
        desk.viewer.cases.select_index(4 - number)
        desk.shows(number)
        desk.until(lambda: desk.viewer.camera.photo.picture_size is not None)
        assert _after_a_turn(desk) == [], f"case {number}"
    desk.viewer.help()
    assert _after_a_turn(desk) == [], "the keys"
    desk.viewer.recolour()
    desk.viewer.root.focus_get().event_generate("<Escape>")  # type: ignore[union-attr]
    assert _after_a_turn(desk) == [], "the other palette"


def _after_a_turn(desk: Desk) -> list[str]:
    for _ in range(8):
        desk.viewer.root.update()
    return faults(desk.viewer.root)


def test_what_is_cut_off_or_covered_is_found(open_desk: OpenDesk, long_cases: Path) -> None:
    desk = open_desk(long_cases)
    desk.open_first()
    assert _after_a_turn(desk) == []
    bar = desk.viewer.bar
    label = ttk.Label(bar, text="a text that needs its room")
    label.place(x=bar.badge.winfo_x(), y=bar.badge.winfo_y(), width=20)
    found = _after_a_turn(desk)
    assert any("has (20" in fault for fault in found) and any("lies over" in fault for fault in found)
    label.place(x=bar.winfo_width() - 10, y=0, width=label.winfo_reqwidth())
    assert any("outside of" in fault for fault in _after_a_turn(desk))
    canvas = tk.Canvas(bar, width=40, height=20)  # one that nothing draws anew
    canvas.place(x=0, y=0)
    canvas.create_text(35, 10, text="beyond the edge", anchor="w")
    assert any("'beyond the edge' ends" in fault for fault in _after_a_turn(desk))
