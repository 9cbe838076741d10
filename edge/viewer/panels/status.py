"""The status bar at the top and the banners below it: the state of the unit."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk

from edge.officers import UnitStatus
from edge.viewer.text import _, ngettext, number
from edge.viewer.ui import Theme

LOW_DISK_SHARE = 0.1
LOW_DISK_BYTES = 1 << 30
PROGRESS_STEP_MS = 60


@dataclass(frozen=True, slots=True)
class Notice:
    """One banner: its tone and its sentence."""

    tone: str
    text: str


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
            found.append(Notice("warn", _("The unit's program is stopped: no new case can come in.")))
        if status.free_bytes < LOW_DISK_BYTES or status.free_bytes < LOW_DISK_SHARE * status.total_bytes:
            free = number(status.free_bytes / 1e9, 1)
            text = _("The unit's disk is nearly full: {free} GB are free. Export and purge old cases.")
            found.append(Notice("warn", text.format(free=free)))
    return tuple(found)


class StatusBar(ttk.Frame):
    """The program's name, labels for the state of the unit, and two buttons."""

    def __init__(
        self, master: tk.Misc, theme: Theme, *, help_page: Callable[[], None], recolour: Callable[[], None]
    ) -> None:
        """Show no status; the buttons call *help_page* and *recolour*."""
        super().__init__(master, style="Page.TFrame", padding=(theme.px(14), theme.px(5)))
        px = theme.px
        self._theme = theme
        ttk.Label(self, text="Autovelox", style="Brand.TLabel").pack(side="left")
        self.count = ttk.Label(self, style="Page.TLabel")
        self.count.pack(side="left", padx=(px(12), 0), pady=(px(3), 0))
        self.help = ttk.Button(self, text=_("Keys  F1"), style="Quiet.TButton", command=help_page)
        self.help.pack(side="right")
        self.colours = ttk.Button(self, style="Quiet.TButton", command=recolour)
        self.colours.pack(side="right", padx=(0, px(4)))
        self.unit, self.signed, self.note = (ttk.Label(self, style="Page.TLabel") for _index in range(3))
        for chip in (self.unit, self.signed, self.note):
            chip.pack(side="right", padx=(0, px(8)))
        self._bar = ttk.Progressbar(self, mode="indeterminate", length=px(90), style="Busy.Horizontal.TProgressbar")
        self.bind("<<ThemeChanged>>", lambda _event: self._name_colours())
        self._name_colours()

    def show(self, status: UnitStatus | None) -> None:
        """Show the unit's *status*, or nothing if it is unknown."""
        if status is None:
            for chip in (self.unit, self.signed):
                _set(chip, "", "Page.TLabel")
            _set(self.count, "", "Page.TLabel")
            return
        cases = ngettext("{count} case", "{count} cases", status.cases).format(count=number(status.cases))
        if status.pending:
            cases += " · " + _("{count} pending").format(count=number(status.pending))
        _set(self.count, cases, "Page.TLabel")
        if status.daemon_alive:
            _set(self.unit, _("Unit running"), "good.Chip.TLabel")
        else:
            _set(self.unit, _("Unit stopped"), "warn.Chip.TLabel")
        if not status.chain_ok:
            _set(self.signed, _("Chain broken"), "bad.Chip.TLabel")
        elif status.unsigned:
            text = ngettext("{count} entry to sign", "{count} entries to sign", status.unsigned)
            _set(self.signed, text.format(count=number(status.unsigned)), "neutral.Chip.TLabel")
        else:
            _set(self.signed, _("All entries signed"), "good.Chip.TLabel")

    def show_note(self, text: str, tone: str = "accent") -> None:
        """Show the outcome of the officer's last action; an empty text removes it."""
        _set(self.note, text, f"{tone}.Chip.TLabel" if text else "Page.TLabel")

    def busy(self, text: str) -> None:
        """Show *text* and a moving bar while work takes its time."""
        self.show_note(text)
        self._bar.pack(side="right", padx=(0, self._theme.px(8)))
        self._bar.start(PROGRESS_STEP_MS)

    def idle(self) -> None:
        """Remove the moving bar and the text."""
        self._bar.stop()
        self._bar.pack_forget()
        self.show_note("")

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

    def show(self, found: tuple[Notice, ...]) -> None:
        """Show the notices *found*."""
        if found == self.shown:
            return
        self.shown = found
        for child in self.winfo_children():
            child.destroy()
        for notice in found:
            ttk.Label(self, text=notice.text, style=f"{notice.tone}.Banner.TLabel").pack(fill="x")
        if not found:
            self.configure(height=1)


def _set(label: ttk.Label, text: str, style: str) -> None:
    """Configure the label only if its text or style changes: otherwise Tk would draw it again."""
    if str(label.cget("text")) != text or str(label.cget("style")) != style:
        label.configure(text=text, style=style)
