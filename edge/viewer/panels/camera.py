"""The upper half: what the camera saw."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from edge.cases.views import Event, EventKind
from edge.model import Box, Case, Outcome
from edge.viewer.data.pictures import Photo
from edge.viewer.text.language import _, moment, number, percent
from edge.viewer.text.plain import plain
from edge.viewer.text.words import outcome_words
from edge.viewer.ui.theme import Theme
from edge.viewer.ui.widgets import Elided, Line, PictureView, PlateStrip

FACTS_WIDTH = 290
CROP_WIDTH = FACTS_WIDTH
CROP_HEIGHTS = (36, 88)
"""The plate's crop takes what the texts leave; its pixels are bounded in :mod:`edge.viewer.data.pictures`."""
RING = 2
"""The photo can have the focus; its ring stands out of the padding, so that pictures and texts are in line."""


class CameraPanel(ttk.Frame):
    """Photo on the left; crop, plate, time, place, speed and verdict on the right."""

    def __init__(self, master: tk.Misc, theme: Theme, *, photo_width: int, resized: Callable[[], None]) -> None:
        px, near = theme.px, theme.px(12) - theme.px(RING)
        super().__init__(master, style="Card.TFrame", padding=(near, near, px(12), near))
        self._theme = theme
        self._photo_width = photo_width
        self._resized = resized
        self._aspect = 16 / 9
        self._scale = 1.0
        self._case: Case | None = None
        self._frame = 0
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
        """The pixels there are for the photo, width and height."""
        px = self._theme.px
        width = self.winfo_width() - self._margin - px(14) - px(FACTS_WIDTH)
        return max(px(160), min(self._photo_width, width)), max(px(90), self.winfo_height() - self._margin)

    @property
    def _margin(self) -> int:
        """What the card's border, its padding and the photo's focus ring take of width and height."""
        return 2 * self._theme.px(12) + 2

    @property
    def wanted_height(self) -> int:
        """The pixels this card would like to be high: the photo at its present width."""
        return round(self.fit[0] / self._aspect) + self._margin

    @property
    def crop_fit(self) -> tuple[int, int]:
        """The pixels there are for the magnified plate."""
        least, most = (self._theme.px(height) for height in CROP_HEIGHTS)
        texts = self._facts.winfo_reqheight() - self.crop.winfo_reqheight()
        if not self.corrected.winfo_manager():  # its line is kept free, so that a correction moves nothing
            texts += self.corrected.winfo_reqheight() + self._theme.px(2)
        return self._theme.px(CROP_WIDTH), max(least, min(most, self.fit[1] - texts))

    def reshape(self, native: tuple[int, int]) -> bool:
        """Make room for a photo of that size; whether it has another place now than before."""
        before, aspect = self.fit, native[0] / native[1]
        if aspect != self._aspect:
            self._aspect = aspect
            self.event_generate("<<Wanted>>")
            self.update_idletasks()
            self._fit(tell=False)
        return self.fit != before

    def show(self, case: Case, events: Sequence[Event], frame: int) -> None:
        """Everything but the pictures: those come next, through :meth:`show_photo`."""
        self._case, self._frame = case, frame
        self._facts.grid()
        self.title.say(_("Case {number}").format(number=case.number))
        word, tone = outcome_words(case.verdict.outcome if case.verdict else None)
        self.badge.configure(text=word, style=f"{tone}.Badge.TLabel")
        nothing = _("Not read yet") if case.verdict is None else _("No plate was read")
        self.plate.show(plain(case.plate_text, 14), case.characters, nothing)
        self.fields["time"].say(moment(case.trigger.at_utc))
        self.fields["place"].say(plain(case.site, 100))
        self._say_speed(case)
        self._say_score(case)
        correction = next((event for event in reversed(events) if event.kind is EventKind.CORRECT_PLATE), None)
        if correction is not None:
            self.corrected.say(_("Corrected to {plate}").format(plate=plain(correction.plate or "", 14)))
            self.corrected.grid(row=3, column=0, sticky="ew", pady=(0, self._theme.px(2)))
        else:
            self.corrected.grid_remove()
        self.photo.frame(self._box())

    def show_photo(self, photo: Photo) -> None:
        """Show the decoded photo and the plate's crop."""
        self._scale = photo.scale
        self._fit(tell=False)
        if photo.picture is not None:
            self.photo.show(photo.picture)
        self.photo.frame(self._box())
        if photo.crop is not None:
            self.crop.show(photo.crop)
        else:
            decided = self._case is not None and self._case.verdict is not None
            self._say_no_crop(_("No plate in this photo") if decided else "–")

    def fail_photo(self, words: str) -> None:
        """There is no photo to show, and why."""
        self.photo.say(words, alarm=True)
        self._say_no_crop("–")

    def clear(self, words: str) -> None:
        """Show no case, but *words*."""
        self._case = None
        self._facts.grid_remove()
        self.photo.say(words)

    def rescale(self) -> None:
        """The officer's zoom changed."""
        self._fit(tell=False)

    def _say_no_crop(self, words: str) -> None:
        self.crop.resize(*self.crop_fit)
        self.crop.say(words)

    def _box(self) -> Box | None:
        case = self._case
        if case is None or case.plate_box is None or case.photo != self._frame:
            return None
        return Box(*(edge * self._scale for edge in case.plate_box))

    def _say_speed(self, case: Case) -> None:
        limit = number(case.limit_kmh)
        speed = case.trigger.speed_kmh
        if speed is None:
            self.fields["speed"].say(_("not measured, limit {limit} km/h").format(limit=limit))
            return
        text = _("{speed} km/h, limit {limit}").format(speed=number(speed), limit=limit)
        self.fields["speed"].say(text, "Over.TLabel" if speed > case.limit_kmh else "TLabel")

    def _say_score(self, case: Case) -> None:
        parts = []
        if case.verdict is not None and case.verdict.outcome is Outcome.IDENTIFIED:
            parts.append(percent(case.verdict.probability))
        elif case.verdict is not None and case.verdict.scores:
            parts.append(_("best claim {share}").format(share=percent(case.verdict.probability)))
        if case.verdict is not None and case.plate_confidence is not None:
            parts.append(_("plate as read {share}").format(share=percent(case.plate_confidence)))
        if case.country is not None:
            parts.append(f"{plain(case.country.code, 2)} {percent(case.country.probability)}")
        self.fields["score"].say(", ".join(parts))

    def _fit(self, *, tell: bool = True) -> None:
        width, height = self.fit
        size = min(width, round(height * self._aspect)), min(height, round(width / self._aspect))
        if size != self.photo.area:
            self.photo.resize(*size)
            if tell:
                self._resized()
