"""What a window shows, measured from its widgets: what is cut off, and what covers something else."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from itertools import combinations
from tkinter import font as tkfont
from tkinter import ttk

from edge.viewer.panels.case_list import CaseList
from edge.viewer.ui.lightbox import Lightbox
from edge.viewer.ui.scrolled import Scrolled
from edge.viewer.ui.sheets import Modal
from edge.viewer.ui.widgets import Elided, Wrapped

Rectangle = tuple[int, int, int, int]


def faults(root: tk.Misc) -> list[str]:
    """Everything in *root* that is cut off or covered, in words."""
    return [*_cut_off(root), *_covered(root)]


def _children(widget: tk.Misc) -> list[tk.Misc]:
    return [child for child in widget.winfo_children() if child.winfo_ismapped() and not isinstance(child, tk.Menu)]


def _cut_off(widget: tk.Misc) -> Iterator[str]:
    for child in _children(widget):
        yield from _cut_off(child)
        if isinstance(child, tk.Canvas):
            if not isinstance(child.master, Scrolled):
                yield from _beyond(child)
        elif isinstance(child, ttk.Combobox):
            room = child.winfo_width() - 30
            if tkfont.nametofont("TkTextFont", child).measure(child.get()) > room:
                yield f"the choice {child.get()!r} has {room} pixels"
        elif isinstance(child, ttk.Label | ttk.Button) and child.cget("text"):
            narrow = not isinstance(child, Elided | Wrapped) and child.winfo_width() < child.winfo_reqwidth()
            if narrow or child.winfo_height() < child.winfo_reqheight():
                has, needs = (
                    (child.winfo_width(), child.winfo_height()),
                    (child.winfo_reqwidth(), child.winfo_reqheight()),
                )
                yield f"{child.cget('text')!r} has {has} pixels and needs {needs}"
        if isinstance(child, ttk.Entry | ttk.Button | ttk.Combobox) and child.winfo_height() < child.winfo_reqheight():
            yield f"{child} has {child.winfo_height()} pixels of height and needs {child.winfo_reqheight()}"
        parent = child.nametowidget(child.winfo_parent())
        if isinstance(parent, tk.Canvas):
            region = parent.cget("scrollregion").split()
            if region and int(float(region[3])) < child.winfo_height():
                yield f"{child} cannot be scrolled to its end"
            continue
        right, bottom = child.winfo_x() + child.winfo_width(), child.winfo_y() + child.winfo_height()
        if right > parent.winfo_width() + 1 or bottom > parent.winfo_height() + 1 or child.winfo_x() < -1:
            yield f"{child} ends at {right}, {bottom}, outside of {parent.winfo_width()} x {parent.winfo_height()}"


def _beyond(canvas: tk.Canvas) -> Iterator[str]:
    """The texts of *canvas* that end outside of it, or lie over another text."""
    boxes: list[tuple[str, Rectangle]] = []
    for item in canvas.find_all():
        if canvas.type(item) == "text" and canvas.itemcget(item, "text"):  # type: ignore[no-untyped-call]
            text, box = canvas.itemcget(item, "text"), canvas.bbox(item)
            boxes.append((text, box))
            left, top, right, bottom = box
            low = bottom > canvas.winfo_height() + 1 and not isinstance(canvas.master, CaseList)
            if left < -1 or top < -1 or right > canvas.winfo_width() + 1 or low:
                yield f"{text!r} ends at {right}, {bottom}, outside of {canvas.winfo_width()} x {canvas.winfo_height()}"
    for (one, first), (other, second) in combinations(boxes, 2):
        if _common(first, second, slack=3):
            yield f"{one!r} lies over {other!r}"


def _covered(widget: tk.Misc) -> Iterator[str]:
    children = _children(widget)
    places = [(child, _place(child)) for child in children if not isinstance(child, Modal | Lightbox)]
    for (one, first), (other, second) in combinations(places, 2):
        if _common(first, second, slack=0):
            yield f"{one} lies over {other}"
    for child in children:
        yield from _covered(child)


def _place(widget: tk.Misc) -> Rectangle:
    x, y = widget.winfo_x(), widget.winfo_y()
    return x, y, x + widget.winfo_width(), y + widget.winfo_height()


def _common(one: Rectangle, other: Rectangle, slack: int) -> bool:
    """Whether two rectangles have pixels in common; *slack*: how far the empty rows of two texts may reach."""
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > slack and min(one[3], other[3]) - max(one[1], other[1]) > slack
    )
