"""What happened to the case so far, and who did it: shown where the window has room for it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass
from tkinter import ttk

from edge.cases.views import Event, EventKind
from edge.model import Case
from edge.viewer.text.language import _, moment, ngettext, number
from edge.viewer.text.plain import plain
from edge.viewer.text.words import event_words, outcome_words
from edge.viewer.ui.theme import Theme

COLUMNS = (0, 150, 320)
"""Where time, word and story begin."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: when, what in which tone, and who, with the reason given."""

    at_utc: float
    word: str
    tone: str
    story: str


def lines(case: Case, events: Sequence[Event]) -> tuple[Line, ...]:
    """The story of *case*, the latest first; one officer's looks in a row are one line."""
    told = [Line(case.trigger.at_utc, _("Recorded"), "neutral", "")]
    if case.decided_utc is not None and case.verdict is not None:
        word, tone = outcome_words(case.verdict.outcome)
        told.append(Line(case.decided_utc, word, tone, _("by the unit")))
    looks = 0
    for place, event in enumerate(events):
        before = events[place - 1] if place else None
        again = (
            event.kind is EventKind.VIEW
            and before is not None
            and (before.kind, before.officer) == (event.kind, event.officer)
        )
        looks = looks + 1 if again else 1
        word, tone = event_words(event.kind)
        if looks > 1:
            told.pop()
            word = _("{word} {count} times").format(word=word, count=number(looks))
        story = [plain(event.officer, 60), plain(event.plate or "", 14), plain(event.reason, 300)]
        told.append(Line(event.at_utc, word, tone, " · ".join(part for part in story if part)))
    return tuple(reversed(told))


class History(ttk.Frame):
    """A card with as many lines as it has room for."""

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        px = theme.px
        super().__init__(master, style="Card.TFrame", padding=px(12))
        self._theme = theme
        self._lines: tuple[Line, ...] = ()
        self.grid_propagate(False)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self._caption = ttk.Label(self, style="Small.TLabel")
        self._caption.grid(row=0, column=0, sticky="w")
        self.canvas = tk.Canvas(self, borderwidth=0, highlightthickness=0, height=1, width=1)
        self.canvas.grid(row=1, column=0, sticky="nsew", pady=(px(4), 0))
        self.canvas.bind("<Configure>", lambda _event: self._draw())
        self.canvas.bind("<<ThemeChanged>>", lambda _event: self._draw())

    def show(self, case: Case | None, events: Sequence[Event] = ()) -> None:
        """Tell the story of *case*."""
        told = lines(case, events) if case is not None else ()
        if told != self._lines:
            self._lines = told
            self._caption.configure(text=_("History of the case") if told else "")
            self._draw()

    def _draw(self) -> None:
        theme, palette, canvas = self._theme, self._theme.palette, self.canvas
        canvas.delete("all")
        canvas.configure(background=palette.surface)
        body, small = theme.fonts["body"], theme.fonts["small"]
        height = body.metrics("linespace") + theme.px(2)
        room = max(1, (canvas.winfo_height() + theme.px(2)) // height)
        shown = self._lines if len(self._lines) <= room else self._lines[: room - 1]
        time_at, word_at, story_at = (theme.px(left) for left in COLUMNS)
        for row, line in enumerate(shown):
            y = row * height + height // 2

            def write(left: int, text: str, colour: str, face: str = "body", y: int = y) -> None:
                canvas.create_text(left, y, text=text, anchor="w", fill=colour, font=theme.fonts[face])

            write(time_at, moment(line.at_utc, "short"), palette.muted, "small")
            write(word_at, line.word, theme.tone(line.tone)[0])
            write(story_at, line.story, palette.text)
        left = len(self._lines) - len(shown)
        if left:
            text = ngettext("and {count} earlier line", "and {count} earlier lines", left).format(count=number(left))
            y = len(shown) * height + height // 2
            canvas.create_text(0, y, text=text, anchor="w", fill=palette.muted, font=small)
