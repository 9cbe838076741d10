"""picamera2's interface, as far as :class:`edge.sensors.picamera.Picamera` uses it: a fake at the hardware's edge."""

from __future__ import annotations

import queue
import time
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, STRIDE = 64, 48, 96


class Request:
    """A completed request: ``brightness`` is the luminance of the whole picture."""

    def __init__(self, brightness: int, metadata: dict[str, Any]) -> None:
        self.brightness = brightness
        self.metadata = metadata
        self.released = False

    def make_array(self, name: str) -> NDArray[np.uint8]:
        assert name == "main"
        image = np.full((HEIGHT * 3 // 2, STRIDE), 128, np.uint8)
        image[:HEIGHT] = 255  # the padding beyond the width
        image[:HEIGHT, :WIDTH] = self.brightness
        return image

    def get_metadata(self) -> dict[str, Any]:
        return self.metadata

    def release(self) -> None:
        assert not self.released
        self.released = True


class Bench:
    """What the test holds: every camera that was opened, and the requests that are to come."""

    def __init__(self) -> None:
        self.cameras: list[FakePicamera2] = []
        self.requests: list[Request] = []
        self.coming: queue.Queue[Request | Exception] = queue.Queue()
        self.controls = {"ExposureTime", "AnalogueGain", "AwbMode", "AfMode", "LensPosition", "FrameDurationLimits"}
        self.refuses_to_open: Exception | None = None

    def expose(
        self, brightness: int, *, sensor_ns: int | None = None, exposure_us: int | None = 1000, lux: float | None = None
    ) -> None:
        """Complete one request; its sensor timestamp is now unless told."""
        metadata: dict[str, Any] = {"SensorTimestamp": sensor_ns if sensor_ns is not None else time.monotonic_ns()}
        if exposure_us is not None:
            metadata["ExposureTime"] = exposure_us
        if lux is not None:
            metadata["Lux"] = lux
        self.coming.put(Request(brightness, metadata))

    def Picamera2(self) -> FakePicamera2:
        """What ``from picamera2 import Picamera2`` finds."""
        if self.refuses_to_open is not None:
            raise self.refuses_to_open
        self.cameras.append(FakePicamera2(self))
        return self.cameras[-1]


class FakePicamera2:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.camera_controls = dict.fromkeys(bench.controls, (0, 1, 0))
        self.set: list[dict[str, Any]] = []
        self.configured: dict[str, Any] = {}
        self.running = self.flushed = self.closed = False

    def create_video_configuration(self, *, main: dict[str, Any], buffer_count: int) -> dict[str, Any]:
        return {"main": main, "buffer_count": buffer_count}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configured = configuration

    def set_controls(self, controls: dict[str, Any]) -> None:
        assert controls.keys() <= self.camera_controls.keys()
        self.set.append(controls)

    def start(self) -> None:
        self.running = True

    def capture_request(self, *, wait: float) -> Request:
        assert self.running
        try:
            request = self.bench.coming.get(timeout=wait)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(request, Exception):
            raise request
        self.bench.requests.append(request)
        return request

    def cancel_all_and_flush(self) -> None:
        self.flushed = True

    def close(self) -> None:
        assert self.flushed or not self.running
        self.closed = True

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
