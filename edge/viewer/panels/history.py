"""The history of the case: what happened, when, and who did it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass, replace
from tkinter import ttk

from edge.model import Case
from edge.officers import Enclosure, Event, EventKind
from edge.viewer.text import _, event_words, moment, ngettext, number, officers_words, plain, verdict_words
from edge.viewer.ui import Theme, cut

COLUMNS = (0, 150, 340)
"""Left edges of the time, the act and the details."""
NARROW = 560
"""The width below which a line of the history is two rows of text."""
PADDING = 12
MOST_LINES = 12
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
    withdrawn = {event.judgement for event in events}
    for event, following in zip(events, (*events[1:], None), strict=True):
        views += 1
        if following is not None and _views_again(event, following):
            continue  # one line for all of them, with the time of the last
        word, tone = event_words(event.kind, event.action)
        if event.seq in withdrawn:
            word, tone = _("{word}, withdrawn").format(word=word), "neutral"
        if views > 1:
            word = _("{word} {count} times").format(word=word, count=number(views))
        details = [officers_words(event.officer), plain(event.plate or "", 14), plain(event.reason, 300)]
        history.append(Line(event.at_utc, word, tone, " · ".join(part for part in details if part)))
        views = 0
    checks = [check for check in (enclosure.before, enclosure.after) if check is not None]
    for check in checks:
        word, tone = (_("Self-check good"), "good") if check.good else (_("Self-check failed"), "bad")
        history.append(Line(check.at_utc, word, tone, _("by the unit")))
    history.sort(key=lambda line: line.at_utc)
    return tuple(reversed(history))


def _views_again(event: Event, following: Event) -> bool:
    return event.kind is following.kind is EventKind.VIEW and event.officer == following.officer


class History(ttk.Frame):
    """A card with the history; the wheel moves it where there are more lines than room.

    Attributes:
        canvas: the lines.
    """

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        """Show no line."""
        px = theme.px
        super().__init__(master, style="Card.TFrame", padding=px(PADDING))
        self._theme = theme
        self._lines: tuple[Line, ...] = ()
        self._first = 0
        self.grid_propagate(False)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self._caption = ttk.Label(self, style="Small.TLabel")
        self._caption.grid(row=0, column=0, sticky="w")
        self.canvas = tk.Canvas(self, borderwidth=0, highlightthickness=0, height=1, width=1)
        self.canvas.grid(row=1, column=0, sticky="nsew", pady=(px(4), 0))
        self.canvas.bind("<Configure>", lambda _event: self._draw())
        self.canvas.bind("<<ThemeChanged>>", lambda _event: self._draw())
        self.canvas.bind("<Button-4>", lambda _event: self._move(-1))
        self.canvas.bind("<Button-5>", lambda _event: self._move(1))

    def needed(self) -> int:
        """Return the height in pixels in which every line has room, up to :data:`MOST_LINES`."""
        px = self._theme.px
        lines = min(len(self._lines), MOST_LINES)
        return lines * self._line + int(self._theme.fonts["small"].metrics("linespace")) + 2 * px(PADDING) + px(6)

    def show(self, case: Case | None, events: Sequence[Event] = (), enclosure: Enclosure = NO_CHECKS) -> None:
        """Show the history of *case*."""
        shown = lines(case, events, enclosure) if case is not None else ()
        if shown != self._lines:
            self._lines, self._first = shown, 0
            self._caption.configure(text=_("History of the case") if shown else "")
            self._draw()

    @property
    def _line(self) -> int:
        """The height of a line: one row of text, or two where the card is narrow."""
        fonts = self._theme.fonts
        rows = 2 if self._is_narrow else 1
        return rows * int(fonts["body"].metrics("linespace")) + self._theme.px(2)

    @property
    def _is_narrow(self) -> bool:
        return 1 < self.canvas.winfo_width() < self._theme.px(NARROW)

    @property
    def _room(self) -> int:
        return max(1, (self.canvas.winfo_height() + self._theme.px(2)) // self._line)

    def _move(self, step: int) -> str | None:
        most = len(self._lines) - self._room + 1 if len(self._lines) > self._room else 0
        first = max(0, min(self._first + step, most))
        if first == self._first:
            return None
        self._first = first
        self._draw()
        return "break"

    def _draw(self) -> None:
        theme, palette, canvas = self._theme, self._theme.palette, self.canvas
        canvas.delete("all")
        canvas.configure(background=palette.surface)
        height, room, width = self._line, self._room, canvas.winfo_width()
        rest = self._lines[self._first :]
        shown = rest if len(rest) <= room else rest[: room - 1]
        for row, line in enumerate(shown):
            self._write(line, row * height, width)
        left = len(rest) - len(shown)
        if left:
            text = ngettext("and {count} earlier line", "and {count} earlier lines", left).format(count=number(left))
            y, small = len(shown) * height, theme.fonts["small"]
            canvas.create_text(0, y, text=text, anchor="nw", fill=palette.muted, font=small)

    def _write(self, line: Line, y: int, width: int) -> None:
        theme, palette = self._theme, self._theme.palette
        body, small = theme.fonts["body"], theme.fonts["small"]
        time_x, act_x, details_x = (theme.px(left) for left in COLUMNS)
        when = moment(line.at_utc, "short")
        act_x = max(act_x, time_x + small.measure(when) + theme.px(8))
        below = self._is_narrow
        act = cut(body, line.act, width - act_x if below else details_x - act_x - theme.px(6))
        if below:
            details_x, down = theme.px(12), int(body.metrics("linespace"))
        else:
            down = 0
        details = cut(body, line.details, max(1, width - details_x))
        for x, top, text, colour, font in (
            (time_x, y + theme.px(1), when, palette.muted, small),
            (act_x, y, act, theme.tone(line.tone)[0], body),
            (details_x, y + down, details, palette.text, body),
        ):
            if text:
                self.canvas.create_text(x, top, text=text, anchor="nw", fill=colour, font=font)
