"""Which photo of the case is shown: "2 of 3", with buttons and a small picture of each."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from PIL import Image, ImageTk

from edge.viewer.text import _
from edge.viewer.ui import Theme

THUMB = (72, 48)
"""Width and height of a small picture; over a network each costs 14 kB."""
MOST_THUMBS = 6


class PhotoStrip(ttk.Frame):
    """Buttons, "photo 2 of 3" and small pictures; takes no room while the case has one photo.

    Attributes:
        place: the text that says which photo it is.
        thumbs: the canvas with the small pictures.
    """

    def __init__(self, master: tk.Misc, theme: Theme, choose: Callable[[int], object]) -> None:
        """Show nothing; *choose* gets the index of the photo that the officer wants."""
        super().__init__(master)
        self._theme, self._choose = theme, choose
        self._index = self._count = 0
        self._images: list[ImageTk.PhotoImage] = []
        self._width = 0
        px = theme.px
        before = ttk.Button(self, text="◂", style="Small.TButton", command=lambda: choose(self._index - 1))
        after = ttk.Button(self, text="▸", style="Small.TButton", command=lambda: choose(self._index + 1))
        self.place_label = ttk.Label(self, style="Small.TLabel")
        self.thumbs = tk.Canvas(self, borderwidth=0, highlightthickness=0, width=1, height=1)
        self.buttons = (before, after)
        for column, widget in enumerate((before, self.place_label, after, self.thumbs)):
            widget.grid(row=0, column=column, padx=(0, px(6)), pady=(px(6), 0))
        for button in self.buttons:
            button.bind("<Return>", lambda _event, button=button: button.invoke())  # type: ignore[misc]
        self.thumbs.bind("<Button-1>", self._click)
        self.bind("<<ThemeChanged>>", lambda _event: self._draw())

    @property
    def needed(self) -> int:
        """The height in pixels that the strip needs, 0 while there is one photo."""
        px = self._theme.px
        if self._count < 2:
            return 0
        return px(6) + max(self.buttons[0].winfo_reqheight(), px(THUMB[1]) + 2 * px(2))

    def set_width(self, width: int) -> None:
        """Take *width* pixels, which say how many small pictures there are."""
        if width != self._width:
            self._width = width
            self._draw()

    def show(self, index: int, count: int) -> None:
        """Say that photo *index* (from 0) of *count* is shown."""
        if count != self._count:
            self._images = []
        self._index, self._count = index, count
        if count < 2:
            self.grid_remove()
            return
        self.grid()
        self.place_label.configure(text=_("photo {index} of {count}").format(index=index + 1, count=count))
        self.buttons[0].state(["disabled" if index == 0 else "!disabled"])
        self.buttons[1].state(["disabled" if index == count - 1 else "!disabled"])
        self._draw()

    def show_thumbs(self, pictures: Sequence[Image.Image]) -> None:
        """Show a small picture of each photo."""
        self._images = [ImageTk.PhotoImage(picture, master=self) for picture in pictures]
        self._draw()

    def _draw(self) -> None:
        px, palette = self._theme.px, self._theme.palette
        canvas, line = self.thumbs, px(2)
        canvas.delete("all")
        cell, height = px(THUMB[0]) + 2 * line, px(THUMB[1]) + 2 * line
        before = [*self.buttons, self.place_label]
        left = self._width - sum(widget.winfo_reqwidth() + px(6) for widget in before) - px(6)
        shown = self._images[: max(0, left // cell)]
        width = max(1, len(shown) * cell)
        canvas.configure(background=palette.surface, width=width, height=height)
        for place, image in enumerate(shown):
            x = place * cell
            canvas.create_image(x + line, line, anchor="nw", image=image)
            if place == self._index:
                corners = (x + line // 2, line // 2, x + line + image.width() + 1, line + image.height() + 1)
                canvas.create_rectangle(*corners, outline=palette.accent, width=line)

    def _click(self, event: tk.Event[tk.Misc]) -> None:
        px = self._theme.px
        place = event.x // (px(THUMB[0]) + 2 * px(2))
        if 0 <= place < self._count:
            self._choose(place)
