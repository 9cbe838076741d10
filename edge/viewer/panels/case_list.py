"""The list of cases: a canvas that draws only the visible rows, so ten thousand cases cost as much as ten.

The list knows rows by position and asks for missing pages through a callback.

Longer than 300 lines because what is drawn, and what keys and wheel do to it, is one widget over one set of positions.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from tkinter import ttk

from edge.officers import CaseSummary, name_follows, speed_words
from edge.viewer.text import _, moment, number, plain, review_words, short_verdict_words, waiting_words
from edge.viewer.ui import Theme, cut

PAGE = 100
"""Rows of a page."""
PAGES_KEPT = 20
WHEEL_ROWS = 3


def why_it_fits(case: CaseSummary, sought: str) -> str:
    """Return what of *case* fits the text *sought*, where its row would not show it; else an empty text."""
    if not (sought := " ".join(sought.split()).casefold()):
        return ""
    if sought in case.driver_name.casefold() and name_follows(case):  # a list repeats no name that fell
        return plain(case.driver_name, 60)
    if case.corrected_plate and sought not in case.corrected_plate.casefold() and sought in case.plate_text.casefold():
        return _("read as {plate}").format(plate=plain(case.plate_text, 14))
    return ""


@dataclass(frozen=True, slots=True)
class Row:
    """The contents of one drawn row; an equal row is not drawn again."""

    summary: CaseSummary | None
    selected: bool
    sought: str = ""


class CaseList(ttk.Frame):
    """Rows of cases, one of them selected, in the order of the pages.

    Attributes:
        canvas: the canvas, which has the keyboard focus.
        total: the number of rows.
        selection: the number of the selected case.
        empty_text: what an empty list shows.
        sought: the text that was searched for; a row says why it fits.
    """

    def __init__(
        self,
        master: tk.Misc,
        theme: Theme,
        *,
        need_page: Callable[[int], None],
        selected: Callable[[int], None],
        opened: Callable[[], None],
    ) -> None:
        """Show an empty list.

        Args:
            master: the parent.
            theme: the look.
            need_page: called with the number of a page that is visible and missing.
            selected: called with the number of the case that was selected.
            opened: called at a double click.
        """
        super().__init__(master)
        self._theme = theme
        self._need_page = need_page
        self._on_selected = selected
        self.total = 0
        self.selection: int | None = None
        self.empty_text = self.sought = ""
        self._index: int | None = None
        self._after: tuple[int, ...] = ()
        """The numbers of the rows that followed the selected one when it was last seen in the list."""
        self._gone = False
        """Whether the selected case has left the list: the row that followed it is at ``_index`` then."""
        self._first = 0
        self._pages: dict[int, tuple[CaseSummary, ...]] = {}
        self._drawn: list[Row | None] = []
        self.canvas = tk.Canvas(self, takefocus=True, borderwidth=0, width=theme.px(270), height=theme.px(100))
        self.bar = ttk.Scrollbar(self, command=self._scroll_command)
        self.canvas.pack(side="left", fill="both", expand=True)
        self.bar.pack(side="right", fill="y")
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _event: self.restyle())
        canvas.bind("<<ThemeChanged>>", lambda _event: self.restyle())
        for event in ("<FocusIn>", "<FocusOut>"):
            canvas.bind(event, lambda _event: self._draw_ring())
        canvas.bind("<Button-1>", self._click)
        canvas.bind("<Double-Button-1>", lambda _event: opened())
        canvas.bind("<Button-4>", lambda _event: self.scroll(-WHEEL_ROWS))
        canvas.bind("<Button-5>", lambda _event: self.scroll(WHEEL_ROWS))
        for key, step in {"Up": -1, "Down": 1, "Home": -(10**9), "End": 10**9}.items():
            canvas.bind(f"<{key}>", lambda _event, step=step: self.move(step))  # type: ignore[misc]
        canvas.bind("<Prior>", lambda _event: self.move(-self.visible_rows))
        canvas.bind("<Next>", lambda _event: self.move(self.visible_rows))

    @property
    def row_height(self) -> int:
        """Height of a row in pixels: two lines of text and padding."""
        fonts = self._theme.fonts
        return fonts["strong"].metrics("linespace") + fonts["small"].metrics("linespace") + self._theme.px(14)

    @property
    def visible_rows(self) -> int:
        """How many whole rows are visible, at least one."""
        return max(1, self.canvas.winfo_height() // self.row_height)

    @property
    def loaded_pages(self) -> int:
        """How many pages are in memory."""
        return len(self._pages)

    def show(self, total: int, pages: Mapping[int, tuple[CaseSummary, ...]], *, fresh: bool) -> None:
        """Take *pages*, by page number, of *total* rows; with *fresh* all other pages are out of date."""
        if fresh:
            grown = total - self.total if self._pages else 0
            self._pages.clear()
            self.total = total
            if self._first and grown > 0:  # the visible rows stay visible while cases arrive above
                self._first += grown
            self._first = max(0, min(self._first, total - self.visible_rows))
            self._index = None if self._index is None else self._index + max(0, grown)
        elif total != self.total:
            return
        self._pages |= pages
        while len(self._pages) > PAGES_KEPT:
            del self._pages[next(iter(self._pages))]
        self._locate()
        if self.selection is None and self._index is not None and self.row(self._index) is not None:
            self.select_index(self._index)  # the row was selected before its page arrived
        else:
            self.draw()

    def plan(self) -> Callable[[int], Iterable[int]]:
        """Return a function, safe in any thread, from the new number of rows to the pages that will be visible."""
        first, known, sight, anchored = self._first, self.total, self.visible_rows, bool(self._first and self._pages)

        def pages(total: int) -> Iterable[int]:
            begin = first + max(0, total - known) if anchored else first
            return range(begin // PAGE, (begin + sight) // PAGE + 1)

        return pages

    def rewind(self) -> None:
        """Drop all rows and scroll to the top, for another filter or order; the selected case stays selected."""
        self._pages.clear()
        self._first = 0
        self._index = None
        self._after, self._gone = (), False

    def row(self, index: int) -> CaseSummary | None:
        """Return the row at *index*, or None if its page is missing."""
        page = self._pages.get(index // PAGE)
        return page[index % PAGE] if page is not None and index % PAGE < len(page) else None

    def enter(self) -> None:
        """Take the focus, and select the first row unless one of the rows is selected."""
        self.canvas.focus_set()
        if self.total and (self._index is None or self._gone):
            self.select_index(0)

    def move(self, step: int) -> str:
        """Select the row *step* below the selected one (or above, if negative).

        A selected case that has left the list, as one that was judged leaves the cases to review, had its place just
        before the row that followed it.
        """
        if self.total:
            start = self._index if self._index is not None else (self._first - 1 if step > 0 else self._first)
            if self._gone and step > 0:
                start -= 1
            self.select_index(max(0, min(start + step, self.total - 1)))
        return "break"

    def select_index(self, index: int) -> None:
        """Select the row at *index* and scroll to it; if its page is missing, it is selected when the page arrives."""
        self._index, self._gone = index, False
        if index < self._first:
            self._first = index
        elif index >= self._first + self.visible_rows:
            self._first = index - self.visible_rows + 1
        summary = self.row(index)
        self.selection = summary.number if summary else None
        self._after = self._following(index)
        self.draw()
        if summary is not None:
            self._on_selected(summary.number)

    def scroll(self, rows: int) -> str:
        """Scroll by *rows*; the selection stays."""
        self._first = max(0, min(self._first + rows, self.total - self.visible_rows))
        self.draw()
        return "break"

    def restyle(self) -> None:
        """Draw everything again, after a change of size, palette or zoom."""
        palette = self._theme.palette
        self.canvas.configure(background=palette.surface, highlightthickness=0)
        self.canvas.delete("all")
        self._drawn = []
        self.draw()

    def draw(self) -> None:
        """Update the visible rows; rows whose contents have not changed are not drawn again."""
        count = self.visible_rows + 1
        self._drawn += [None] * (count - len(self._drawn))
        missing = []
        for slot in range(count):
            index = self._first + slot
            summary = self.row(index)
            if index >= self.total:
                self._erase(slot)
                continue
            if summary is None and index // PAGE not in missing:
                missing.append(index // PAGE)
            row = Row(
                summary,
                self.selection is not None and summary is not None and summary.number == self.selection,
                self.sought,
            )
            if row != self._drawn[slot]:
                self._draw_row(slot, row)
                self._drawn[slot] = row
        self._draw_empty()
        self._draw_ring()
        last = (self._first + self.visible_rows) / self.total if self.total else 1.0
        self.bar.set(self._first / self.total if self.total else 0.0, min(1.0, last))
        for page in missing:
            self._need_page(page)

    def _draw_row(self, slot: int, row: Row) -> None:
        palette, fonts, px = self._theme.palette, self._theme.fonts, self._theme.px
        self._erase(slot)
        top, width = slot * self.row_height, self.canvas.winfo_width()
        bottom, tag = top + self.row_height, f"slot{slot}"
        face = palette.accent_soft if row.selected else palette.surface
        draw = self.canvas
        draw.create_rectangle(0, top, width, bottom, fill=face, outline="", tags=tag)
        draw.create_line(0, bottom - 1, width, bottom - 1, fill=palette.border, tags=tag)
        if row.summary is None:
            draw.create_text(
                px(16), top + px(6), text="…", anchor="nw", fill=palette.muted, font=fonts["body"], tags=tag
            )
            return
        summary = row.summary
        verdict, tone = short_verdict_words(summary)
        colour = self._theme.tone(tone)[0]
        draw.create_rectangle(0, top, px(4), bottom - 1, fill=colour, outline="", tags=tag)
        upper, lower = top + px(6), bottom - px(7)
        shown = plain(summary.corrected_plate or summary.plate_text, 14)
        nothing = _("Not read yet") if summary.outcome is None else _("no plate")
        plate, muted = shown or nothing, palette.muted
        ink = palette.text if shown else muted
        left, right, apart = px(16), width - px(10), px(8)
        plate = cut(fonts["strong"], plate, right - left)
        draw.create_text(left, upper, text=plate, anchor="nw", fill=ink, font=fonts["strong"], tags=tag)
        verdict = cut(fonts["body"], verdict, right - left - apart - fonts["strong"].measure(plate))
        draw.create_text(right, upper, text=verdict, anchor="ne", fill=colour, font=fonts["body"], tags=tag)
        counts = summary.speed_kmh if summary.remaining_kmh is None else summary.remaining_kmh
        speed = "" if counts is None else f" · {speed_words(counts, summary.speed_unit, number)}"
        line = f"{summary.number} · {moment(summary.at_utc, 'short')}{speed}"
        if why := why_it_fits(summary, self.sought):
            line = f"{summary.number} · {why}"
        line = cut(fonts["small"], line, right - left)
        draw.create_text(left, lower, text=line, anchor="sw", fill=muted, font=fonts["small"], tags=tag)
        review = review_words(summary.review)[0] if summary.review else ""
        review = waiting_words() if summary.waiting else review
        review = cut(fonts["small"], review, right - left - apart - fonts["small"].measure(line))
        draw.create_text(right, lower, text=review, anchor="se", fill=muted, font=fonts["small"], tags=tag)

    def _draw_empty(self) -> None:
        self.canvas.delete("empty")
        if self.total == 0 and self.empty_text:
            self.canvas.create_text(
                self.canvas.winfo_width() // 2,
                self._theme.px(40),
                text=self.empty_text,
                anchor="n",
                justify="center",
                width=self.canvas.winfo_width() - self._theme.px(40),
                fill=self._theme.palette.muted,
                font=self._theme.fonts["body"],
                tags="empty",
            )

    def _draw_ring(self) -> None:
        """Draw the focus ring around the selected row, or around the list if that row is not visible."""
        self.canvas.delete("ring")
        if self.canvas.focus_get() is not self.canvas:
            return
        width, line = self.canvas.winfo_width(), self._theme.px(2)
        top, bottom = 0, self.canvas.winfo_height()
        slot = None if self._index is None else self._index - self._first
        if slot is not None and 0 <= slot < len(self._drawn) and self._drawn[slot] is not None:
            top, bottom = slot * self.row_height, (slot + 1) * self.row_height - 1
        half = line // 2
        corners = (half, top + half, width - line + half, bottom - line + half)
        self.canvas.create_rectangle(*corners, outline=self._theme.palette.accent, width=line, tags="ring")

    def _erase(self, slot: int) -> None:
        if slot < len(self._drawn) and self._drawn[slot] is not None:
            self.canvas.delete(f"slot{slot}")
            self._drawn[slot] = None

    def _locate(self) -> None:
        """Find the selected case in the loaded pages; where it has left the list, the first row that followed it."""
        places = {
            summary.number: page * PAGE + place
            for page, rows in self._pages.items()
            for place, summary in enumerate(rows)
        }
        if self.selection is None or (self._index is None and self.selection not in places):
            return
        if self.selection in places:
            self._index, self._gone = places[self.selection], False
            self._after = self._following(self._index)
        elif (after := next((places[number] for number in self._after if number in places), None)) is not None:
            self._index, self._gone = after, True
        elif self._index is not None and self._index >= self.total:
            self._index, self._gone = self.total, True  # it was the last row

    def _following(self, index: int) -> tuple[int, ...]:
        """Return the numbers of the loaded rows below *index*, at most a page of them."""
        rows = (self.row(place) for place in range(index + 1, index + 1 + PAGE))
        return tuple(summary.number for summary in rows if summary is not None)

    def _click(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        index = self._first + event.y // self.row_height
        if 0 <= index < self.total:
            self.select_index(index)

    def _scroll_command(self, action: str, value: str, unit: str = "") -> None:
        if action == "moveto":
            self.scroll(round(float(value) * self.total) - self._first)
        else:
            self.scroll(int(value) * (self.visible_rows if unit == "pages" else 1))
