"""The Raspberry Pi's camera, through picamera2."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from edge.config import CameraSettings, ExposureSettings
from edge.errors import CameraError
from edge.model import Photo
from edge.sensors.day_night import LightSwitch
from edge.sensors.ring import Exposure, ExposureRing, Layout

log = logging.getLogger(__name__)

BUFFERS = 4
FIRST_FRAME_S = 10.0
REOPEN_S = (0.5, 2.0, 5.0, 15.0)
WHITE_BALANCE = {"auto": 0, "tungsten": 2, "fluorescent": 3, "indoor": 4, "daylight": 5, "cloudy": 6}
"""libcamera's AwbMode."""
AUTO = 0
"""An exposure time or gain of 0 means that the camera controls it."""
AF_MANUAL = 0


def exposure_start_ns(metadata: Mapping[str, Any]) -> int:
    """Return when the exposure began, in nanoseconds of ``CLOCK_MONOTONIC``.

    The sensor's timestamp marks the end of the first line's exposure. picamera2 computes the same for
    ``capture_request(flush=...)``, but raises KeyError on a camera that does not report its exposure time.
    """
    return int(metadata["SensorTimestamp"]) - 1000 * int(metadata.get("ExposureTime", 0))


def controls(profile: ExposureSettings) -> dict[str, float]:
    """Return the libcamera controls of an exposure profile."""
    return {
        "ExposureTime": profile.shutter_us or AUTO,
        "AnalogueGain": profile.gain or AUTO,
        "AwbMode": WHITE_BALANCE[profile.white_balance],
    }


def require_picamera2() -> None:
    """Raise :class:`CameraError` where picamera2 cannot be loaded."""
    try:
        import picamera2  # noqa: F401
    except ImportError as error:
        raise CameraError(
            f"picamera2 cannot be loaded ({error})",
            "apt install python3-picamera2 and give the virtual environment the packages of the system, "
            'or set kind = "recorded" in [camera]',
        ) from None


class Picamera:
    """A camera whose thread copies every exposure into a ring, and opens the device again when it stalls.

    Attributes:
        reopened: how often the device was opened again.
    """

    def __init__(self, settings: CameraSettings) -> None:
        """Use *settings*; nothing is opened before :meth:`start`."""
        self._settings = settings
        self._ring = ExposureRing(settings.ring_frames, stall_s=settings.stall_s)
        self._light = LightSwitch(
            night_below_lux=settings.night_below_lux,
            day_above_lux=settings.day_above_lux,
            hold_s=settings.light_hold_s,
        )
        self._answered = asyncio.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen_ns: int | None = None
        self._failure: str | None = None
        self.reopened = 0

    async def start(self) -> None:
        """Open the camera and wait for its first photo.

        Raises:
            CameraError: picamera2 is not installed, or no photo comes.
        """
        require_picamera2()
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="camera", daemon=True)
        self._thread.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_FRAME_S):
                await self._answered.wait()
        if self._seen_ns is None:
            problem = self._failure or f"it gave no photo for {FIRST_FRAME_S:g} s"
            await self.stop()
            raise CameraError(
                f"the camera cannot be used ({problem})", "check the ribbon cable and `rpicam-hello --list-cameras`"
            )

    async def stop(self) -> None:
        """Close the camera; iterators of :meth:`photos` end."""
        self._stopping.set()
        self._ring.end()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 2 * self._settings.stall_s)

    async def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        """See :meth:`edge.sensors.camera.Camera.photos`."""
        async for photo in self._ring.photos(at_monotonic_ns, count, self._settings.jpeg_quality):
            yield photo

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
        """See :meth:`edge.sensors.camera.Camera.recent`."""
        return await self._ring.recent(at_monotonic_ns, count, self._settings.jpeg_quality)

    def problem(self) -> str | None:
        """Return one sentence while no photos arrive, else None."""
        if self._seen_ns is None:
            return "the camera has not given a photo yet: wait for the start, else check the ribbon cable"
        silent_s = (time.monotonic_ns() - self._seen_ns) / 1e9
        if silent_s > self._settings.stall_s:
            why = f" ({self._failure})" if self._failure else ""
            return f"the camera has given no photo for {silent_s:.0f} s{why}: check the ribbon cable"
        return None

    def _take(self, exposure: Exposure | None) -> None:
        if exposure is not None:
            self._ring.push(exposure)
        self._answered.set()

    # The methods below run in the camera's thread.

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        failures = 0
        while not self._stopping.is_set():
            seen_ns = self._seen_ns
            try:
                with contextlib.closing(self._open()) as camera:
                    try:
                        self._copy_frames(camera, loop)
                    finally:
                        # close() would wait for jobs that wait for a photo.
                        camera.cancel_all_and_flush()
            except Exception as error:
                self._failure = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                log.warning("the camera failed and is opened again: %s", self._failure)
                loop.call_soon_threadsafe(self._take, None)
            if not self._stopping.is_set():
                failures = 0 if self._seen_ns != seen_ns else failures + 1
                self.reopened += 1
                self._stopping.wait(REOPEN_S[min(failures, len(REOPEN_S) - 1)])

    def _open(self) -> Any:
        from picamera2 import Picamera2

        settings = self._settings
        camera = Picamera2()
        try:
            size = (settings.width, settings.height)
            stream = {"size": size, "format": settings.pixel_format}
            camera.configure(camera.create_video_configuration(main=stream, buffer_count=BUFFERS))
            frame_us = round(1e6 / settings.fps)
            wanted: dict[str, Any] = {"FrameDurationLimits": (frame_us, frame_us)}
            if settings.lens_position is not None:
                wanted |= {"AfMode": AF_MANUAL, "LensPosition": settings.lens_position}
            self._set(camera, wanted | controls(self._profile()))
            camera.start()
        except BaseException:
            camera.close()
            raise
        return camera

    def _copy_frames(self, camera: Any, loop: asyncio.AbstractEventLoop) -> None:
        layout: Layout = "I420" if self._settings.pixel_format == "YUV420" else "NV12"
        while not self._stopping.is_set():
            request = camera.capture_request(wait=self._settings.stall_s)
            try:
                image, metadata = request.make_array("main"), request.get_metadata()
            finally:
                request.release()
            now_ns, now_utc = time.monotonic_ns(), time.time()
            exposed_ns = exposure_start_ns(metadata)
            exposed_utc = now_utc - (now_ns - exposed_ns) / 1e9
            self._seen_ns, self._failure = now_ns, None
            exposure = Exposure(image, exposed_utc, exposed_ns, layout=layout, width=self._settings.width)
            loop.call_soon_threadsafe(self._take, exposure)
            lux = metadata.get("Lux")
            if self._settings.profile == "auto" and lux is not None and self._light.update(float(lux), now_ns):
                log.info("the camera changes to its %s profile", self._light.profile)
                self._set(camera, controls(self._profile()))

    def _profile(self) -> ExposureSettings:
        name = self._light.profile if self._settings.profile == "auto" else self._settings.profile
        return self._settings.day if name == "day" else self._settings.night

    @staticmethod
    def _set(camera: Any, wanted: Mapping[str, Any]) -> None:
        """Set the controls that this camera has."""
        known = {name: value for name, value in wanted.items() if name in camera.camera_controls}
        if missing := sorted(wanted.keys() - known):
            log.info("this camera cannot set %s", ", ".join(missing))
        camera.set_controls(known)
