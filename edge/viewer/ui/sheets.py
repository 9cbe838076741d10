"""Sheets: modal questions and pages inside the window, so that no window manager is needed.

A sheet grabs keyboard and pointer; Escape closes it, Return presses its first button.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from tkinter import ttk

from edge.viewer.text import _
from edge.viewer.ui.theme import Theme


class Sheet(ttk.Frame):
    """A card with a title in the middle of the window, with a row of buttons."""

    def __init__(self, master: tk.Misc, theme: Theme, title: str) -> None:
        """Show the sheet over the window of *master* and grab the input."""
        px = theme.px
        top = master.winfo_toplevel()
        super().__init__(top, style="Sheet.TFrame", padding=px(20))
        self.theme = theme
        self._previous_focus = top.focus_get()
        ttk.Label(self, text=title, style="Title.TLabel").pack(anchor="w", pady=(0, px(10)))
        self.body = ttk.Frame(self)
        self.body.pack(fill="both", expand=True)
        self._buttons = ttk.Frame(self)
        self._buttons.pack(fill="x", pady=(px(16), 0))
        self.bind("<Escape>", lambda _event: self.close())
        self.place(relx=0.5, rely=0.5, anchor="center")
        self.lift()
        self.grab_set()
        self.focus_set()

    def button(self, text: str, command: Callable[[], object], style: str = "TButton") -> ttk.Button:
        """Add a button; the first one is the rightmost."""
        button = ttk.Button(self._buttons, text=text, command=command, style=style)
        button.pack(side="right", padx=(self.theme.px(8), 0))
        button.bind("<Escape>", lambda _event: self.close())
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def close(self) -> str:
        """Remove the sheet and restore the focus."""
        self.grab_release()
        self.destroy()
        if self._previous_focus is not None and self._previous_focus.winfo_exists():
            self._previous_focus.focus_set()
        return "break"


class Question(Sheet):
    """A sheet with fields to fill in.

    Attributes:
        entries: the fields.
        complaint: the label for what is wrong with the answer.
        go: the button that submits.
    """

    def __init__(
        self,
        master: tk.Misc,
        theme: Theme,
        title: str,
        explanation: str,
        fields: Mapping[str, str],
        verb: str,
        answer: Callable[[list[str]], str],
        *,
        danger: bool = False,
        choices: Sequence[str] = (),
    ) -> None:
        """Show the question.

        Args:
            master: a widget of the window.
            theme: the look.
            title: the title.
            explanation: the text above the fields.
            fields: captions and the texts to begin with.
            verb: the text of the button that submits.
            answer: gets the texts of the fields; returns what is wrong, or an empty text to close the sheet.
            danger: whether the button is red.
            choices: texts that every field offers.
        """
        super().__init__(master, theme, title)
        self._answer = answer
        px, width = theme.px, theme.px(440)
        ttk.Label(self.body, text=explanation, style="Muted.TLabel", wraplength=width).pack(anchor="w", pady=(0, px(8)))
        self.entries: list[ttk.Entry] = []
        for caption, value in fields.items():
            ttk.Label(self.body, text=caption, style="Small.TLabel").pack(anchor="w")
            entry = ttk.Combobox(self.body, values=list(choices)) if choices else ttk.Entry(self.body)
            entry.insert(0, value)
            entry.pack(fill="x", pady=(px(2), px(8)))
            entry.bind("<Return>", lambda _event: self.submit())
            entry.bind("<Escape>", lambda _event: self.close())
            self.entries.append(entry)
        self.complaint = ttk.Label(self.body, style="Over.TLabel", wraplength=width)
        self.complaint.pack(anchor="w")
        self.go = self.button(verb, self.submit, "Danger.TButton" if danger else "Primary.TButton")
        self.button(_("Cancel"), self.close)
        self.entries[0].focus_set()
        self.entries[0].selection_range(0, "end")

    def submit(self) -> None:
        """Pass the texts of the fields to *answer*."""
        complaint = self._answer([entry.get().strip() for entry in self.entries])
        if complaint:
            self.complaint.configure(text=complaint)
        else:
            self.close()


class Page(Sheet):
    """A sheet with a text to read."""

    def __init__(self, master: tk.Misc, theme: Theme, title: str, text: str, *, tone: str = "") -> None:
        """Show *text*, on the background of *tone* if one is given."""
        super().__init__(master, theme, title)
        style = f"{tone}.Banner.TLabel" if tone else "TLabel"
        ttk.Label(self.body, text=text, style=style, wraplength=theme.px(520), justify="left").pack(
            anchor="w", fill="x"
        )
        self.button(_("Close"), self.close, "Primary.TButton").focus_set()


class ShortcutPage(Sheet):
    """A sheet with all keys, in two columns."""

    def __init__(self, master: tk.Misc, theme: Theme, keys: Sequence[tuple[str, str]]) -> None:
        """Show *keys*, each with what it does."""
        super().__init__(master, theme, _("Everything by keyboard"))
        px = theme.px
        half = (len(keys) + 1) // 2
        for index, (key, text) in enumerate(keys):
            row, column = index % half, 2 * (index // half)
            cap = ttk.Label(self.body, text=key, style="neutral.Chip.TLabel", anchor="center")
            cap.grid(row=row, column=column, sticky="ew", pady=px(3), padx=(px(24) if column else 0, px(10)))
            ttk.Label(self.body, text=text).grid(row=row, column=column + 1, sticky="w")
        self.button(_("Close"), self.close, "Primary.TButton").focus_set()
