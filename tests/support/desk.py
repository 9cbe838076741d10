"""A viewer in the test's own process, driven by real keys and clicks."""

from __future__ import annotations

import os
import threading
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.viewer.control.app import Viewer
from tests.support import xdisplay

ARTEFACTS = Path(os.environ.get("AUTOVELOX_ARTEFACTS", "var/artefacts")) / "viewer"
REST, REST_S = threading.Event(), 0.002
OFFICER = "Sara Conti (sconti)"


@dataclass
class Desk:
    """A viewer on a display, with the officer's hands."""

    viewer: Viewer
    display: str

    def until(self, what: Callable[[], bool]) -> None:
        """Let the viewer run until *what* is true."""

        def turn() -> None:
            self.viewer.root.update()
            REST.wait(REST_S)  # else this thread alone has the interpreter, and the viewer's others wait for it

        xdisplay.wait_for(what, turn)

    def press(self, *keys: str) -> None:
        """Press real keys; the viewer handles them while it runs on."""
        self.viewer.root.update()
        xdisplay.press(self.display, *keys)
        self.viewer.root.update()

    def type(self, text: str) -> None:
        """Type on real keys."""
        xdisplay.type_text(self.display, text)
        self.viewer.root.update()

    def click(self, widget: tk.Misc, x: int | None = None, y: int | None = None, button: int = 1) -> None:
        """Click into *widget*, in its middle unless a place is given."""
        self.viewer.root.update()
        left = widget.winfo_rootx() + (widget.winfo_width() // 2 if x is None else x)
        top = widget.winfo_rooty() + (widget.winfo_height() // 2 if y is None else y)
        xdisplay.click(self.display, left, top, button)
        self.viewer.root.update()

    def listed(self) -> None:
        """Wait until the list shows what the store holds."""
        self.until(lambda: self.viewer.listing.loaded)

    def open_first(self) -> None:
        """Open the first case of the list and wait for its pictures."""
        self.listed()
        self.press("Down")
        self.shows(self.viewer.cases.row(0).number)  # type: ignore[union-attr]

    def shows(self, number: int) -> None:
        """Wait until case *number* is on the screen."""
        self.until(lambda: self.viewer.case.opened is not None and self.viewer.case.opened.case.number == number)
        self.viewer.root.update()

    def shot(self, name: str) -> None:
        """Keep a picture of the screen."""
        for _ in range(5):
            self.viewer.root.update()
        xdisplay.screenshot(self.display, ARTEFACTS / f"{name}.png")

    def texts(self) -> str:
        """Everything the window says, in one string: labels, buttons and canvases."""
        return "\n".join(said(self.viewer.root))


def said(widget: tk.Misc) -> Iterator[str]:
    """The texts of *widget* and all in it that are on the screen."""
    if isinstance(widget, tk.Canvas):
        for item in widget.find_all():
            if widget.type(item) == "text":  # type: ignore[no-untyped-call]
                yield str(widget.itemcget(item, "text"))
    elif "text" in (widget.keys() or ()):
        yield str(getattr(widget, "full_text", None) or widget.cget("text"))
    for child in widget.winfo_children():
        if child.winfo_ismapped():
            yield from said(child)


class OpenDesk(Protocol):
    """Opens a viewer on a state folder; further words are :class:`edge.viewer.control.app.Options`."""

    def __call__(self, state_dir: Path, on: str = ..., **changes: object) -> Desk: ...
