"""Pictures on a canvas."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from PIL import Image, ImageTk

from edge.model import Box
from edge.viewer.ui.theme import Theme

BOX_COLOURS = ("#101010", "#ffd60a")
"""A dark line around a light one, so that the box is visible on any photo."""


class CanvasImage:
    """One picture on a canvas; a picture of the same size is painted over the old one.

    Attributes:
        offset: x and y of the picture on the canvas, in pixels.
    """

    def __init__(self, canvas: tk.Canvas) -> None:
        """Show nothing yet."""
        self._canvas = canvas
        self._image: ImageTk.PhotoImage | None = None
        self._item = canvas.create_image(0, 0, anchor="nw")
        self.offset = (0, 0)

    def show(self, picture: Image.Image, size: tuple[int, int], inset: int = 0) -> None:
        """Show *picture* in the middle of an area of *size*, *inset* pixels from the canvas' corner."""
        if self._image is None or (self._image.width(), self._image.height()) != picture.size:
            self._image = ImageTk.PhotoImage(picture, master=self._canvas)
        else:
            self._image.paste(picture)
        self.offset = inset + max(0, (size[0] - picture.width) // 2), inset + max(0, (size[1] - picture.height) // 2)
        self._canvas.coords(self._item, *self.offset)
        self._canvas.itemconfigure(self._item, image=self._image)

    def move(self, dx: int, dy: int) -> None:
        """Move the picture by screen pixels."""
        self._canvas.move(self._item, dx, dy)

    def clear(self) -> None:
        """Show nothing, and forget the picture."""
        self._canvas.itemconfigure(self._item, image="")
        self._image = None


class PictureView(tk.Canvas):
    """A picture in the middle of an area, with a box drawn over it, or a text in its place.

    Attributes:
        area: width and height in pixels.
        picture_size: width and height of the picture, or None if there is none.
        text: the text in its place, empty if there is none.
    """

    def __init__(
        self, master: tk.Misc, theme: Theme, width: int, height: int, *, takefocus: bool = False, snug: bool = False
    ) -> None:
        """Take *width* x *height* pixels; a *snug* view later takes the size of its picture."""
        super().__init__(master, width=width, height=height, borderwidth=0, takefocus=takefocus)
        self._theme = theme
        self._snug = snug
        self.area = (width, height)
        self._canvas_image = CanvasImage(self)
        self.text = ""
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
            self._place_text()

    def show(self, picture: Image.Image, box: Box | None = None) -> None:
        """Show *picture* and *box*, which is in the picture's pixels."""
        self.show_text("")
        if self._snug:
            self.resize(*picture.size)
        self._canvas_image.show(picture, self.area, self._inset)
        self.picture_size = picture.size
        self.draw_box(box)

    def draw_box(self, box: Box | None, others: Sequence[Box] = ()) -> None:
        """Draw *box* (pixels of the picture) over the picture and *others* as dashed lines, or remove them."""
        self.delete("box", "other")
        if self.picture_size is None:
            return
        x, y = self._canvas_image.offset
        width = self._theme.px(2)
        for other in others:
            corners = (x + other.x1 - width, y + other.y1 - width, x + other.x2 + width, y + other.y2 + width)
            for colour, dash in zip(BOX_COLOURS, ((), (4, 4)), strict=True):
                self.create_rectangle(*corners, outline=colour, width=max(1, width // 2), dash=dash, tags="other")
        if box is None:
            return
        for colour, line, grow in zip(BOX_COLOURS, (width + 2, width), (width, width), strict=True):
            corners = (x + box.x1 - grow, y + box.y1 - grow, x + box.x2 + grow, y + box.y2 + grow)
            self.create_rectangle(*corners, outline=colour, width=line, tags="box")

    def show_text(self, text: str, *, alarm: bool = False) -> None:
        """Show *text* in place of the picture, in red for an *alarm*; an empty text removes the last one."""
        self._alarm = alarm
        if text and self.picture_size is not None:
            self._canvas_image.clear()
            self.picture_size = None
            self.delete("box", "other")
        if text != self.text:
            self.text = text
            self._place_text()

    def _place_text(self) -> None:
        self.delete("text")
        if self.text:
            self.create_text(
                self.area[0] // 2,
                self.area[1] // 2,
                text=self.text,
                width=max(10, self.area[0] - self._theme.px(12)),
                justify="center",
                fill=self._theme.palette.bad if self._alarm else self._theme.palette.muted,
                font=self._theme.fonts["strong" if self._alarm else "body"],
                tags="text",
            )

    def _restyle(self) -> None:
        palette = self._theme.palette
        self.configure(
            background=palette.photo,
            highlightthickness=self._inset,
            highlightcolor=palette.accent,
            highlightbackground=palette.surface,
        )
        self._place_text()
