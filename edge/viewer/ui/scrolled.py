"""A part of the window that scrolls when there is no room for all of it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from edge.viewer.ui.theme import Theme

WHEEL_PX = 60


class Scrolled(ttk.Frame):
    """A frame of a given height behind an opening; the scrollbar is there while the frame is higher.

    The wheel scrolls it, and a widget that gets the focus is scrolled into sight.

    Attributes:
        content: the frame for the widgets.
    """

    def __init__(self, master: tk.Misc, theme: Theme, *, style: str = "TFrame") -> None:
        """Hold nothing, on the ground of *style*."""
        super().__init__(master, style=style)
        self._theme, self._page = theme, style == "Page.TFrame"
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.canvas = tk.Canvas(self, borderwidth=0, highlightthickness=0, width=1, height=1)
        self.canvas.grid(row=0, column=0, sticky="nsew")
        self._bar = ttk.Scrollbar(self, command=self.canvas.yview)
        self.canvas.configure(yscrollcommand=self._bar.set)
        self.content = ttk.Frame(self.canvas, style=style)
        self._item = self.canvas.create_window(0, 0, anchor="nw", window=self.content)
        self._height = self._below = 0
        self._restyle()
        self.bind("<<ThemeChanged>>", lambda _event: self._restyle())
        top = self.winfo_toplevel()
        for event, step in {"<Button-4>": -1, "<Button-5>": 1}.items():
            top.bind(event, lambda tk_event, step=step: self._wheel(tk_event, step), add=True)  # type: ignore[misc]
        top.bind("<FocusIn>", self._focused, add=True)

    @property
    def bar_width(self) -> int:
        """The width of the scrollbar in pixels, whether it is there or not."""
        return self._bar.winfo_reqwidth()

    @property
    def is_scrolling(self) -> bool:
        """Whether there is more than what is visible."""
        return self._height + self._below > self.winfo_height()

    def fit(self, height: int, *, below: int = 0) -> None:
        """Give the content *height* pixels; *below*: pixels at the bottom of the opening that something covers."""
        self._height, self._below = height, below
        if height > self.winfo_height():
            self._bar.grid(row=0, column=1, sticky="ns")
            width = self.winfo_width() - self.bar_width
        else:
            self._bar.grid_remove()
            width = self.winfo_width()
        self.canvas.itemconfigure(self._item, width=max(1, width), height=max(1, height))
        self.canvas.configure(scrollregion=(0, 0, width, height + below))
        if not self.is_scrolling:
            self.canvas.yview_moveto(0)

    def see(self, top: int, bottom: int) -> None:
        """Scroll as little as possible so that the pixels from *top* to *bottom* of the content are visible."""
        first = round(self.canvas.canvasy(0))
        sight = self.winfo_height() - self._below
        to = first
        if bottom > first + sight:
            to = bottom - sight
        if top < to:
            to = top
        if to != first:
            self.canvas.yview_moveto(to / max(1, self._height + self._below))

    def scroll(self, step: int) -> None:
        """Scroll by *step* turns of the wheel."""
        if self.is_scrolling:
            first = self.canvas.canvasy(0) + step * self._theme.px(WHEEL_PX)
            self.canvas.yview_moveto(max(0.0, first) / max(1, self._height + self._below))

    def _inside(self, widget: object) -> bool:
        return isinstance(widget, tk.Misc) and f"{widget}.".startswith(f"{self.content}.")

    def _wheel(self, event: tk.Event[tk.Misc], step: int) -> None:
        if self.winfo_exists() and self._inside(event.widget):
            self.scroll(step)

    def _focused(self, event: tk.Event[tk.Misc]) -> None:
        widget = event.widget
        if not self.winfo_exists() or not self._inside(widget) or not self.is_scrolling:
            return
        top = widget.winfo_rooty() - self.content.winfo_rooty()
        if widget.winfo_height() < self.winfo_height():
            self.see(top, top + widget.winfo_height())

    def _restyle(self) -> None:
        palette = self._theme.palette
        self.canvas.configure(background=palette.background if self._page else palette.surface)
