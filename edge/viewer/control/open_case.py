"""The open case: fetched, shown in both halves, kept up to date; its pictures follow from a lane of their own."""

from __future__ import annotations

import tkinter as tk

from edge.viewer.data.background import JobThread
from edge.viewer.data.pictures import Photo, PictureRequest, Pictures, load
from edge.viewer.data.source import CaseDetails, Source
from edge.viewer.panels.action_bar import ActionBar
from edge.viewer.panels.camera import CameraPanel
from edge.viewer.panels.driver import DriverPanel
from edge.viewer.panels.history import History
from edge.viewer.text.language import _
from edge.viewer.text.plain import describe

SETTLE_MS = 150
"""A case that the officer only passes on the way to another is neither opened nor recorded as viewed."""


class OpenCase:
    """At most one case is open; its number is ``number``, what is known of it ``opened``."""

    def __init__(
        self,
        root: tk.Misc,
        source: Source,
        pictures: JobThread,
        camera: CameraPanel,
        driver: DriverPanel,
        history: History,
        bar: ActionBar,
    ) -> None:
        self._root, self._source, self._pictures = root, source, pictures
        self._camera, self._driver, self._history, self._bar = camera, driver, history, bar
        self.number: int | None = None
        self.opened: CaseDetails | None = None
        self.frame = 0
        self.photos_drawn = 0
        self._timer: str | None = None
        self._resize_timer: str | None = None
        self._photo_key: object = None
        self._crop_key: object = None
        self._portrait: bytes | None = None
        self.close()

    @property
    def photo_shown(self) -> bool:
        """Whether a photo of the open case is on the screen."""
        return self.opened is not None and self._camera.photo.picture_size is not None

    def close(self, words: str = "") -> None:
        """Show no case."""
        self.opened = None
        self._photo_key = self._crop_key = self._portrait = None
        self._camera.clear(words or _("The case chosen in the list appears here"))
        self._driver.clear()
        self._history.show(None)
        self._bar.show(None)

    def select(self, number: int) -> None:
        """Open case *number* as soon as the selection rests on it."""
        if number == self.number and self.opened is not None:
            return
        self.number = number
        if self._timer is not None:
            self._root.after_cancel(self._timer)
        self._timer = self._root.after(SETTLE_MS, self._open)

    def refresh(self) -> None:
        """Something was committed: is it about this case?"""
        if self.opened is not None:
            self._source.reload(self.opened.case.number, self._take, self._lost)

    def step_frame(self, step: int) -> None:
        """Show the next or previous photo of the case."""
        if self.opened is not None and self.opened.photos:
            frame = max(0, min(self.frame + step, len(self.opened.photos) - 1))
            if frame != self.frame:
                self._prepare(self.opened, frame)

    def resized(self) -> None:
        """The photo's place has another size."""
        if self.opened is not None and self._resize_timer is None:
            self._resize_timer = self._root.after(SETTLE_MS, self._draw_resized)

    def redraw(self) -> None:
        """All sizes changed: draw the pictures anew."""
        self._photo_key = self._crop_key = self._portrait = None
        self.resized()

    def _draw_resized(self) -> None:
        self._resize_timer = None
        if self.opened is not None:
            self._prepare(self.opened, self.frame)

    def _open(self) -> None:
        self._timer = None
        number = self.number
        assert number is not None
        self._source.open(number, self._take, lambda error: self._fail(number, error))

    def _fail(self, number: int, error: Exception) -> None:
        if number == self.number:
            text = _("Case {number} stays closed: {error}")
            self.close(text.format(number=number, error=describe(error)))

    def _lost(self, error: Exception) -> None:
        if self.opened is not None:
            self._fail(self.opened.case.number, error)

    def _take(self, opened: CaseDetails) -> None:
        case, before = opened.case, self.opened
        if case.number != self.number or opened == before:
            return
        same = before is not None and before.case.number == case.number and before.case.photo == case.photo
        self._prepare(opened, self.frame if same else min(case.photo, max(0, len(opened.photos) - 1)))

    def _prepare(self, opened: CaseDetails, frame: int) -> None:
        """Decode what is not on the screen yet, then show case and pictures in one go."""
        case = opened.case
        path = opened.photos[frame] if opened.photos else None
        box = case.plate_box if case.photo == frame else None
        photo_key, crop_key = (path, self._camera.fit), (path, box, self._camera.crop_fit)
        redraw = photo_key != self._photo_key
        portrait = case.driver.portrait if case.driver is not None else None
        wanted = PictureRequest(
            photo=path if redraw or crop_key != self._crop_key else None,
            redraw=redraw,
            fit=self._camera.fit,
            box=box,
            crop_fit=self._camera.crop_fit,
            portrait=portrait if portrait != self._portrait else None,
            portrait_fit=self._driver.portrait_fit,
        )

        def present(pictures: Pictures) -> None:
            if case.number != self.number:
                return
            if isinstance(pictures.photo, Photo) and self._camera.reshape(pictures.photo.native):
                self._prepare(opened, frame)  # not shown at all: it would cross the wire twice
            else:
                self._photo_key, self._crop_key = photo_key, crop_key
                self._portrait = portrait if portrait is not None else self._portrait
                self._present(opened, frame, pictures)

        self._pictures.submit(lambda: load(wanted), present, self._lost, key="pictures")

    def _present(self, opened: CaseDetails, frame: int, pictures: Pictures) -> None:
        self.opened, self.frame = opened, frame
        case = opened.case
        self._camera.show(case, opened.events, frame)
        self._driver.show(case)
        self._history.show(case, opened.events)
        if not opened.photos:
            self._camera.fail_photo(_("The camera gave no photo."))
        elif opened.photos[frame] is None:
            self._camera.fail_photo(_("The photo's file is missing: verify the evidence."))
        elif isinstance(pictures.photo, str):
            self._camera.fail_photo(pictures.photo)
        elif pictures.photo is not None:
            self.photos_drawn += pictures.photo.picture is not None
            self._camera.show_photo(pictures.photo)
        if isinstance(pictures.portrait, str):
            self._driver.no_portrait(pictures.portrait)
        elif pictures.portrait is not None:
            self._driver.show_portrait(pictures.portrait)
        self._bar.show(case, opened.events, photo=self.photo_shown)
