"""The upper half: what the camera recorded."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from edge.model import Box, Case, Outcome
from edge.officers import Event, EventKind
from edge.viewer.data import Photo
from edge.viewer.text import _, basis_words, moment, ngettext, number, percent, plain, plausibility_words, verdict_words
from edge.viewer.ui import Elided, Line, PictureView, PlateStrip, Theme

FACTS_WIDTH = 290
CROP_WIDTH = FACTS_WIDTH
CROP_HEIGHTS = (36, 88)
"""Smallest and largest height of the plate's crop; :mod:`edge.viewer.data.pictures` bounds its pixels."""
RING = 2
BADGE_WIDTH = 110
"""Width of the photo's focus ring; the padding is narrower by it, so that pictures and texts are aligned."""


class CameraPanel(ttk.Frame):
    """Photo on the left; crop, plate, time, place, speed and verdict on the right."""

    def __init__(self, master: tk.Misc, theme: Theme, *, photo_width: int, resized: Callable[[], None]) -> None:
        """Show nothing yet; *resized* is called when the room for the photo changes."""
        px, near = theme.px, theme.px(12) - theme.px(RING)
        super().__init__(master, style="Card.TFrame", padding=(near, near, px(12), near))
        self._theme = theme
        self._photo_width = photo_width
        self._resized = resized
        self._aspect = 16 / 9
        self._scale = 1.0
        self._case: Case | None = None
        self._index = 0
        self.grid_propagate(False)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        self.photo = PictureView(self, theme, theme.px(320), theme.px(180), takefocus=True)
        self.photo.grid(row=0, column=0, sticky="nw", padx=(0, px(14)))
        self._facts = facts = ttk.Frame(self)
        facts.grid(row=0, column=1, sticky="nsew", pady=(px(RING), 0))
        facts.columnconfigure(0, weight=1)
        head = ttk.Frame(facts)
        head.grid(row=0, column=0, sticky="ew", pady=(0, theme.px(3)))
        head.columnconfigure(0, weight=1)
        ttk.Label(head, text=_("Seen by the camera"), style="Small.TLabel").grid(row=0, column=0, sticky="w")
        self.title = Elided(head, theme, face="title", style="Title.TLabel")
        self.title.grid(row=1, column=0, sticky="ew")
        self.badge = ttk.Label(head, style="neutral.Badge.TLabel")
        self.badge.grid(row=0, column=1, rowspan=2, sticky="e")
        self.crop = PictureView(facts, theme, px(CROP_WIDTH), px(CROP_HEIGHTS[1]), snug=True)
        self.crop.grid(row=1, column=0, sticky="w")
        self.plate = PlateStrip(facts, theme)
        self.plate.grid(row=2, column=0, sticky="ew", pady=(theme.px(6), theme.px(4)))
        self.corrected = Elided(facts, theme, face="strong", style="Strong.TLabel")
        data = ttk.Frame(facts)
        data.grid(row=5, column=0, sticky="ew")
        data.columnconfigure(1, weight=1)
        captions = {"time": _("Time"), "place": _("Place"), "speed": _("Speed"), "score": _("Certainty")}
        self.fields = {name: Line(data, theme, caption, row) for row, (name, caption) in enumerate(captions.items())}
        self.bind("<Configure>", lambda _event: self._fit())

    @property
    def fit(self) -> tuple[int, int]:
        """The room for the photo, width and height in pixels."""
        px = self._theme.px
        width = self.winfo_width() - self._margin - px(14) - px(FACTS_WIDTH)
        return max(px(160), min(self._photo_width, width)), max(px(90), self.winfo_height() - self._margin)

    @property
    def _margin(self) -> int:
        """Pixels of width and height for the card's border, its padding and the photo's focus ring."""
        return 2 * self._theme.px(12) + 2

    @property
    def wanted_height(self) -> int:
        """The preferred height of this card in pixels: that of the photo at its present width."""
        return round(self.fit[0] / self._aspect) + self._margin

    @property
    def crop_fit(self) -> tuple[int, int]:
        """The room for the magnified plate, width and height in pixels."""
        least, most = (self._theme.px(height) for height in CROP_HEIGHTS)
        texts = self._facts.winfo_reqheight() - self.crop.winfo_reqheight()
        if not self.corrected.winfo_manager():  # its line is reserved, so that a correction moves nothing
            texts += self.corrected.winfo_reqheight() + self._theme.px(2)
        return self._theme.px(CROP_WIDTH), max(least, min(most, self.fit[1] - texts))

    def reshape(self, native: tuple[int, int]) -> bool:
        """Make room for a photo of the size *native*; return whether the room changed."""
        before, aspect = self.fit, native[0] / native[1]
        if aspect != self._aspect:
            self._aspect = aspect
            self.event_generate("<<Wanted>>")
            self.update_idletasks()
            self._fit(notify=False)
        return self.fit != before

    def show(self, case: Case, events: Sequence[Event], index: int) -> None:
        """Show everything except the pictures; :meth:`show_photo` shows those."""
        self._case, self._index = case, index
        self._facts.grid()
        self.title.set_text(_("Case {number}").format(number=case.number))
        word, tone = verdict_words(case)
        self.badge.configure(text=word, style=f"{tone}.Badge.TLabel", wraplength=self._theme.px(BADGE_WIDTH))
        nothing = _("Not read yet") if case.verdict is None else _("No plate was read")
        self.plate.show(plain(case.plate_text, 14), case.characters, nothing)
        self.fields["time"].set_text(moment(case.trigger.at_utc))
        self.fields["place"].set_text(plain(case.site, 100))
        self._show_speed(case)
        self._show_score(case)
        correction = next((event for event in reversed(events) if event.kind is EventKind.CORRECT_PLATE), None)
        if correction is not None:
            self.corrected.set_text(_("Corrected to {plate}").format(plate=plain(correction.plate or "", 14)))
            self.corrected.grid(row=3, column=0, sticky="ew", pady=(0, self._theme.px(2)))
        else:
            self.corrected.grid_remove()
        self.photo.draw_box(self._box())

    def show_photo(self, photo: Photo) -> None:
        """Show the decoded photo and the plate's crop."""
        self._scale = photo.scale
        self._fit(notify=False)
        if photo.picture is not None:
            self.photo.show(photo.picture)
        self.photo.draw_box(self._box())
        if photo.crop is not None:
            self.crop.show(photo.crop)
        else:
            decided = self._case is not None and self._case.verdict is not None
            self._show_no_crop(_("No plate in this photo") if decided else "–")

    def fail_photo(self, text: str) -> None:
        """Show *text*, the reason why there is no photo."""
        self.photo.show_text(text, alarm=True)
        self._show_no_crop("–")

    def clear(self, text: str) -> None:
        """Show no case, but *text*."""
        self._case = None
        self._facts.grid_remove()
        self.photo.show_text(text)

    def rescale(self) -> None:
        """Take the officer's new zoom."""
        self._fit(notify=False)

    def _show_no_crop(self, text: str) -> None:
        self.crop.resize(*self.crop_fit)
        self.crop.show_text(text)

    def _box(self) -> Box | None:
        case = self._case
        if case is None or case.plate_box is None or case.photo != self._index:
            return None
        return Box(*(edge * self._scale for edge in case.plate_box))

    def _show_speed(self, case: Case) -> None:
        limit = number(case.limit_kmh)
        speed = case.trigger.speed_kmh
        if speed is None:
            why = plain(basis_words(case.basis))
            self.fields["speed"].set_text(_("{why}, limit {limit} km/h").format(why=why, limit=limit))
            return
        if (found := case.assessment) is None:
            text = _("{speed} km/h, limit {limit}").format(speed=number(speed, 1), limit=limit)
        else:
            figures = (found.remaining_kmh, found.measured_kmh, found.deduction_kmh)
            counts, measured, deduction = (number(figure, 1) for figure in figures)
            text = _("{counts} km/h ({measured} − {deduction}), limit {limit}").format(
                counts=counts, measured=measured, deduction=deduction, limit=limit
            )
        over = (speed if found is None else found.remaining_kmh) > case.limit_kmh
        self.fields["speed"].set_text(text, "Over.TLabel" if over and case.is_infringement else "TLabel")

    def _show_score(self, case: Case) -> None:
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
            parts.append(plausibility_words(case.plausibility))
        if case.country is not None:
            parts.append(f"{plain(case.country.code, 2)} {percent(case.country.probability)}")
        self.fields["score"].set_text(", ".join(parts))

    def _fit(self, *, notify: bool = True) -> None:
        width, height = self.fit
        size = min(width, round(height * self._aspect)), min(height, round(width / self._aspect))
        if size != self.photo.area:
            self.photo.resize(*size)
            if notify:
                self._resized()
