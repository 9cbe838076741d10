"""How the window divides its room, and that every text can be read on its ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.cases.views import EventKind
from edge.model import Flag, Outcome, Reason
from edge.viewer.ui.palette import DARK, LIGHT, TONES, Palette
from edge.viewer.ui.window import Needs, Shape, shape
from tests.support import stores, xdisplay
from tests.support.desk import Desk, OpenDesk
from tests.support.measured import faults

LEAST_CONTRAST = 4.5
"""Web Content Accessibility Guidelines 2.2, success criterion 1.4.3."""
LEAST_EDGE_CONTRAST = 3.0
"""The same, 1.4.11: what shows where a control is."""


def _walk(desk: Desk, name: str) -> None:
    """Look at an ambiguous, an identified and an unidentified case, and at a sheet."""
    desk.listed()
    for number, kind in ((12, "ambiguous"), (11, "identified"), (10, "unidentified")):
        desk.viewer.cases.move(1)
        desk.shows(number)
        desk.until(lambda: desk.viewer.status.count.cget("text") != "")
        desk.shot(f"{name}-{kind}")
        assert faults(desk.viewer.root) == []
    desk.viewer.help()
    desk.shot(f"{name}-shortcuts")
    assert faults(desk.viewer.root) == []


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
        desk.until(lambda: bool(desk.viewer.camera.facts.corrected.winfo_ismapped()))
        desk.shot(f"1024x600-{locale}-longest-{number}")
        assert faults(desk.viewer.root) == []


def _fail(error: Exception) -> None:
    raise error


NEEDS = Needs(facts=260, driver=150, history=200, aspect=16 / 9, photo_width=640, facts_width=304, margin=26)


def _shape(width: int, height: int, **changes: object) -> Shape:
    needs = replace(NEEDS, **changes)  # type: ignore[arg-type]
    beside, wide = width >= 600, width >= 1250
    return shape(width, height, needs, gap=8, beside=beside, wide=wide, least=(84, 150))


def test_the_photo_gets_what_the_texts_leave_and_the_history_the_rest() -> None:
    full = _shape(1128, 900)
    assert (full.photo, full.camera, full.driver) == ((640, 360), 386, (1128, 150))
    assert full.history[3] == 900 - 386 - 150 - 16 and full.total == 900
    lower = _shape(1128, 560)  # the photo shrinks before the history goes
    assert lower.history[3] == 84 and lower.photo[1] < 360 and lower.total == 560


def test_what_has_no_room_is_scrolled_to() -> None:
    low = _shape(700, 380)
    assert low.camera == 260 + 26 and low.total > 380 and low.history[3] >= 84


def test_the_history_is_beside_the_driver_in_a_wide_window() -> None:
    wide = _shape(1600, 960, photo_width=1600)
    assert wide.history[0] > wide.driver[0] and wide.history[3] == wide.driver[1] and wide.total == 960
    assert wide.photo[1] > 700


def test_the_facts_are_under_the_photo_in_a_narrow_window() -> None:
    narrow = _shape(480, 380)
    assert narrow.camera == narrow.photo[1] + 8 + 260 + 26 and narrow.photo[1] <= 0.55 * 380


def test_a_low_window_keeps_room_for_the_photo_under_the_headline() -> None:
    low = _shape(480, 240, above=100)
    assert low.photo[1] == 240 - 100 - NEEDS.margin
    assert low.camera == 100 + low.photo[1] + 8 + 260 + NEEDS.margin
    assert _shape(480, 140, above=100).photo[1] == 75, "half of the least height, the rest is scrolled to"


@given(*(st.integers(*span) for span in ((200, 3900), (100, 2200), (100, 900), (60, 500), (0, 200))))
def test_cards_never_lie_over_each_other(width: int, height: int, facts: int, driver: int, above: int) -> None:
    above = 0 if width >= 600 else above  # beside the facts the photo has no headline
    found = _shape(width, height, facts=facts, driver=driver, photo_width=width, above=above)
    left, top, across, down = found.history
    assert found.camera >= facts + NEEDS.margin and found.driver[1] >= driver and down >= 84
    assert top >= found.camera + 8 and left + across <= width
    assert left > found.driver[0] or top >= found.camera + 8 + found.driver[1]
    assert found.total == top + down and above + found.photo[1] + NEEDS.margin <= found.camera


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


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_every_edge_can_be_seen_on_its_ground(palette: Palette) -> None:
    pairs = [(palette.edge, ground) for ground in (palette.surface, palette.background, palette.raised)]
    pairs += [(palette.accent, palette.surface), (palette.bad, palette.bad_soft), (palette.bad, palette.surface)]
    for edge, ground in pairs:
        assert _contrast(edge, ground) >= LEAST_EDGE_CONTRAST, f"{edge} on {ground}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_edges_on_the_screen_have_that_contrast(
    open_desk: OpenDesk, thousand: Path, tmp_path: Path, dark: bool
) -> None:
    """Measured from pixels: across the left edge of each field and button, and across the scrollbar's thumb."""
    desk = open_desk(thousand, dark=dark)
    desk.open_first()
    desk.viewer.root.update()
    xdisplay.screenshot(desk.display, tmp_path / "edges.png")
    with Image.open(tmp_path / "edges.png") as file:
        shot = file.convert("RGB")
    viewer, bar = desk.viewer, desk.viewer.cases.bar
    widgets = [viewer.filters.text, viewer.filters.outcome, viewer.bar.buttons["export"], viewer.bar.buttons["dismiss"]]
    for widget in (*widgets, bar):
        x, y, width = widget.winfo_rootx(), widget.winfo_rooty() + 10, widget.winfo_width()
        across = [shot.getpixel((place, y)) for place in range(x - 3, x + min(width, 12))]
        ground = "#{:02x}{:02x}{:02x}".format(*across[0])  # type: ignore[misc]
        best = max(_contrast("#{:02x}{:02x}{:02x}".format(*pixel), ground) for pixel in across)  # type: ignore[misc]
        assert best >= LEAST_EDGE_CONTRAST, f"{widget}: {best:.2f}"


def _contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, as the guidelines define it."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
