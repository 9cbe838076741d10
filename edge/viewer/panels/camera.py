"""The upper card: the photo, and beside or under it what the camera recorded."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from edge.model import Box, Case
from edge.viewer.data import Photo
from edge.viewer.panels.facts import FACTS_WIDTH, FactsCard
from edge.viewer.panels.headline import Headline
from edge.viewer.panels.photo_strip import PhotoStrip
from edge.viewer.text import _
from edge.viewer.ui import GAP, PictureView, Theme

RING = 2
"""Width of the photo's focus ring; the padding is narrower by it, so that pictures and texts are aligned."""
PADDING = 12


class CameraPanel(ttk.Frame):
    """Photo with its strip, and the facts.

    Attributes:
        photo: the photo.
        strip: which of the case's photos it is, where there are several.
        headline: verdict, speed and plate above the photo, where the facts are under it.
        facts: the facts.
        aspect: width by height of the photo.
        photo_width: the widest photo, in pixels; None: as wide as there is room for.
    """

    def __init__(
        self,
        master: tk.Misc,
        theme: Theme,
        *,
        photo_width: int | None,
        resized: Callable[[], None],
        choose: Callable[[int], object],
    ) -> None:
        """Show nothing yet.

        Args:
            master: the parent.
            theme: the look.
            photo_width: the widest photo.
            resized: called when the room for the photo has changed.
            choose: called with the index of a photo that the officer chose.
        """
        px, near = theme.px, theme.px(PADDING) - theme.px(RING)
        super().__init__(master, style="Card.TFrame", padding=(near, near, px(PADDING), near))
        self._theme = theme
        self.photo_width = photo_width
        self._resized = resized
        self.aspect = 16 / 9
        self._scale = 1.0
        self._case: Case | None = None
        self._index = 0
        self._room = (px(320), px(180))
        self._facts_room = (px(FACTS_WIDTH), px(180))
        self._crop_fit = (px(FACTS_WIDTH), px(40))
        self.grid_propagate(False)
        self.photo = PictureView(self, theme, *self._room, takefocus=True)
        self.strip = PhotoStrip(self, theme, choose)
        self.headline = Headline(self, theme)
        self.facts = FactsCard(self, theme, self.headline)
        self.photo.grid(row=1, column=0, sticky="nw")
        self.strip.grid(row=2, column=0, sticky="nw")
        self.strip.grid_remove()
        self._arranged: bool | None = None
        self._arrange(beside=True)

    @property
    def fit(self) -> tuple[int, int]:
        """The room for the photo, width and height in pixels."""
        return self._room

    @property
    def margin(self) -> int:
        """Pixels of width and height for the card's border, its padding and the photo's focus ring."""
        return 2 * self._theme.px(PADDING) + 2

    @property
    def crop_fit(self) -> tuple[int, int]:
        """The room for the magnified plate, width and height in pixels."""
        return self._crop_fit

    def facts_width(self, width: int, *, beside: bool) -> int:
        """Return the width of the facts in a card *width* pixels wide."""
        return self._theme.px(FACTS_WIDTH) if beside else width - self.margin

    def above(self, width: int, *, beside: bool) -> int:
        """Return the height in pixels of what is above the photo in a card *width* pixels wide."""
        if beside:
            return 0
        return self.headline.needed(self.facts_width(width, beside=False)) + self._theme.px(GAP)

    def set_room(self, photo: tuple[int, int], facts: tuple[int, int], *, beside: bool) -> None:
        """Take the room for the *photo* and the *facts*, width and height in pixels."""
        self._room, self._facts_room = photo, facts
        crop_fit, crop = self.facts.crop_fit(*facts), self.facts.crop
        crop_changed, self._crop_fit = crop_fit != self._crop_fit, crop_fit
        if crop.area[0] > crop_fit[0] or crop.area[1] > crop_fit[1]:  # until it is drawn again
            crop.resize(min(crop.area[0], crop_fit[0]), min(crop.area[1], crop_fit[1]))
        self.strip.set_width(photo[0])
        self._arrange(beside=beside)
        width, height = photo
        size = min(width, round(height * self.aspect)), min(height, round(width / self.aspect))
        if size != self.photo.area:
            self.photo.resize(*size)
            crop_changed = True
        if crop_changed:
            self._resized()

    def show(self, case: Case, index: int, unit: str = "") -> None:
        """Show everything except the pictures; :meth:`show_photo` shows those."""
        self._case, self._index = case, index
        self.facts.grid()
        if not self._arranged:
            self.headline.grid()
        self.facts.show(case, index, unit)
        self._draw_boxes()

    def show_photo(self, photo: Photo) -> None:
        """Show the decoded photo and the plate's crop."""
        self._scale = photo.scale
        if photo.picture is not None:
            self.photo.show(photo.picture)
        self._draw_boxes()
        if photo.crop is not None:
            self.facts.crop.show(photo.crop)
        else:
            self._show_no_crop(self._why_no_crop())

    def fail_photo(self, text: str) -> None:
        """Show *text*, the reason why there is no photo."""
        self.photo.show_text(text, alarm=True)
        self._show_no_crop("–")

    def clear(self, text: str) -> None:
        """Show no case, but *text*."""
        self._case = None
        self.facts.grid_remove()
        self.headline.grid_remove()
        self.strip.show(0, 0)
        self.photo.show_text(text)

    def _why_no_crop(self) -> str:
        case = self._case
        if case is None or case.verdict is None:
            return "–"
        if case.plate_text and case.photo != self._index:
            return _("The plate was read in photo {number}").format(number=case.photo + 1)
        return _("No plate in this photo")

    def _show_no_crop(self, text: str) -> None:
        self.facts.crop.resize(*self.crop_fit)
        self.facts.crop.show_text(text)

    def _draw_boxes(self) -> None:
        """Draw where the plate is, and where plates of other vehicles are."""
        case = self._case
        if case is None:
            return
        own = self._scaled(case.plate_box) if case.plate_box is not None and case.photo == self._index else None
        others = [self._scaled(other.box) for other in case.others or () if other.photo == self._index]
        self.photo.draw_box(own, others)

    def _scaled(self, box: Box) -> Box:
        return Box(*(edge * self._scale for edge in box))

    def _arrange(self, *, beside: bool) -> None:
        if beside == self._arranged:
            return
        self._arranged = beside
        px = self._theme.px
        self.columnconfigure(0, weight=0 if beside else 1)
        self.columnconfigure(1, weight=1 if beside else 0)
        self.rowconfigure(3, weight=1)
        self.facts.set_headed(headed=not beside)
        if beside:
            self.headline.grid_remove()
            self.facts.grid(row=0, column=1, rowspan=4, sticky="nsew", padx=(px(14), 0), pady=(px(RING), 0))
        else:
            self.headline.grid(row=0, column=0, sticky="ew", padx=(px(RING), 0), pady=(0, px(GAP)))
            self.facts.grid(row=3, column=0, rowspan=1, sticky="nsew", padx=(px(RING), 0), pady=(px(GAP), 0))
        if self._case is None:
            self.headline.grid_remove()
            self.facts.grid_remove()
