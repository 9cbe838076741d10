"""The history of the case: what happened, when, and who did it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass, replace
from tkinter import ttk

from edge.model import Case
from edge.officers import Enclosure, Event, EventKind
from edge.viewer.text import _, event_words, moment, ngettext, number, plain, verdict_words
from edge.viewer.ui import Theme

COLUMNS = (0, 150, 320)
"""Left edges of the time, the act and the details."""
NO_CHECKS = Enclosure()


@dataclass(frozen=True, slots=True)
class Line:
    """One row: when, the act and its tone, and the details (officer, plate, reason)."""

    at_utc: float
    act: str
    tone: str
    details: str


def lines(case: Case, events: Sequence[Event], enclosure: Enclosure = NO_CHECKS) -> tuple[Line, ...]:
    """Return the history of *case*, the latest line first; successive views by one officer are one line.

    *enclosure* are the unit's self-checks around it.
    """
    history = [Line(case.trigger.at_utc, _("Recorded"), "neutral", "")]
    if case.decided_utc is not None and case.verdict is not None:
        word, tone = verdict_words(replace(case, corrected_plate=None))  # what it was then
        history.append(Line(case.decided_utc, word, tone, _("by the unit")))
    views = 0
    for index, event in enumerate(events):
        previous = events[index - 1] if index else None
        again = (
            event.kind is EventKind.VIEW
            and previous is not None
            and (previous.kind, previous.officer) == (event.kind, event.officer)
        )
        views = views + 1 if again else 1
        word, tone = event_words(event.kind, event.action)
        if views > 1:
            history.pop()
            word = _("{word} {count} times").format(word=word, count=number(views))
        details = [plain(event.officer, 60), plain(event.plate or "", 14), plain(event.reason, 300)]
        history.append(Line(event.at_utc, word, tone, " · ".join(part for part in details if part)))
    checks = [check for check in (enclosure.before, enclosure.after) if check is not None]
    for check in checks:
        word, tone = (_("Self-check good"), "good") if check.good else (_("Self-check failed"), "bad")
        history.append(Line(check.at_utc, word, tone, _("by the unit")))
    history.sort(key=lambda line: line.at_utc)
    return tuple(reversed(history))


class History(ttk.Frame):
    """A card with as many lines of the history as there is room for.

    Attributes:
        canvas: the lines.
    """

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        """Show no line."""
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

    def show(self, case: Case | None, events: Sequence[Event] = (), enclosure: Enclosure = NO_CHECKS) -> None:
        """Show the history of *case*."""
        shown = lines(case, events, enclosure) if case is not None else ()
        if shown != self._lines:
            self._lines = shown
            self._caption.configure(text=_("History of the case") if shown else "")
            self._draw()

    def _draw(self) -> None:
        theme, palette, canvas = self._theme, self._theme.palette, self.canvas
        canvas.delete("all")
        canvas.configure(background=palette.surface)
        body, small = theme.fonts["body"], theme.fonts["small"]
        height = body.metrics("linespace") + theme.px(2)
        room = max(1, (canvas.winfo_height() + theme.px(2)) // height)
        shown = self._lines if len(self._lines) <= room else self._lines[: room - 1]
        time_x, act_x, details_x = (theme.px(left) for left in COLUMNS)
        for row, line in enumerate(shown):
            y = row * height + height // 2

            def write(left: int, text: str, colour: str, face: str = "body", y: int = y) -> None:
                canvas.create_text(left, y, text=text, anchor="w", fill=colour, font=theme.fonts[face])

            write(time_x, moment(line.at_utc, "short"), palette.muted, "small")
            write(act_x, line.act, theme.tone(line.tone)[0])
            write(details_x, line.details, palette.text)
        left = len(self._lines) - len(shown)
        if left:
            text = ngettext("and {count} earlier line", "and {count} earlier lines", left).format(count=number(left))
            y = len(shown) * height + height // 2
            canvas.create_text(0, y, text=text, anchor="w", fill=palette.muted, font=small)
