"""What the camera recorded, in words: verdict, speed, plate, time, place, certainty."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from edge.model import Case, Outcome
from edge.officers import in_unit, limit_words, speed_words
from edge.viewer.panels.headline import Headline
from edge.viewer.text import (
    _,
    basis_words,
    ngettext,
    number,
    other_plates_words,
    percent,
    plain,
    plausibility_words,
    verdict_words,
    zoned,
)
from edge.viewer.ui import PictureView, PlateStrip, Theme, Wrapped

FACTS_WIDTH = 290
CROP_HEIGHTS = (40, 88)
"""Smallest and largest height of the plate's crop; :mod:`edge.viewer.data.pictures` bounds its pixels."""


class FactsCard(ttk.Frame):
    """The facts of a case, one under the other, each as high as its text.

    Attributes:
        title: the case's number.
        verdict: the verdict as it stands.
        speed: the speed that counts, and in a smaller line how it comes about.
        crop: the magnified plate.
        plate: the plate as it was read.
        claimed: the plate that a chip claimed.
        corrected: the plate as an officer read it.
        others: how many plates of other vehicles the photo shows.
        fields: time, place, certainty and unit.
    """

    def __init__(self, master: tk.Misc, theme: Theme, headline: Headline) -> None:
        """Show nothing yet; *headline* says verdict, speed and plate as well."""
        super().__init__(master)
        self._headline = headline
        px = theme.px
        self._theme = theme
        self.columnconfigure(0, weight=1)
        self.title = Wrapped(self, style="Strong.TLabel")
        self.verdict = Wrapped(self, style="neutral.Verdict.TLabel")
        self.speed = Wrapped(self, style="Plate.TLabel")
        self.deduction = Wrapped(self, style="Muted.TLabel")
        self.crop = PictureView(self, theme, px(FACTS_WIDTH), px(CROP_HEIGHTS[0]), snug=True)
        self.plate = PlateStrip(self, theme)
        self.claimed = Wrapped(self, style="Strong.TLabel")
        self.corrected = Wrapped(self, style="Strong.TLabel")
        self.others = Wrapped(self, style="Muted.TLabel")
        self._data = ttk.Frame(self)
        self._data.columnconfigure(1, weight=1)
        captions = {"time": _("Time"), "place": _("Place"), "score": _("Certainty"), "unit": _("Unit")}
        self._captions = [ttk.Label(self._data, text=caption, style="Small.TLabel") for caption in captions.values()]
        self.fields = {name: Wrapped(self._data) for name in captions}
        for row, (caption, value) in enumerate(zip(self._captions, self.fields.values(), strict=True)):
            caption.grid(row=row, column=0, sticky="nw", padx=(0, px(10)), pady=(px(2), 0))
            value.grid(row=row, column=1, sticky="ew", pady=px(1))
        self._stack: tuple[tuple[tk.Widget, int], ...] = (
            (self.title, 0),
            (self.verdict, 2),
            (self.speed, 4),
            (self.deduction, 0),
            (self.crop, 6),
            (self.plate, 4),
            (self.claimed, 2),
            (self.corrected, 2),
            (self.others, 2),
            (self._data, 4),
        )
        for row, (widget, above) in enumerate(self._stack):
            sticky = "w" if widget is self.crop else "ew"
            widget.grid(row=row, column=0, sticky=sticky, pady=(px(above), 0))
        self.claimed.grid_remove()
        self.corrected.grid_remove()
        self.others.grid_remove()

    def set_headed(self, *, headed: bool) -> None:
        """Say whether the headline shows verdict and speed, which are not repeated here then."""
        for widget in (self.verdict, self.speed):
            if headed:
                widget.grid_remove()
            else:
                widget.grid()

    def needed(self, width: int) -> int:
        """Return the height in pixels that the facts need in *width*, with the smallest crop of the plate."""
        return self._texts(width) + self._theme.px(CROP_HEIGHTS[0])

    def crop_fit(self, width: int, height: int) -> tuple[int, int]:
        """Return the room for the magnified plate where the facts have *width* x *height* pixels."""
        least, most = (self._theme.px(size) for size in CROP_HEIGHTS)
        return min(width, self._theme.px(FACTS_WIDTH)), max(least, min(most, height - self._texts(width)))

    def show(self, case: Case, index: int, unit: str) -> None:
        """Show the facts of *case*, which *unit* recorded, beside its photo *index* (from 0)."""
        self.title.set_text(_("Case {number}, as the camera saw it").format(number=case.number))
        word, tone = verdict_words(case)
        self.verdict.set_text(word, f"{tone}.Verdict.TLabel")
        self._show_speed(case)
        nothing = _("Not read yet") if case.verdict is None else _("No plate was read")
        self.plate.show(plain(case.plate_text, 14), case.characters, nothing)
        named = case.verdict is not None and case.verdict.outcome is Outcome.IDENTIFIED
        claimed = _("Claimed by the chip: {plate}").format(plate=plain(case.verdict.plate, 14)) if named else ""  # type: ignore[union-attr]
        self._show_line(self.claimed, claimed)
        corrected = case.corrected_plate
        self._show_line(
            self.corrected, _("Corrected to {plate}").format(plate=plain(corrected, 14)) if corrected else ""
        )
        self._show_line(self.others, other_plates_words(case, index))
        read = plain(corrected or case.plate_text, 14)
        self._headline.tell(
            word,
            tone,
            self.speed.full_text,
            str(self.speed.cget("style")),
            read or nothing,
            "Plate.TLabel" if read else "Muted.TLabel",
        )
        self.fields["time"].set_text(zoned(case.trigger.at_utc))
        self.fields["place"].set_text(plain(case.site, 100) or "–")
        self.fields["score"].set_text(_certainty(case) or "–")
        self.fields["unit"].set_text(plain(unit, 60) or "–")

    def _texts(self, width: int) -> int:
        """Return the height of everything but the crop, lines broken for *width*."""
        px = self._theme.px
        column = max(label.winfo_reqwidth() for label in self._captions) + px(10)
        data = sum(
            max(caption.winfo_reqheight() + px(2), value.wrap(max(px(80), width - column)) + 2 * px(1))
            for caption, value in zip(self._captions, self.fields.values(), strict=True)
        )
        used = data
        for widget, above in self._stack:
            if widget.winfo_manager():
                used += px(above)
                if isinstance(widget, Wrapped):
                    used += widget.wrap(width)
                elif widget is self.plate:
                    used += widget.winfo_reqheight()
        return used

    def _show_line(self, label: Wrapped, text: str) -> None:
        label.set_text(text)
        if text:
            label.grid()
        else:
            label.grid_remove()

    def _show_speed(self, case: Case) -> None:
        unit, speed, found = case.speed_unit, case.trigger.speed_kmh, case.assessment
        limit = _("limit {speed}").format(speed=limit_words(case.limit_kmh, unit, number))
        if speed is None:
            self.speed.set_text(_("no speed"), "Plate.TLabel")
            self.deduction.set_text(f"{plain(basis_words(case.basis))}, {limit}")
            return
        counts = speed if found is None else found.remaining_kmh
        over = counts > case.limit_kmh and case.is_infringement
        self.speed.set_text(speed_words(counts, unit, number), "OverPlate.TLabel" if over else "Plate.TLabel")
        if found is not None:
            less = _("measured {measured} less {deduction}").format(
                measured=number(in_unit(found.measured_kmh, unit), 1),
                deduction=number(in_unit(found.deduction_kmh, unit), 1),
            )
            excess = _("{speed} over").format(speed=speed_words(found.excess_kmh, unit, number))
            limit = f"{limit}, {excess}; {less}" if case.is_infringement else f"{limit}; {less}"
        if not case.is_infringement:
            limit = f"{limit}; {plain(basis_words(case.basis))}"
        self.deduction.set_text(limit)


def _certainty(case: Case) -> str:
    parts = []
    if case.verdict is not None and case.verdict.outcome is Outcome.IDENTIFIED:
        parts.append(percent(case.verdict.probability))
    elif case.verdict is not None and case.verdict.scores:
        parts.append(_("best claim {share}").format(share=percent(case.verdict.probability)))
    if case.verdict is not None and case.plate_confidence is not None:
        parts.append(_("plate as read {share}").format(share=percent(case.plate_confidence)))
    if case.missed_photos:
        missed = ngettext("{count} photo missed", "{count} photos missed", case.missed_photos)
        parts.append(missed.format(count=case.missed_photos))
    if case.plausibility is not None:
        parts.append(plausibility_words(case.plausibility, case.speed_unit))
    if case.country is not None:
        parts.append(f"{plain(case.country.code, 2)} {percent(case.country.probability)}")
    return ", ".join(parts)
