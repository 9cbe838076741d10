"""Small widgets for the panels."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from edge.viewer.ui.theme import Theme


class Elided(ttk.Label):
    """One line of text that ends in an ellipsis if there is no room for it; the pointer shows the whole text."""

    def __init__(self, master: tk.Misc, theme: Theme, *, face: str = "body", style: str = "TLabel") -> None:
        """Show nothing yet, in the font that *face* names."""
        super().__init__(master, style=style, width=1)
        self._font = theme.fonts[face]
        self._theme = theme
        self._full = ""
        self._tip: ttk.Label | None = None
        self.bind("<Configure>", lambda _event: self._fit())
        self.bind("<<ThemeChanged>>", lambda _event: self._fit())
        self.bind("<Enter>", lambda _event: self._show_tip())
        self.bind("<Leave>", lambda _event: self._hide_tip())

    def set_text(self, text: str) -> None:
        """Show *text*."""
        if text != self._full:
            self._full = text
            self._fit()

    @property
    def full_text(self) -> str:
        """The whole text, also the part that is not visible."""
        return self._full

    def _fit(self) -> None:
        shown, room = self._full, self.winfo_width()
        if room > 1 and self._font.measure(shown) > room:
            low, high = 0, len(shown)
            while low < high:  # binary search for the longest prefix that fits
                middle = (low + high + 1) // 2
                if self._font.measure(shown[:middle].rstrip() + "…") <= room:
                    low = middle
                else:
                    high = middle - 1
            shown = shown[:low].rstrip() + "…"
        if shown != self.cget("text"):
            self.configure(text=shown)

    def _show_tip(self) -> None:
        if self.cget("text") != self._full and self._tip is None:
            top = self.winfo_toplevel()
            self._tip = ttk.Label(top, text=self._full, style="accent.Chip.TLabel", wraplength=self._theme.px(420))
            x = self.winfo_rootx() - top.winfo_rootx()
            x = max(0, min(x, top.winfo_width() - self._tip.winfo_reqwidth()))
            y = self.winfo_rooty() - top.winfo_rooty() + self.winfo_height()
            self._tip.place(x=x, y=max(0, min(y, top.winfo_height() - self._tip.winfo_reqheight())))

    def _hide_tip(self) -> None:
        if self._tip is not None:
            self._tip.destroy()
            self._tip = None


class Field(ttk.Frame):
    """A small caption above a value."""

    def __init__(self, master: tk.Misc, theme: Theme, caption: str) -> None:
        """Show *caption* without a value."""
        super().__init__(master)
        ttk.Label(self, text=caption, style="Small.TLabel").grid(row=0, column=0, sticky="w")
        self.value = Elided(self, theme)
        self.value.grid(row=1, column=0, sticky="ew")
        self.columnconfigure(0, weight=1)

    def set_text(self, text: str, style: str = "TLabel") -> None:
        """Show *text*, or a dash if it is empty."""
        _set_text(self.value, text, style)


class Line:
    """A caption and, to the right, a value: one row of a grid whose second column takes the remaining width."""

    def __init__(self, master: tk.Misc, theme: Theme, caption: str, row: int) -> None:
        """Show *caption* without a value in *row* of the grid of *master*."""
        label = ttk.Label(master, text=caption, style="Small.TLabel")
        label.grid(row=row, column=0, sticky="w", padx=(0, theme.px(10)))
        self.value = Elided(master, theme)
        self.value.grid(row=row, column=1, sticky="ew", pady=theme.px(1))

    def set_text(self, text: str, style: str = "TLabel") -> None:
        """Show *text*, or a dash if it is empty."""
        _set_text(self.value, text, style)


def _set_text(value: Elided, text: str, style: str) -> None:
    if str(value.cget("style")) != style:
        value.configure(style=style)
    value.set_text(text or "–")
