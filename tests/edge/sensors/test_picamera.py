"""Picamera against a fake of picamera2's interface; ``make test-camera`` runs it against the real one."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator

import cv2
import numpy as np
import pytest

from edge.config import CameraSettings
from edge.errors import CameraError
from edge.model import Photo
from edge.sensors.day_night import LightSwitch
from edge.sensors.picamera import Picamera, exposure_start_ns
from edge.sensors.ring import Exposure, ExposureRing
from tests.support.eventually import eventually
from tests.support.fake_picamera2 import HEIGHT, WIDTH, Bench

MS = 1_000_000


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench()
    monkeypatch.setitem(sys.modules, "picamera2", bench)
    monkeypatch.setattr("edge.sensors.picamera.REOPEN_S", (0.0,))
    yield bench
    assert all(request.released for request in bench.requests)
    assert all(camera.closed for camera in bench.cameras)


def settings(**changes: object) -> CameraSettings:
    values: dict[str, object] = {"width": WIDTH, "height": 64, "stall_s": 0.2, "light_hold_s": 0.0}
    return CameraSettings.model_validate(values | changes).model_copy(update={"height": HEIGHT})


@pytest.fixture
async def opened(bench: Bench) -> AsyncIterator[Picamera]:
    camera = Picamera(settings())
    bench.expose(0, sensor_ns=0, exposure_us=0)
    await camera.start()
    yield camera
    await camera.stop()


def brightness(photo: Photo) -> int:
    image = cv2.imdecode(np.frombuffer(photo.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape == (HEIGHT, WIDTH) == (photo.height, photo.width)
    assert image.std() < 1, "the padding of the rows is in the picture"
    return round(float(image.mean()))


async def test_the_first_frame_is_the_one_exposed_after_the_edge(bench: Bench, opened: Picamera) -> None:
    edge = time.monotonic_ns()
    bench.expose(40, sensor_ns=edge - MS, exposure_us=1000)
    bench.expose(80, sensor_ns=edge + MS // 2, exposure_us=1000)  # read out after the edge, but begun before it
    bench.expose(120, sensor_ns=edge + MS, exposure_us=1000)  # begun at the very edge
    bench.expose(160, sensor_ns=edge + 9 * MS, exposure_us=1000)
    photos = [photo async for photo in opened.photos(edge, 2)]
    assert [brightness(photo) for photo in photos] == pytest.approx([120, 160], abs=12)
    assert photos[0].exposed_monotonic_ns == edge


async def test_frames_from_before_the_edge_can_still_be_had(bench: Bench, opened: Picamera) -> None:
    edge = time.monotonic_ns()
    for number in range(1, 6):
        bench.expose(40 * number, sensor_ns=edge + (number - 4) * 10 * MS, exposure_us=0)
    _ = [photo async for photo in opened.photos(edge, 2)]
    recent = await opened.recent(edge, 2)
    assert [brightness(photo) for photo in recent] == pytest.approx([80, 120], abs=12)
    assert await opened.recent(edge, 0) == ()


async def test_both_clocks_tell_the_same_instant(bench: Bench, opened: Picamera) -> None:
    edge = time.monotonic_ns()
    bench.expose(40, sensor_ns=edge + 5 * MS)
    async for photo in opened.photos(edge, 1):
        assert photo.exposed_utc == pytest.approx(
            time.time() - (time.monotonic_ns() - photo.exposed_monotonic_ns) / 1e9, abs=0.05
        )


def test_a_camera_without_exposure_time_is_taken_at_its_timestamp() -> None:
    assert exposure_start_ns({"SensorTimestamp": 5_000_000}) == 5_000_000
    assert exposure_start_ns({"SensorTimestamp": 5_000_000, "ExposureTime": 2000}) == 3_000_000


async def test_a_stalled_camera_is_opened_again(bench: Bench, opened: Picamera) -> None:
    await eventually(lambda: len(bench.cameras) > 1)
    assert bench.cameras[0].closed
    edge = time.monotonic_ns()
    bench.expose(40, sensor_ns=edge + 5 * MS)
    assert len([photo async for photo in opened.photos(edge, 1)]) == 1
    assert opened.problem() is None


async def test_a_camera_that_stays_silent_is_reported(bench: Bench, opened: Picamera) -> None:
    assert opened.problem() is None
    bench.refuses_to_open = RuntimeError("Camera frontend has timed out")
    bench.coming.put(OSError("device gone"))
    await eventually(lambda: "Camera frontend has timed out" in (opened.problem() or ""))
    with pytest.raises(CameraError, match=r"no photo for 0\.2 s: check its cable"):
        _ = [photo async for photo in opened.photos(time.monotonic_ns(), 1)]


async def test_without_a_camera_the_start_fails_and_says_what_to_do(bench: Bench) -> None:
    bench.refuses_to_open = RuntimeError("No camera number 0 found")
    with pytest.raises(CameraError, match=r"No camera number 0 found.*ribbon cable"):
        await Picamera(settings()).start()


async def test_without_picamera2_the_start_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="apt install python3-picamera2"):
        await Picamera(settings()).start()


async def test_exposure_gain_colour_and_focus_come_from_the_settings(bench: Bench) -> None:
    camera = Picamera(
        settings(
            fps=25,
            lens_position=0.1,
            profile="night",
            night={"shutter_us": 4000, "gain": 6, "white_balance": "tungsten"},
        )
    )
    bench.expose(0)
    await camera.start()
    await camera.stop()
    (device,) = bench.cameras
    assert device.configured["main"] == {"size": (WIDTH, HEIGHT), "format": "YUV420"}
    assert device.set == [
        {
            "FrameDurationLimits": (40_000, 40_000),
            "AfMode": 0,
            "LensPosition": 0.1,
            "ExposureTime": 4000,
            "AnalogueGain": 6.0,
            "AwbMode": 2,
        }
    ]


async def test_what_a_camera_cannot_set_is_left_out(bench: Bench) -> None:
    bench.controls = {"ExposureTime"}
    camera = Picamera(settings(lens_position=1))
    bench.expose(0)
    await camera.start()
    await camera.stop()
    assert bench.cameras[0].set == [{"ExposureTime": 1000}]


async def test_dusk_changes_the_profile_once(bench: Bench, opened: Picamera) -> None:
    (device,) = bench.cameras
    for lux in (500, 10, 30, 10, 50):
        bench.expose(0, lux=lux)
    await eventually(lambda: len(device.set) > 1 and bench.coming.empty())
    assert device.set[1:] == [{"ExposureTime": 2000, "AnalogueGain": 8.0, "AwbMode": 0}]


@pytest.mark.parametrize(
    ("readings", "profiles"),
    [
        ([(0, 500), (1, 500)], "dd"),
        ([(0, 10), (9, 10), (10, 10)], "ddn"),
        ([(0, 10), (9, 21), (10, 10), (19, 10), (20, 10)], "ddddn"),
        ([(0, 10), (10, 10), (11, 40), (30, 40), (31, 61), (40, 61), (41, 61)], "dnnnnnd"),
    ],
)
def test_the_light_must_pass_a_threshold_and_stay(readings: list[tuple[int, float]], profiles: str) -> None:
    light = LightSwitch(night_below_lux=20, day_above_lux=60, hold_s=10)
    seen = ""
    for at_s, lux in readings:
        light.update(lux, at_s * 1_000_000_000)
        seen += light.profile[0]
    assert seen == profiles


async def test_a_ring_forgets_the_oldest_and_ends_its_readers() -> None:
    ring = ExposureRing(3, stall_s=5)
    image = np.zeros((4, 4, 3), np.uint8)
    for number in range(5):
        ring.push(Exposure(image, 0.0, number))
    assert [each.exposed_monotonic_ns for each in ring.before(99, 9)] == [2, 3, 4]

    async def follow() -> list[int]:
        return [each.exposed_monotonic_ns async for each in ring.following(3, 9)]

    reading = asyncio.create_task(follow())
    await asyncio.sleep(0)
    ring.push(Exposure(image, 0.0, 5))
    ring.end()
    assert await reading == [3, 4, 5]
    with pytest.raises(CameraError, match="is forgotten: raise ring_frames"):
        _ = [each async for each in ring.following(2, 1)]
    with pytest.raises(CameraError, match="stopped before the photo"):
        _ = [each async for each in ring.following(9, 1)]


async def test_a_frame_from_long_after_the_trigger_is_not_its_frame() -> None:
    ring = ExposureRing(3, stall_s=2)
    ring.push(Exposure(np.zeros((4, 4, 3), np.uint8), 0.0, 5_000 * MS))
    assert [each.exposed_monotonic_ns async for each in ring.following(3_000 * MS, 1)] == [5_000 * MS]
    with pytest.raises(CameraError, match=r"no photo within 2 s of the trigger"):
        _ = [each async for each in ring.following(2_999 * MS, 1)]
