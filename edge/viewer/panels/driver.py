"""The lower half: the driver's data from the police database, or why the case names nobody."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import UTC, date, datetime
from tkinter import ttk

from PIL import Image

from edge.model import Case, Driver, Outcome, Verdict
from edge.officers import known_plate, name_follows
from edge.viewer.panels.unnamed import UnnamedCard
from edge.viewer.text import _, basis_words, day, flag_words, name_words, ngettext, plain, reason_words
from edge.viewer.ui import Field, PictureView, Theme, Wrapped

PORTRAIT = (88, 110)
PADDING = 12
COLUMN = 150
MOST_COLUMNS = 4
"""The least width of a column of the driver's data, and how many there are at most."""
DATES = {"birth_date", "issued_on", "expires_on"}


class DriverPanel(ttk.Frame):
    """Portrait and data of the named driver; for other verdicts the reason and the claims.

    Attributes:
        portrait: the driver's portrait.
        person: the driver's data.
        unnamed: why nobody is named.
    """

    def __init__(self, master: tk.Misc, theme: Theme, copy_plate: Callable[[], object]) -> None:
        """Show nobody; *copy_plate* is for the officer who has to ask the vehicle's keeper."""
        super().__init__(master, style="Card.TFrame", padding=theme.px(PADDING))
        self._theme = theme
        self.grid_propagate(False)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        self.portrait = PictureView(self, theme, *self.portrait_fit, takefocus=True)
        self.person = PersonCard(self, theme)
        self.unnamed = UnnamedCard(self, theme, copy_plate)

    def needed(self, width: int) -> int:
        """Return the height in pixels that a card *width* pixels wide needs."""
        px = self._theme.px
        room = width - 2 * px(PADDING) - 2
        if self.person.winfo_manager():
            beside = room - self.portrait.winfo_reqwidth() - px(14)
            inner = max(self.portrait.winfo_reqheight(), self.person.needed(beside))
        else:
            inner = self.unnamed.needed(room)
        return inner + 2 * px(PADDING) + 2

    @property
    def portrait_fit(self) -> tuple[int, int]:
        """The room for the portrait, width and height in pixels."""
        return self._theme.px(PORTRAIT[0]), self._theme.px(PORTRAIT[1])

    def show(self, case: Case) -> None:
        """Show the driver that *case* names, or why it names nobody."""
        if case.driver is not None:
            self.unnamed.grid_remove()
            self.portrait.grid(row=0, column=0, sticky="nw", padx=(0, self._theme.px(14)))
            self.person.grid(row=0, column=1, sticky="nsew")
            self.person.show(case, case.driver)
        elif not case.is_infringement:
            self._show_unnamed(_("Nobody is named: this is no infringement"), plain(basis_words(case.basis)))
        elif case.verdict is None:
            text = _("The verdict appears here as soon as it is made.")
            self._show_unnamed(_("This case is still being decided"), text)
        else:
            self._show_verdict(case, case.verdict)

    def show_portrait(self, picture: Image.Image) -> None:
        """Show the decoded portrait."""
        self.portrait.show(picture)

    def no_portrait(self, text: str) -> None:
        """Show *text*, the reason why there is no portrait."""
        self.portrait.show_text(text)

    def rescale(self) -> None:
        """Take the officer's new zoom."""
        self.portrait.resize(*self.portrait_fit)

    def clear(self) -> None:
        """Show nobody."""
        self._show_unnamed("", "")

    def _show_verdict(self, case: Case, verdict: Verdict) -> None:
        count = len(verdict.scores)
        title = _("Nobody is named")
        if verdict.outcome is Outcome.AMBIGUOUS:
            title = _("Nobody is named: the answers do not decide it")
        if case.is_to_be_checked:
            title = _("Nobody is named: the photos do not bear out the radar")
        weighed = ngettext("{count} claim was weighed.", "{count} claims were weighed.", count).format(count=count)
        told = [reason_words(plain(verdict.reason)), weighed]
        told += [_sentence(flag_words(plain(flag))) for flag in case.flags]
        if case.kept_claims:
            kept = ngettext(
                "{count} sealed answer is kept until a judgement on the case is final.",
                "{count} sealed answers are kept until a judgement on the case is final.",
                case.kept_claims,
            )
            told.append(kept.format(count=case.kept_claims))
        self._show_unnamed(title, " ".join(told), verdict.scores, plate=bool(known_plate(case)))

    def _show_unnamed(self, headline: str, reason: str, scores: tuple[float, ...] = (), *, plate: bool = False) -> None:
        self.portrait.grid_remove()
        self.person.grid_remove()
        self.unnamed.grid(row=0, column=0, columnspan=2, sticky="nsew")
        self.unnamed.show(headline, reason, scores, plate=plate)


