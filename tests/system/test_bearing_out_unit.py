"""The real unit before a rendered car of known speed: what its radar says has to be what its photos show."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.config import models_dir
from edge.vision import Detector
from tests.support.feed import roundabout
from tests.support.passing import LENS, Passing
from tests.support.station import PEOPLE, Station

GIULIA = PEOPLE[0]
SPEED_KMH = 60.0
FPS = 30.0
TRIGGER = 8
PASSING = Passing(speed_kmh=SPEED_KMH, distance_m=3.5, side_m=0.8, below_m=0.6, yaw=0.1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A car that drives away from the camera, with the plate LS15EBC."""
    image = roundabout()
    plate = Detector(models_dir()).detect(image)[0].box
    # Only the car: the plates of others in the photo would move with the plane that is rendered.
    alone = np.full_like(image, 110)
    rows = slice(max(0, round(plate.y1 - 2 * plate.width)), round(plate.y2 + plate.width))
    columns = slice(max(0, round(plate.x1 - 2 * plate.width)), round(plate.x2 + 2 * plate.width))
    alone[rows, columns] = image[rows, columns]
    path = tmp_path_factory.mktemp("passing") / "passing.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FPS, (LENS.width_px, LENS.height_px))  # type: ignore[attr-defined]
    film.set(cv2.VIDEOWRITER_PROP_QUALITY, 98)
    for number in range(16):
        shown = PASSING.picture(alone, plate, number / FPS)
        film.write(cv2.cvtColor(np.ascontiguousarray(shown), cv2.COLOR_RGB2BGR))
    film.release()
    return path


@pytest.mark.parametrize(
    ("says_kmh", "focal_px", "agreement", "named"),
    [
        (62.0, LENS.focal_length_px, "agrees", True),
        (150.0, LENS.focal_length_px, "contradicts", False),
        (150.0, None, None, True),
    ],
    ids=["the right speed", "another car's speed", "another car's speed, lens not known"],
)
async def test_the_radars_speed_has_to_be_the_photos(
    station: Station, clip: Path, says_kmh: float, focal_px: float | None, agreement: str | None, named: bool
) -> None:
    station.write_feed((str(clip), TRIGGER, says_kmh))
    lens = f"focal_length_px = {focal_px}\n" if focal_px else ""
    station.configure(camera=f"{lens}pre_trigger_frames = 6")
    async with station.unit() as unit:
        await station.drive_by(GIULIA, "LS15EBC")
        await unit.outcome()
        unit.end()
    case = station.case(1)
    assert len(case["frames"]) == 9
    assert (case["driver"] is not None) is named
    assert case.get("plausibility", {}).get("agreement") == agreement
    if focal_px:
        assert case["plausibility"]["speed_kmh"] == pytest.approx(SPEED_KMH, abs=3 * case["plausibility"]["error_kmh"])
    if not named:
        assert case["standing"] == "to be checked"
        assert case["verdict"]["reason"] == "the photos do not bear out the radar"
        assert case["kept_claims"]["count"] == 1
