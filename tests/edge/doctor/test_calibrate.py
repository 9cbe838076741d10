"""``autovelox camera calibrate``: rendered photos of a board, and of a real plate, through the command itself."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import main
from edge.config import models_dir
from edge.vision import Detector
from edge.vision.lens import from_board, from_plates
from tests.support.feed import roundabout
from tests.support.passing import LENS, PLATE_M, Passing

SIZE = (LENS.width_px, LENS.height_px)
CORNERS = (9, 6)
SQUARE_M = 0.03
TURNS = ((0.5, 0, 0), (-0.5, 0.1, 0.1), (0.1, 0.5, 0), (0, -0.5, -0.1), (0.4, 0.4, 0.2), (-0.4, 0.4, 0), (0.3, -0.4, 0))
"""How the board is turned in each photo, in radians about the camera's axes."""


def board(turn: tuple[float, float, float], focal_px: float, k1: float = 0.0) -> np.ndarray:
    """A photo (H, W, 3) of a printed board with a white edge, by a lens of *focal_px* with radial distortion *k1*."""
    side, across, down = 40, CORNERS[0] + 3, CORNERS[1] + 3  # one square of white around
    print_ = np.full((down * side, across * side), 255, np.uint8)
    for row in range(1, down - 1):
        for column in range(1, across - 1):
            if (row + column) % 2 == 0:
                print_[row * side : (row + 1) * side, column * side : (column + 1) * side] = 0
    rotation, _ = cv2.Rodrigues(np.array(turn, np.float64))
    matrix = np.array([[focal_px, 0, (SIZE[0] - 1) / 2], [0, focal_px, (SIZE[1] - 1) / 2], [0, 0, 1]])
    scale = SQUARE_M / side
    to_plane = np.array(
        [[scale, 0, -across * SQUARE_M / 2], [0, scale, -down * SQUARE_M / 2], [0, 0, 1.0]]
    )  # pixels of the print to metres on the board
    place = np.array([0.0, 0.0, 0.36 * focal_px / 1000 + 0.15])
    warp = matrix @ np.column_stack([rotation[:, 0], rotation[:, 1], place]) @ to_plane
    straight = cv2.warpPerspective(print_, warp, SIZE, flags=cv2.INTER_AREA, borderValue=120)
    there = _straight_places(focal_px, k1)
    seen = cv2.remap(straight, there[..., 0], there[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(np.clip(seen + _noise(), 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)


@lru_cache(maxsize=1)
def _straight_places(focal_px: float, k1: float) -> np.ndarray:
    """Where each pixel of a photo (H, W) lies without the lens' distortion: x and y in pixels."""
    centre = [(SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2]
    matrix = np.array([[focal_px, 0, centre[0]], [0, focal_px, centre[1]], [0, 0, 1]])
    rays = cv2.undistortPoints(
        np.stack(np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1])), -1).reshape(-1, 1, 2).astype(np.float64),
        matrix, np.array([k1, 0, 0, 0, 0]),
    ).reshape(SIZE[1], SIZE[0], 2)  # fmt: skip
    return (rays * focal_px + centre).astype(np.float32)


@lru_cache(maxsize=1)
def _noise() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 3, (SIZE[1], SIZE[0]))


