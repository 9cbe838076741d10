"""The lower half: what the police database knows of the driver, or why nobody is named."""

from __future__ import annotations

import tkinter as tk
from datetime import UTC, date, datetime
from tkinter import ttk

from PIL import Image

from edge.model import Case, Driver, Flag, Outcome, Verdict
from edge.viewer.text.language import _, day, ngettext, number
from edge.viewer.text.plain import plain
from edge.viewer.text.words import reason_words
from edge.viewer.ui.theme import Theme
from edge.viewer.ui.widgets import Elided, Field, PictureView

PORTRAIT = (88, 110)
LEAST_HEIGHT = 174
"""Room for the lines of three claims."""
COLUMNS = 4
CLAIMS_SHOWN = 6
BAR_WIDTH = 180
BAR_SPAN = 20.0
"""A bar is empty at a log-likelihood ratio of minus this."""


class DriverPanel(ttk.Frame):
    """Portrait and data of the named driver; for other verdicts the reason and the claims that were weighed."""

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        super().__init__(master, style="Card.TFrame", padding=theme.px(12))
        self._theme = theme
        self.grid_propagate(False)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        self.portrait = PictureView(self, theme, *self.portrait_fit)
        self._person = self._build_person()
        self._why = self._build_why()

    @property
    def wanted_height(self) -> int:
        """The pixels this card needs to be high: the portrait, or the driver's data where type is large."""
        needed = max(self.portrait_fit[1], self._person.winfo_reqheight()) + 2 * self._theme.px(12) + 2
        return max(needed, self._theme.px(LEAST_HEIGHT))

    @property
    def portrait_fit(self) -> tuple[int, int]:
        """The pixels there are for the portrait."""
        return self._theme.px(PORTRAIT[0]), self._theme.px(PORTRAIT[1])

    def show(self, case: Case) -> None:
        """Show the driver the case names, or why it names none."""
        if case.driver is not None:
            self._show_driver(case, case.driver)
        elif case.verdict is None:
            self._show_why(_("This case is still being decided"), _("The verdict appears here as soon as it is made."))
        else:
            self._show_verdict(case.verdict)

    def show_portrait(self, picture: Image.Image) -> None:
        """Show the decoded portrait."""
        self.portrait.show(picture)

    def no_portrait(self, words: str) -> None:
        """Say why there is no portrait."""
        self.portrait.say(words)

    def rescale(self) -> None:
        """The officer's zoom changed."""
        self.portrait.resize(*self.portrait_fit)

    def clear(self) -> None:
        """Show nobody."""
        self._show_why("", "")

    def _build_person(self) -> ttk.Frame:
        theme, px = self._theme, self._theme.px
        person = ttk.Frame(self)
        person.columnconfigure(tuple(range(COLUMNS)), weight=1, uniform="column")
        head = ttk.Frame(person)
        head.grid(row=0, column=0, columnspan=COLUMNS, sticky="ew", pady=(0, px(6)))
        head.columnconfigure(0, weight=1)
        caption = ttk.Label(head, text=_("Known to the police database"), style="Small.TLabel")
        caption.grid(row=0, column=0, sticky="w")
        self.name = Elided(head, theme, face="title", style="Title.TLabel")
        self.name.grid(row=1, column=0, sticky="ew")
        self.flag = ttk.Label(head, style="warn.Badge.TLabel")
        self.flag.grid(row=0, column=1, rowspan=2, sticky="e")
        captions = {
            "licence": _("Licence number"),
            "birth_date": _("Date of birth"),
            "birth_place": _("Place of birth"),
            "categories": _("Categories"),
            "issuing_office": _("Issued by"),
            "issued_on": _("Issued on"),
            "expires_on": _("Valid until"),
        }
        self.fields = {name: Field(person, theme, caption) for name, caption in captions.items()}
        for index, field in enumerate(self.fields.values()):
            row, column = 1 + index // COLUMNS, index % COLUMNS
            field.grid(row=row, column=column, sticky="ew", padx=(0, px(10)), pady=(0, px(5)))
        return person

    def _build_why(self) -> ttk.Frame:
        theme, px = self._theme, self._theme.px
        why = ttk.Frame(self)
        why.columnconfigure(0, weight=1)
        why.rowconfigure(2, weight=1)
        self.headline = Elided(why, theme, face="title", style="Title.TLabel")
        self.headline.grid(row=0, column=0, sticky="ew")
        self.reason = Elided(why, theme)
        self.reason.grid(row=1, column=0, sticky="ew", pady=(px(2), px(8)))
        self.claims = tk.Canvas(why, borderwidth=0, highlightthickness=0, height=1, width=1)
        self.claims.grid(row=2, column=0, sticky="nsew")
        self._scores: tuple[float, ...] = ()
        self.claims.bind("<Configure>", lambda _event: self._draw_claims())
        self.claims.bind("<<ThemeChanged>>", lambda _event: self._draw_claims())
        return why

    def _show_driver(self, case: Case, driver: Driver) -> None:
        self._why.grid_remove()
        self.portrait.grid(row=0, column=0, sticky="nw", padx=(0, self._theme.px(14)))
        self._person.grid(row=0, column=1, sticky="nsew")
        self.name.say(plain(f"{driver.first_name} {driver.last_name}"))
        for name, field in self.fields.items():
            value = plain(str(getattr(driver, name)))
            field.say(day(value) if name in {"birth_date", "issued_on", "expires_on"} else value)
        expired = _expired(driver, case.trigger.at_utc)
        self.fields["expires_on"].say(self.fields["expires_on"].value.full_text, "Over.TLabel" if expired else "TLabel")
        notes = [_("licence expired")] if expired else []
        notes += [_("not the registered keeper") for flag in case.flags if flag == Flag.NOT_THE_KEEPER]
        notes += [_("plate of another country") for flag in case.flags if flag == Flag.OTHER_COUNTRY]
        if notes:
            self.flag.configure(text=" · ".join(notes))
            self.flag.grid()
        else:
            self.flag.grid_remove()

    def _show_verdict(self, verdict: Verdict) -> None:
        count = len(verdict.scores)
        title = _("Nobody is named")
        if verdict.outcome is Outcome.AMBIGUOUS:
            title = _("Nobody is named: the answers do not decide it")
        weighed = ngettext("{count} claim was weighed.", "{count} claims were weighed.", count).format(count=count)
        self._show_why(title, f"{reason_words(plain(verdict.reason))} {weighed}", verdict.scores)

    def _show_why(self, headline: str, reason: str, scores: tuple[float, ...] = ()) -> None:
        self.portrait.grid_remove()
        self._person.grid_remove()
        self._why.grid(row=0, column=0, columnspan=2, sticky="nsew")
        self.headline.say(headline)
        self.reason.say(reason)
        if scores != self._scores:
            self._scores = scores
            self._draw_claims()

    def _draw_claims(self) -> None:
        """One line a claim, the best first: a bar, and how much better the free reading explains the photo."""
        theme, palette, canvas = self._theme, self._theme.palette, self.claims
        canvas.delete("all")
        canvas.configure(background=palette.surface)
        if not self._scores:
            return
        body, small = theme.fonts["body"], theme.fonts["small"]
        line = body.metrics("linespace") + theme.px(4)
        caption = _("How well each claimed plate explains the photo, against the plate as read (0 is as well)")
        canvas.create_text(0, 0, text=caption, anchor="nw", fill=palette.muted, font=small)
        label = max(body.measure(_("Claim {number}").format(number=n)) for n in (1, len(self._scores))) + theme.px(12)
        top = small.metrics("linespace") + theme.px(5)
        ranked = sorted(enumerate(self._scores, 1), key=lambda item: -item[1])
        room = max(1, (canvas.winfo_height() - top + theme.px(6)) // line)
        count = min(CLAIMS_SHOWN, room)
        shown = ranked if len(ranked) <= count else ranked[: count - 1]
        if left := len(ranked) - len(shown):
            text = ngettext("and {count} more: {scores}", "and {count} more: {scores}", left)
            text = text.format(count=left, scores="  ".join(_figure(score) for _place, score in ranked[len(shown) :]))
            y = top + len(shown) * line + line // 2
            canvas.create_text(0, y, text=text, anchor="w", fill=palette.muted, font=small)
        for rank, (place, score) in enumerate(shown):
            y = top + rank * line + line // 2
            share = max(0.0, min(1.0, 1.0 + score / BAR_SPAN))
            width, half = theme.px(BAR_WIDTH), theme.px(4)
            text = _("Claim {number}").format(number=place)
            canvas.create_text(0, y, text=text, anchor="w", fill=palette.text, font=body)
            canvas.create_rectangle(label, y - half, label + width, y + half, fill=palette.neutral_soft, outline="")
            canvas.create_rectangle(label, y - half, label + width * share, y + half, fill=palette.accent, outline="")
            canvas.create_text(
                label + width + theme.px(10), y, text=_figure(score), anchor="w", fill=palette.text, font=body
            )


def _figure(score: float) -> str:
    return number(round(score, 1) or 0.0, 1).replace("-", "−") if score > -999 else _("impossible")


def _expired(driver: Driver, at_utc: float) -> bool:
    """Whether the licence had run out on the day of the trigger."""
    try:
        return date.fromisoformat(driver.expires_on) < datetime.fromtimestamp(at_utc, UTC).date()
    except ValueError:
        return False
