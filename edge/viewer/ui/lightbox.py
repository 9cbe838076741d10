"""The photo in full size over the whole window, with zoom and pan.

Only the visible part is scaled and sent. While the officer drags, the drawn part moves along; it is drawn again when
the pointer rests.

Longer than 300 lines because zoom, pan, light and frame all change the one picture that is drawn here.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

from PIL import Image, ImageEnhance

from edge.viewer.data import JobThread, StoredPhoto, load_whole
from edge.viewer.text import _, describe, percent
from edge.viewer.ui.pictures import BOX_COLOURS, CanvasImage
from edge.viewer.ui.theme import Theme

REST_MS = 120
ZOOM_STEP = 1.25
ZOOM_MAX = 8.0
TUNE_STEP, TUNE_LEAST, TUNE_MOST = 1.25, 0.25, 4.0
"""One press of the keys for brightness and contrast, and how far they reach."""
PLATE_SHARE = 0.5
"""How much of the window's width the magnified plate takes."""
PAN_SHARE = 0.15


class Lightbox(tk.Canvas):
    """A photo that covers its window until Escape.

    Attributes:
        zoom: screen pixels per pixel of the photo.
        drawings: how often the photo was drawn.
        brightness: how much brighter than it is the photo is shown; 1 as it is.
        contrast: the same of its contrast. What is stored is never changed.
        framed: whether the plate that was read has its frame.
    """

    def __init__(
        self,
        master: tk.Misc,
        theme: Theme,
        jobs: JobThread,
        photos: Sequence[StoredPhoto],
        index: int,
        title: str,
        on_closed: Callable[[], None],
        *,
        enlarge: bool = False,
    ) -> None:
        """Show photo *index* of *photos* over the window of *master*; *jobs* loads and scales it.

        *enlarge*: a small picture fills the window at once.
        """
        self._enlarge = enlarge
        top = master.winfo_toplevel()
        super().__init__(top, borderwidth=0, highlightthickness=0, background=theme.palette.photo, takefocus=True)
        self._theme, self._jobs, self._photos, self._on_closed, self._title = theme, jobs, photos, on_closed, title
        self._index = index
        self._slot = CanvasImage(self)
        self._whole: Image.Image | None = None
        self.zoom = self.brightness = self.contrast = 1.0
        self.framed = True
        self._region = (0.0, 0.0)
        self._center = (0.0, 0.0)
        self._drag: tuple[int, int] | None = None
        self._timer: str | None = None
        self._previous_focus = top.focus_get()
        self.drawings = 0
        self._bind_keys()
        self.place(x=0, y=0, relwidth=1, relheight=1)
        tk.Misc.lift(self)
        self.grab_set()
        self.focus_set()
        self._load()

    def close(self) -> str:
        """Remove the photo and restore the focus."""
        if self._timer is not None:
            self.after_cancel(self._timer)
        self.grab_release()
        self._slot.clear()
        self._whole = None
        self.destroy()
        if self._previous_focus is not None and self._previous_focus.winfo_exists():
            self._previous_focus.focus_set()
        self._on_closed()
        return "break"

    @property
    def fit_zoom(self) -> float:
        """The zoom at which the whole photo is visible."""
        if self._whole is None:
            return 1.0
        return min(self.winfo_width() / self._whole.width, self.winfo_height() / self._whole.height)

    def zoom_to(self, zoom: float, at: tuple[int, int] | None = None) -> str:
        """Set the zoom; the point of the photo under *at* (screen pixels) stays in place."""
        if self._whole is not None:
            zoom = max(min(self.fit_zoom, 1.0), min(zoom, ZOOM_MAX))
            x, y = at or (self.winfo_width() // 2, self.winfo_height() // 2)
            shift = 1 / self.zoom - 1 / zoom
            dx, dy = (x - self.winfo_width() / 2) * shift, (y - self.winfo_height() / 2) * shift
            self._center = self._center[0] + dx, self._center[1] + dy
            self.zoom = zoom
            self._schedule()
        return "break"

    def pan(self, dx: float, dy: float) -> str:
        """Move the visible part by screen pixels."""
        self._center = self._center[0] + dx / self.zoom, self._center[1] + dy / self.zoom
        self._schedule()
        return "break"

    def _pan_step(self, x: int, y: int) -> str:
        return self.pan(x * self.winfo_width() * PAN_SHARE, y * self.winfo_height() * PAN_SHARE)

    def step(self, step: int) -> str:
        """Show the next (1) or previous (-1) photo of the case."""
        index = max(0, min(self._index + step, len(self._photos) - 1))
        if index != self._index:
            self._index = index
            self._load()
        return "break"

    def tune(self, *, brightness: float = 1.0, contrast: float = 1.0) -> str:
        """Make the photo brighter or richer in contrast by these factors, on the screen alone."""
        self.brightness = max(TUNE_LEAST, min(self.brightness * brightness, TUNE_MOST))
        self.contrast = max(TUNE_LEAST, min(self.contrast * contrast, TUNE_MOST))
        self._schedule()
        return "break"

    def untuned(self) -> str:
        """Show the photo as it is."""
        self.brightness = self.contrast = 1.0
        self._schedule()
        return "break"

    def toggle_frame(self) -> str:
        """Show or hide the plate's frame."""
        self.framed = not self.framed
        self._draw_frame()
        return "break"

    def show_plate(self) -> str:
        """Magnify the plate that was read, where one was read in this photo."""
        box = self._photos[self._index].box
        if self._whole is not None and box is not None and box.width >= 1:
            self.zoom = max(self.fit_zoom, min(ZOOM_MAX, PLATE_SHARE * self.winfo_width() / box.width))
            self._center = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
            self._schedule()
        return "break"

    def _draw_frame(self) -> None:
        self.delete("box")
        box = self._photos[self._index].box
        if box is None or not self.framed or self._whole is None:
            return
        x, y = self._slot.offset
        left, top = self._region
        corners = [
            (box.x1 - left) * self.zoom + x,
            (box.y1 - top) * self.zoom + y,
            (box.x2 - left) * self.zoom + x,
            (box.y2 - top) * self.zoom + y,
        ]
        width = self._theme.px(2)
        for colour, line, grow in zip(BOX_COLOURS, (width + 2, width), (width, width), strict=True):
            spot = (corners[0] - grow, corners[1] - grow, corners[2] + grow, corners[3] + grow)
            self.create_rectangle(*spot, outline=colour, width=line, tags="box")
        self.tag_raise("caption")

    def _bind_keys(self) -> None:
        def key(*names: str, call: Callable[[], str]) -> None:
            for name in names:
                self.bind(f"<{name}>", lambda _event: call())

        key("Escape", "space", "q", call=self.close)
        key("plus", "equal", "KP_Add", call=lambda: self.zoom_to(self.zoom * ZOOM_STEP))
        key("minus", "KP_Subtract", call=lambda: self.zoom_to(self.zoom / ZOOM_STEP))
        key("Key-1", call=lambda: self.zoom_to(1.0))
        key("Key-0", call=lambda: self.zoom_to(self.fit_zoom))
        key("b", call=lambda: self.tune(brightness=TUNE_STEP))
        key("B", call=lambda: self.tune(brightness=1 / TUNE_STEP))
        key("c", call=lambda: self.tune(contrast=TUNE_STEP))
        key("C", call=lambda: self.tune(contrast=1 / TUNE_STEP))
        key("r", call=self.untuned)
        key("f", call=self.toggle_frame)
        key("p", call=self.show_plate)
        key("Key-2", call=lambda: self.zoom_to(2.0))
        key("Key-4", call=lambda: self.zoom_to(4.0))
        key("bracketleft", "Prior", call=lambda: self.step(-1))
        key("bracketright", "Next", call=lambda: self.step(1))
        for name, x, y in (("Left", -1, 0), ("Right", 1, 0), ("Up", 0, -1), ("Down", 0, 1)):
            key(name, call=partial(self._pan_step, x, y))
        self.bind("<Button-4>", lambda event: self.zoom_to(self.zoom * ZOOM_STEP, (event.x, event.y)))
        self.bind("<Button-5>", lambda event: self.zoom_to(self.zoom / ZOOM_STEP, (event.x, event.y)))
        self.bind("<ButtonPress-1>", lambda event: setattr(self, "_drag", (event.x, event.y)))
        self.bind("<B1-Motion>", self._dragged)
        self.bind("<ButtonRelease-1>", lambda _event: setattr(self, "_drag", None))
        self.bind("<Configure>", lambda _event: self._schedule())

    def _dragged(self, event: tk.Event[tk.Misc]) -> None:
        if self._drag is not None:
            dx, dy = event.x - self._drag[0], event.y - self._drag[1]
            self._drag = event.x, event.y
            self._slot.move(dx, dy)
            self.pan(-dx, -dy)

    def _load(self) -> None:
        stored = self._photos[self._index]
        self._jobs.submit(lambda: load_whole(stored), self._loaded, self._failed, key="whole")

    def _loaded(self, whole: Image.Image) -> None:
        if self.winfo_exists():
            self.update_idletasks()
            self._whole = whole
            self.zoom = min(ZOOM_MAX, self.fit_zoom) if self._enlarge else min(1.0, self.fit_zoom)
            self._center = whole.width / 2, whole.height / 2
            self._render()

    def _failed(self, error: Exception) -> None:
        if self.winfo_exists():
            self._slot.clear()
            self._show_caption(describe(error))

    def _schedule(self) -> None:
        if self._timer is not None:
            self.after_cancel(self._timer)
        self._timer = self.after(REST_MS, self._render)

    def _render(self) -> None:
        if self._timer is not None:
            self.after_cancel(self._timer)
            self._timer = None
        whole = self._whole
        if whole is None:
            return
        width, height = self.winfo_width() / self.zoom, self.winfo_height() / self.zoom
        x = _clamped(self._center[0], width, whole.width)
        y = _clamped(self._center[1], height, whole.height)
        self._center = x, y
        left, top = max(0.0, x - width / 2), max(0.0, y - height / 2)
        region = (left, top, min(float(whole.width), x + width / 2), min(float(whole.height), y + height / 2))
        zoom, tuned = self.zoom, (self.brightness, self.contrast)

        def show(picture: Image.Image) -> None:
            self._region = region[0], region[1]
            self._show(picture)

        self._jobs.submit(lambda: _tuned(_scaled(whole, region, zoom), *tuned), show, self._failed, key="view")

    def _show(self, picture: Image.Image) -> None:
        if self.winfo_exists():
            self.drawings += 1
            self._slot.show(picture, (self.winfo_width(), self.winfo_height()))
            self._draw_frame()
            count = len(self._photos)
            place = (
                _("photo {index} of {count}").format(index=self._index + 1, count=count) if count > 1 else _("photo")
            )
            keys = _(
                "+ − zoom · 1 2 4 times its size · 0 all · P plate · F frame · B C brighter, more contrast"
                " (Shift: less, R: as it is) · arrows or mouse to move · Esc back"
            )
            if (self.brightness, self.contrast) != (1.0, 1.0):
                tuned = _("brightness {brightness}, contrast {contrast}, on the screen alone")
                keys = tuned.format(brightness=percent(self.brightness), contrast=percent(self.contrast)) + f" · {keys}"
            self._show_caption(f"{self._title} · {place} · {percent(self.zoom)} · {keys}")

    def _show_caption(self, text: str) -> None:
        self.delete("caption")
        theme = self._theme
        at = theme.px(10)
        item = self.create_text(
            at + theme.px(8),
            at + theme.px(5),
            text=text,
            anchor="nw",
            fill=theme.palette.text,
            font=theme.fonts["small"],
            width=max(100, self.winfo_width() - 4 * at),
            tags="caption",
        )
        left, top, right, bottom = self.bbox(item)
        pad = theme.px(6)
        face = self.create_rectangle(
            left - pad, top - pad, right + pad, bottom + pad, fill=theme.palette.surface, outline="", tags="caption"
        )
        self.tag_lower(face, item)


def _clamped(center: float, visible: float, whole: int) -> float:
    """Return *center*, moved so that the visible part stays on the photo (all in the photo's pixels)."""
    return whole / 2 if visible >= whole else max(visible / 2, min(center, whole - visible / 2))


def _tuned(picture: Image.Image, brightness: float, contrast: float) -> Image.Image:
    """Return *picture* with other brightness and contrast; 1 is as it is."""
    if brightness != 1.0:
        picture = ImageEnhance.Brightness(picture).enhance(brightness)
    return ImageEnhance.Contrast(picture).enhance(contrast) if contrast != 1.0 else picture


def _scaled(whole: Image.Image, region: tuple[float, float, float, float], zoom: float) -> Image.Image:
    size = max(1, round((region[2] - region[0]) * zoom)), max(1, round((region[3] - region[1]) * zoom))
    method = Image.Resampling.BICUBIC if zoom >= 1 else Image.Resampling.LANCZOS
    return whole.resize(size, method, box=region)
