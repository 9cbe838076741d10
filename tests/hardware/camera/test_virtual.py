"""Picamera on a real picamera2 and libcamera; only the lens is virtual."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import virtual
from virtual import picamera2

from edge.config import CameraSettings
from edge.model import Photo
from edge.sensors.picamera import Picamera

FRAMES = Path("/tmp/frames")
LEVELS = (40, 80, 120, 160, 200)


@pytest.fixture(scope="session", autouse=True)
def pipeline() -> None:
    FRAMES.mkdir(exist_ok=True)
    for number, level in enumerate(LEVELS):
        cv2.imwrite(str(FRAMES / f"{number}.jpg"), np.full((480, 640, 3), level, np.uint8))
    virtual.install()


@pytest.fixture
def settings() -> CameraSettings:
    # The virtual pipeline does not keep its frame rate, so a ring of the usual length is over in milliseconds.
    return CameraSettings(width=640, height=480, pixel_format="NV12", stall_s=1.0, ring_frames=60)


@pytest.fixture
async def camera(settings: CameraSettings) -> AsyncIterator[Picamera]:
    camera = Picamera(settings)
    await camera.start()
    yield camera
    await camera.stop()


def level(photo: Photo) -> int:
    """Which of the folder's pictures this is; fails if it is none."""
    image = cv2.imdecode(np.frombuffer(photo.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image.shape == (480, 640) == (photo.height, photo.width)
    # The virtual camera hands out the pictures' luminance as it is; a real one maps it to 16..235, as video has it.
    luma = image.mean() * 219 / 255 + 16
    nearest = min(LEVELS, key=lambda each: abs(each - luma))
    assert abs(nearest - luma) < 3
    return nearest


async def test_no_frame_is_older_than_its_trigger(camera: Picamera) -> None:
    late_ms = []
    for _ in range(40):
        edge = time.monotonic_ns()
        photos = [photo async for photo in camera.photos(edge, 3)]
        exposed = [photo.exposed_monotonic_ns for photo in photos]
        assert edge <= exposed[0] < exposed[1] < exposed[2]
        assert {level(photo) for photo in photos} <= set(LEVELS)
        late_ms.append((exposed[0] - edge) / 1e6)
    print(f"\n40 triggers, 0 too old; edge to exposure {np.median(late_ms):.1f} ms median, {max(late_ms):.1f} ms worst")


async def test_frames_from_before_the_trigger_are_kept(camera: Picamera) -> None:
    await asyncio.sleep(0.2)
    edge = time.monotonic_ns()
    before = await camera.recent(edge, 3)
    exposed = [photo.exposed_monotonic_ns for photo in before]
    assert len(exposed) == 3
    assert sorted(exposed) == exposed
    assert exposed[-1] < edge


async def test_a_stalled_camera_is_opened_again(camera: Picamera) -> None:
    assert camera.problem() is None
    picamera2.Picamera2._cm.cameras[0].stop()  # frames cease, and nobody is told
    async with asyncio.timeout(20):
        while camera.reopened == 0:  # noqa: ASYNC110  (the camera's thread counts)
            await asyncio.sleep(0.05)
    edge = time.monotonic_ns()
    async with asyncio.timeout(20):
        while camera.problem() is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert len([photo async for photo in camera.photos(edge, 2)]) == 2


async def test_the_camera_can_be_closed_and_opened(settings: CameraSettings) -> None:
    for _ in range(3):
        camera = Picamera(settings)
        await camera.start()
        await camera.stop()
    assert not picamera2.Picamera2._cm.cameras
