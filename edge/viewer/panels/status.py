"""The status bar at the top and the banners below it: the state of the unit."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk

from edge.officers import UnitStatus
from edge.viewer.text import _, ngettext, number
from edge.viewer.ui import Elided, Flow, Theme, Wrapped

LOW_DISK_SHARE = 0.1
LOW_DISK_BYTES = 1 << 30
PROGRESS_STEP_MS = 60
TIGHT = 560
BESIDE = 900
"""The width below which the buttons are in the menu alone, and from which the labels are beside the unit's name."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One banner: its tone and its sentences, and what of them is said where there is little room."""

    tone: str
    text: str
    brief: str = ""


def notices(status: UnitStatus | None, store_problem: str, chain_problem: str) -> tuple[Notice, ...]:
    """Return what is wrong with the unit, the gravest first.

    Args:
        status: the unit's status, or None if it is unknown.
        store_problem: why the store cannot be read, or an empty text.
        chain_problem: where the chain is broken, or an empty text.
    """
    found = []
    if chain_problem:
        found.append(Notice("bad", chain_problem))
    if store_problem:
        found.append(Notice("warn", store_problem))
    if status is not None:
        if not status.chain_ok and not chain_problem:
            found.append(Notice("bad", _("The chain of evidence is broken: looking for the place …")))
        if not status.daemon_alive:
            text = _("Unit stopped: no new case can come in. Those that are here can be seen and judged.")
            found.append(Notice("warn", text, _("Unit stopped")))
        if status.free_bytes < LOW_DISK_BYTES or status.free_bytes < LOW_DISK_SHARE * status.total_bytes:
            free = number(status.free_bytes / 1e6)
            text = _(
                "The unit's disk is nearly full: {free} MB are free."
                " Tell the operator: without room no new case is kept."
            )
            found.append(Notice("warn", text.format(free=free), _("The unit's disk is nearly full")))
    return tuple(found)


