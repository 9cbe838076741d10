"""A row of widgets that goes on in the next row where the window is narrow."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk


def rows_of(widths: Sequence[int], room: int, gap: int) -> list[list[int]]:
    """Divide widgets of these *widths* into rows of at most *room*; all in pixels.

    Args:
        widths: the required widths, in order.
        room: the width of a row; a widget that is wider has a row of its own.
        gap: pixels between two widgets.

    Returns:
        The places of the widgets, row by row.
    """
    rows: list[list[int]] = []
    used = 0
    for place, width in enumerate(widths):
        if rows and used + gap + width <= room:
            rows[-1].append(place)
            used += gap + width
        else:
            rows.append([place])
            used = width
    return rows


class Flow(ttk.Frame):
    """Its children from left to right, wrapped; as high as the rows they need.

    Children are added with :meth:`add`. One that is hidden (:meth:`show`) takes no room.
    """

    def __init__(self, master: tk.Misc, gap: int, *, style: str = "TFrame", right: bool = False) -> None:
        """Hold nothing; *gap* pixels between children and rows; *right*: the rows end at the right edge."""
        super().__init__(master, style=style, width=1, height=1)
        self._gap, self._right = gap, right
        self._items: list[tk.Widget] = []
        self._shown: dict[tk.Widget, bool] = {}
        self._due: str | None = None
        self.bind("<Configure>", lambda _event: self.arrange())

    def add(self, child: tk.Widget) -> None:
        """Take *child*, whose parent is this flow, as the last one."""
        self._items.append(child)
        self._shown[child] = True
        child.bind("<Configure>", lambda _event: self._soon(), add=True)

    def clear(self) -> None:
        """Hold nothing any more."""
        self._items, self._shown = [], {}

    def show(self, child: tk.Widget, *, shown: bool) -> None:
        """Show or hide *child*."""
        if self._shown[child] != shown:
            self._shown[child] = shown
            self._soon()

    def needed(self, width: int) -> int:
        """Return the height that the children need in *width*, both in pixels."""
        shown = [child for child in self._items if self._shown[child]]
        rows = rows_of([child.winfo_reqwidth() for child in shown], width, self._gap)
        heights = [max(shown[place].winfo_reqheight() for place in row) for row in rows]
        return sum(heights) + self._gap * max(0, len(rows) - 1)

    @property
    def one_row(self) -> int:
        """The width in pixels in which one row holds all."""
        shown = [child.winfo_reqwidth() for child in self._items if self._shown[child]]
        return sum(shown) + self._gap * max(0, len(shown) - 1)

    def arrange(self) -> None:
        """Put every child in its place."""
        self._due = None
        width = self.winfo_width()
        shown = [child for child in self._items if self._shown[child]]
        for child in self._items:
            if not self._shown[child]:
                child.place_forget()
        if width <= 1:
            return
        y = 0
        for row in rows_of([child.winfo_reqwidth() for child in shown], width, self._gap):
            height = max(shown[place].winfo_reqheight() for place in row)
            used = sum(shown[place].winfo_reqwidth() for place in row) + self._gap * (len(row) - 1)
            x = max(0, width - used) if self._right else 0
            for place in row:
                child = shown[place]
                down = (height - child.winfo_reqheight()) // 2
                own = child.winfo_reqwidth() <= width  # then it takes its own width, and tells when that changes
                child.place(x=x, y=y + down, width="" if own else width)
                x += child.winfo_reqwidth() + self._gap
            y += height + self._gap
        height = max(1, y - self._gap)
        if int(str(self.cget("height"))) != height:
            self.configure(height=height)

    def _soon(self) -> None:
        if self._due is None:
            self._due = self.after_idle(self.arrange)
