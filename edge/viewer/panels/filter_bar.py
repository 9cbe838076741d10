"""The filter of the list: text, verdict, review, days and order."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from tkinter import ttk

from edge.model import Outcome, State
from edge.officers import REVIEWS, CaseFilter, Standing
from edge.viewer.data import Query
from edge.viewer.text import (
    _,
    full_day,
    ngettext,
    number,
    order_words,
    outcome_words,
    plain,
    read_day,
    review_words,
    short_day,
    standing_words,
    waiting_words,
)
from edge.viewer.ui import Asked, Blank, Flow, HintedEntry, Question, Theme

SETTLE_MS = 250
"""How long the officer must pause while typing before the list is read again."""


class FilterBar(ttk.Frame):
    """The fields in which the officer chooses cases and their order.

    Attributes:
        text: the text to search for.
        outcome: the choice of a verdict.
        review: the choice of a review.
        day: the choice of days.
        order: the choice of an order.
        unfold: the button that shows and hides the choices in a low window.
        is_folded: whether they are hidden.
    """

    def __init__(self, master: tk.Misc, theme: Theme, changed: Callable[[], None]) -> None:
        """Ask for all cases; *changed* is called when the officer asks for others."""
        super().__init__(master, padding=theme.px(8))
        self._theme = theme
        self._changed = changed
        self._timer: str | None = None
        self._reported = Query()
        px = theme.px
        self.columnconfigure((0, 1), weight=1, uniform="half")
        what = _("Search plate, driver or case number")
        self._caption = ttk.Label(self, text=what, style="Small.TLabel")
        self._caption.grid(row=0, column=0, columnspan=2, sticky="w")
        first = ttk.Frame(self)
        first.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(px(1), px(5)))
        first.columnconfigure(0, weight=1)
        self.text = HintedEntry(first, theme, what)
        self.text.grid(row=0, column=0, sticky="ew")
        self.text.bind("<KeyRelease>", lambda _event: self._schedule())
        self.text.bind("<Escape>", lambda _event: self._leave())
        for key in ("<Return>", "<KP_Enter>", "<Down>"):
            self.text.bind(key, lambda _event: self._enter())
        self._outcomes: dict[str, Outcome | State | Standing | None] = {
            _("All verdicts"): None,
            **{outcome_words(outcome)[0]: outcome for outcome in Outcome},
            outcome_words(None)[0]: State.PENDING,
            **{text: standing for standing, text in standing_words().items()},
        }
        self._reviews: dict[str, str | None] = {
            _("All reviews"): None,
            review_words(None)[0].capitalize(): "open",
            waiting_words().capitalize(): "waiting",
            **{review_words(kind)[0].capitalize(): kind for kind in sorted(REVIEWS)},
        }
        self._days: dict[str, int | None] = {
            _("Any day"): None,
            _("Today"): 0,
            _("Since yesterday"): 1,
            _("Last 7 days"): 6,
            _("Last 30 days"): 29,
            _("Choose days …"): None,
        }
        self._chosen_days = _("Chosen days")
        self._any, *_others, self._choose = self._days
        self._span: tuple[date, date] | None = None
        self._orders = order_words()
        self.outcome = self._choice(list(self._outcomes), 2, 0)
        self.review = self._choice(list(self._reviews), 2, 1)
        self.day = self._choice(list(self._days), 3, 0)
        self.day.bind("<<ComboboxSelected>>", lambda _event: self._day_chosen())
        self.order = self._choice(list(self._orders), 3, 1)
        self._low = ttk.Frame(self)
        self._low.grid(row=4, column=0, columnspan=2, sticky="ew")
        self.count = ttk.Label(self._low, style="Small.TLabel")
        self.count.pack(side="top", anchor="w")
        self.chips = Flow(self._low, px(4))
        self._total: int | None = None
        self._all: int | None = None
        self.unfold = ttk.Button(first, text=_("Filters"), command=lambda: self.fold(folded=not self.is_folded))
        self.unfold.bind("<Return>", lambda _event: self.unfold.invoke())
        self.is_folded, self._low_window = False, False
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(theme))

    def set_low(self, *, low: bool) -> None:
        """Fold the choices away where the window has no room for them and the list."""
        if low == self._low_window:
            return
        self._low_window = low
        if low:
            self._caption.grid_remove()
            self.unfold.grid(row=0, column=1, padx=(self._theme.px(4), 0))
        else:
            self._caption.grid()
            self.unfold.grid_remove()
        self.text.set_hinted(hinted=low)
        self.fold(folded=low)

    def fold(self, *, folded: bool) -> None:
        """Hide or show the choices; the count stands where they are not."""
        self.is_folded = folded
        for box in (self.outcome, self.review, self.day, self.order):
            if folded:
                box.grid_remove()
            else:
                box.grid()
        if self._low_window and not folded:
            self._low.grid_remove()
        else:
            self._low.grid()

    def query(self) -> Query:
        """Return what the officer asks for now."""
        outcome = self._outcomes[self.outcome.get()]
        span = self._span
        days = None if span else self._days[self.day.get()]
        if days is not None:
            span = (date.today() - timedelta(days=days), date.max)
        choice = CaseFilter(
            text=self.text.get()[:100].replace("\0", ""),
            state=outcome if isinstance(outcome, State) else None,
            outcome=outcome if isinstance(outcome, Outcome) else None,
            standing=outcome if isinstance(outcome, Standing) else None,
            review=self._reviews[self.review.get()],
            since_utc=_midnight(span[0]) if span else None,
            until_utc=_midnight(span[1] + timedelta(days=1)) if span and span[1] < date.max else None,
        )
        return Query(choice, self._orders[self.order.get()])

    def reset(self) -> str:
        """Ask for all cases, newest first."""
        self.text.delete(0, "end")
        for box in (self.outcome, self.review, self.day, self.order):
            box.current(0)
        self._span = None
        self._report()
        return "break"

    def counted(self, total: int | None = None, of: int | None = None) -> None:
        """Say that *total* cases fit, *of* so many; None: as before."""
        self._total = self._total if total is None else total
        self._all = self._all if of is None else of
        if self._total is None:
            return
        text = ngettext("{count} case", "{count} cases", self._total).format(count=number(self._total))
        if self._chosen() and self._all is not None:
            text = _("{count} of {all}").format(count=number(self._total), all=number(self._all))
        if str(self.count.cget("text")) != text:
            self.count.configure(text=text)

    def _chosen(self) -> list[tuple[str, Callable[[], None]]]:
        """Return what narrows the list, in words, and what drops it."""
        chosen: list[tuple[str, Callable[[], None]]] = []
        if text := plain(self.text.get(), 30):
            chosen.append((f"\u201c{text}\u201d", lambda: self.text.delete(0, "end")))
        for box in (self.outcome, self.review):
            if box.current() > 0:
                chosen.append((box.get(), lambda box=box: box.current(0)))  # type: ignore[misc]
        if self._span is not None or self.day.current() > 0:
            first, last = self._span or (date.today(), date.today())
            days = full_day(first) if first == last else f"{full_day(first)} – {full_day(last)}"
            chosen.append((days if self._span else self.day.get(), self._any_day))
        return chosen

    def _any_day(self) -> None:
        self._span = None
        self.day.current(0)

    def _show_chips(self) -> None:
        for chip in self.chips.winfo_children():
            chip.destroy()
        self.chips.clear()
        for text, drop in self._chosen():
            chip = ttk.Button(self.chips, text=f"{text}  ✕", style="Small.TButton")
            chip.configure(command=partial(self._drop, drop))
            chip.bind("<Return>", lambda _event, chip=chip: chip.invoke())  # type: ignore[misc]
            self.chips.add(chip)
        if self.chips.winfo_children():
            self.chips.pack(side="top", fill="x", pady=(self._theme.px(3), 0))
            self.chips.arrange()
        else:
            self.chips.pack_forget()

    def _drop(self, drop: Callable[[], None]) -> None:
        drop()
        self._report()

    def _enter(self) -> str:
        self._report()
        self.event_generate("<<Entered>>")
        return "break"

    def _leave(self) -> str:
        """Show all cases again, and go back to the list."""
        self.reset()
        self.event_generate("<<Left>>")
        return "break"

    def choose_days(self) -> None:
        """Ask the officer for the first and the last day."""

        def answer(values: list[str]) -> str:
            try:
                first = read_day(values[0])
                last = read_day(values[1]) if values[1] else first
            except ValueError:
                return _("Write a day as {example}.").format(example=short_day(date.today()))
            if last < first:
                return _("The last day is before the first.")
            self._span = (first, last)
            self.day.set(self._chosen_days)
            self._report()
            return ""

        Question(
            self,
            self._theme,
            Asked(
                _("Show the cases of some days"),
                _("For a single day leave the second field empty."),
                (Blank(_("First day"), short_day(date.today())), Blank(_("Last day"))),
                _("Show"),
            ),
            answer,
        )

    def _day_chosen(self) -> None:
        self.day.selection_clear()
        if self.day.get() == self._choose:
            self.day.set(self._any)  # the choice if the question is not answered
            self.choose_days()
        self._span = None
        self._report()

    def _choice(self, values: list[str], row: int, column: int) -> ttk.Combobox:
        box = ttk.Combobox(self, values=values, state="readonly", width=9, height=len(values))
        box.current(0)
        box.grid(row=row, column=column, sticky="ew", padx=(0 if column == 0 else 4, 0), pady=(0, 4))
        box.bind("<<ComboboxSelected>>", lambda _event: (box.selection_clear(), self._report())[-1])  # type: ignore[func-returns-value]
        for event in ("<Button-4>", "<Button-5>"):  # the mouse wheel must not change the filter
            box.bind(event, lambda _event: "break")
        return box

    def _schedule(self) -> None:
        if self._timer is not None:
            self.after_cancel(self._timer)
        self._timer = self.after(SETTLE_MS, self._report)

    def _report(self) -> None:
        if self._timer is not None:
            self.after_cancel(self._timer)
            self._timer = None
        if self.query() != self._reported:
            self._reported = self.query()
            self._show_chips()
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
                *("-highlightcolor", palette.edge, "-highlightbackground", palette.edge),
            )


def _midnight(day: date) -> float:
    """Return when *day* begins in the local time zone, in Unix seconds."""
    return datetime.combine(day, time()).astimezone().timestamp()
