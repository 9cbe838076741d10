"""The bar at the bottom: the last review of the case, the buttons, and a menu for those that have no room."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import ttk
from typing import Literal

from edge.model import Case
from edge.officers import Enclosure, Event, EventKind, counting, known_plate, name_follows, waiting
from edge.viewer.text import _, moment, officers_words, plain, review_words, waiting_words
from edge.viewer.ui import Elided, Theme

Need = Literal["nothing", "case", "decided", "confirmable", "named", "unnamed", "letter"]
NO_CHECKS = Enclosure()
SUMMARY_WIDTH = 170
"""The least width of the last review beside the buttons; with less it has a row of its own."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button, or a line of the menu.

    Attributes:
        name: its key in :attr:`ActionBar.buttons`.
        text: the text on it.
        command: what it does.
        style: its ttk style.
        needs: when it is enabled: always, with an open case, with a decided case, with a decided case whose photo is
            on the screen and that can be confirmed, or one of these that names somebody; with an infringement that
            names nobody, or one of which the plate is known as well.
        folded: whether it is always in the menu.
    """

    name: str
    text: str
    command: Callable[[], object]
    style: str = "TButton"
    needs: Need = "case"
    folded: bool = False


def why_not_confirm(case: Case, enclosure: Enclosure) -> str:
    """Return why evidence or law lets nobody confirm *case*, the vehicle alone where a name fell; empty if they can."""
    found = case.assessment
    if case.verdict is None:
        return ""
    if not case.is_infringement or (found is not None and found.excess_kmh <= 0):
        return _("Not to be confirmed: this is no infringement.")
    if case.is_to_be_checked:
        return _("Not to be confirmed: the photos do not bear out the radar.")
    if any(check is not None and not check.good for check in (enclosure.before, enclosure.after)):
        return _("Not to be confirmed: the unit's self-check failed.")
    return ""


class ActionBar(ttk.Frame):
    """The last review and the buttons of the open case.

    Attributes:
        buttons: the buttons, by the names of their actions.
        more: the button of the menu.
        menu: the menu.
        is_low: whether the window has no room for a second row.
    """

    def __init__(self, master: tk.Misc, theme: Theme, actions: Sequence[Action]) -> None:
        """Make a button for each of *actions*."""
        px = theme.px
        super().__init__(master, style="Card.TFrame", padding=(px(12), px(6)))
        self._theme = theme
        self.columnconfigure(1, weight=1)
        self.badge = ttk.Label(self, style="neutral.Badge.TLabel")
        self.badge.grid(row=0, column=0, sticky="w")
        self.summary = Elided(self, theme, face="small", style="Small.TLabel")
        self.summary.grid(row=0, column=1, sticky="ew", padx=px(10))
        self._actions = actions
        self._available: dict[Need, bool] = {}
        self._row = ttk.Frame(self)
        self.buttons: dict[str, ttk.Button] = {}
        for column, action in enumerate(action for action in actions if not action.folded):
            button = ttk.Button(self._row, text=action.text, command=action.command, style=action.style)
            button.bind("<Return>", lambda _event, button=button: button.invoke())  # type: ignore[misc]
            button.grid(row=0, column=column, padx=(px(6), 0))
            self.buttons[action.name] = button
        self.more = ttk.Button(self._row, text=_("More ▾"), command=self.open_menu)
        self.more.bind("<Return>", lambda _event: self.more.invoke())
        self.more.grid(row=0, column=len(actions), padx=(px(6), 0))
        self.menu = tk.Menu(self, tearoff=False)
        self._folded: list[Action] = [action for action in actions if action.folded]
        self._shaped: object = None
        self.is_low = False
        self.bind("<Configure>", lambda event: self._arrange(event.width))
        self.bind("<<ThemeChanged>>", lambda _event: self._arrange(self.winfo_width()))

    def open_menu(self) -> None:
        """Show the menu above its button."""
        menu, palette = self.menu, self._theme.palette
        menu.delete(0, "end")
        menu.configure(
            background=palette.surface,
            foreground=palette.text,
            activebackground=palette.accent,
            activeforeground=palette.on_accent,
            disabledforeground=palette.muted,
            borderwidth=1,
            relief="solid",
            font=self._theme.fonts["body"],
        )
        for action in self._folded:
            state: Literal["normal", "disabled"] = "normal" if self._available.get(action.needs) else "disabled"
            menu.add_command(label=action.text, command=action.command, state=state)
        menu.update_idletasks()
        menu.tk_popup(self.more.winfo_rootx(), max(0, self.more.winfo_rooty() - menu.winfo_reqheight()))

    def is_available(self, name: str) -> bool:
        """Whether the action *name* is enabled now."""
        return any(self._available.get(action.needs, False) for action in self._actions if action.name == name)

    def show(
        self,
        case: Case | None,
        events: Sequence[Event] = (),
        enclosure: Enclosure = NO_CHECKS,
        *,
        photo: bool = False,
    ) -> None:
        """Show the last review of *case* and enable its buttons.

        Args:
            case: the open case, if there is one.
            events: what officers did with it, the oldest first.
            enclosure: the unit's self-checks around it.
            photo: whether its photo is on the screen.
        """
        decided = case is not None and case.verdict is not None
        follows = case is not None and name_follows(case)
        why_not = why_not_confirm(case, enclosure) if case is not None else ""
        unnamed = decided and case is not None and case.is_infringement and not (case.driver is not None and follows)
        confirmable = decided and photo and not why_not
        self._available = {
            "nothing": True,
            "case": case is not None,
            "decided": decided,
            "confirmable": confirmable,
            "named": confirmable and follows and case is not None and case.driver is not None,
            "unnamed": unnamed,
            "letter": unnamed and case is not None and bool(known_plate(case)),
        }
        for action in self._actions:
            if action.name in self.buttons:
                state = "!disabled" if self._available[action.needs] else "disabled"
                self.buttons[action.name].state([state])
        if case is None:
            self.badge.grid_remove()
            self.summary.set_text("")
        else:
            self._summarise(case, events, why_not)
        self._arrange(self.winfo_width())

    def _summarise(self, case: Case, events: Sequence[Event], why_not: str) -> None:
        waits = waiting(events)
        word, tone = (waiting_words(), "warn") if waits else review_words(case.review)
        self.badge.configure(text=word.capitalize(), style=f"{tone}.Badge.TLabel")
        self.badge.grid()
        judged = counting(events) if waits is None else [event for event in events if event.kind is EventKind.REQUEST]
        review = judged[-1] if judged else None
        if review is None:
            self.summary.set_text(why_not)
            return
        text = _("{officer}, {time}: {reason}")
        if waits is not None:
            text = f"{review_words(waits)[0].capitalize()} · {text}"
        by = text.format(
            officer=officers_words(review.officer),
            time=moment(review.at_utc, "short"),
            reason=plain(review.reason, 300),
        )
        self.summary.set_text(by)

    def set_low(self, *, low: bool) -> None:
        """Say whether the window has no room for a second row."""
        self.is_low = low
        self._arrange(self.winfo_width())

    def _arrange(self, width: int) -> None:
        """Put the buttons beside the last review or under it, and those that have no room into the menu."""
        if width <= 1:
            return
        px = self._theme.px
        room = width - 2 * px(12) - 2
        badge = self.badge.winfo_reqwidth() if self.badge.winfo_manager() else 0
        widths = {name: button.winfo_reqwidth() + px(6) for name, button in self.buttons.items()}
        more = self.more.winfo_reqwidth() + px(6)
        beside = badge + px(SUMMARY_WIDTH) + sum(widths.values()) + more <= room or self.is_low
        left, shown = room - more - (badge if beside else 0), 0
        for needed in widths.values():
            if needed > left and shown:
                break
            left -= needed
            shown += 1
        names = list(widths)
        self._folded = [action for action in self._actions if action.folded or action.name in names[shown:]]
        wanted = (beside, shown)
        if wanted == self._shaped:
            return
        self._shaped = wanted
        for place, name in enumerate(names):
            if place < shown:
                self.buttons[name].grid()
            else:
                self.buttons[name].grid_remove()
        if beside:
            self._row.grid(row=0, column=2, columnspan=1, sticky="e", pady=0)
        else:
            self._row.grid(row=1, column=0, columnspan=3, sticky="e", pady=(px(5), 0))
