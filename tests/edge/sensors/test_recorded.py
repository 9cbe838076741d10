"""The recorded feed: real clips, made here, whose frames carry their own number in their brightness."""

from __future__ import annotations

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.config import CameraSettings, RadarSettings, Settings
from edge.errors import CameraError, ConfigError, RadarError
from edge.model import Photo, Trigger
from edge.sensors import open_camera, open_radar
from edge.sensors.feed_manifest import load_feed_manifest
from edge.sensors.gpio import GpioRadar
from edge.sensors.recorded import Playing, RecordedFeed

STEP = 8  # brightness between two frames: far above what MJPEG and JPEG change


pytestmark = pytest.mark.usefixtures("mock_pins")


def make_clip(path: Path, *, frames: int = 24, fps: float = 50.0) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), number * STEP, np.uint8))
    writer.release()


def number_of(frame: Photo) -> int:
    image = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape == (frame.height, frame.width)
    return round(float(image.mean()) / STEP)


def feed_settings(folder: Path, manifest: str, **radar: object) -> Settings:
    make_clip(folder / "a.avi")
    make_clip(folder / "b.avi", frames=12)
    (folder / "feed.toml").write_text(manifest, encoding="utf-8")
    return Settings(
        camera=CameraSettings(kind="recorded", manifest=folder / "feed.toml", ring_frames=60),
        radar=RadarSettings.model_validate({"pin_factory": "mock", "hold_off_s": 0.0, "debounce_s": 0.0} | radar),
    )


async def play(settings: Settings, *, count: int = 3, before: int = 0) -> list[tuple[Trigger, list[int], list[int]]]:
    """Each trigger with the numbers of its following and its preceding frames."""
    camera = open_camera(settings)
    radar = open_radar(settings, camera)
    assert isinstance(camera, RecordedFeed)
    assert isinstance(radar, GpioRadar)
    seen = []

    async def follow() -> None:
        async for trigger in radar.triggers():
            frames = [frame async for frame in camera.photos(trigger.at_monotonic_ns, count)]
            assert all(frame.exposed_monotonic_ns >= trigger.at_monotonic_ns for frame in frames)
            earlier = await camera.recent(trigger.at_monotonic_ns, before)
            assert all(frame.exposed_monotonic_ns < trigger.at_monotonic_ns for frame in earlier)
            seen.append((trigger, [number_of(each) for each in frames], [number_of(each) for each in earlier]))

    await radar.start()
    await camera.start()
    following = asyncio.create_task(follow())
    await camera.finished.wait()
    assert camera.problem() is None
    await radar.stop()
    await following
    await camera.stop()
    return seen


TWO_CLIPS = """
[[clip]]
file = "a.avi"
start_frame = 3
frames = 18
[[clip.trigger]]
frame = 6
speed_kmh = 71.0
direction = "inbound"
[[clip.trigger]]
frame = 14
[[clip]]
file = "b.avi"
fps = 100
[[clip.trigger]]
frame = 10
speed_kmh = 64.5
"""


@pytest.mark.parametrize("active_high", [True, False])
async def test_the_frame_of_a_trigger_is_the_one_the_manifest_names(tmp_path: Path, active_high: bool) -> None:
    seen = await play(feed_settings(tmp_path, TWO_CLIPS, active_high=active_high), before=2)
    assert [following for _, following, _ in seen] == [[6, 7, 8], [14, 15, 16], [10, 11]]
    assert [earlier for _, _, earlier in seen] == [[4, 5], [12, 13], [8, 9]]


async def test_speeds_are_the_manifests_and_an_unknown_speed_stays_unknown(tmp_path: Path) -> None:
    seen = await play(feed_settings(tmp_path, TWO_CLIPS))
    speeds = [(trigger.speed_kmh, trigger.direction) for trigger, _, _ in seen]
    assert speeds == [(71.0, "inbound"), (None, None), (64.5, None)]


async def test_frames_never_cross_from_one_clip_into_the_next(tmp_path: Path) -> None:
    manifest = """
    [[clip]]
    file = "a.avi"
    [[clip.trigger]]
    frame = 23
    [[clip]]
    file = "b.avi"
    [[clip.trigger]]
    frame = 0
    """
    seen = await play(feed_settings(tmp_path, manifest), count=4, before=2)
    assert [(following, earlier) for _, following, earlier in seen] == [([23], [21, 22]), ([0, 1, 2, 3], [])]


