"""Styles, fonts and sizes: the palettes applied to ttk's theme clam, without image files.

Sizes in the viewer are given for a 96 dpi display and pass through :meth:`Theme.px`. The fonts are named fonts, so the
officer's zoom changes every widget at once; canvases draw themselves again on ``<<ThemeChanged>>``.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

from edge.viewer.ui.palette import DARK, LIGHT, TONES, Palette

FAMILIES = ("Noto Sans", "Piboto", "Roboto", "Liberation Sans", "DejaVu Sans")
SIZES = {"body": 13, "small": 11, "strong": 13, "title": 17, "plate": 20}
BOLD = {"strong", "title", "plate"}
TK_FONTS = ("TkTextFont", "TkDefaultFont", "TkHeadingFont", "TkMenuFont")
ZOOMS = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)


SLIM_SCROLLBAR: Any = [
    (
        "Vertical.Scrollbar.trough",
        {"sticky": "ns", "children": [("Vertical.Scrollbar.thumb", {"expand": "1", "sticky": "nswe"})]},
    )
]
RING_BUTTON: Any = [
    (
        "Button.border",
        {"sticky": "nswe", "children": [("Button.padding", {"sticky": "nswe", "children": [("Button.label", {})]})]},
    )
]
"""Without clam's dotted line: a button with the focus has a ring of two pixels instead."""
_INSIDE_COMBOBOX: Any = [
    ("Flat.downarrow", {"side": "right", "sticky": ""}),
    ("Combobox.textarea", {"sticky": "nswe"}),
]
FLAT_COMBOBOX: Any = [
    (
        "Entry.field",
        {"sticky": "nswe", "children": [("Combobox.padding", {"sticky": "nswe", "children": _INSIDE_COMBOBOX})]},
    )
]


