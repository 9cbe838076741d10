"""The window never freezes and does not grow: what Tk's thread does, and what viewing leaves behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.viewer.control import open_case
from tests.support import stores
from tests.support.desk import Desk, OpenDesk

LONGEST_GAP_S = 0.1
BEAT_MS = 5
SMALL = (640, 360)
BLOCKING = {"sqlite3.connect", "open", "subprocess.Popen", "socket.connect", "time.sleep"}

_watching: list[str] | None = None


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _watching is not None and event in BLOCKING and threading.current_thread() is threading.main_thread():
        _watching.append(f"{event} {arguments[:1]}")


sys.addaudithook(_audit)


@pytest.fixture
def blocking() -> Iterator[list[str]]:
    """What Tk's thread opened, connected to or waited for."""
    global _watching
    _watching = []
    yield _watching
    _watching = None


def _beats(desk: Desk, gaps: list[float]) -> None:
    """Note the processor time of Tk's thread from one beat of the event loop to the next.

    Its own processor time, not the clock: another program's turn is no freeze of ours. Waiting would not show in it;
    that Tk's thread waits for nothing is what the other test says.
    """
    last = time.thread_time()

    def beat() -> None:
        nonlocal last
        now = time.thread_time()
        gaps.append(now - last)
        last = now
        desk.viewer.root.after(BEAT_MS, beat)

    beat()


def test_no_gap_over_100_ms_while_1000_cases_load_and_are_walked_through(open_desk: OpenDesk, thousand: Path) -> None:
    desk = open_desk(thousand)
    gaps: list[float] = []
    _beats(desk, gaps)
    desk.listed()
    desk.press("End")
    desk.until(lambda: desk.viewer.cases.selection == 1)
    desk.shows(1)
    desk.press("Home")
    for _ in range(5):
        desk.press("Next")
    desk.until(lambda: desk.viewer.case.opened is not None and desk.viewer.case.number == desk.viewer.cases.selection)
    assert len(gaps) > 20
    assert max(gaps) < LONGEST_GAP_S


def test_tk_thread_neither_reads_files_nor_databases(open_desk: OpenDesk, state_dir: Path, blocking: list[str]) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    blocking.clear()  # starting Tk reads its own files
    for number in range(12, 6, -1):
        desk.viewer.cases.move(1)
        desk.shows(number)
    desk.viewer.actions.full_size()
    desk.until(lambda: desk.viewer.actions.lightbox is not None and desk.viewer.actions.lightbox.drawings > 0)
    assert blocking == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_is_flat_over_500_cases_viewed(
    open_desk: OpenDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With small photos: 500 crops of a plate alone, the smallest pictures, would take more than twice the limit."""
    monkeypatch.setattr(open_case, "SETTLE_MS", 1)
    stores.fill(tmp_path, [replace(scene, size=SMALL) for scene in stores.scenes(12)])
    desk = open_desk(tmp_path, photo_width=SMALL[0])
    desk.listed()

    def view(count: int) -> int:
        for index in range(count):
            desk.viewer.cases.select_index(index % 12)
            desk.shows(12 - index % 12)
        return _resident()

    view(60)
    warm = _resident()
    assert view(500) - warm < 8_000_000
    assert len(desk.viewer.root.tk.splitlist(desk.viewer.root.tk.call("image", "names"))) <= 8


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