async def test_progress_tells_clip_and_frame(tmp_path: Path) -> None:
    settings = feed_settings(tmp_path, TWO_CLIPS)
    seen: list[Playing] = []
    camera = RecordedFeed(settings.camera, settings.radar, on_playing=seen.append)
    await camera.start()
    await camera.finished.wait()
    await camera.stop()
    assert seen[0] == Playing(1, 2, "a.avi", 3)
    assert seen[-1] == Playing(2, 2, "b.avi", 11)
    assert len(seen) == 18 + 12


async def test_a_looping_feed_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    settings = feed_settings(tmp_path, 'loop = true\n[[clip]]\nfile = "b.avi"\nframes = 2\nfps = 1000')
    third_time_round = asyncio.Event()
    seen: list[Playing] = []

    def count(playing: Playing) -> None:
        seen.append(playing)
        if len(seen) == 6:
            third_time_round.set()

    camera = RecordedFeed(settings.camera, settings.radar, on_playing=count)
    await camera.start()
    await third_time_round.wait()
    assert not camera.finished.is_set()
    await camera.stop()
    assert camera.finished.is_set()


async def test_frames_end_with_an_error_when_the_feed_is_over_before_the_trigger(tmp_path: Path) -> None:
    settings = feed_settings(tmp_path, '[[clip]]\nfile = "b.avi"\nframes = 1')
    camera = open_camera(settings)
    await camera.start()
    with pytest.raises(CameraError, match="stopped before the photo of the trigger"):
        _ = [frame async for frame in camera.photos(2**62, 1)]
    await camera.stop()


async def test_frames_that_do_not_come_are_an_error_not_a_hang(tmp_path: Path) -> None:
    settings = feed_settings(tmp_path, '[[clip]]\nfile = "b.avi"\nfps = 0.1')
    settings = settings.model_copy(update={"camera": settings.camera.model_copy(update={"stall_s": 0.05})})
    camera = open_camera(settings)
    await camera.start()
    with pytest.raises(CameraError, match=r"no photo for 0\.05 s: check its cable"):
        _ = [frame async for frame in camera.photos(0, 1)]
    await camera.stop()


async def test_a_trigger_beyond_the_clips_end_is_reported(tmp_path: Path) -> None:
    settings = feed_settings(tmp_path, '[[clip]]\nfile = "b.avi"\nfps = 1000\n[[clip.trigger]]\nframe = 40')
    camera = open_camera(settings)
    assert isinstance(camera, RecordedFeed)
    await camera.start()
    await camera.finished.wait()
    await asyncio.sleep(0)
    assert camera.problem() == "b.avi ends before frame 40, where a trigger is: correct the feed manifest"
    await camera.stop()


async def test_a_clip_that_is_no_video_is_refused_at_the_start(tmp_path: Path) -> None:
    settings = feed_settings(tmp_path, '[[clip]]\nfile = "a.avi"')
    (tmp_path / "a.avi").write_bytes(b"no video")
    with pytest.raises(CameraError, match=r"a\.avi cannot be played from frame 0: correct the feed manifest"):
        await open_camera(settings).start()


async def test_a_recorded_feed_does_not_pull_real_pins_by_accident(tmp_path: Path) -> None:
    settings = feed_settings(tmp_path, '[[clip]]\nfile = "a.avi"', pin_factory="lgpio")
    with pytest.raises(RadarError, match='set pin_factory = "mock"'):
        await open_camera(settings).start()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[clip]]\nfile='a.avi'\nspeed=3", "clip.0.speed"),
        ("clip = []", "clip: "),
        ("[[clip]]\nfile='gone.avi'", "gone.avi, which is not there"),
        ("[[clip]]\nfile='a.avi'\nframes=5\n[[clip.trigger]]\nframe=5", "frame 5 of a trigger is not among the frames"),
        ("[[clip]]\nfile='a.avi'\nstart_frame=5\n[[clip.trigger]]\nframe=4", "frame 4 of a trigger is not among"),
        ("[[clip]]\nfile='a.avi'\n[[clip.trigger]]\nframe=4\n[[clip.trigger]]\nframe=4", "two triggers name the same"),
        ("[[clip]\n", "is not valid TOML"),
    ],
)
def test_mistakes_in_a_manifest_are_named(tmp_path: Path, text: str, sentence: str) -> None:
    make_clip(tmp_path / "a.avi", frames=2)
    (tmp_path / "feed.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_feed_manifest(tmp_path / "feed.toml")
    assert sentence in str(caught.value)


def test_a_missing_manifest_says_which_key_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"set manifest in \[camera\]"):
        load_feed_manifest(tmp_path / "feed.toml")
