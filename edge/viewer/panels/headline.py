"""What an officer needs first, in a row above the photo where the facts have no room beside it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from edge.viewer.ui import Flow, Theme


class Headline(Flow):
    """Verdict, the speed that counts, and the plate.

    Attributes:
        verdict: the verdict as it stands.
        speed: the speed that counts.
        plate: the plate as it was read, or as an officer corrected it.
    """

    def __init__(self, master: tk.Misc, theme: Theme) -> None:
        """Show nothing yet."""
        super().__init__(master, theme.px(6))
        self.verdict = ttk.Label(self, style="neutral.Verdict.TLabel")
        self.speed = ttk.Label(self, style="Plate.TLabel")
        self.plate = ttk.Label(self, style="Plate.TLabel")
        for label in (self.verdict, self.speed, self.plate):
            self.add(label)

    def tell(self, verdict: str, tone: str, speed: str, speed_style: str, plate: str, plate_style: str) -> None:
        """Show the three texts in the *tone* and the styles that they have among the facts."""
        self.verdict.configure(text=verdict, style=f"{tone}.Verdict.TLabel")
        self.speed.configure(text=speed, style=speed_style)
        self.plate.configure(text=plate, style=plate_style)

    def needed(self, width: int) -> int:
        """Return the height that the texts need in *width*, lines broken for it; both in pixels."""
        for label in (self.verdict, self.speed, self.plate):
            label.configure(wraplength=max(1, width - 2 * self._gap))
        return super().needed(width)
