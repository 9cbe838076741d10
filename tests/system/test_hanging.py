"""A real unit whose camera hangs upside down: it still names the driver, and health says what to turn."""

from __future__ import annotations

from pathlib import Path

import cv2

from tests.support.feed import ROUNDABOUT
from tests.support.station import Station
from tests.system.test_unit_health import becomes


def turned_clip(path: Path) -> None:
    """Write the roundabout clip to *path*, each frame turned by half a turn."""
    clip = cv2.VideoCapture(str(ROUNDABOUT))
    size = (int(clip.get(cv2.CAP_PROP_FRAME_WIDTH)), int(clip.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), clip.get(cv2.CAP_PROP_FPS), size)
    while True:
        ok, image = clip.read()
        if not ok:
            break
        out.write(cv2.rotate(image, cv2.ROTATE_180))
    out.release()
    clip.release()


async def test_photos_upside_down_are_read_and_health_says_so(station: Station) -> None:
    turned_clip(station.folder / "turned.mp4")
    station.write_feed((str(station.folder / "turned.mp4"), 40, 71.0), gap_s=5.0)
    async with station.unit() as unit:
        await unit.expect(": ready")
        await station.drive_by(next(iter(station.chips)), "LS15EBC")
        assert await unit.outcome() == "identified"
        problems = await becomes(station, 503)
        assert list(problems) == ["orientation"]
        assert "turn the camera" in problems["orientation"]
        unit.end()
