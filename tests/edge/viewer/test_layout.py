"""Nothing is cut off, from 1024x600 to 2560x1440, in either language and palette, at any zoom."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import ttk

import pytest

from edge.cases.views import EventKind
from edge.model import Flag, Outcome, Reason
from edge.viewer.panels.case_list import CaseList
from edge.viewer.text import language
from edge.viewer.ui.palette import DARK, LIGHT, TONES, Palette
from edge.viewer.ui.widgets import Elided
from edge.viewer.ui.window import Rows, split_height
from tests.support import stores
from tests.support.desk import Desk, OpenDesk

LEAST_CONTRAST = 4.5
"""Web Content Accessibility Guidelines 2.2, success criterion 1.4.3."""


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    language.use("en_GB")


def _cut_off(widget: tk.Misc) -> Iterator[str]:
    for child in widget.winfo_children():
        if not child.winfo_ismapped():
            continue
        yield from _cut_off(child)
        if isinstance(child, tk.Canvas) and child.winfo_class() == "Canvas" and not isinstance(child.master, CaseList):
            yield from _beyond(child)
        if isinstance(child, ttk.Label | ttk.Button) and not isinstance(child, Elided):
            short = child.winfo_width() < child.winfo_reqwidth() or child.winfo_height() < child.winfo_reqheight()
            if short and child.cget("text"):
                yield f"{child.cget('text')}: {child.winfo_width()} of {child.winfo_reqwidth()} pixels wide"
        right, bottom = child.winfo_x() + child.winfo_width(), child.winfo_y() + child.winfo_height()
        parent = child.nametowidget(child.winfo_parent())
        if right > parent.winfo_width() + 1 or bottom > parent.winfo_height() + 1:
            yield f"{child} ends at {right}, {bottom}, outside its parent"


def _beyond(canvas: tk.Canvas) -> Iterator[str]:
    """The texts of *canvas* that end outside of it."""
    for item in canvas.find_all():
        if canvas.type(item) == "text" and canvas.itemcget(item, "text"):  # type: ignore[no-untyped-call]
            left, top, right, bottom = canvas.bbox(item)
            if left < -1 or top < -1 or right > canvas.winfo_width() + 1 or bottom > canvas.winfo_height() + 1:
                yield f"{canvas.itemcget(item, 'text')!r} ends at {right}, {bottom}, outside its canvas"


def _walk(desk: Desk, name: str) -> None:
    """Look at an ambiguous, an identified and an unidentified case, and at a sheet."""
    desk.listed()
    for number, kind in ((12, "ambiguous"), (11, "identified"), (10, "unidentified")):
        desk.viewer.cases.move(1)
        desk.shows(number)
        desk.until(lambda: desk.viewer.status.count.cget("text") != "")
        desk.shot(f"{name}-{kind}")
        assert list(_cut_off(desk.viewer.root)) == []
    desk.viewer.help()
    desk.shot(f"{name}-shortcuts")
    assert list(_cut_off(desk.viewer.root)) == []


@pytest.mark.parametrize("size", ["1024x600", "2560x1440"])
@pytest.mark.parametrize(("locale", "dark"), [("en_GB", False), ("it_IT", True)])
def test_nothing_is_cut_off(
    open_desk: OpenDesk, state_dir: Path, display_of: Callable[..., str], size: str, locale: str, dark: bool
) -> None:
    desk = open_desk(state_dir, on=display_of(size), locale=locale, dark=dark)
    desk.viewer.root.geometry(size)
    _walk(desk, f"{size}-{locale}-{'dark' if dark else 'light'}")


def test_a_fine_display_gets_larger_type(open_desk: OpenDesk, state_dir: Path, display_of: Callable[..., str]) -> None:
    desk = open_desk(state_dir, on=display_of("2560x1440", 168))
    assert desk.viewer.theme.scale == pytest.approx(1.75, abs=0.02)
    _walk(desk, "2560x1440-168dpi")


@pytest.mark.parametrize("locale", ["en_GB", "it_IT"])
def test_the_longest_case_fits_the_smallest_window(
    open_desk: OpenDesk, tmp_path: Path, display_of: Callable[..., str], locale: str
) -> None:
    name = "Maria Immacolata Concetta Addolorata Annunziata"
    driver = stores.person(1, first_name=name, last_name="Buonaventura-Castellammare", expires_on="2020-01-01")
    flags = (Flag.NOT_THE_KEEPER,)
    named = stores.Scene(plate="WM99WMW8MW", driver=driver, outcome=Outcome.IDENTIFIED, scores=(-0.1,), flags=flags)
    reason = Reason.SEVERAL_CLAIMS
    many = stores.Scene(outcome=Outcome.AMBIGUOUS, reason=reason, scores=tuple(-1.5 * n for n in range(9)))
    stores.fill(tmp_path, [named, many])
    desk = open_desk(tmp_path, on=display_of("1024x600"), locale=locale)
    desk.viewer.root.geometry("1024x600")
    desk.listed()
    for number in (2, 1):
        desk.viewer.cases.move(1)
        desk.shows(number)
        desk.viewer.source.record_review(
            number, EventKind.CORRECT_PLATE, "W" * 200, "MW88MWM", lambda _seq: None, _fail
        )
        desk.until(lambda: bool(desk.viewer.camera.corrected.winfo_ismapped()))
        desk.shot(f"1024x600-{locale}-longest-{number}")
        assert list(_cut_off(desk.viewer.root)) == []


def _fail(error: Exception) -> None:
    raise error


def test_the_history_gets_what_the_halves_leave() -> None:
    assert split_height(700, wanted=300, lower=160, min_history=90, gap=8) == Rows(300, 160, 224)
    assert split_height(500, wanted=300, lower=160, min_history=90, gap=8) == Rows(332, 160, 0)
    assert split_height(400, wanted=300, lower=160, min_history=90, gap=8) == Rows(232, 160, 0)


def test_zoom_and_palette_change_while_a_case_is_open(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    height = desk.viewer.cases.row_height
    desk.press("ctrl+plus", "ctrl+plus")
    desk.until(lambda: desk.viewer.cases.row_height > height)
    desk.press("t")
    assert str(desk.viewer.cases.canvas.cget("background")) == DARK.surface
    desk.shot("zoomed-dark")
    desk.press("ctrl+0", "t")
    desk.until(lambda: desk.viewer.cases.row_height == height)
    assert str(desk.viewer.cases.canvas.cget("background")) == LIGHT.surface


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_every_text_can_be_read_on_its_ground(palette: Palette) -> None:
    pairs = [(getattr(palette, tone), getattr(palette, f"{tone}_soft")) for tone in TONES]
    pairs += [(getattr(palette, tone), palette.surface) for tone in (*TONES, "text", "muted")]
    pairs += [(palette.text, palette.accent_soft), (palette.muted, palette.background), (palette.muted, palette.photo)]
    pairs += [(palette.on_accent, palette.accent), (palette.text, palette.raised), (palette.bad, palette.photo)]
    pairs += [(palette.bad, palette.bad_hover), (palette.text, palette.neutral_soft)]
    for ink, ground in pairs:
        assert _contrast(ink, ground) >= LEAST_CONTRAST, f"{ink} on {ground}"


def _contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, as the guidelines define it."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