def saved(folder: Path, pictures: list[np.ndarray]) -> list[str]:
    names = []
    for number, picture in enumerate(pictures):
        names.append(str(folder / f"{number}.png"))
        cv2.imwrite(names[-1], cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return names


@pytest.mark.parametrize("focal_px", [900.0, 1500.0, 3000.0])
@pytest.mark.parametrize("k1", [0.0, -0.15])
def test_a_printed_board_tells_the_focal_length(focal_px: float, k1: float) -> None:
    found = from_board([board(turn, focal_px, k1) for turn in TURNS], CORNERS)
    assert found.px == pytest.approx(focal_px, rel=0.01)
    assert abs(found.px - focal_px) <= max(4 * found.error_px, 0.002 * focal_px)
    assert found.distortion == pytest.approx(k1 * (np.hypot(*SIZE) / 2 / focal_px) ** 2, abs=0.01)


def test_the_command_prints_what_the_configuration_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    photos = saved(tmp_path, [*(board(turn, 1500.0) for turn in TURNS), blank])
    config = tmp_path / "autovelox.toml"
    config.write_text("[camera]\nwidth = 640\nheight = 360\n", encoding="utf-8")
    assert main(["camera", "calibrate", *photos, "--json", "--config", str(config)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["focal_length_px"] == pytest.approx(750.0, rel=0.01) and told["width"] == 640
    assert (told["photos"], told["used"]) == (len(TURNS) + 1, len(TURNS))
    assert main(["camera", "calibrate", *photos]) == 0
    text = capsys.readouterr().out
    config.write_text(text, encoding="utf-8")
    assert main(["camera", "calibrate", *photos, "--json", "--config", str(config)]) == 0, "it is a configuration"
    assert "by 7 of 8 photos" in text


def test_a_plate_at_a_known_distance_tells_the_focal_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = roundabout()
    plate = Detector(models_dir()).detect(image)[0].box
    still = Passing(speed_kmh=0.0, distance_m=6.0, side_m=0.0, below_m=0.0, yaw=0.0)
    shown = [replace(still, side_m=side).picture(image, plate, 0.0) for side in (-0.4, 0.0, 0.4)]
    command = ["camera", "calibrate", *saved(tmp_path, shown), "--json"]
    assert main([*command, "--plate-mm", str(PLATE_M[0] * 1e3), "--distance-m", "6"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["focal_length_px"] == pytest.approx(LENS.focal_length_px, rel=0.06)
    assert told["used"] == 3 and told["distortion"] is None


def test_photos_of_the_camera_itself_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = tmp_path / "board.avi"
    film = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, SIZE)  # type: ignore[attr-defined]
    for turn in TURNS:
        picture = cv2.cvtColor(board(turn, 1500.0), cv2.COLOR_RGB2BGR)
        for _ in range(5):
            film.write(picture)
    film.release()
    (tmp_path / "feed.toml").write_text('loop = true\n[[clip]]\nfile = "board.avi"\n', encoding="utf-8")
    config = tmp_path / "autovelox.toml"
    config.write_text(
        '[radar]\npin_factory = "mock"\n[camera]\nkind = "recorded"\nmanifest = "feed.toml"\n', encoding="utf-8"
    )
    monkeypatch.setattr("edge.doctor.camera.PAUSE_S", 0.45)
    assert main(["camera", "calibrate", "--take", "9", "--json", "--config", str(config)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["focal_length_px"] == pytest.approx(1500.0, rel=0.02) and told["photos"] == 9


REFUSED = {
    "nothing": ([], 3, "nothing to calibrate by"),
    "both": (["x.png", "--take", "3"], 3, "nothing to calibrate by"),
    "no distance": (["x.png", "--plate-mm", "520"], 3, "belong together"),
    "no width": (["x.png", "--plate-mm", "nan", "--distance-m", "6"], 3, "a width or a distance is none"),
    "no board": (["x.png", "--board", "9"], 3, "9 is no board"),
    "a huge board": (["x.png", "--board", "9x999"], 3, "9x999 is no board"),
    "no photo": (["x.png"], 5, "does not exist"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words, code, cause = REFUSED[name]
    assert main(["camera", "calibrate", *words]) == code
    assert cause in capsys.readouterr().err


def test_photos_that_do_not_tell_it_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facing = saved(tmp_path, [board((0.0, 0.0, 0.02 * n), 1500.0) for n in range(6)])
    assert main(["camera", "calibrate", *facing]) == 5, "a board that always faces the camera"
    assert "do not tell the focal length" in capsys.readouterr().err
    assert main(["camera", "calibrate", *facing[:2]]) == 5
    assert "2 of 2 photos show a board" in capsys.readouterr().err
    blank = saved(tmp_path, [np.full((360, 640, 3), 90, np.uint8)])
    assert main(["camera", "calibrate", *facing[1:3], *blank]) == 5
    assert "several sizes" in capsys.readouterr().err
    assert main(["camera", "calibrate", *blank, "--plate-mm", "520", "--distance-m", "6"]) == 5
    assert "no photo shows a plate" in capsys.readouterr().err


def test_photos_of_another_part_of_the_scene_are_refused() -> None:
    found = from_plates(
        [np.zeros((480, 640, 3), np.uint8)], [Detector(models_dir()).detect(roundabout())[0].box], 520, 6
    )
    with pytest.raises(ValueError, match="640 x 480, and the unit takes 1280 x 720"):
        found.for_width(1280, 720)
