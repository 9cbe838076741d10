"""Pictures on a canvas."""

from __future__ import annotations

import tkinter as tk

from PIL import Image, ImageTk

from edge.model import Box
from edge.viewer.ui.theme import Theme

BOX_COLOURS = ("#101010", "#ffd60a")
"""A dark line around a light one, so that the box is visible on any photo."""


class CanvasImage:
    """A place on a canvas for one picture; a picture of the same size is painted over the old one."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self._image: ImageTk.PhotoImage | None = None
        self._item = canvas.create_image(0, 0, anchor="nw")
        self.offset = (0, 0)

    def show(self, picture: Image.Image, size: tuple[int, int], inset: int = 0) -> None:
        """Show *picture* in the middle of an area of *size* that begins *inset* pixels from the canvas' corner."""
        if self._image is None or (self._image.width(), self._image.height()) != picture.size:
            self._image = ImageTk.PhotoImage(picture, master=self._canvas)
        else:
            self._image.paste(picture)
        self.offset = inset + max(0, (size[0] - picture.width) // 2), inset + max(0, (size[1] - picture.height) // 2)
        self._canvas.coords(self._item, *self.offset)
        self._canvas.itemconfigure(self._item, image=self._image)

    def move(self, dx: int, dy: int) -> None:
        """Move the picture that is there by some pixels of the screen."""
        self._canvas.move(self._item, dx, dy)

    def clear(self) -> None:
        """Show nothing, and forget the picture."""
        self._canvas.itemconfigure(self._item, image="")
        self._image = None


class PictureView(tk.Canvas):
    """A picture in the middle of its place, with a box drawn over it, or words instead of it."""

    def __init__(
        self, master: tk.Misc, theme: Theme, width: int, height: int, *, takefocus: bool = False, snug: bool = False
    ) -> None:
        super().__init__(master, width=width, height=height, borderwidth=0, takefocus=takefocus)
        self._theme = theme
        self._snug = snug
        self.area = (width, height)
        self._slot = CanvasImage(self)
        self.words = ""
        self._alarm = False
        self.picture_size: tuple[int, int] | None = None
        self._inset = theme.px(2) if takefocus else 0  # where the focus is shown
        self._restyle()
        self.bind("<<ThemeChanged>>", lambda _event: self._restyle())

    def resize(self, width: int, height: int) -> None:
        """Take *width* x *height* pixels."""
        if (width, height) != self.area:
            self.area = (width, height)
            self.configure(width=width, height=height)
            self._place_words()

    def show(self, picture: Image.Image, box: Box | None = None) -> None:
        """Show *picture*; *box* is in its pixels. A snug view takes the picture's size."""
        self.say("")
        if self._snug:
            self.resize(*picture.size)
        self._slot.show(picture, self.area, self._inset)
        self.picture_size = picture.size
        self.frame(box)

    def frame(self, box: Box | None) -> None:
        """Draw *box* (pixels of the picture) over the picture, or none."""
        self.delete("box")
        if box is None or self.picture_size is None:
            return
        x, y = self._slot.offset
        width = self._theme.px(2)
        for colour, line, grow in zip(BOX_COLOURS, (width + 2, width), (width, width), strict=True):
            corners = (x + box.x1 - grow, y + box.y1 - grow, x + box.x2 + grow, y + box.y2 + grow)
            self.create_rectangle(*corners, outline=colour, width=line, tags="box")

    def say(self, words: str, *, alarm: bool = False) -> None:
        """Show *words* and no picture, in red if they are an *alarm*; nothing at all if empty."""
        self._alarm = alarm
        if words and self.picture_size is not None:
            self._slot.clear()
            self.picture_size = None
            self.delete("box")
        if words != self.words:
            self.words = words
            self._place_words()

    def _place_words(self) -> None:
        self.delete("words")
        if self.words:
            self.create_text(
                self.area[0] // 2,
                self.area[1] // 2,
                text=self.words,
                width=max(10, self.area[0] - self._theme.px(12)),
                justify="center",
                fill=self._theme.palette.bad if self._alarm else self._theme.palette.muted,
                font=self._theme.fonts["strong" if self._alarm else "body"],
                tags="words",
            )

    def _restyle(self) -> None:
        palette = self._theme.palette
        self.configure(
            background=palette.photo,
            highlightthickness=self._inset,
            highlightcolor=palette.accent,
            highlightbackground=palette.surface,
        )
        self._place_words()
