"""The window: where everything has its place, from 1024x600 up."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from edge.viewer.theme import Theme

SMALLEST = (1000, 560)
LIST_WIDTH = 292
UPPER_HEIGHT, LOWER_HEIGHT = 284, 172


class Window:
    """The main window's places: a line on top, banners, the list on the left, two halves and a line on the right."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        px = theme.px
        root.title("Autovelox")
        root.minsize(min(px(SMALLEST[0]), root.winfo_screenwidth()), min(px(SMALLEST[1]), root.winfo_screenheight()))
        width, height = root.winfo_screenwidth(), root.winfo_screenheight()
        root.geometry(f"{min(width, px(1440))}x{min(height, px(900))}+0+0")
        root.columnconfigure(0, weight=1)
        root.rowconfigure(2, weight=1)
        self.body = ttk.Frame(root, style="Page.TFrame", padding=(px(10), 0, px(10), px(10)))
        self.body.grid(row=2, column=0, sticky="nsew")
        self.body.rowconfigure(0, weight=1)
        self.body.columnconfigure(0, minsize=px(LIST_WIDTH))
        self.body.columnconfigure(1, weight=1)
        self.side = ttk.Frame(self.body, style="Card.TFrame", padding=1)
        self.side.grid(row=0, column=0, sticky="nsew", padx=(0, px(8)))
        self.side.columnconfigure(0, weight=1)
        self.side.rowconfigure(1, weight=1)
        self.main = ttk.Frame(self.body, style="Page.TFrame")
        self.main.grid(row=0, column=1, sticky="nsew")
        self.main.columnconfigure(0, weight=1)
        self.main.rowconfigure(0, weight=5, minsize=px(UPPER_HEIGHT))
        self.main.rowconfigure(1, weight=2, minsize=px(LOWER_HEIGHT))
