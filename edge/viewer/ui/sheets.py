"""Sheets: modal pages inside the window, so that no window manager is needed; :mod:`.questions` asks in such cards.

A sheet grabs keyboard and pointer; Escape closes it, Return presses its first button.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from tkinter import ttk

from edge.viewer.text import _
from edge.viewer.ui.flow import Flow
from edge.viewer.ui.scrolled import Scrolled
from edge.viewer.ui.theme import Theme
from edge.viewer.ui.widgets import Wrapped

WIDTH = 440
TWO_COLUMNS = 760


class Modal(ttk.Frame):
    """A card over the window that takes keyboard and pointer until it is closed."""

    def __init__(self, master: tk.Misc, theme: Theme, padding: int | tuple[int, int]) -> None:
        """Be a child of the window of *master*."""
        self._top = master.winfo_toplevel()
        super().__init__(self._top, style="Sheet.TFrame", padding=padding)
        self.theme = theme
        self._previous_focus = self._top.focus_get()
        self.bind("<Escape>", lambda _event: self.close())

    def grab(self) -> None:
        """Take keyboard and pointer."""
        self.lift()
        self.grab_set()
        self.focus_set()

    def pressed(self, button: ttk.Button) -> ttk.Button:
        """Let Return press *button*, and Escape close the card."""
        button.bind("<Escape>", lambda _event: self.close())
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def close(self) -> str:
        """Remove the card and restore the focus."""
        self.grab_release()
        self.destroy()
        if self._previous_focus is not None and self._previous_focus.winfo_exists():
            self._previous_focus.focus_set()
        return "break"


class Sheet(Modal):
    """A card with a title in the middle of the window, with a row of buttons; its text scrolls where it is long."""

    def __init__(self, master: tk.Misc, theme: Theme, title: str, *, width: int = WIDTH) -> None:
        """Show the sheet over the window of *master* and grab the input; *width* at 96 dpi, where there is room."""
        px = theme.px
        Modal.__init__(self, master, theme, px(16))
        self._width = width
        self._title = Wrapped(self, style="Title.TLabel")
        self._title.set_text(title)
        self._title.pack(fill="x", pady=(0, px(8)))
        self._scrolled = Scrolled(self, theme)
        self._scrolled.pack(fill="both", expand=True)
        self.body = self._scrolled.content
        self.body.columnconfigure(0, weight=1)
        self._buttons = Flow(self, px(8), right=True)
        self._buttons.pack(fill="x", pady=(px(12), 0))
        self._fitted: object = None
        self._top.bind("<Configure>", lambda _event: self.fit(), add=True)
        self.after_idle(self.fit)
        self.grab()

    def fit(self) -> None:
        """Take the size that the contents need, and no more than the window has."""
        if not self.winfo_exists():
            return
        px, top = self.theme.px, self._top
        most = max(1, top.winfo_width() - px(16)), max(1, top.winfo_height() - px(16))
        inset = 2 * px(16) + 2
        width = min(px(self._width) + inset, most[0])
        inner = width - inset
        for label in wrapped_in(self.body):
            label.wrap(inner - self._scrolled.bar_width)
        self.update_idletasks()
        if not self.winfo_exists():
            return
        needed = self.body.winfo_reqheight()
        buttons = self._buttons.needed(inner)
        frame = inset + self._title.wrap(inner) + px(8) + buttons + px(12)
        height = min(frame + needed, most[1])
        if (width, height, needed) != self._fitted:
            self._fitted = width, height, needed
            self._buttons.configure(height=buttons)
            self.place(relx=0.5, rely=0.5, anchor="center", width=width, height=height)
            self.update_idletasks()
            if self.winfo_exists():
                self._scrolled.fit(needed)

    def button(self, text: str, command: Callable[[], object], style: str = "TButton") -> ttk.Button:
        """Add a button, to the right of those that are there."""
        button = self.pressed(ttk.Button(self._buttons, text=text, command=command, style=style))
        self._buttons.add(button)
        return button


class Page(Sheet):
    """A sheet with a text to read."""

    def __init__(self, master: tk.Misc, theme: Theme, title: str, text: str, *, tone: str = "") -> None:
        """Show *text*, on the background of *tone* if one is given."""
        super().__init__(master, theme, title, width=520)
        style = f"{tone}.Banner.TLabel" if tone else "TLabel"
        told = Wrapped(self.body, style=style)
        told.set_text(text)
        told.pack(fill="x")
        self.button(_("Close"), self.close, "Primary.TButton").focus_set()


class ShortcutPage(Sheet):
    """A sheet with all keys, in two columns where there is room."""

    def __init__(self, master: tk.Misc, theme: Theme, keys: Sequence[tuple[str, str]]) -> None:
        """Show *keys*, each with what it does."""
        super().__init__(master, theme, _("Everything by keyboard"), width=TWO_COLUMNS)
        px = theme.px
        columns = 2 if self._top.winfo_width() >= px(TWO_COLUMNS + 60) else 1
        self._texts: list[ttk.Label] = []
        self._cap = 0
        half = (len(keys) + columns - 1) // columns
        for index, (key, text) in enumerate(keys):
            row, column = index % half, 2 * (index // half)
            cap = ttk.Label(self.body, text=key, style="neutral.Chip.TLabel", anchor="center")
            cap.grid(row=row, column=column, sticky="ew", pady=px(3), padx=(px(24) if column else 0, px(10)))
            told = ttk.Label(self.body, text=text)
            told.grid(row=row, column=column + 1, sticky="w")
            self._texts.append(told)
            self._cap = max(self._cap, cap.winfo_reqwidth())
        room = min(px(TWO_COLUMNS), self._top.winfo_width() - px(16) - 2 * px(16) - 2) - self._scrolled.bar_width
        for told in self._texts:
            told.configure(wraplength=max(px(60), room // columns - self._cap - px(34)))
        self.body.columnconfigure(0, weight=0)
        self.button(_("Close"), self.close, "Primary.TButton").focus_set()


def wrapped_in(widget: tk.Misc) -> Iterator[Wrapped]:
    """Return the texts in *widget* whose lines are broken."""
    for child in widget.winfo_children():
        if isinstance(child, Wrapped):
            yield child
        else:
            yield from wrapped_in(child)
