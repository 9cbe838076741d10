"""Questions: cards with blanks to fill in, over the middle of the window or docked above the buttons.

Return answers a question, Escape takes it away; what is wrong with an answer is said in the card.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import ttk

from edge.viewer.text import _
from edge.viewer.ui.sheets import Modal, Sheet
from edge.viewer.ui.theme import Theme
from edge.viewer.ui.widgets import Wrapped

NARROW = 620
"""The width below which the buttons of a docked question are under its blanks."""
LEAST_CHARACTERS = 12
"""The width of a blank in a docked question: a plate has room. The last blank takes the width that is left."""

Answer = Callable[[list[str]], str]
"""Gets the texts of the blanks; returns what is wrong with them, or an empty text to close the question."""


@dataclass(frozen=True, slots=True)
class Blank:
    """One blank: its caption, the text to begin with, what it offers, and whether it takes nothing else."""

    caption: str
    text: str = ""
    offers: Sequence[str] = ()
    is_choice: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks; ``verb`` is on the button that answers, which is red where it is a ``danger``."""

    title: str
    explanation: str
    blanks: Sequence[Blank]
    verb: str
    danger: bool = False


class Asking(Modal):
    """A card with blanks.

    Attributes:
        entries: the blanks.
        complaint: the label for what is wrong with the answer.
        go: the button that answers.
    """

    entries: list[ttk.Entry]
    complaint: Wrapped
    go: ttk.Button
    _answer: Answer

    def entry(self, master: tk.Misc, blank: Blank) -> ttk.Entry:
        """Return a new entry for *blank*, which the caller places."""
        entry = ttk.Combobox(master, values=list(blank.offers)) if blank.offers else ttk.Entry(master)
        entry.configure(width=LEAST_CHARACTERS)
        entry.insert(0, blank.text)
        if blank.is_choice:
            entry.configure(state="readonly")
        entry.bind("<Return>", lambda _event: self.submit())
        entry.bind("<Escape>", lambda _event: self.close())
        return entry

    def begin(self) -> None:
        """Grab the input, with all of the first blank selected."""
        self.grab()
        self.update_idletasks()  # Tk gives the focus to no widget that is not mapped: a key typed already would be lost
        self.entries[0].focus_set()
        self.entries[0].selection_range(0, "end")

    def submit(self) -> None:
        """Pass the texts of the blanks on, and close the card or say what is wrong."""
        complaint = self._answer([entry.get().strip() for entry in self.entries])
        if not complaint:
            self.close()
            return
        self.complaint.set_text(complaint)
        if self.complaint.winfo_manager() == "":
            self.complaint.grid()

    @staticmethod
    def style(asked: Asked) -> str:
        """Return the style of the button that answers."""
        return "Danger.TButton" if asked.danger else "Primary.TButton"


class Question(Sheet, Asking):
    """A question in the middle of the window."""

    def __init__(self, master: tk.Misc, theme: Theme, asked: Asked, answer: Answer) -> None:
        """Ask in the window of *master*, and grab the input."""
        super().__init__(master, theme, asked.title)
        self._answer = answer
        px = theme.px
        told = Wrapped(self.body, style="Muted.TLabel")
        told.set_text(asked.explanation)
        told.pack(fill="x", pady=(0, px(8)))
        self.entries = []
        for blank in asked.blanks:
            ttk.Label(self.body, text=blank.caption, style="Small.TLabel").pack(anchor="w")
            entry = self.entry(self.body, blank)
            entry.pack(fill="x", pady=(px(2), px(8)))
            self.entries.append(entry)
        self.complaint = Wrapped(self.body, style="Over.TLabel")
        self.complaint.pack(fill="x")
        self.button(_("Cancel"), self.close)
        self.go = self.button(asked.verb, self.submit, self.style(asked))
        self.begin()

    def submit(self) -> None:
        """Pass the texts of the blanks on, and close the card or say what is wrong."""
        super().submit()
        if self.winfo_exists():
            self.fit()


class DockedQuestion(Asking):
    """A question in a strip at the bottom of the case: it covers neither the plate nor the person it is about."""

    def __init__(self, dock: tk.Misc, theme: Theme, asked: Asked, answer: Answer, *, bottom: int = 0) -> None:
        """Ask, and grab the input; the lower edge is *bottom* pixels above that of *dock*."""
        px = theme.px
        super().__init__(dock, theme, (px(12), px(8)))
        self._answer = answer
        self.body = ttk.Frame(self)
        self.body.pack(fill="x")
        last = len(asked.blanks) - 1
        for row, (text, style) in enumerate(((asked.title, "Strong.TLabel"), (asked.explanation, "Muted.TLabel"))):
            told = Wrapped(self.body, style=style)
            told.set_text(text)
            told.grid(row=row, column=0, columnspan=last + 3, sticky="ew")
        self.entries = []
        for column, blank in enumerate(asked.blanks):
            ttk.Label(self.body, text=blank.caption, style="Small.TLabel").grid(row=2, column=column, sticky="w")
            entry = self.entry(self.body, blank)
            entry.grid(row=3, column=column, sticky="ew", padx=(0, px(8)))
            self.entries.append(entry)
        self.body.columnconfigure(last, weight=1)
        self.complaint = Wrapped(self.body, style="Over.TLabel")
        self.complaint.grid(row=4, column=0, columnspan=last + 3, sticky="ew")
        self.complaint.grid_remove()
        buttons = ttk.Frame(self.body)
        self.pressed(ttk.Button(buttons, text=_("Cancel"), command=self.close)).pack(side="left", padx=(0, px(8)))
        self.go = self.pressed(ttk.Button(buttons, text=asked.verb, command=self.submit, style=self.style(asked)))
        self.go.pack(side="left")
        if dock.winfo_width() < px(NARROW):
            buttons.grid(row=5, column=0, columnspan=last + 2, sticky="e", pady=(px(6), 0))
        else:
            buttons.grid(row=3, column=last + 1)
        self.place(in_=dock, relx=0, rely=1, y=-bottom, anchor="sw", relwidth=1)
        self.begin()
