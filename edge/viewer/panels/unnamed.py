"""Why a case names nobody: the reason, and how well each claim explains the photo."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from edge.viewer.text import _, ngettext, number
from edge.viewer.ui import Theme, Wrapped, cut

CLAIMS_SHOWN = 6
BAR_WIDTH = 180
EMPTY_BAR_RATIO = -20.0
"""Log-likelihood ratio (natural logarithm) at which a bar is empty; at 0 it is full."""
IMPOSSIBLE_RATIO = -999.0
"""A claim with a lower ratio cannot explain the photo at all."""


class UnnamedCard(ttk.Frame):
    """A headline, a reason and a chart of the claims.

    Attributes:
        headline: what the verdict is.
        reason: why.
        chart: a line per claim.
        copy_plate: the button for who has to ask the vehicle register; there where a plate is known.
    """

    def __init__(self, master: tk.Misc, theme: Theme, copy_plate: Callable[[], object]) -> None:
        """Show no text and no claim."""
        super().__init__(master)
        px = theme.px
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        self._theme = theme
        self.headline = Wrapped(self, style="Title.TLabel")
        self.headline.grid(row=0, column=0, sticky="ew")
        self.copy_plate = ttk.Button(self, text=_("Copy plate"), command=copy_plate)
        self.copy_plate.bind("<Return>", lambda _event: self.copy_plate.invoke())
        self.copy_plate.grid(row=0, column=1, sticky="ne", padx=(px(10), 0))
        self.copy_plate.grid_remove()
        self.reason = Wrapped(self)
        self.reason.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(px(2), px(8)))
        self.chart = ClaimChart(self, theme)
        self.chart.grid(row=2, column=0, columnspan=2, sticky="nsew")

    def needed(self, width: int) -> int:
        """Return the height in pixels that the texts and the chart need in *width*."""
        px = self._theme.px
        button = self.copy_plate.winfo_reqwidth() + px(10) if self.copy_plate.winfo_manager() else 0
        head = max(self.headline.wrap(width - button), self.copy_plate.winfo_reqheight() if button else 0)
        return head + self.reason.wrap(width) + px(10) + self.chart.needed(width)

    def show(self, headline: str, reason: str, scores: tuple[float, ...], *, plate: bool = False) -> None:
        """Show the texts and the claims' *scores* (log-likelihood ratios); *plate*: one is known, to be copied."""
        if plate:
            self.copy_plate.grid()
        else:
            self.copy_plate.grid_remove()
        self.headline.set_text(headline)
        self.reason.set_text(reason)
        self.chart.show(scores)


class ClaimChart(tk.Canvas):
    """A line per claim, the best first: a bar, and how much better the free reading explains the photo."""

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        """Show no claim."""
        super().__init__(master, borderwidth=0, highlightthickness=0, height=1, width=1)
        self._theme = theme
        self._scores: tuple[float, ...] = ()
        self.bind("<Configure>", lambda _event: self._draw())
        self.bind("<<ThemeChanged>>", lambda _event: self._draw())

    def show(self, scores: tuple[float, ...]) -> None:
        """Show the claims with these *scores*."""
        if scores != self._scores:
            self._scores = scores
            self._draw()

    def needed(self, width: int) -> int:
        """Return the height in pixels that the claims need in *width*."""
        if not self._scores:
            return 1
        rows = min(CLAIMS_SHOWN, len(self._scores))
        return self._caption_height(width) + rows * self._line

    @property
    def _line(self) -> int:
        return int(self._theme.fonts["body"].metrics("linespace")) + self._theme.px(4)

    def _caption_height(self, width: int) -> int:
        small, room = self._theme.fonts["small"], max(1, width)
        lines, used = 1, 0
        for word in _caption().split():
            long = small.measure(f"{word} ")
            if used and used + long > room:
                lines, used = lines + 1, 0
            used += long
        return lines * int(small.metrics("linespace")) + self._theme.px(5)

    def _draw(self) -> None:
        theme, palette = self._theme, self._theme.palette
        self.delete("all")
        self.configure(background=palette.surface)
        if not self._scores:
            return
        small, line, width = theme.fonts["small"], self._line, self.winfo_width()
        self.create_text(0, 0, text=_caption(), anchor="nw", fill=palette.muted, font=small, width=max(1, width))
        top = self._caption_height(width)
        ranked = sorted(enumerate(self._scores, 1), key=lambda item: -item[1])
        room = max(1, (self.winfo_height() - top + theme.px(6)) // line)
        count = min(CLAIMS_SHOWN, room)
        shown = ranked if len(ranked) <= count else ranked[: count - 1]
        if left := len(ranked) - len(shown):
            text = ngettext("and {count} more: {scores}", "and {count} more: {scores}", left)
            text = text.format(count=left, scores="  ".join(_figure(score) for _place, score in ranked[len(shown) :]))
            text = cut(small, text, width)
            y = top + len(shown) * line + line // 2
            self.create_text(0, y, text=text, anchor="w", fill=palette.muted, font=small)
        for rank, (place, score) in enumerate(shown):
            self._draw_claim(place, score, top + rank * line + line // 2)

    def _draw_claim(self, place: int, score: float, y: int) -> None:
        theme, palette, body = self._theme, self._theme.palette, self._theme.fonts["body"]
        label = max(body.measure(_("Claim {number}").format(number=n)) for n in (1, len(self._scores))) + theme.px(12)
        share = max(0.0, min(1.0, 1.0 - score / EMPTY_BAR_RATIO))
        figure = max(body.measure(_figure(score)) for score in self._scores) + theme.px(12)
        width = max(theme.px(20), min(theme.px(BAR_WIDTH), self.winfo_width() - label - figure))
        half = theme.px(4)
        text = _("Claim {number}").format(number=place)
        self.create_text(0, y, text=text, anchor="w", fill=palette.text, font=body)
        self.create_rectangle(label, y - half, label + width, y + half, fill=palette.neutral_soft, outline="")
        self.create_rectangle(label, y - half, label + width * share, y + half, fill=palette.accent, outline="")
        x = label + width + theme.px(10)
        self.create_text(x, y, text=_figure(score), anchor="w", fill=palette.text, font=body)


def _caption() -> str:
    return _("How well each claimed plate explains the photo, against the plate as read (0 is as well)")


def _figure(score: float) -> str:
    return number(round(score, 1) or 0.0, 1).replace("-", "−") if score > IMPOSSIBLE_RATIO else _("impossible")
