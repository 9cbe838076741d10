"""The plate as it was read, with the confidence of each character."""

from __future__ import annotations

import tkinter as tk

from edge.viewer.text import percent
from edge.viewer.ui.theme import Theme


class PlateStrip(tk.Canvas):
    """The plate as it was read: a cell per character, with a bar and a number for the character's confidence."""

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        """Show nothing yet."""
        super().__init__(master, borderwidth=0, highlightthickness=0, height=1, width=1)
        self._theme = theme
        self._text = ""
        self._confidences: tuple[float, ...] = ()
        self._fallback = ""
        self.bind("<Configure>", lambda _event: self._draw())
        self.bind("<<ThemeChanged>>", lambda _event: self._draw())

    def show(self, text: str, confidences: tuple[float, ...], fallback: str) -> None:
        """Show *text* with one confidence (0 to 1) per character, or *fallback* if *text* is empty."""
        if (text, confidences, fallback) != (self._text, self._confidences, self._fallback):
            self._text, self._confidences, self._fallback = text, confidences, fallback
            self._draw()

    def _draw(self) -> None:
        theme, palette = self._theme, self._theme.palette
        self.delete("all")
        plate, small = theme.fonts["plate"], theme.fonts["small"]
        line = plate.metrics("linespace")
        height = line + theme.px(10) + small.metrics("linespace")
        self.configure(background=palette.surface, height=height)
        if not self._text:
            self.create_text(
                0, height // 2, text=self._fallback, anchor="w", fill=palette.muted, font=theme.fonts["body"]
            )
            return
        gap = theme.px(3)
        widest, plainest = (small.measure(text) + theme.px(2) for text in ("100\u202f%", "100"))
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
            if cell >= plainest:
                figure = percent(confidence).split("\u202f")[0].split(".")[0].split(",")[0]
                figure += "\u202f%" if cell >= widest else ""
                self.create_text(middle, height, text=figure, anchor="s", fill=palette.muted, font=small)
