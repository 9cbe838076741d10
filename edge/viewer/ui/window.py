"""The window's layout, from 800x480 to 3840x2160 pixels and at any zoom.

Two panes where the window is wide enough: the list, and the case. Where it is not, one pane shows either. The cards of
the case have the heights that their texts need, the photo takes what is left; what does not fit then is scrolled to.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass
from tkinter import ttk

from edge.viewer.ui.scrolled import Scrolled
from edge.viewer.ui.theme import Theme

MIN_SIZE = (400, 240)
LIST_WIDTH = 292
TWO_PANES = 880
"""The window's width from which list and case are side by side."""
FACTS_BESIDE = 600
"""The case's width from which its facts are beside the photo, not under it."""
HISTORY_BESIDE = 1250
"""The case's width from which its history is beside the driver, not under them."""
LOW = 640
"""The window's height below which a docked question covers the buttons, which are off meanwhile."""
HISTORY_HEIGHT = 84
PHOTO_HEIGHT = 150
"""The least height of the history, and of a photo that has to shrink for its facts."""
UNDER_SHARE = 0.55
"""How much of the height a photo takes whose facts are under it, unless that is less than :data:`PHOTO_HEIGHT`."""
LEAST_UNDER_SHARE = 0.5
"""How much of :data:`PHOTO_HEIGHT` such a photo has in a window that is too low for it and the headline above it."""
VERY_LOW = 420
"""The window's height below which the filters are folded away."""
GAP = 8


