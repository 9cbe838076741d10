"""What an officer needs first is on the screen without scrolling: plate, verdict, and the speed that counts."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from edge.viewer.ui.questions import DockedQuestion
from tests.support import xdisplay
from tests.support.desk import Desk, OpenDesk
from tests.support.matrix import FACTORS, SIZES

LOCALES = ("en_GB", "it_IT", "de_DE", "sl_SI")
LEAST_PHOTO = 30
"""Pixels of a photo's height, at scale 1, that are in sight at least."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("scale", "zoom"), FACTORS)
def test_plate_verdict_and_speed_are_in_sight(
    open_desk: OpenDesk,
    long_cases: Path,
    display_of: Callable[..., str],
    tmp_path: Path,
    size: str,
    scale: float,
    zoom: float,
) -> None:
    locale = LOCALES[(SIZES.index(size) + FACTORS.index((scale, zoom))) % len(LOCALES)]
    desk = open_desk(long_cases, on=display_of(size), locale=locale, scale=scale, photo_width=None)
    desk.viewer.root.geometry(f"{size}+0+0")
    desk.viewer.theme.zoomed = zoom
    desk.viewer.zoomed()
    desk.listed()
    desk.until(lambda: desk.viewer.cases.row(0) is not None)
    for number in (4, 3, 2, 1):
        desk.viewer.cases.select_index(4 - number)
        desk.shows(number)
        desk.until(lambda: desk.viewer.camera.photo.picture_size is not None)
        for _ in range(8):
            desk.viewer.root.update()
        assert _out_of_sight(desk, scale * zoom) == [], f"case {number}"
        if size in SIZES[:2]:
            assert _painted(desk, tmp_path / "screen.png"), f"case {number}"


def test_a_question_covers_none_of_them(open_desk: OpenDesk, long_cases: Path, display_of: Callable[..., str]) -> None:
    desk = open_desk(long_cases, on=display_of("1024x600"), scale=2.0, photo_width=None)
    desk.viewer.root.geometry("1024x600+0+0")
    desk.listed()
    desk.until(lambda: desk.viewer.cases.row(0) is not None)
    desk.viewer.cases.select_index(3)
    desk.shows(1)
    desk.until(lambda: desk.viewer.bar.buttons["confirm"].instate(["!disabled"]))
    desk.viewer.window.case.see(500, 900)  # wherever the officer was
    desk.viewer.actions.confirm()
    desk.until(lambda: any(isinstance(child, DockedQuestion) for child in desk.viewer.root.winfo_children()))
    desk.viewer.root.update()
    (dock,) = (child for child in desk.viewer.root.winfo_children() if isinstance(child, DockedQuestion))
    assert desk.viewer.camera.headline.winfo_ismapped()
    for name, widget in _first(desk).items():
        top, bottom = widget.winfo_rooty(), widget.winfo_rooty() + widget.winfo_height()
        assert desk.viewer.window.case.winfo_rooty() <= top and bottom <= dock.winfo_rooty(), name


def test_the_search_says_what_it_is_for_where_no_caption_has_room(
    open_desk: OpenDesk, long_cases: Path, display_of: Callable[..., str]
) -> None:
    desk = open_desk(long_cases, on=display_of("800x480"), scale=2.0)
    desk.viewer.root.geometry("800x480+0+0")
    desk.listed()
    words = "Search plate, driver or case number"
    desk.until(lambda: words in desk.texts())
    desk.press("slash")
    desk.until(lambda: words not in desk.texts())
    desk.type("AB")
    desk.press("Return")
    desk.viewer.root.update()
    assert words not in desk.texts()


def _first(desk: Desk) -> dict[str, tk.Misc]:
    """The widgets that say the verdict, the speed and the plate."""
    camera = desk.viewer.camera
    part = camera.headline if camera.headline.winfo_ismapped() else camera.facts
    return {"verdict": part.verdict, "speed": part.speed, "plate": part.plate}


def _out_of_sight(desk: Desk, factor: float) -> list[str]:
    """Which of them, and the photo, do not lie in the opening of the case."""
    opening, photo = desk.viewer.window.case, desk.viewer.camera.photo
    left, top = opening.winfo_rootx(), opening.winfo_rooty()
    right, bottom = left + opening.winfo_width(), top + opening.winfo_height()
    found = []
    for name, widget in _first(desk).items():
        x, y = widget.winfo_rootx(), widget.winfo_rooty()
        inside = left <= x and top <= y and x + widget.winfo_width() <= right and y + widget.winfo_height() <= bottom
        if not widget.winfo_ismapped() or not inside:
            found.append(f"{name}: {x}, {y} to {x + widget.winfo_width()}, {y + widget.winfo_height()}")
    seen = min(bottom, photo.winfo_rooty() + photo.winfo_height()) - photo.winfo_rooty()
    if seen < LEAST_PHOTO * factor:
        found.append(f"photo: {seen} pixels of its height")
    return [f"{fault}, in {left}, {top} to {right}, {bottom}" for fault in found]


def _painted(desk: Desk, path: Path) -> bool:
    """Whether each of them is on the screen: at its place there are pixels of text on a ground."""
    xdisplay.screenshot(desk.display, path)
    with Image.open(path) as file:
        shot = file.convert("L")
    for widget in _first(desk).values():
        x, y = widget.winfo_rootx(), widget.winfo_rooty()
        low, high = shot.crop((x, y, x + widget.winfo_width(), y + widget.winfo_height())).getextrema()
        if high - low < 100:  # type: ignore[operator]
            return False
    return True
