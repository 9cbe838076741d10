"""The line at the bottom: how the case was judged, and the buttons."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import ttk
from typing import Literal

from edge.cases.views import REVIEWS, Event
from edge.model import Case
from edge.viewer.text.language import _, moment
from edge.viewer.text.plain import plain
from edge.viewer.text.words import review_words
from edge.viewer.ui.theme import Theme
from edge.viewer.ui.widgets import Elided


@dataclass(frozen=True, slots=True)
class Action:
    """A button; it is alive with what it ``needs``: nothing, any case, a decided one, or a decided one in sight.

    In sight is a case whose photo is on the screen.
    """

    name: str
    text: str
    command: Callable[[], object]
    style: str = "TButton"
    needs: Literal["nothing", "case", "decided", "photo"] = "case"


class ActionBar(ttk.Frame):
    """What the officer can do with the open case."""

    def __init__(self, master: tk.Misc, theme: Theme, actions: Sequence[Action]) -> None:
        px = theme.px
        super().__init__(master, style="Card.TFrame", padding=(px(12), px(7)))
        self.columnconfigure(1, weight=1)
        self.badge = ttk.Label(self, style="neutral.Badge.TLabel")
        self.badge.grid(row=0, column=0)
        self.story = Elided(self, theme, face="small", style="Small.TLabel")
        self.story.grid(row=0, column=1, sticky="ew", padx=px(10))
        self._actions = actions
        self.buttons: dict[str, ttk.Button] = {}
        for column, action in enumerate(actions, 2):
            button = ttk.Button(self, text=action.text, command=action.command, style=action.style)
            button.bind("<Return>", lambda _event, button=button: button.invoke())  # type: ignore[misc]
            button.grid(row=0, column=column, padx=(px(6), 0))
            self.buttons[action.name] = button

    def show(self, case: Case | None, events: Sequence[Event] = (), *, photo: bool = False) -> None:
        """Show how *case* was judged, and which buttons make sense; *photo* says that its photo is on the screen."""
        decided = case is not None and case.verdict is not None
        there = {"nothing": True, "case": case is not None, "decided": decided, "photo": decided and photo}
        for action in self._actions:
            self.buttons[action.name].state(["!disabled" if there[action.needs] else "disabled"])
        if case is None:
            self.badge.grid_remove()
            self.story.say("")
            return
        word, tone = review_words(case.review)
        self.badge.configure(text=word.capitalize(), style=f"{tone}.Badge.TLabel")
        self.badge.grid()
        judgement = next((event for event in reversed(events) if event.kind in REVIEWS), None)
        if judgement is None:
            self.story.say("")
            return
        by = _("{officer}, {time}: {reason}").format(
            officer=plain(judgement.officer, 60),
            time=moment(judgement.at_utc, "short"),
            reason=plain(judgement.reason, 300),
        )
        self.story.say(by)
