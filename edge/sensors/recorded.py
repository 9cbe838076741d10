"""A recorded feed in place of a camera: clips at their own frame rate, and a radar line driven as the manifest says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.config import CameraSettings, RadarSettings
from edge.errors import CameraError
from edge.model import Photo, RadarReport
from edge.sensors.feed_manifest import Clip, FeedTrigger, load_feed_manifest
from edge.sensors.pins import Line, feed_line
from edge.sensors.ring import Exposure, ExposureRing
from edge.sensors.speed import Speed, SpeedLog

log = logging.getLogger(__name__)

SPEED_JOIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Playing:
    """What the feed plays now: clip ``clip`` (from 1) of ``clips``, frame ``frame`` of its file."""

    clip: int
    clips: int
    file: str
    frame: int


class RecordedFeed:
    """A camera that plays a manifest's clips.

    A frame's exposure begins when it is played. The radar's line is driven half a frame period before the frame that a
    trigger names, and that frame is never played before the line was driven, however busy the machine is.

    Attributes:
        finished: set after the last clip.
        speeds: the speed meter that belongs to the feed.
    """

    def __init__(
        self,
        camera: CameraSettings,
        radar: RadarSettings,
        *,
        line: Line | None = None,
        on_playing: Callable[[Playing], None] | None = None,
    ) -> None:
        """Load the manifest that *camera* names.

        Args:
            camera: the settings of the camera.
            radar: the settings of the radar whose line is driven.
            line: the line to drive instead of the one that the settings name.
            on_playing: called with every frame.

        Raises:
            ConfigError: the manifest is wrong, or there is none.
        """
        self._camera = camera
        self._radar = radar
        self._manifest = load_feed_manifest(camera.manifest or Path())
        self._ring = ExposureRing(camera.ring_frames, stall_s=camera.stall_s + self._manifest.gap_s)
        self._line = line
        self._player: asyncio.Task[None] | None = None
        self._on_playing = on_playing
        self.speeds = FeedSpeeds()
        self.finished = asyncio.Event()

    async def start(self) -> None:
        """Begin to play. Start the radar first, or the first edges are lost.

        Raises:
            CameraError: a clip cannot be decoded.
            RadarError: the line cannot be driven.
        """
        await asyncio.to_thread(check_feed, self._camera)
        if self._line is None:
            self._line = feed_line(self._camera, self._radar)
        self._player = asyncio.create_task(self._play(self._line), name="recorded feed")

    async def stop(self) -> None:
        """Stop playing."""
        if self._player is not None:
            self._player.cancel()
            await asyncio.gather(self._player, return_exceptions=True)
        self._ring.end()
        if self._line is not None:
            self._line.close()
            self._line = None

    async def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        """See :meth:`edge.sensors.camera.Camera.photos`."""
        async for photo in self._ring.photos(at_monotonic_ns, count, self._camera.jpeg_quality):
            yield photo

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
        """See :meth:`edge.sensors.camera.Camera.recent`."""
        return await self._ring.recent(at_monotonic_ns, count, self._camera.jpeg_quality)

    def problem(self) -> str | None:
        """Return one sentence if the feed failed, else None; a feed that has ended is no problem."""
        if self._player is None:
            return "the recorded feed has not been started: wait for the start, or see the log"
        if self._player.done() and not self._player.cancelled() and (error := self._player.exception()) is not None:
            return str(error)
        return None

    async def _play(self, line: Line) -> None:
        try:
            scene = 0
            while True:
                for number, clip in enumerate(self._manifest.clip, start=1):
                    log.info("clip %d of %d: %s", number, len(self._manifest.clip), clip.file.name)
                    await asyncio.sleep(self._manifest.gap_s)
                    await self._play_clip(line, clip, number, scene)
                    scene += 1
                if not self._manifest.loop:
                    break
        finally:
            self._ring.end()
            self.finished.set()

    async def _play_clip(self, line: Line, clip: Clip, number: int, scene: int) -> None:
        reader = await asyncio.to_thread(_ClipReader, clip)
        triggers = {trigger.frame: trigger for trigger in clip.trigger}
        period_ns = round(1e9 / reader.fps)
        due_ns = time.monotonic_ns() + period_ns
        while (image := await asyncio.to_thread(reader.read)) is not None:
            frame = reader.frame
            if (trigger := triggers.pop(frame, None)) is not None:
                await _sleep_until(due_ns - period_ns // 2)
                self._fire(line, trigger)
            await _sleep_until(due_ns)
            line.release()
            exposed_ns = time.monotonic_ns()
            self._ring.push(Exposure(image, time.time(), exposed_ns, scene=scene))
            if self._on_playing is not None:
                self._on_playing(Playing(number, len(self._manifest.clip), clip.file.name, frame))
            # A late frame shifts the ones after it: frames are never played faster than they were recorded.
            due_ns = max(due_ns, exposed_ns) + period_ns
        await _sleep_until(due_ns)
        self._ring.cut(scene)
        if triggers:
            late = min(triggers)
            raise CameraError(
                f"{clip.file.name} ends before frame {late}, where a trigger is", "correct the feed manifest"
            )

    def _fire(self, line: Line, trigger: FeedTrigger) -> None:
        if trigger.speed_kmh is not None:
            self.speeds.counters["reports"] += 1
            possible = trigger.speed_kmh <= self._radar.max_speed_kmh
            self.speeds.log.add(time.monotonic_ns(), Speed(trigger.speed_kmh, trigger.direction, possible))
        line.fire()


class FeedSpeeds:
    """The speed meter of a recorded feed: its speeds come from the manifest.

    Attributes:
        counters: ``reports``.
        log: the reports.
    """

    def __init__(self) -> None:
        """Begin without reports."""
        self.log = SpeedLog(join_s=SPEED_JOIN_S, wait_s=0.0)
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        """Do nothing: there is nothing to open."""

    async def stop(self) -> None:
        """Do nothing: there is nothing to close."""

    def reports(self, start_ns: int, end_ns: int) -> tuple[RadarReport, ...]:
        """Return nothing: a manifest has no lines of a radar."""
        return ()

    async def speed_at(self, monotonic_ns: int) -> Speed | None:
        """Return the manifest's speed for the trigger at *monotonic_ns*, or None."""
        return await self.log.speed_at(monotonic_ns)

    def problem(self) -> str | None:
        """Return None: the manifest cannot fail."""
        return None


