"""The photos of a case: which one is shown, and what the full view can do with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageStat

from edge.model import Box, OtherPlate, Outcome, Reason
from edge.viewer.ui.lightbox import Lightbox
from tests.support import stores, xdisplay
from tests.support.desk import Desk, OpenDesk
from tests.support.measured import faults


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A store with one case of three photos; the plate was read in the first one."""
    folder = tmp_path / "three"
    named = {"outcome": Outcome.IDENTIFIED, "reason": Reason.ONE_CLAIM, "scores": (-0.2,)}
    stores.fill(folder, [stores.Scene(frames=3, driver=stores.person(1), **named)])  # type: ignore[arg-type]
    return folder


def _full(desk: Desk) -> Lightbox:
    box = desk.viewer.actions.lightbox
    assert isinstance(box, Lightbox)
    desk.until(lambda: box.drawings > 0)
    return box


def test_which_photo_of_how_many(open_desk: OpenDesk, three: Path) -> None:
    desk = open_desk(three)
    desk.open_first()
    strip = desk.viewer.camera.strip
    assert "photo 1 of 3" in desk.texts() and strip.buttons[0].instate(["disabled"])
    desk.until(lambda: len(strip.thumbs.find_all()) == 4)  # three pictures, and a ring around the shown one
    assert desk.viewer.camera.photo.find_withtag("box")
    desk.press("bracketright")
    desk.until(lambda: "photo 2 of 3" in desk.texts())
    assert "The plate was read in photo 1" in desk.texts() and "No plate" not in desk.texts()
    assert not desk.viewer.camera.photo.find_withtag("box")
    desk.click(strip.buttons[1])
    desk.until(lambda: "photo 3 of 3" in desk.texts())
    assert strip.buttons[1].instate(["disabled"])
    desk.click(strip.thumbs, x=20)
    desk.until(lambda: "photo 1 of 3" in desk.texts())
    assert faults(desk.viewer.root) == []
    desk.shot("three-photos")


def test_a_case_with_one_photo_has_no_strip(open_desk: OpenDesk, state_dir: Path) -> None:
    desk = open_desk(state_dir)
    desk.open_first()
    assert not desk.viewer.camera.strip.winfo_ismapped()


def test_the_full_view_magnifies_frames_and_brightens(open_desk: OpenDesk, three: Path, tmp_path: Path) -> None:
    desk = open_desk(three)
    desk.open_first()
    desk.press("space")
    box = _full(desk)
    assert box.find_withtag("box")
    desk.press("f")
    assert not box.find_withtag("box")
    desk.press("f")
    drawn = box.drawings
    desk.press("2")
    desk.until(lambda: box.zoom == 2.0 and box.drawings > drawn)
    drawn = box.drawings
    desk.press("p")
    desk.until(lambda: box.zoom > 2.0 and box.drawings > drawn)
    desk.shot("full-size-plate")
    plain = _brightness(desk, tmp_path / "plain.png")
    drawn = box.drawings
    desk.press("B")
    desk.until(lambda: box.brightness < 1 and box.drawings > drawn)
    assert _brightness(desk, tmp_path / "darker.png") < plain - 10
    assert "on the screen alone" in desk.texts()
    drawn = box.drawings
    desk.press("r")
    desk.until(lambda: box.brightness == 1 and box.drawings > drawn)
    assert abs(_brightness(desk, tmp_path / "again.png") - plain) < 3


def _brightness(desk: Desk, path: Path) -> float:
    for _ in range(5):
        desk.viewer.root.update()
    xdisplay.screenshot(desk.display, path)
    with Image.open(path) as shot:
        return float(ImageStat.Stat(shot.convert("L").crop((300, 300, 1100, 800))).mean[0])


def test_the_portrait_is_enlarged(open_desk: OpenDesk, three: Path) -> None:
    desk = open_desk(three)
    desk.open_first()
    desk.press("g")
    box = _full(desk)
    assert box.zoom > 1
    desk.shot("portrait")
    desk.press("Escape")
    desk.click(desk.viewer.driver.portrait)
    _full(desk)


def test_plates_of_other_vehicles_are_framed_and_counted(open_desk: OpenDesk, tmp_path: Path) -> None:
    others = (
        OtherPlate(0, Box(100, 300, 180, 330)),
        OtherPlate(0, Box(1000, 320, 1060, 340)),
        OtherPlate(2, Box(90, 310, 170, 340)),
    )
    stores.fill(tmp_path / "store", [stores.Scene(frames=3), stores.Scene(frames=3, others=others)])
    desk = open_desk(tmp_path / "store")
    desk.open_first()
    photo = desk.viewer.camera.photo
    desk.until(lambda: photo.picture_size is not None)
    desk.until(lambda: "2 plates of other vehicles" in desk.texts() and len(photo.find_withtag("other")) == 4)
    assert len(photo.find_withtag("box")) == 2
    assert faults(desk.viewer.root) == []
    desk.shot("other-plates")
    desk.press("bracketright")
    desk.until(lambda: "Other vehicles' plates: in photo 1, 3" in desk.texts())
    assert not photo.find_withtag("other")
    desk.press("bracketright")
    desk.until(lambda: "1 plate of another vehicle" in desk.texts() and len(photo.find_withtag("other")) == 2)
    desk.press("Down")
    desk.shows(1)
    desk.until(lambda: "other vehicle" not in desk.texts() and not photo.find_withtag("other"))


@pytest.mark.parametrize("photo_width", [None, 624], ids=["local", "network"])
def test_the_full_view_fills_a_local_display(open_desk: OpenDesk, tmp_path: Path, photo_width: int | None) -> None:
    """On a display larger than the photo, the full view must not be smaller than the photo beside the facts."""
    stores.fill(tmp_path / "store", [stores.Scene(size=(640, 360))])
    desk = open_desk(tmp_path / "store", photo_width=photo_width)
    desk.open_first()
    desk.until(lambda: desk.viewer.camera.photo.picture_size is not None)
    beside = desk.viewer.camera.photo.area[0]
    desk.press("space")
    box = _full(desk)
    assert box.fit_zoom > 1.5
    assert box.zoom == (box.fit_zoom if photo_width is None else 1.0)
    assert box.zoom * 640 >= beside
    desk.press("1")
    desk.until(lambda: box.zoom == 1.0)
