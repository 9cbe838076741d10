"""Small widgets for the panels."""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk

from edge.viewer.ui.theme import Theme


def cut(font: tkfont.Font, text: str, room: int) -> str:
    """Return *text*, or as much of it as fits into *room* pixels and an ellipsis."""
    if font.measure(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:  # binary search for the longest prefix that fits
        middle = (low + high + 1) // 2
        if font.measure(text[:middle].rstrip() + "…") <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


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
        if room > 1:
            shown = cut(self._font, shown, room)
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


class Wrapped(ttk.Label):
    """A text that takes as many lines as it needs; nothing of it is cut off."""

    def __init__(self, master: tk.Misc, *, style: str = "TLabel") -> None:
        """Show nothing yet."""
        super().__init__(master, style=style, width=1, justify="left", anchor="w")
        self.bind("<Configure>", lambda event: self.wrap(event.width))

    def set_text(self, text: str, style: str | None = None) -> None:
        """Show *text*, in another *style* if one is given."""
        if style is not None and str(self.cget("style")) != style:
            self.configure(style=style)
        if text != self.full_text:
            self.configure(text=text)

    @property
    def full_text(self) -> str:
        """The whole text."""
        return str(self.cget("text"))

    def wrap(self, width: int) -> int:
        """Break the lines for *width* and return the height that they need, both in pixels."""
        room = max(1, width - self._padding)
        if int(str(self.cget("wraplength") or 0)) != room:
            self.configure(wraplength=room)
        return self.winfo_reqheight()

    @property
    def _padding(self) -> int:
        padding = ttk.Style(self).lookup(str(self.cget("style")), "padding")
        return 2 * int(str(padding[0] if isinstance(padding, tuple) else str(padding or 0).split()[0]))


class HintedEntry(ttk.Entry):
    """A field that says what belongs into it while it is empty, where no caption stands above it."""

    def __init__(self, master: tk.Misc, theme: Theme, hint: str) -> None:
        """Be empty, without a hint."""
        super().__init__(master, width=10)
        self._theme, self._hinted, self._focused = theme, False, False
        self._hint = ttk.Label(self, text=hint, style="Small.TLabel", cursor="xterm")
        self._hint.bind("<Button-1>", lambda _event: self.focus_set())
        self.bind("<FocusIn>", lambda _event: self._focus(focused=True))
        self.bind("<FocusOut>", lambda _event: self._focus(focused=False))

    def set_hinted(self, *, hinted: bool) -> None:
        """Show the hint while the field is empty, or never."""
        self._hinted = hinted
        self._place_hint()

    def delete(self, first: str | int, last: str | int | None = None) -> None:
        """Remove characters, as every field does."""
        super().delete(first, last)
        self._place_hint()

    def _focus(self, *, focused: bool) -> None:
        self._focused = focused
        self._place_hint()

    def _place_hint(self) -> None:
        if self._hinted and not self.get() and not self._focused:
            self._hint.place(x=self._theme.px(8), rely=0.5, anchor="w")
        else:
            self._hint.place_forget()


class Field(ttk.Frame):
    """A small caption above a value."""

    def __init__(self, master: tk.Misc, caption: str) -> None:
        """Show *caption* without a value."""
        super().__init__(master)
        self.caption = Wrapped(self, style="Small.TLabel")
        self.caption.set_text(caption)
        self.caption.grid(row=0, column=0, sticky="ew")
        self.value = Wrapped(self)
        self.value.grid(row=1, column=0, sticky="ew")
        self.columnconfigure(0, weight=1)

    def set_text(self, text: str, style: str = "TLabel") -> None:
        """Show *text*, or a dash if it is empty."""
        self.value.set_text(text or "–", style)

    def wrap(self, width: int) -> int:
        """Break the lines for *width* and return the height that they need, both in pixels."""
        return self.caption.wrap(width) + self.value.wrap(width)
