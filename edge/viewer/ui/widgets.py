"""Small widgets that the panels are made of."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from PIL import Image

from edge.model import Box
from edge.viewer.data.pictures import Slot
from edge.viewer.text.language import percent
from edge.viewer.ui.theme import Theme

BOX_COLOURS = ("#101010", "#ffd60a")


class Elided(ttk.Label):
    """One line of text that ends in an ellipsis where its place ends; the pointer brings out the rest."""

    def __init__(self, master: tk.Misc, theme: Theme, *, face: str = "body", style: str = "TLabel") -> None:
        super().__init__(master, style=style, width=1)
        self._font = theme.fonts[face]
        self._theme = theme
        self._full = ""
        self._tip: ttk.Label | None = None
        self.bind("<Configure>", lambda _event: self._fit())
        self.bind("<<ThemeChanged>>", lambda _event: self._fit())
        self.bind("<Enter>", lambda _event: self._show_tip())
        self.bind("<Leave>", lambda _event: self._hide_tip())

    def say(self, text: str) -> None:
        """Show *text*."""
        if text != self._full:
            self._full = text
            self._fit()

    @property
    def full_text(self) -> str:
        """The whole text, also what is not in sight."""
        return self._full

    def _fit(self) -> None:
        shown, room = self._full, self.winfo_width()
        if room > 1 and self._font.measure(shown) > room:
            low, high = 0, len(shown)
            while low < high:  # the longest beginning that fits
                middle = (low + high + 1) // 2
                if self._font.measure(shown[:middle].rstrip() + "…") <= room:
                    low = middle
                else:
                    high = middle - 1
            shown = shown[:low].rstrip() + "…"
        if shown != self.cget("text"):
            self.configure(text=shown)

    def _show_tip(self) -> None:
        if self.cget("text") != self._full and self._tip is None:
            top = self.winfo_toplevel()
            self._tip = ttk.Label(top, text=self._full, style="accent.Chip.TLabel", wraplength=self._theme.px(420))
            x = self.winfo_rootx() - top.winfo_rootx()
            x = max(0, min(x, top.winfo_width() - self._tip.winfo_reqwidth()))
            y = self.winfo_rooty() - top.winfo_rooty() + self.winfo_height()
            self._tip.place(x=x, y=max(0, min(y, top.winfo_height() - self._tip.winfo_reqheight())))

    def _hide_tip(self) -> None:
        if self._tip is not None:
            self._tip.destroy()
            self._tip = None


class Field(ttk.Frame):
    """A small caption above a value."""

    def __init__(self, master: tk.Misc, theme: Theme, caption: str) -> None:
        super().__init__(master)
        ttk.Label(self, text=caption, style="Small.TLabel").grid(row=0, column=0, sticky="w")
        self.value = Elided(self, theme)
        self.value.grid(row=1, column=0, sticky="ew")
        self.columnconfigure(0, weight=1)

    def say(self, text: str, style: str = "TLabel") -> None:
        """Show *text*, a dash for nothing."""
        _say(self.value, text, style)


class Line:
    """A caption and, right of it, a value: one row of a grid whose second column takes the room there is."""

    def __init__(self, master: tk.Misc, theme: Theme, caption: str, row: int) -> None:
        label = ttk.Label(master, text=caption, style="Small.TLabel")
        label.grid(row=row, column=0, sticky="w", padx=(0, theme.px(10)))
        self.value = Elided(master, theme)
        self.value.grid(row=row, column=1, sticky="ew", pady=theme.px(1))

    def say(self, text: str, style: str = "TLabel") -> None:
        """Show *text*, a dash for nothing."""
        _say(self.value, text, style)


def _say(value: Elided, text: str, style: str) -> None:
    if str(value.cget("style")) != style:
        value.configure(style=style)
    value.say(text or "–")


class PictureView(tk.Canvas):
    """A picture in the middle of its place, with a box drawn over it, or words instead of it."""

    def __init__(
        self, master: tk.Misc, theme: Theme, width: int, height: int, *, takefocus: bool = False, snug: bool = False
    ) -> None:
        super().__init__(master, width=width, height=height, borderwidth=0, takefocus=takefocus)
        self._theme = theme
        self._snug = snug
        self.area = (width, height)
        self._slot = Slot(self)
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


class PlateStrip(tk.Canvas):
    """A plate as it was read, one cell a character, each with a bar and a figure for its confidence."""

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        super().__init__(master, borderwidth=0, highlightthickness=0, height=1, width=1)
        self._theme = theme
        self._text = ""
        self._confidences: tuple[float, ...] = ()
        self._words = ""
        self.bind("<Configure>", lambda _event: self._draw())
        self.bind("<<ThemeChanged>>", lambda _event: self._draw())

    def show(self, text: str, confidences: tuple[float, ...], words: str) -> None:
        """Show *text* with one confidence (0 to 1) a character, or *words* where there is no text."""
        if (text, confidences, words) != (self._text, self._confidences, self._words):
            self._text, self._confidences, self._words = text, confidences, words
            self._draw()

    def _draw(self) -> None:
        theme, palette = self._theme, self._theme.palette
        self.delete("all")
        plate, small = theme.fonts["plate"], theme.fonts["small"]
        line = plate.metrics("linespace")
        height = line + theme.px(10) + small.metrics("linespace")
        self.configure(background=palette.surface, height=height)
        if not self._text:
            self.create_text(0, height // 2, text=self._words, anchor="w", fill=palette.muted, font=theme.fonts["body"])
            return
        gap = theme.px(3)
        widest = small.measure("100") + theme.px(4)
        cell = min(theme.px(38), max(8, (self.winfo_width() + gap) // len(self._text) - gap))
        known = len(self._confidences) == len(self._text)
        for index, character in enumerate(self._text):
            left = index * (cell + gap)
            middle = left + cell // 2
            self.create_rectangle(left, 0, left + cell, line, fill=palette.raised, outline=palette.border)
            self.create_text(middle, line // 2, text=character, fill=palette.text, font=plate)
            if not known:
                continue
            confidence = self._confidences[index]
            colour = theme.tone("good" if confidence >= 0.9 else "warn" if confidence >= 0.6 else "bad")[0]
            bar = line + theme.px(3)
            self.create_rectangle(left, bar, left + cell, bar + theme.px(4), fill=palette.neutral_soft, outline="")
            self.create_rectangle(left, bar, left + cell * confidence, bar + theme.px(4), fill=colour, outline="")
            if cell >= widest:
                figure = percent(confidence).split("\u202f")[0].split(".")[0].split(",")[0]
                self.create_text(middle, height, text=figure, anchor="s", fill=palette.muted, font=small)
