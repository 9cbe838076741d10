"""The bar at the bottom: the last review of the case, and the buttons."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import ttk
from typing import Literal

from edge.model import Case
from edge.officers import REVIEWS, Event, EventKind, name_follows, waiting
from edge.viewer.text import _, moment, plain, review_words, waiting_words
from edge.viewer.ui import Elided, Theme


@dataclass(frozen=True, slots=True)
class Action:
    """A button.

    Attributes:
        name: the key of the button in :attr:`ActionBar.buttons`.
        text: the text on it.
        command: what it does.
        style: its ttk style.
        needs: when it is enabled: always, with an open case, with a decided case, or with a decided case whose photo
            is on the screen and whose name, if it has one, still follows.
    """

    name: str
    text: str
    command: Callable[[], object]
    style: str = "TButton"
    needs: Literal["nothing", "case", "decided", "confirmable"] = "case"


class ActionBar(ttk.Frame):
    """The last review and the buttons of the open case."""

    def __init__(self, master: tk.Misc, theme: Theme, actions: Sequence[Action]) -> None:
        """Make a button for each of *actions*."""
        px = theme.px
        super().__init__(master, style="Card.TFrame", padding=(px(12), px(7)))
        self.columnconfigure(1, weight=1)
        self.badge = ttk.Label(self, style="neutral.Badge.TLabel")
        self.badge.grid(row=0, column=0)
        self.summary = Elided(self, theme, face="small", style="Small.TLabel")
        self.summary.grid(row=0, column=1, sticky="ew", padx=px(10))
        self._actions = actions
        self.buttons: dict[str, ttk.Button] = {}
        for column, action in enumerate(actions, 2):
            button = ttk.Button(self, text=action.text, command=action.command, style=action.style)
            button.bind("<Return>", lambda _event, button=button: button.invoke())  # type: ignore[misc]
            button.grid(row=0, column=column, padx=(px(6), 0))
            self.buttons[action.name] = button

    def show(self, case: Case | None, events: Sequence[Event] = (), *, photo: bool = False) -> None:
        """Show the last review of *case* and enable its buttons; *photo* says whether its photo is on the screen."""
        decided = case is not None and case.verdict is not None
        available = {
            "nothing": True,
            "case": case is not None,
            "decided": decided,
            "confirmable": decided and photo and case is not None and name_follows(case),
        }
        for action in self._actions:
            self.buttons[action.name].state(["!disabled" if available[action.needs] else "disabled"])
        if case is None:
            self.badge.grid_remove()
            self.summary.set_text("")
            return
        waits = waiting(events)
        word, tone = (waiting_words(), "warn") if waits else review_words(case.review)
        self.badge.configure(text=word.capitalize(), style=f"{tone}.Badge.TLabel")
        self.badge.grid()
        shown = REVIEWS if waits is None else {EventKind.REQUEST}
        review = next((event for event in reversed(events) if event.kind in shown), None)
        if review is None:
            self.summary.set_text("")
            return
        text = _("{officer}, {time}: {reason}")
        if waits is not None:
            text = f"{review_words(waits)[0].capitalize()} · {text}"
        by = text.format(
            officer=plain(review.officer, 60),
            time=moment(review.at_utc, "short"),
            reason=plain(review.reason, 300),
        )
        self.summary.set_text(by)
