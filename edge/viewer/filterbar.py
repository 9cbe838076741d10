"""What the list shows: words, verdict, review, day, order."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import datetime, timedelta
from tkinter import ttk

from edge.cases.records import CaseFilter, EventKind
from edge.model import Outcome, State
from edge.viewer.language import _
from edge.viewer.source import Query
from edge.viewer.theme import Theme
from edge.viewer.words import order_words, outcome_words, review_words

SETTLE_MS = 250


class FilterBar(ttk.Frame):
    """Tells *changed* when the officer asks for other cases."""

    def __init__(self, master: tk.Misc, theme: Theme, changed: Callable[[], None]) -> None:
        super().__init__(master, padding=theme.px(8))
        self._changed = changed
        self._timer: str | None = None
        self._sent = Query()
        px = theme.px
        self.columnconfigure((0, 1), weight=1, uniform="half")
        caption = ttk.Label(self, text=_("Search plate, driver or case number"), style="Small.TLabel")
        caption.grid(row=0, column=0, columnspan=2, sticky="w")
        self.text = ttk.Entry(self, width=10)
        self.text.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(px(1), px(5)))
        self.text.bind("<KeyRelease>", lambda _event: self._later())
        self.text.bind("<Escape>", lambda _event: self.reset())
        self._outcomes: dict[str, Outcome | State | None] = {
            _("All verdicts"): None,
            **{outcome_words(outcome)[0]: outcome for outcome in Outcome},
            outcome_words(None)[0]: State.PENDING,
        }
        self._reviews: dict[str, str | None] = {
            _("All reviews"): None,
            review_words(None)[0].capitalize(): "open",
            **{
                review_words(kind)[0].capitalize(): kind
                for kind in (EventKind.CONFIRM, EventKind.DISMISS, EventKind.CORRECT_PLATE)
            },
        }
        self._days: dict[str, int | None] = {
            _("Any day"): None,
            _("Today"): 0,
            _("Since yesterday"): 1,
            _("Last 7 days"): 6,
            _("Last 30 days"): 29,
        }
        self._orders = order_words()
        self.outcome = self._choice(list(self._outcomes), 2, 0)
        self.review = self._choice(list(self._reviews), 2, 1)
        self.day = self._choice(list(self._days), 3, 0)
        self.order = self._choice(list(self._orders), 3, 1)
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(theme))

    def query(self) -> Query:
        """What the officer asks for now."""
        outcome = self._outcomes[self.outcome.get()]
        days = self._days[self.day.get()]
        since = None
        if days is not None:
            midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
            since = (midnight - timedelta(days=days)).timestamp()
        choice = CaseFilter(
            text=self.text.get()[:100].replace("\0", ""),
            state=outcome if isinstance(outcome, State) else None,
            outcome=outcome if isinstance(outcome, Outcome) else None,
            review=self._reviews[self.review.get()],
            since_utc=since,
        )
        return Query(choice, self._orders[self.order.get()])

    def reset(self) -> str:
        """Show all cases, newest first."""
        self.text.delete(0, "end")
        for box in (self.outcome, self.review, self.day, self.order):
            box.current(0)
        self._tell()
        return "break"

    def _choice(self, values: list[str], row: int, column: int) -> ttk.Combobox:
        box = ttk.Combobox(self, values=values, state="readonly", width=9, height=len(values))
        box.current(0)
        box.grid(row=row, column=column, sticky="ew", padx=(0 if column == 0 else 4, 0), pady=(0, 4))
        box.bind("<<ComboboxSelected>>", lambda _event: (box.selection_clear(), self._tell())[-1])  # type: ignore[func-returns-value]
        for event in ("<Button-4>", "<Button-5>"):  # a wheel that passes over must not change the filter
            box.bind(event, lambda _event: "break")
        return box

    def _later(self) -> None:
        if self._timer is not None:
            self.after_cancel(self._timer)
        self._timer = self.after(SETTLE_MS, self._tell)

    def _tell(self) -> None:
        if self._timer is not None:
            self.after_cancel(self._timer)
            self._timer = None
        if self.query() != self._sent:
            self._sent = self.query()
            self._changed()

    def _recolour(self, theme: Theme) -> None:
        palette = theme.palette
        for box in (self.outcome, self.review, self.day, self.order):
            popdown = self.tk.call("ttk::combobox::PopdownWindow", box)
            self.tk.call(
                f"{popdown}.f.l",
                "configure",
                *("-background", palette.surface, "-foreground", palette.text),
                *("-selectbackground", palette.accent, "-selectforeground", palette.on_accent),
            )