def check_feed(camera: CameraSettings) -> None:
    """Refuse a feed that cannot be played.

    Raises:
        ConfigError: the manifest is wrong, or there is none.
        CameraError: a clip cannot be decoded.
    """
    for clip in load_feed_manifest(camera.manifest or Path()).clip:
        _ClipReader(clip)


class _ClipReader:
    """Reads the frames of one clip; ``frame`` is the number in the file of the last one read."""

    def __init__(self, clip: Clip) -> None:
        self._capture = cv2.VideoCapture(str(clip.file))
        self.fps = clip.fps or self._capture.get(cv2.CAP_PROP_FPS)
        self.frame = -1
        self._end = None if clip.frames is None else clip.start_frame + clip.frames
        # Seeking by number is inexact in most containers: skip instead.
        while self.frame + 1 < clip.start_frame and self._capture.grab():
            self.frame += 1
        if not self._capture.isOpened() or self.fps <= 0 or self.frame + 1 != clip.start_frame:
            raise CameraError(
                f"the clip {clip.file} cannot be played from frame {clip.start_frame}", "correct the feed manifest"
            )

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8 BGR of shape (H, W, 3), or None at the end."""
        if self._end is not None and self.frame + 1 >= self._end:
            return None
        done, image = self._capture.read()
        if not done:
            return None
        self.frame += 1
        return image.astype(np.uint8, copy=False)


async def _sleep_until(monotonic_ns: int) -> None:
    await asyncio.sleep(max(0.0, (monotonic_ns - time.monotonic_ns()) / 1e9))
