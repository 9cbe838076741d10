"""Window, palette, zoom and language are remembered by account; a damaged file is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.viewer.data.remembered import Remembered, on_screen, place, recall, remember
from tests.support.desk import OpenDesk


def test_what_was_chosen_comes_back(open_desk: OpenDesk, state_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "config" / "autovelox" / "viewer.json"
    desk = open_desk(state_dir, remember_in=path, locale="it_IT")
    desk.viewer.root.geometry("1100x700+20+30")
    desk.listed()
    desk.press("t", "ctrl+plus")
    desk.until(lambda: desk.viewer.theme.zoomed > 1)
    desk.viewer.close()
    assert recall(path) == Remembered("1100x700+20+30", True, 1.15, "it_IT")
    assert path.stat().st_mode & 0o777 == 0o600
    last = recall(path)
    again = open_desk(state_dir, dark=last.dark, zoom=last.zoom, geometry=last.geometry, locale=last.language)
    again.listed()
    assert again.viewer.root.winfo_geometry() == "1100x700+20+30"
    assert again.viewer.theme.zoomed == 1.15 and again.viewer.theme.palette.name == "dark"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff", b'{"geometry": "1x1; exit", "zoom": "2", "dark": 1, "language": "../x"}', b"9" * 9999],
    ids=range(6),
)
def test_a_damaged_file_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "viewer.json"
    path.write_bytes(content)
    assert recall(path) == Remembered()


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remember(tmp_path / "file" / "viewer.json", Remembered())
    assert recall(tmp_path / "file" / "viewer.json") == Remembered()


def test_the_file_is_the_accounts_own() -> None:
    assert place({"XDG_CONFIG_HOME": "/x"}) == Path("/x/autovelox/viewer.json")
    assert place({"XDG_CONFIG_HOME": "relative"}) == Path.home() / ".config/autovelox/viewer.json"


def test_a_window_lies_on_the_screen() -> None:
    assert on_screen("1440x900+3000+10", 1280, 800) == "1280x800+0+0"
    assert on_screen("800x600+900+10", 1280, 800) == "800x600+480+10"
    assert on_screen("", 1280, 800) == ""
