"""Every state of unit and store is shown as what it is; a picture of each is kept."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from edge.cases.archive import Archive
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.cases.views import UnitStatus
from edge.errors import CaseError, ViewerError
from edge.model import Outcome, Reason
from edge.viewer.panels.status import notices
from tests.support import stores
from tests.support.desk import OpenDesk

WELL = UnitStatus(True, "3 entries, all signed", True, 0, 3, 0, 10**11, 2 * 10**11)


def test_all_well_needs_no_words() -> None:
    assert notices(WELL, "", "") == ()


@pytest.mark.parametrize(
    ("status", "tone", "words"),
    [
        (replace(WELL, daemon_alive=False), "warn", "stopped"),
        (replace(WELL, free_bytes=10**8), "warn", "nearly full"),
        (replace(WELL, chain_ok=False), "bad", "chain of evidence is broken"),
    ],
)
def test_every_trouble_has_its_sentence(status: UnitStatus, tone: str, words: str) -> None:
    (notice,) = notices(status, "", "")
    assert notice.tone == tone and words in notice.text


def test_a_running_unit_is_called_running(open_desk: OpenDesk, state_dir: Path) -> None:
    async def with_unit(look: Callable[[], None]) -> None:
        store = await CaseStore.open(state_dir, stores.SIGNER, stores.UNIT)
        await asyncio.to_thread(lambda: None)
        look()
        await store.close()

    def look() -> None:
        desk = open_desk(state_dir)
        desk.open_first()
        assert "Unit running" in desk.texts() and "stopped" not in desk.texts()
        desk.shot("running")

    asyncio.run(with_unit(look))


def test_a_stopped_unit_is_called_stopped(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    desk.until(lambda: "Unit stopped" in desk.texts())
    assert "no new case can come in" in desk.texts()
    assert desk.texts().lower().count("stopped") == 1


def test_nothing_yet(open_desk: OpenDesk, tmp_path: Path) -> None:
    stores.fill(tmp_path, [])
    desk = open_desk(tmp_path)
    desk.listed()
    assert "No case yet" in desk.texts()
    desk.shot("nothing-yet")


def test_without_a_store_the_viewer_waits_and_then_shows_it(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk(tmp_path)
    desk.until(lambda: "There is no case store" in desk.texts())
    desk.shot("no-store")
    stores.fill(tmp_path, stores.scenes(1))
    desk.until(lambda: desk.viewer.cases.total == 1)
    assert "There is no case store" not in desk.texts()


def test_a_broken_chain_is_red_and_names_the_place(open_desk: OpenDesk, state_dir: Path) -> None:
    with closing(sqlite3.connect(StateFolder(state_dir).database)) as database:
        database.executescript("DROP TRIGGER entries_stay; DELETE FROM entries WHERE seq = 5;")
    desk = open_desk(state_dir)
    desk.until(lambda: bool(desk.viewer.banners.shown) and desk.viewer.banners.shown[0].tone == "bad")
    desk.until(lambda: "does not hold" in desk.texts())
    assert "Chain broken" in desk.texts()
    assert "case 2" in desk.viewer.banners.shown[0].text
    desk.shot("chain-broken")


def test_a_busy_database_does_not_freeze_the_window(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.listed()
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        desk.viewer.root.after(20, beat)

    with closing(sqlite3.connect(StateFolder(state_dir).database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        desk.press("Down")
        desk.viewer.root.after(20, beat)
        desk.until(lambda: beats > 30)
        assert desk.viewer.case.opened is None
        desk.until(lambda: "database is busy" in desk.texts())
        desk.shot("busy")
        other.execute("ROLLBACK")
    desk.shows(12)
    desk.until(lambda: "database is busy" not in desk.texts())


def test_a_disk_that_is_nearly_full_is_told(
    open_desk: OpenDesk, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(state_dir)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=300_000_000))
    desk = open_desk(state_dir)
    desk.until(lambda: "nearly full: 300 MB" in desk.texts())
    desk.shot("disk-nearly-full")


def test_pictures_that_are_not_there_are_told(open_desk: OpenDesk, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 80), "#778899").save(out, "PNG")
    identified = {"outcome": Outcome.IDENTIFIED, "scores": (-0.2,), "reason": Reason.ONE_CLAIM}
    scenes = [
        stores.Scene(plate="", reason=Reason.NO_PLATE),
        stores.Scene(driver=stores.person(0, portrait=b""), **identified),
        stores.Scene(driver=stores.person(1, portrait=b"not a picture"), **identified),
        stores.Scene(driver=stores.person(2), **identified),
        stores.Scene(driver=stores.person(3), **identified),
    ]
    stores.fill(tmp_path, scenes)
    with Archive(tmp_path) as archive:
        gone, altered = (tmp_path / archive.case(number).photos[0] for number in (4, 5))
    gone.unlink()
    altered.chmod(0o600)
    altered.write_bytes(stores.photo("ZZ999ZZ"))
    desk = open_desk(tmp_path)
    desk.listed()
    for words, name in (("photo 0 was altered", "photo-altered"), ("photo 0 is gone", "photo-missing")):
        desk.press("Down")
        desk.until(lambda: words in desk.texts())  # noqa: B023
        assert "stays closed" in desk.texts()
        assert all(desk.viewer.bar.buttons[button].instate(["disabled"]) for button in ("confirm", "export"))
        desk.shot(name)
    for number, words, name in (
        (3, "portrait cannot be decoded", "portrait-damaged"),
        (2, "No portrait", "portrait-missing"),
        (1, "No plate was read", "no-plate"),
    ):
        desk.press("Down")
        desk.shows(number)
        assert words in desk.texts()
        desk.shot(name)


@pytest.mark.parametrize(
    ("folder", "words", "code"), [("", "ssh -X", ViewerError.exit_code), ("none", "--state-dir", CaseError.exit_code)]
)
def test_no_display_and_no_folder_are_one_sentence_each(tmp_path: Path, folder: str, words: str, code: int) -> None:
    env = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    command = [sys.executable, "-m", "edge", "view", "--state-dir", str(tmp_path / folder)]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == code
    assert words in ended.stderr and len(ended.stderr.splitlines()) == 1
