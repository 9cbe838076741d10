"""The doctor looks at the newest photos and says where the camera hangs upside down."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.config import RecognitionSettings, Settings, UnitSettings
from edge.doctor import photos
from edge.doctor.finding import Grade
from edge.vision.upside_down import half_turn
from tests.support.feed import roundabout


def settings(folder: Path) -> Settings:
    return Settings(unit=UnitSettings(state_dir=folder), recognition=RecognitionSettings(engine="litert"))


def store(folder: Path, number: int, picture: np.ndarray | None) -> None:
    path = folder / "frames" / f"{number:08d}" / "0.jpg"
    path.parent.mkdir(parents=True)
    if picture is None:
        path.write_bytes(b"\xff\xd8 cut off")
    else:
        cv2.imwrite(str(path), picture[..., ::-1])


def test_photos_upside_down_are_a_warning_without_the_plate(tmp_path: Path) -> None:
    store(tmp_path, 1, half_turn(roundabout(40)))
    store(tmp_path, 2, None)
    (finding,) = photos.orientation(settings(tmp_path))
    assert (finding.health, finding.text) == (Grade.WARNING, "1 of the newest 2 are upside down")
    assert "turn the camera" in finding.remedy
    assert "LS15EBC" not in repr(finding)


def test_upright_photos_and_no_photos_are_good(tmp_path: Path) -> None:
    (finding,) = photos.orientation(settings(tmp_path))
    assert (finding.health, "none yet" in finding.text) == (Grade.GOOD, True)
    store(tmp_path, 1, roundabout(40))
    store(tmp_path, 2, np.full((90, 160, 3), 90, np.uint8))
    (finding,) = photos.orientation(settings(tmp_path))
    assert (finding.health, "1 of the newest 2" in finding.text) == (Grade.GOOD, True)


def test_the_newest_three_are_looked_at(tmp_path: Path) -> None:
    for number in (1, 9, 10, 11):
        store(tmp_path, number, None)
    found = photos.newest(photos.StateFolder(tmp_path))
    assert [path.parent.name for path in found] == ["00000011", "00000010", "00000009"]
