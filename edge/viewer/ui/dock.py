"""A question above the buttons: it covers neither the plate nor the person that it is about."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from tkinter import ttk

from edge.viewer.text import _
from edge.viewer.ui.sheets import Asking
from edge.viewer.ui.theme import Theme
from edge.viewer.ui.widgets import Wrapped

NARROW = 620
"""The width below which the buttons are under the fields."""
PLATE_CHARACTERS = 12


class DockedQuestion(Asking):
    """A question in a strip at the bottom of the case; Return answers it, Escape takes it away.

    Attributes:
        entries: the fields.
        complaint: the label for what is wrong with the answer.
        go: the button that submits.
    """

    def __init__(
        self,
        dock: tk.Misc,
        theme: Theme,
        title: str,
        explanation: str,
        fields: Mapping[str, str],
        verb: str,
        answer: Callable[[list[str]], str],
        *,
        bottom: int = 0,
        danger: bool = False,
        choices: Sequence[str] = (),
    ) -> None:
        """Ask, and grab the input.

        Args:
            dock: what it is docked at; its lower edge is the question's.
            theme: the look.
            title: the title.
            explanation: the text beside the title.
            fields: captions and the texts to begin with; the last field takes the remaining width.
            verb: the text of the button that submits.
            answer: gets the texts of the fields; returns what is wrong, or an empty text to close the question.
            bottom: pixels between the lower edges.
            danger: whether the button is red.
            choices: texts that the last field offers.
        """
        px = theme.px
        super().__init__(dock, theme, answer, padding=(px(12), px(8)))
        self.body = ttk.Frame(self)
        self.body.pack(fill="x")
        self._told = Wrapped(self.body, style="Muted.TLabel")
        told = Wrapped(self.body, style="Strong.TLabel")
        told.set_text(title)
        told.grid(row=0, column=0, columnspan=len(fields) + 2, sticky="ew")
        self._told.set_text(explanation)
        self._told.grid(row=1, column=0, columnspan=len(fields) + 2, sticky="ew")
        last = len(fields) - 1
        for column, (caption, value) in enumerate(fields.items()):
            ttk.Label(self.body, text=caption, style="Small.TLabel").grid(row=2, column=column, sticky="w")
            entry: ttk.Entry = ttk.Entry(self.body, width=PLATE_CHARACTERS)
            if column == last and choices:
                entry = ttk.Combobox(self.body, values=list(choices), width=PLATE_CHARACTERS)
            entry.insert(0, value)
            entry.grid(row=3, column=column, sticky="ew", padx=(0, px(8)))
            self.take(entry)
        self.body.columnconfigure(last, weight=1)
        self.complaint = Wrapped(self.body, style="Over.TLabel")
        self.complaint.grid(row=4, column=0, columnspan=len(fields) + 2, sticky="ew")
        self.complaint.grid_remove()
        buttons = ttk.Frame(self.body)
        self.pressed(ttk.Button(buttons, text=_("Cancel"), command=self.close)).pack(side="left", padx=(0, px(8)))
        style = "Danger.TButton" if danger else "Primary.TButton"
        self.go = self.pressed(ttk.Button(buttons, text=verb, command=self.submit, style=style))
        self.go.pack(side="left")
        if dock.winfo_width() < px(NARROW):
            buttons.grid(row=5, column=0, columnspan=last + 2, sticky="e", pady=(px(6), 0))
        else:
            buttons.grid(row=3, column=last + 1)
        self.place(in_=dock, relx=0, rely=1, y=-bottom, anchor="sw", relwidth=1)
        self.begin()
