"""Take a picture of every state of the viewer, at every size, scale, palette and language.

    python tests/edge/viewer/screenshot_matrix.py [--out var/screenshots] [--size 1024x600]

The cases are made for it, with every verdict, several photos and long texts. Each picture is measured as the tests do:
what is cut off or covered is printed, and the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from edge.cases.store import CaseStore
from edge.model import Flag, Outcome, Reason
from edge.viewer.control.app import Options, Viewer
from edge.viewer.ui.lightbox import Lightbox
from edge.viewer.ui.sheets import Modal
from tests.support import stores, xdisplay
from tests.support.desk import Desk
from tests.support.matrix import SIZES
from tests.support.measured import faults

SCALES = (1.0, 2.0)
LOCALES = ("en_GB", "it_IT")
TURNS = 8
STATES: dict[str, Callable[[Viewer], object]] = {
    "confirm": lambda viewer: viewer.actions.confirm(),
    "dismiss": lambda viewer: viewer.actions.dismiss(),
    "correct": lambda viewer: viewer.actions.correct_plate(),
    "export": lambda viewer: viewer.actions.export(),
    "keys": lambda viewer: viewer.help(),
    "days": lambda viewer: viewer.filters.choose_days(),
    "full-size": lambda viewer: viewer.actions.full_size(),
}


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("var/screenshots"))
    parser.add_argument("--size", choices=SIZES, action="append", help="only this size")
    options = parser.parse_args()
    if reason := xdisplay.missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder) / "full", Path(folder) / "empty"
        stores.fill(full, _scenes())
        stores.fill(empty, [])
        return asyncio.run(_beside_a_unit(full, empty, options.out, options.size or SIZES))


async def _beside_a_unit(full: Path, empty: Path, out: Path, sizes: tuple[str, ...]) -> int:
    store = await CaseStore.open(full, stores.SIGNER, stores.UNIT)
    try:
        return _take(full, empty, out, sizes)
    finally:
        await store.close()


def _take(full: Path, empty: Path, out: Path, sizes: tuple[str, ...]) -> int:
    wrong = 0
    with ExitStack() as displays:
        for size in sizes:
            display = displays.enter_context(xdisplay.xvfb(size))  # until the end: Tk never lets go of a display
            for scale, dark, locale in product(SCALES, (False, True), LOCALES):
                name = f"{size}-x{scale:.0f}-{'dark' if dark else 'light'}-{locale[:2]}"
                changes = {"scale": scale, "dark": dark, "locale": locale}
                with _desk(display, full, size, **changes) as desk:
                    wrong += _states(desk, out, name)
                with _desk(display, empty, size, **changes) as desk:
                    wrong += _keep(desk, out / f"{name}-empty.png")
    return int(wrong > 0)


def _states(desk: Desk, out: Path, name: str) -> int:
    viewer, wrong = desk.viewer, 0
    wrong += _keep(desk, out / f"{name}-list.png")
    for index in range(viewer.cases.total):
        row = viewer.cases.row(index)
        assert row is not None
        viewer.cases.select_index(index)
        desk.shows(row.number)
        desk.until(lambda: viewer.camera.photo.picture_size == viewer.camera.photo.area)
        if viewer.camera.strip.winfo_ismapped():
            desk.until(
                lambda: bool(viewer.camera.strip.thumbs.find_all()) or viewer.camera.fit[0] < viewer.theme.px(260)
            )
        wrong += _keep(desk, out / f"{name}-case-{row.number}.png")
    for state, begin in STATES.items():
        begin(viewer)
        box = viewer.actions.lightbox
        if box is not None:
            desk.until(lambda box=box: box.drawings > 0)  # type: ignore[misc]
        wrong += _keep(desk, out / f"{name}-{state}.png")
        for child in viewer.root.winfo_children():
            if isinstance(child, Modal | Lightbox):
                child.close()
    return wrong


def _scenes() -> list[stores.Scene]:
    named = stores.Scene(
        driver=stores.person(1),
        outcome=Outcome.IDENTIFIED,
        reason=Reason.ONE_CLAIM,
        scores=(-0.1, -30.0),
        frames=3,
        flags=(Flag.NOT_THE_KEEPER,),
    )
    many = stores.Scene(outcome=Outcome.AMBIGUOUS, reason=Reason.SEVERAL_CLAIMS, scores=(-0.9, -1.7, -42.0))
    none = stores.Scene(plate="", reason=Reason.NO_PLATE)
    return [none, many, replace(named, frames=1, size=(1280, 960), flags=(), driver=stores.person(2)), named]


@contextmanager
def _desk(display: str, state_dir: Path, size: str, **changes: object) -> Iterator[Desk]:
    root = tk.Tk(screenName=display, className="Autovelox")
    own = stores.own_desk(state_dir)
    viewer = Viewer(root, Options(own, photo_width=None, geometry=f"{size}+0+0", **changes))  # type: ignore[arg-type]
    try:
        desk = Desk(viewer, display)
        desk.listed()
        desk.until(lambda: viewer.status.count.cget("text") != "")
        yield desk
    finally:
        viewer.close()
        own.close()


def _keep(desk: Desk, path: Path) -> int:
    """Save a picture; print what is wrong in it, and return how much that is."""
    for _ in range(TURNS):
        desk.viewer.root.update()
    xdisplay.screenshot(desk.display, path)
    found = faults(desk.viewer.root)
    print(path, *found, sep="\n    ", flush=True)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
