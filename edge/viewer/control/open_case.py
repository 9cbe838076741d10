"""The open case: read, shown in both halves, kept up to date; a job thread loads its pictures."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from PIL import Image

from edge.errors import ReasonNeeded
from edge.viewer.data import CaseDetails, JobThread, Photo, PictureRequest, Pictures, Source, load, load_thumbs
from edge.viewer.panels import MOST_THUMBS, THUMB, ActionBar, CameraPanel, DriverPanel, History
from edge.viewer.text import _, describe
from edge.viewer.ui import Asked, Blank, Question, Theme

SETTLE_MS = 150
"""How long the selection must rest: a case the officer only passes is neither opened nor recorded as viewed."""


class OpenCase:
    """The case on the screen, if there is one.

    Attributes:
        number: the number of the selected case.
        opened: the case that is shown, or None.
        photo_index: which of its photos is shown.
        photos_drawn: how often a photo was drawn.
    """

    def __init__(
        self,
        root: tk.Misc,
        theme: Theme,
        source: Source,
        pictures: JobThread,
        camera: CameraPanel,
        driver: DriverPanel,
        history: History,
        bar: ActionBar,
        *,
        arrange: Callable[[], None],
        shown: Callable[[CaseDetails], None],
    ) -> None:
        """Read cases from *source*, load pictures in the thread *pictures* and show both in the panels.

        *arrange* divides the room among the panels, *shown* is called when a case is on the screen.
        """
        self._arrange, self._shown = arrange, shown
        self._root, self._theme, self._source, self._pictures = root, theme, source, pictures
        self._camera, self._driver, self._history, self._bar = camera, driver, history, bar
        self.number: int | None = None
        self.opened: CaseDetails | None = None
        self._newest: tuple[CaseDetails, int] | None = None  # what is being prepared, or shown, and its photo
        self.photo_index = 0
        self.photos_drawn = 0
        self._timer: str | None = None
        self._resize_timer: str | None = None
        self._photo_key: object = None
        self._crop_key: object = None
        self._portrait: bytes | None = None
        self._thumbs_of: int | None = None
        self.close()

    @property
    def photo_shown(self) -> bool:
        """Whether a photo of the open case is on the screen."""
        return self.opened is not None and self._camera.photo.picture_size is not None

    @property
    def enlarges(self) -> bool:
        """Whether photos may be larger than they are: on a local display; over a network each pixel costs."""
        return self._camera.photo_width is None

    @property
    def subjects(self) -> tuple[tk.Misc, ...]:
        """What a question must not cover: the plate, the person and, where it is there, the headline before all."""
        return self._camera.headline, self._camera.facts.crop, self._camera.facts.plate, self._driver.portrait

    def close(self, words: str = "") -> None:
        """Show no case, but *words*."""
        self.opened = self._newest = None
        self._photo_key = self._crop_key = self._portrait = None
        self._camera.clear(words or _("The case chosen in the list appears here"))
        self._driver.clear()
        self._history.show(None)
        self._bar.show(None)

    def stop(self) -> None:
        """Do nothing more that was due."""
        for timer in (self._timer, self._resize_timer):
            if timer is not None:
                self._root.after_cancel(timer)

    def select(self, number: int) -> None:
        """Open case *number* as soon as the selection rests on it."""
        if number == self.number and self.opened is not None:
            return
        self.number = number
        if self._timer is not None:
            self._root.after_cancel(self._timer)
        self._timer = self._root.after(SETTLE_MS, self._open)

    def refresh(self) -> None:
        """Read the open case again, after a commit."""
        if self.opened is not None:
            self._source.reload(self.opened.case.number, self._take, self._lost)

    def step_photo(self, step: int) -> None:
        """Show the next or previous photo of the case."""
        self.show_photo(self.photo_index + step)

    def show_photo(self, index: int) -> None:
        """Show photo *index* (from 0) of the case, or the nearest one that there is."""
        if self.opened is not None and self.opened.photos:
            index = max(0, min(index, len(self.opened.photos) - 1))
            if index != self.photo_index:
                self._prepare(self._newest_of(self.opened), index)

    def resized(self) -> None:
        """Draw the photo again soon: the room for it has changed."""
        if self.opened is not None and self._resize_timer is None:
            self._resize_timer = self._root.after(SETTLE_MS, self._draw_resized)

    def redraw(self) -> None:
        """Draw all pictures again: all sizes have changed."""
        self._photo_key = self._crop_key = self._portrait = None
        self._thumbs_of = None
        self.resized()

    def _draw_resized(self) -> None:
        self._resize_timer = None
        if self._newest is not None:
            self._prepare(*self._newest)

    def _newest_of(self, opened: CaseDetails) -> CaseDetails:
        """What was read last of the same case: it may not be on the screen yet."""
        newest = self._newest[0] if self._newest is not None else opened
        return newest if newest.case.number == opened.case.number else opened

    def _open(self) -> None:
        self._timer = None
        number = self.number
        assert number is not None
        self._source.open(number, self._take, lambda error: self._fail(number, error))

    def _ask_reason(self, number: int) -> None:
        """Ask why the officer looks at a case that another one judged, and open it then."""

        def answer(values: list[str]) -> str:
            if not values[0]:
                return _("Give a reason: it is recorded with your look.")
            self._source.open(number, self._take, lambda error: self._fail(number, error), reason=values[0])
            return ""

        Question(
            self._root,
            self._theme,
            Asked(
                _("Why do you look at case {number}?").format(number=number),
                _(
                    "Another officer has judged this case. Give the file number of the complaint, or whatever it is"
                    " about."
                ),
                [Blank(_("Reason"))],
                _("Open"),
            ),
            answer,
        )

    def _fail(self, number: int, error: Exception) -> None:
        if number == self.number:
            if isinstance(error, ReasonNeeded):
                self._ask_reason(number)
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
        self._prepare(opened, self.photo_index if same else min(case.photo, max(0, len(opened.photos) - 1)))

    def _prepare(self, opened: CaseDetails, index: int) -> None:
        """Load the pictures that are not on the screen yet, then show case and pictures together."""
        asked = self._newest = opened, index
        case = opened.case
        path = opened.photos[index] if opened.photos else None
        box = case.plate_box if case.photo == index else None
        photo_key, crop_key = (path, self._camera.fit), (path, box, self._camera.crop_fit)
        redraw = photo_key != self._photo_key
        portrait = case.driver.portrait if case.driver is not None else None
        request = PictureRequest(
            photo=path if redraw or crop_key != self._crop_key else None,
            redraw=redraw,
            fit=self._camera.fit,
            enlarge=self.enlarges,
            box=box,
            crop_fit=self._camera.crop_fit,
            portrait=portrait if portrait != self._portrait else None,
            portrait_fit=self._driver.portrait_fit,
        )

        def present(pictures: Pictures) -> None:
            if case.number != self.number or self._newest is not asked:
                return  # something newer is on its way
            room = self._camera.fit, self._camera.crop_fit
            if isinstance(pictures.photo, Photo):
                self._camera.aspect = pictures.photo.native[0] / pictures.photo.native[1]
            self._tell(opened, index)
            if (self._camera.fit, self._camera.crop_fit) != room:
                self._prepare(opened, index)  # not shown yet: the photo would be sent twice
            else:
                self._photo_key, self._crop_key = photo_key, crop_key
                self._portrait = portrait if portrait is not None else self._portrait
                self._present(opened, pictures)

        self._pictures.submit(lambda: load(request), present, self._lost, key="pictures")

    def _tell(self, opened: CaseDetails, index: int) -> None:
        """Show the texts of the case, and give every panel the room that it needs for them."""
        case = opened.case
        if self.opened is None or self.opened.case.number != case.number:
            self._camera.photo.show_text("…")  # never another case's photo beside these texts
        self.opened, self.photo_index = opened, index
        if self._thumbs_of != case.number:
            self._thumbs_of = None
            self._camera.strip.show_thumbs([])
        self._camera.strip.show(index, len(opened.photos))
        self._camera.show(case, index, opened.unit)
        self._driver.show(case)
        self._history.show(case, opened.events, opened.enclosure)
        self._bar.show(case, opened.events, opened.enclosure, photo=self.photo_shown)
        self._arrange()

    def _present(self, opened: CaseDetails, pictures: Pictures) -> None:
        if not opened.photos:
            self._camera.fail_photo(_("The camera gave no photo."))
        elif isinstance(pictures.photo, str):
            self._camera.fail_photo(pictures.photo)
        elif pictures.photo is not None:
            self.photos_drawn += pictures.photo.picture is not None
            self._camera.show_photo(pictures.photo)
        if isinstance(pictures.portrait, str):
            self._driver.no_portrait(pictures.portrait)
        elif pictures.portrait is not None:
            self._driver.show_portrait(pictures.portrait)
        self._bar.show(opened.case, opened.events, opened.enclosure, photo=self.photo_shown)
        self._shown(opened)
        self._load_thumbs(opened)

    def _load_thumbs(self, opened: CaseDetails) -> None:
        """Load the small pictures of a case with several photos, once it is on the screen."""
        if len(opened.photos) < 2 or self._thumbs_of == opened.case.number:
            return
        number, photos = opened.case.number, opened.photos[:MOST_THUMBS]
        size = self._theme.px(THUMB[0]), self._theme.px(THUMB[1])

        def done(pictures: list[Image.Image]) -> None:
            if self.opened is not None and self.opened.case.number == number:
                self._thumbs_of = number
                self._camera.strip.show_thumbs(pictures)

        self._pictures.submit(lambda: load_thumbs(photos, size), done, lambda _error: None, key="thumbs")