class StatusBar(ttk.Frame):
    """Whose window it is, labels for the state of the unit, and two buttons; wrapped where there is no room.

    Attributes:
        where: site, host and officer: nobody may judge in the window of another unit.
        count: the number of cases.
        note: the outcome of the officer's last action.
    """

    def __init__(
        self, master: tk.Misc, theme: Theme, *, help_page: Callable[[], None], recolour: Callable[[], None]
    ) -> None:
        """Show no status; the buttons call *help_page* and *recolour*."""
        super().__init__(master, style="Page.TFrame", padding=(theme.px(10), theme.px(4)))
        px = theme.px
        self._theme = theme
        self.columnconfigure(1, weight=1)
        ttk.Label(self, text="Autovelox", style="Brand.TLabel").grid(row=0, column=0, sticky="w", padx=(0, px(12)))
        self.where = Elided(self, theme, face="small", style="Page.TLabel")
        self.where.grid(row=0, column=1, sticky="ew", padx=(0, px(8)))
        self._chips = Flow(self, px(6), style="Page.TFrame", right=True)
        self.count = ttk.Label(self._chips, style="Page.TLabel")
        self.unit, self.signed, self.note = (ttk.Label(self._chips, style="Page.TLabel") for _index in range(3))
        self._bar = ttk.Progressbar(
            self._chips, mode="indeterminate", length=px(90), style="Busy.Horizontal.TProgressbar"
        )
        self.colours = ttk.Button(self._chips, style="Quiet.TButton", command=recolour)
        self.help = ttk.Button(self._chips, text=_("Keys  F1"), style="Quiet.TButton", command=help_page)
        self.undo = ttk.Button(self._chips, text=_("Undo  Z"), style="Small.TButton", command=self.call_undo)
        self._undo: Callable[[], None] | None = None
        for child in (self._bar, self.undo, self.note, self.signed, self.unit, self.count, self.colours, self.help):
            self._chips.add(child)
        self._chips.show(self._bar, shown=False)
        self._chips.show(self.undo, shown=False)
        self._is_busy = self._is_low = self._is_tight = False
        self._status: UnitStatus | None = None
        self._beside: bool | None = None
        self.bind("<Configure>", lambda event: self._arrange(event.width))
        self.bind("<<ThemeChanged>>", lambda _event: self._name_colours())
        self._name_colours()

    def show(self, status: UnitStatus | None) -> None:
        """Show the unit's *status*, or nothing if it is unknown."""
        self._status = status
        self._show_chips()
        if status is None:
            for chip in (self.unit, self.signed):
                _set(chip, "", "Page.TLabel")
            _set(self.count, "", "Page.TLabel")
            return
        cases = ngettext("{count} case", "{count} cases", status.cases).format(count=number(status.cases))
        if status.pending:
            cases += " · " + _("{count} pending").format(count=number(status.pending))
        _set(self.count, cases, "Page.TLabel")
        _set(self.unit, _("Unit running") if status.daemon_alive else "", "good.Chip.TLabel")
        if not status.chain_ok:
            _set(self.signed, _("Chain broken"), "bad.Chip.TLabel")
        elif status.unsigned:
            text = ngettext("{count} entry to sign", "{count} entries to sign", status.unsigned)
            _set(self.signed, text.format(count=number(status.unsigned)), "neutral.Chip.TLabel")
        else:
            _set(self.signed, _("All entries signed"), "good.Chip.TLabel")

    def set_low(self, *, low: bool) -> None:
        """Say whether there is no room for what is as it should be, nor for the buttons, which the menu has."""
        self._is_low = low
        self._show_chips()

    def _show_chips(self) -> None:
        status, full = self._status, not self._is_low
        self._chips.show(self.count, shown=full)
        alive = status is not None and status.daemon_alive  # a banner says it where it is stopped
        self._chips.show(self.unit, shown=full and alive)
        self._chips.show(self.signed, shown=full or (status is not None and not status.chain_ok))
        self._chips.show(self.note, shown=full or bool(self.note.cget("text")))
        for button in (self.colours, self.help):
            self._chips.show(button, shown=full and not self._is_tight)

    def show_note(self, text: str, tone: str = "accent", undo: Callable[[], None] | None = None) -> None:
        """Show the outcome of the officer's last action, with a button that undoes it; an empty text removes both."""
        self._undo = undo
        self._chips.show(self.undo, shown=undo is not None)
        _set(self.note, text, f"{tone}.Chip.TLabel" if text else "Page.TLabel")
        self._show_chips()

    def call_undo(self) -> None:
        """Undo the officer's last action, where that is still offered."""
        undo, self._undo = self._undo, None
        if undo is not None:
            self.show_note("")
            undo()

    def busy(self, text: str) -> None:
        """Show *text* and a moving bar while work takes its time."""
        self.show_note(text)
        self._chips.show(self._bar, shown=True)
        self._bar.configure(mode="indeterminate")
        self._bar.start(PROGRESS_STEP_MS)
        self._is_busy = True

    def progress(self, text: str, done: int, total: int) -> None:
        """Show how far the work is that :meth:`busy` announced."""
        if not self._is_busy:
            return
        self._bar.stop()
        self._bar.configure(mode="determinate", maximum=total, value=done)
        share = _("{text} {done} of {total}").format(text=text, done=number(done), total=number(total))
        self.show_note(share)

    def idle(self) -> None:
        """Remove the moving bar and the text."""
        self._is_busy = False
        self._bar.stop()
        self._chips.show(self._bar, shown=False)
        self.show_note("")

    def rearrange(self) -> None:
        """Take the officer's new zoom."""
        self._arrange(self.winfo_width())

    def _arrange(self, width: int) -> None:
        """Put the labels beside the name of the unit where there is room for both, else under it."""
        beside = width >= self._theme.px(BESIDE)
        self._is_tight = width < self._theme.px(TIGHT)
        self._show_chips()
        if beside != self._beside:
            self._beside = beside
            self.columnconfigure(2, weight=2 if beside else 0)
            if beside:
                self._chips.grid(row=0, column=2, columnspan=1, sticky="ew")
            else:
                self._chips.grid(row=1, column=0, columnspan=3, sticky="ew")

    def _name_colours(self) -> None:
        text = _("Dark") if self._theme.palette.name == "light" else _("Light")
        self.colours.configure(text=text)


class Banners(ttk.Frame):
    """A line per notice, in its colour; nothing while there is no notice.

    Attributes:
        shown: the notices on the screen.
    """

    def __init__(self, master: tk.Misc) -> None:
        """Show no notice."""
        super().__init__(master, style="Page.TFrame")
        self.shown: tuple[Notice, ...] = ()
        self._is_low = False

    def set_low(self, *, low: bool) -> None:
        """Say whether there is room for a brief banner only."""
        if low != self._is_low:
            self._is_low = low
            self._draw()

    def show(self, found: tuple[Notice, ...]) -> None:
        """Show the notices *found*."""
        if found == self.shown:
            return
        self.shown = found
        self._draw()

    def _draw(self) -> None:
        for child in self.winfo_children():
            child.destroy()
        for notice in _in_brief(self.shown) if self._is_low else self.shown:
            banner = Wrapped(self, style=f"{notice.tone}.Banner.TLabel")
            banner.set_text(notice.text)
            banner.pack(fill="x")
        if not self.shown:
            self.configure(height=1)


def _in_brief(found: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """Return *found* with one line for those of which there is a brief text."""
    whole = tuple(notice for notice in found if not notice.brief)
    brief = " · ".join(notice.brief for notice in found if notice.brief)
    return (*whole, Notice("warn", brief)) if brief else whole


def _set(label: ttk.Label, text: str, style: str) -> None:
    """Configure the label only if its text or style changes: otherwise Tk would draw it again."""
    if str(label.cget("text")) != text or str(label.cget("style")) != style:
        label.configure(text=text, style=style)
