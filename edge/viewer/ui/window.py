"""The window's layout, from 1024x600 pixels up."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk

from edge.viewer.ui.theme import Theme

MIN_SIZE = (1000, 560)
LIST_WIDTH = 292
UPPER_HEIGHT, HISTORY_HEIGHT = 284, 92
GAP = 8


@dataclass(frozen=True, slots=True)
class Rows:
    """Heights in pixels of the two halves and of the history below them, 0 if there is no room for it."""

    upper: int
    lower: int
    history: int


def split_height(height: int, *, wanted: int, lower: int, min_history: int, gap: int) -> Rows:
    """Divide *height*: the lower half gets *lower*, the upper half the height of its photo, the history the rest.

    Args:
        height: pixels in all.
        wanted: the height of the photo at its present width.
        lower: the height of the lower half.
        min_history: the smallest useful height of the history.
        gap: pixels between two rows.
    """
    upper = max(1, height - lower - gap)
    rest = upper - wanted - gap
    return Rows(wanted, lower, rest) if rest >= min_history else Rows(upper, lower, 0)


class Window:
    """The main window: status bar, banners, the list on the left, two halves, history and buttons on the right.

    Attributes:
        side: the frame on the left.
        main: the frame on the right.
    """

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        """Lay out *root*."""
        px = theme.px
        self._theme = theme
        root.title("Autovelox")
        root.minsize(min(px(MIN_SIZE[0]), root.winfo_screenwidth()), min(px(MIN_SIZE[1]), root.winfo_screenheight()))
        width, height = root.winfo_screenwidth(), root.winfo_screenheight()
        root.geometry(f"{min(width, px(1440))}x{min(height, px(900))}+0+0")
        root.columnconfigure(0, weight=1)
        root.rowconfigure(2, weight=1)
        self.body = ttk.Frame(root, style="Page.TFrame", padding=(px(10), 0, px(10), px(10)))
        self.body.grid(row=2, column=0, sticky="nsew")
        self.body.rowconfigure(0, weight=1)
        self.body.columnconfigure(0, minsize=px(LIST_WIDTH))
        self.body.columnconfigure(1, weight=1)
        self.side = ttk.Frame(self.body, style="Card.TFrame", padding=1)
        self.side.grid(row=0, column=0, sticky="nsew", padx=(0, px(GAP)))
        self.side.columnconfigure(0, weight=1)
        self.side.rowconfigure(1, weight=1)
        self.main = ttk.Frame(self.body, style="Page.TFrame")
        self.main.grid(row=0, column=1, sticky="nsew")
        self.main.columnconfigure(0, weight=1)

    def arrange(self, wanted: int, lower: int, bar: int) -> bool:
        """Set the heights (see :func:`split_height`); return whether there is room for the history."""
        px, gap = self._theme.px, self._theme.px(GAP)
        rows = split_height(
            self.main.winfo_height() - bar - gap,
            wanted=max(wanted, px(UPPER_HEIGHT)),
            lower=lower,
            min_history=px(HISTORY_HEIGHT),
            gap=gap,
        )
        self.main.rowconfigure(0, minsize=rows.upper, weight=0 if rows.history else 1)
        self.main.rowconfigure(1, minsize=rows.lower + gap)
        self.main.rowconfigure(2, minsize=rows.history, weight=1 if rows.history else 0)
        return rows.history > 0