class PersonCard(ttk.Frame):
    """A driver's data.

    Attributes:
        name: first and last name.
        flag: what the officer has to know about the driver.
        fields: the other data, by their names in :class:`edge.model.Driver`.
    """

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        """Show no data yet."""
        super().__init__(master)
        self._theme = theme
        self._caption = Wrapped(self, style="Small.TLabel")
        self._caption.set_text(_("Known to the police database"))
        self.name = Wrapped(self, style="Title.TLabel")
        self.flag = Wrapped(self, style="warn.Badge.TLabel")
        self._columns = 0
        for row, widget in enumerate((self._caption, self.name, self.flag)):
            widget.grid(row=row, column=0, columnspan=MOST_COLUMNS, sticky="ew", pady=(0, theme.px(3)))
        self.flag.grid_remove()
        captions = {
            "licence": _("Licence number"),
            "birth_date": _("Date of birth"),
            "birth_place": _("Place of birth"),
            "categories": _("Categories"),
            "issuing_office": _("Issued by"),
            "issued_on": _("Issued on"),
            "expires_on": _("Valid until"),
        }
        self.fields = {name: Field(self, caption) for name, caption in captions.items()}
        self._place(MOST_COLUMNS)

    def needed(self, width: int) -> int:
        """Return the height in pixels that the data need in *width*, and put them into as many columns as fit."""
        px = self._theme.px
        columns = max(1, min(MOST_COLUMNS, width // px(COLUMN)))
        self._place(columns)
        head = [widget for widget in (self._caption, self.name, self.flag) if widget.winfo_manager()]
        used = sum(widget.wrap(width) + px(3) for widget in head)
        fields, column = list(self.fields.values()), width // columns - px(10) - 2
        for first in range(0, len(fields), columns):
            used += max(field.wrap(column) for field in fields[first : first + columns]) + px(5)
        return used

    def _place(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns, px = columns, self._theme.px
        for column in range(MOST_COLUMNS):
            used = column < columns
            self.columnconfigure(column, weight=int(used), uniform="column" if used else "")
        for index, field in enumerate(self.fields.values()):
            row, column = 3 + index // columns, index % columns
            field.grid(row=row, column=column, sticky="new", padx=(0, px(10)), pady=(0, px(5)))

    def show(self, case: Case, driver: Driver) -> None:
        """Show the data of *driver*, whom *case* names."""
        self.name.set_text(plain(f"{driver.first_name} {driver.last_name}"))
        for name, field in self.fields.items():
            value = plain(str(getattr(driver, name)))
            field.set_text(day(value) if name in DATES else value)
        expired = _expired(driver, case.trigger.at_utc)
        until = self.fields["expires_on"]
        until.set_text(until.value.full_text, "Over.TLabel" if expired else "TLabel")
        notes = [_("licence expired")] if expired else []
        notes += [flag_words(plain(flag)) for flag in case.flags]
        if not name_follows(case):  # what else there is to know of this driver counts for nothing
            notes = [name_words(case)]
        if notes:
            tone = "warn" if name_follows(case) else "bad"
            self.flag.configure(text=" · ".join(notes), style=f"{tone}.Badge.TLabel")
            self.flag.grid()
        else:
            self.flag.grid_remove()


def _sentence(part: str) -> str:
    return f"{part[:1].upper()}{part[1:]}."


def _expired(driver: Driver, at_utc: float) -> bool:
    """Return whether the licence had expired on the day of the trigger."""
    try:
        return date.fromisoformat(driver.expires_on) < datetime.fromtimestamp(at_utc, UTC).date()
    except ValueError:
        return False