@dataclass(frozen=True, slots=True)
class Needs:
    """What the cards need, in pixels.

    Attributes:
        facts: the height of the facts beside or under the photo, with what is under the photo (its strip).
        driver: the height of the driver's card.
        history: the height of all lines of the history.
        aspect: width by height of the photo.
        photo_width: the widest photo.
        facts_width: the width of the facts beside the photo.
        margin: what a card's border and padding take of its width and height.
        strip: the height of the strip under the photo.
        above: the height of the headline above the photo.
    """

    facts: int
    driver: int
    history: int
    aspect: float
    photo_width: int
    facts_width: int
    margin: int
    strip: int = 0
    above: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the cards are, in pixels.

    Attributes:
        photo: the room for the photo, width and height.
        camera: the height of the camera's card.
        driver: width and height of the driver's card.
        history: left, top, width and height of the history's card.
        total: the height of everything.
    """

    photo: tuple[int, int]
    camera: int
    driver: tuple[int, int]
    history: tuple[int, int, int, int]
    total: int


def shape(
    width: int, height: int, needs: Needs, *, gap: int, beside: bool, wide: bool, least: tuple[int, int]
) -> Shape:
    """Divide *width* x *height* pixels among the cards of the case.

    Args:
        width: the width of all cards.
        height: the height of the opening; the cards may need more.
        needs: what they need.
        gap: pixels between two cards.
        beside: whether the facts are beside the photo.
        wide: whether the history is beside the driver.
        least: the least height of the history and of the photo.
    """
    history = min(needs.history, least[0])
    lower = max(needs.driver, history) if wide else needs.driver
    rest = lower + gap + (0 if wide else history + gap)
    if beside:
        photo_width = min(needs.photo_width, width - needs.margin - needs.facts_width)
        photo_height = round(photo_width / needs.aspect)
        room = max(height - rest, needs.facts + needs.margin, least[1] + needs.strip + needs.margin)
        camera = max(min(photo_height + needs.strip + needs.margin, room), needs.facts + needs.margin)
        photo = photo_width, min(photo_height, camera - needs.margin - needs.strip)
    else:
        photo_width = min(needs.photo_width, width - needs.margin)
        most = max(least[1], round(UNDER_SHARE * height))
        seen = max(round(LEAST_UNDER_SHARE * least[1]), height - needs.above - needs.margin)
        photo = photo_width, min(round(photo_width / needs.aspect), most, seen)
        camera = needs.above + photo[1] + needs.strip + gap + needs.facts + needs.margin
    top = camera + gap
    spare = max(0, height - camera - rest)
    if wide:
        lower += spare
        split = (width - gap) * 11 // 20
        return Shape(photo, camera, (split, lower), (split + gap, top, width - split - gap, lower), top + lower)
    below = max(history + spare, min(needs.history, 2 * least[0]) if camera + rest > height else 0)
    return Shape(photo, camera, (width, lower), (0, top + lower + gap, width, below), top + lower + gap + below)


class Window:
    """The main window: status bar, banners, the list on the left, the case and its buttons on the right.

    Attributes:
        side: the frame of the list.
        main: the frame of the case and its buttons.
        case: the part of *main* that scrolls.
        is_single: whether one pane shows either the list or the case.
        shows_case: which of both, then.
    """

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        """Lay out *root*."""
        px = theme.px
        self._root, self._theme = root, theme
        width, height = root.winfo_screenwidth(), root.winfo_screenheight()
        root.title("Autovelox")
        root.minsize(min(MIN_SIZE[0], width), min(MIN_SIZE[1], height))
        root.geometry(f"{min(width, px(1440))}x{min(height, px(900))}+0+0")
        root.columnconfigure(0, weight=1)
        root.rowconfigure(2, weight=1)
        self.body = ttk.Frame(root, style="Page.TFrame", padding=(px(8), 0, px(8), px(8)))
        self.body.grid(row=2, column=0, sticky="nsew")
        self.body.grid_propagate(False)
        self.body.rowconfigure(0, weight=1)
        self.side = ttk.Frame(self.body, style="Card.TFrame", padding=1)
        self.side.columnconfigure(0, weight=1)
        self.side.rowconfigure(1, weight=1)
        self.main = ttk.Frame(self.body, style="Page.TFrame")
        self.main.columnconfigure(0, weight=1)
        self.main.rowconfigure(0, weight=1)
        self.case = Scrolled(self.main, theme, style="Page.TFrame")
        self.case.grid(row=0, column=0, sticky="nsew")
        self.is_single, self.shows_case = False, False
        self._placed: object = None
        self.place_panes()

    @property
    def is_low(self) -> bool:
        """Whether a docked question has no room above the buttons."""
        return self._root.winfo_height() < self._theme.px(LOW)

    @property
    def is_very_low(self) -> bool:
        """Whether the list has no room beside its filters."""
        return 1 < self._root.winfo_height() < self._theme.px(VERY_LOW)

    def place_panes(self) -> None:
        """Show both panes, or one where the window is narrow."""
        px, width = self._theme.px, self._root.winfo_width()
        self.is_single = 1 < width < px(TWO_PANES)
        wanted = (self.is_single, self.is_single and self.shows_case, px(LIST_WIDTH))
        if wanted == self._placed:
            return
        self._placed = wanted
        for pane in (self.side, self.main):
            pane.grid_remove()
        self.body.columnconfigure(0, minsize=0 if self.is_single else px(LIST_WIDTH), weight=int(self.is_single))
        self.body.columnconfigure(1, weight=int(not self.is_single))
        if self.is_single:
            (self.main if self.shows_case else self.side).grid(row=0, column=0, columnspan=2, sticky="nsew", padx=0)
        else:
            self.side.grid(row=0, column=0, columnspan=1, sticky="nsew", padx=(0, px(GAP)))
            self.main.grid(row=0, column=1, columnspan=1, sticky="nsew")

    def show_pane(self, *, case: bool) -> None:
        """Show the case or the list where there is room for one of them only."""
        self.shows_case = case
        self.place_panes()

    def uncover(self, dock: tk.Misc, subjects: Sequence[tk.Misc]) -> None:
        """Scroll the case so that *dock*, at its bottom, covers none of *subjects*, the first of them if need be."""
        self._root.update_idletasks()
        dock.bind("<Destroy>", lambda event: self._uncovered() if event.widget is dock else None)
        edge, content = dock.winfo_rooty(), self.case.content.winfo_rooty()
        covered = self.case.winfo_rooty() + self.case.winfo_height() - edge
        self.case.fit(self.case.content.winfo_height(), below=max(0, covered))
        for subject in reversed(subjects):
            if subject.winfo_ismapped():
                top = subject.winfo_rooty() - content
                self.case.see(top, top + subject.winfo_height())
                content = self.case.content.winfo_rooty()

    def _uncovered(self) -> None:
        if self.case.winfo_exists():
            self.case.fit(self.case.content.winfo_height())

    def shape(self, needs: Needs, width: int) -> Shape:
        """Divide the opening's height and *width* pixels among the cards."""
        px = self._theme.px
        return shape(
            width,
            self.case.winfo_height(),
            needs,
            gap=px(GAP),
            beside=self.is_beside(width),
            wide=width >= px(HISTORY_BESIDE),
            least=(px(HISTORY_HEIGHT), px(PHOTO_HEIGHT)),
        )

    def is_beside(self, width: int) -> bool:
        """Whether the facts are beside the photo in a case *width* pixels wide."""
        return width >= self._theme.px(FACTS_BESIDE)

    def driver_width(self, width: int) -> int:
        """The width of the driver's card in a case *width* pixels wide."""
        px = self._theme.px
        return (width - px(GAP)) * 11 // 20 if width >= px(HISTORY_BESIDE) else width
