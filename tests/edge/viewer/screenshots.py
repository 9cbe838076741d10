"""Make the pictures of docs/viewer.md again, from the cases of a real ``make demo``.

    python tests/edge/viewer/screenshots.py [--dir var/demo] [--out docs/img] [--case N]

The demo's cases are copied first, so looking at them adds nothing to the demo's own chain, and a case store holds the
copy while the pictures are made, as the daemon does on a unit. ``--all`` keeps more states beside the two of the
page: every case of the demo, Italian, sheets, the photo in full size, a small and a large window.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import tkinter as tk
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from edge.cases.archive import Archive
from edge.cases.evidence.signing import load_signer
from edge.cases.store import CaseStore
from edge.viewer.control.app import Options, Viewer
from tests.support import stores, xdisplay
from tests.support.desk import Desk

SIZE = "1280x800"
OWN_COLOURS = 96


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=Path("var/demo"), help="the folder of the demo")
    parser.add_argument("--out", type=Path, default=Path("docs/img"))
    parser.add_argument("--case", type=int, help="the case to show; without it, the first identified one")
    parser.add_argument("--all", action="store_true", help="more states than the page needs")
    options = parser.parse_args()
    if reason := xdisplay.missing():
        sys.exit(reason)
    if not (options.dir / "state" / "cases.sqlite").is_file():
        sys.exit(f"there is no demo in {options.dir}: make demo first, or name its folder with --dir")
    with tempfile.TemporaryDirectory() as folder:
        state_dir = Path(shutil.copytree(options.dir / "state", Path(folder) / "state"))
        shutil.copy(options.dir / "signing.key", folder)
        asyncio.run(_beside_a_store(state_dir, options))
    return 0


async def _beside_a_store(state_dir: Path, options: argparse.Namespace) -> None:
    signer = load_signer(options.dir / "signing.key")
    store = await CaseStore.open(state_dir, signer, stores.UNIT)
    try:
        with ExitStack() as displays:
            _take(state_dir, options, displays)
    finally:
        await store.close()


def _take(state_dir: Path, options: argparse.Namespace, displays: ExitStack) -> None:
    with Archive(state_dir) as archive:
        cases = [archive.case(summary.number) for summary in archive.summaries()]
    named = [case.number for case in reversed(cases) if case.driver is not None]
    if not named:
        sys.exit("the demo named nobody: a picture of the viewer needs an identified case")
    chosen = options.case or named[0]
    for dark in (False, True):
        with _desk(displays, state_dir, SIZE, dark=dark) as desk:
            _open(desk, chosen)
            _keep(desk, options.out / f"viewer-{'dark' if dark else 'light'}.png")
    if options.all:
        with _desk(displays, state_dir, SIZE) as desk:
            for case in cases:
                _open(desk, case.number)
                _keep(desk, options.out / f"case-{case.number}.png")
            _sheets(desk, options.out)
        for size, changes in {
            "1024x600": {"locale": "it_IT"},
            "1920x1080": {"locale": "it_IT", "dark": True, "photo_width": 1280},
            "2560x1440": {},
        }.items():
            with _desk(displays, state_dir, size, **changes) as desk:
                _open(desk, chosen)
                _keep(desk, options.out / f"{size}.png")


def _sheets(desk: Desk, out: Path) -> None:
    for key, name in (("F1", "shortcuts"), ("c", "confirm"), ("d", "dismiss"), ("e", "correct"), ("x", "export")):
        desk.press(key)
        _keep(desk, out / f"{name}.png")
        desk.press("Escape")
    desk.press("space")
    box = desk.viewer.actions.lightbox
    assert box is not None
    desk.until(lambda: box.drawings > 0)
    _keep(desk, out / "full-size.png")
    desk.press("Escape")


@contextmanager
def _desk(displays: ExitStack, state_dir: Path, size: str, **changes: object) -> Iterator[Desk]:
    display = displays.enter_context(xdisplay.xvfb(size))  # until the end: Tk never lets go of a display
    root = tk.Tk(screenName=display, className="Autovelox")
    viewer = Viewer(root, Options(stores.own_desk(state_dir, load_signer(state_dir.parent / "signing.key")), **changes))  # type: ignore[arg-type]
    root.geometry(size)
    try:
        desk = Desk(viewer, display)
        desk.listed()
        yield desk
    finally:
        viewer.close()


def _open(desk: Desk, number: int) -> None:
    cases = desk.viewer.cases
    index = next(i for i in range(cases.total) if (row := cases.row(i)) is not None and row.number == number)
    cases.select_index(index)
    desk.shows(number)
    desk.until(lambda: desk.viewer.status.count.cget("text") != "")


def _keep(desk: Desk, path: Path) -> None:
    for _ in range(5):
        desk.viewer.root.update()
    xdisplay.screenshot(desk.display, path)
    with Image.open(path) as shot:
        _few_colours(shot.convert("RGB")).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB", flush=True)


def _few_colours(shot: Image.Image) -> Image.Image:
    """*shot* with a palette, for a third of the bytes: the window's own colours as they are, the photo's dithered."""
    counted = shot.getcolors(shot.width * shot.height) or []
    own = [colour for _count, colour in sorted(counted, reverse=True)[:OWN_COLOURS]]
    photo = shot.quantize(256 - OWN_COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=1).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in own for part in colour] + photo[: 3 * (256 - OWN_COLOURS)])
    few = shot.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    indices, pixels = np.array(few), np.array(shot)
    for index, colour in enumerate(own):
        indices[(pixels == colour).all(axis=2)] = index
    exact = Image.fromarray(indices, "P")
    exact.putpalette(few.getpalette() or [])
    return exact


if __name__ == "__main__":
    sys.exit(main())