class Theme:
    """The look of one window.

    Attributes:
        scale: pixels of this display per pixel at 96 dpi, without the officer's zoom.
        palette: the palette in use.
        fonts: the fonts by use: body, small, strong, title, plate.
    """

    def __init__(self, root: tk.Tk, *, dark: bool = False, scale: float | None = None) -> None:
        """Style *root*; without *scale* the display's resolution decides."""
        self._root = root
        self._zoom = 1.0
        self.scale = scale or max(1.0, min(3.0, root.winfo_fpixels("1i") / 96))
        self.palette = DARK if dark else LIGHT
        family = _family(root)
        self.fonts = {
            name: tkfont.Font(
                root, name=f"av-{name}", family=family, size=-self.px(size), weight="bold" if name in BOLD else "normal"
            )
            for name, size in SIZES.items()
        }
        for own in TK_FONTS:  # what fields take by themselves
            tkfont.nametofont(own, root).configure(family=family, size=-self.px(SIZES["body"]))
        self._style = ttk.Style(root)
        for palette in (LIGHT, DARK):
            self._style.theme_create(_theme_name(palette), parent="clam")
            self._style.theme_use(_theme_name(palette))
            self._style.element_create("Flat.downarrow", "from", "default")  # clam draws a box around its arrow
        self._apply()

    def px(self, size: float) -> int:
        """Convert *size* at 96 dpi to pixels of this display, with the officer's zoom."""
        return max(1, round(size * self.scale * self._zoom))

    def tone(self, name: str) -> tuple[str, str]:
        """Return foreground and background of one of :data:`~edge.viewer.ui.palette.TONES`."""
        return getattr(self.palette, name), getattr(self.palette, f"{name}_soft")

    @property
    def zoomed(self) -> float:
        """The officer's zoom, one of :data:`ZOOMS`."""
        return self._zoom

    @zoomed.setter
    def zoomed(self, zoom: float) -> None:
        self._zoom = min(ZOOMS, key=lambda step: abs(step - zoom))
        for name, size in SIZES.items():
            self.fonts[name].configure(size=-self.px(size))
        for own in TK_FONTS:
            tkfont.nametofont(own, self._root).configure(size=-self.px(SIZES["body"]))
        self._apply()

    def toggle(self) -> None:
        """Switch between the light and the dark palette."""
        self.palette = LIGHT if self.palette is DARK else DARK
        self._apply()

    def zoom(self, step: int) -> None:
        """Make everything larger (1), smaller (-1) or its normal size (0)."""
        index = ZOOMS.index(self._zoom) + step if step else ZOOMS.index(1.0)
        self.zoomed = ZOOMS[max(0, min(index, len(ZOOMS) - 1))]

    def _apply(self) -> None:
        palette, px = self.palette, self.px
        self._root.configure(background=palette.background)
        self._style.theme_use(_theme_name(palette))
        configure, layout_map = self._style.configure, self._style.map
        configure(
            ".",
            background=palette.surface,
            foreground=palette.text,
            font=self.fonts["body"],
            bordercolor=palette.border,
            lightcolor=palette.surface,
            darkcolor=palette.surface,
            troughcolor=palette.raised,
            focuscolor=palette.accent,
            selectbackground=palette.accent,
            selectforeground=palette.on_accent,
            insertcolor=palette.text,
            fieldbackground=palette.surface,
            borderwidth=1,
            focusthickness=2,
        )
        configure("TLabel", borderwidth=0, padding=0)
        configure("Page.TFrame", background=palette.background)
        for name, colour in (("Card", palette.border), ("Sheet", palette.accent)):
            configure(f"{name}.TFrame", relief="raised", borderwidth=1, bordercolor=colour)
        for name, colour, face in (
            ("Muted", palette.muted, "body"),
            ("Small", palette.muted, "small"),
            ("Strong", palette.text, "strong"),
            ("Title", palette.text, "title"),
            ("Plate", palette.text, "plate"),
            ("Over", palette.bad, "strong"),
            ("OverPlate", palette.bad, "plate"),
        ):
            configure(f"{name}.TLabel", foreground=colour, font=self.fonts[face])
        configure("Page.TLabel", background=palette.background, foreground=palette.muted, font=self.fonts["small"])
        configure("Brand.TLabel", background=palette.background, font=self.fonts["title"])
        for name in TONES:
            colour, soft = self.tone(name)
            padding = (px(8), px(3))
            configure(
                f"{name}.Badge.TLabel", foreground=colour, background=soft, font=self.fonts["strong"], padding=padding
            )
            configure(
                f"{name}.Verdict.TLabel", foreground=colour, background=soft, font=self.fonts["title"], padding=padding
            )
            configure(
                f"{name}.Chip.TLabel", foreground=colour, background=soft, font=self.fonts["small"], padding=padding
            )
            configure(f"{name}.Banner.TLabel", foreground=colour, background=soft, padding=(px(14), px(5)))
        self._buttons()
        self._fields()
        layout_map(".", foreground=[("disabled", palette.muted)])

    def _buttons(self) -> None:
        palette, px = self.palette, self.px
        padding = (px(13), px(6))
        self._style.layout("TButton", RING_BUTTON)
        kinds = {
            "TButton": (palette.surface, palette.text, palette.edge, palette.neutral_soft),
            "Primary.TButton": (palette.accent, palette.on_accent, palette.accent, palette.accent_hover),
            "Danger.TButton": (palette.bad_soft, palette.bad, palette.bad, palette.bad_hover),
            "Small.TButton": (palette.surface, palette.text, palette.edge, palette.neutral_soft),
            "Quiet.TButton": (palette.background, palette.text, palette.edge, palette.neutral_soft),
        }
        for style, (face, text, border, hover) in kinds.items():
            self._style.configure(
                style,
                background=face,
                foreground=text,
                bordercolor=border,
                lightcolor=face,
                darkcolor=face,
                padding=(px(7), px(1)) if style == "Small.TButton" else padding,
                anchor="center",
                width=0,
                relief="raised",
            )
            live = [("disabled", palette.raised), ("pressed", hover), ("active", hover)]
            rings = (palette.text, palette.on_accent) if style == "Primary.TButton" else (palette.accent,) * 2
            ringed = [("focus", rings[1]), *live]
            self._style.map(
                style,
                background=live,
                lightcolor=ringed,
                darkcolor=ringed,
                foreground=[("disabled", palette.muted)],
                bordercolor=[("disabled", palette.raised), ("focus", rings[0]), ("active", hover)],
                relief=[],
            )

    def _fields(self) -> None:
        palette, px = self.palette, self.px
        self._style.layout("TCombobox", FLAT_COMBOBOX)
        for style in ("TEntry", "TCombobox"):
            self._style.configure(
                style,
                padding=(px(7), px(4)),
                foreground=palette.text,
                lightcolor=palette.surface,
                bordercolor=palette.edge,
                arrowcolor=palette.muted,
                arrowsize=px(15),
                background=palette.surface,
                relief="flat",
            )
            self._style.map(
                style,
                bordercolor=[("focus", palette.accent)],
                lightcolor=[("focus", palette.accent)],
                fieldbackground=[("readonly", palette.surface), ("disabled", palette.raised)],
                foreground=[("disabled", palette.muted)],
                selectbackground=[("readonly", palette.surface)],
                selectforeground=[("readonly", palette.text)],
                background=[],
            )
        self._style.configure(
            "Busy.Horizontal.TProgressbar", background=palette.accent, troughcolor=palette.neutral_soft
        )
        self._style.configure("Busy.Horizontal.TProgressbar", thickness=px(4), bordercolor=palette.background)
        self._style.layout("Vertical.TScrollbar", SLIM_SCROLLBAR)
        self._style.configure("TScrollbar", background=palette.edge, bordercolor=palette.surface, gripcount=0)
        self._style.configure("TScrollbar", arrowsize=px(11), troughcolor=palette.surface, lightcolor=palette.edge)
        self._style.configure("TScrollbar", darkcolor=palette.edge, arrowcolor=palette.muted)
        live = [("disabled", palette.surface), ("active", palette.muted)]
        self._style.map("TScrollbar", background=live, lightcolor=live, darkcolor=live)
        for option, value in {
            "background": palette.surface,
            "foreground": palette.text,
            "selectBackground": palette.accent,
            "selectForeground": palette.on_accent,
            "font": "av-body",
            "borderWidth": "1",
            "relief": "solid",
            "highlightThickness": "1",
            "highlightColor": palette.edge,
            "highlightBackground": palette.edge,
        }.items():
            self._root.option_add(f"*TCombobox*Listbox.{option}", value)


def _theme_name(palette: Palette) -> str:
    return f"autovelox-{palette.name}"


def _family(root: tk.Tk) -> str:
    """Return the first of :data:`FAMILIES` that this machine has."""
    for family in FAMILIES:
        if tkfont.Font(root, family=family, size=-12).actual("family") == family:
            return family
    return "TkDefaultFont"
