"""The window: where everything has its place, from 1024x600 up."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk

from edge.viewer.ui.theme import Theme

SMALLEST = (1000, 560)
LIST_WIDTH = 292
UPPER_HEIGHT, HISTORY_HEIGHT = 284, 92
GAP = 8


@dataclass(frozen=True, slots=True)
class Rows:
    """Heights in pixels of the two halves and of what is below them; no ``history`` where there is no room for one."""

    upper: int
    lower: int
    history: int


def split_height(height: int, *, wanted: int, lower: int, min_history: int, gap: int) -> Rows:
    """Share *height* out: to the lower half what it needs, to the upper what its photo needs, the rest to the history.

    *wanted* is the height the photo needs at its present width.
    """
    upper = max(1, height - lower - gap)
    rest = upper - wanted - gap
    return Rows(wanted, lower, rest) if rest >= min_history else Rows(upper, lower, 0)


class Window:
    """The main window's places: a line on top, banners, the list on the left; on the right two halves and two lines."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        px = theme.px
        self._theme = theme
        root.title("Autovelox")
        root.minsize(min(px(SMALLEST[0]), root.winfo_screenwidth()), min(px(SMALLEST[1]), root.winfo_screenheight()))
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
        """Give the halves their heights (see :func:`split_height`); whether there is room for the history."""
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
