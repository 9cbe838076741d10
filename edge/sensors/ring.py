"""The last exposures of a camera, raw, in memory; a trigger selects its photos by the instant of exposure."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import CameraError
from edge.model import Photo

Layout = Literal["BGR", "I420", "NV12"]
ENCODERS = 2
"""Threads that encode photos. They are the ring's own: no photo waits for other work of the unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One raw picture and the instant at which its exposure began.

    Attributes:
        image: uint8 of shape (H, W, 3) for BGR, (H * 3 / 2, W) for the two planar layouts, whose rows may be padded
            beyond ``width``.
        exposed_utc: when the exposure began, in Unix seconds.
        exposed_monotonic_ns: the same, in nanoseconds of the monotonic clock.
        layout: how ``image`` stores its colours.
        width: columns of ``image`` that belong to the picture; None means all.
        scene: exposures with the same number show one uninterrupted view. Each clip of a recorded feed is a scene;
            the numbers increase.
    """

    image: NDArray[np.uint8] = field(repr=False)
    exposed_utc: float
    exposed_monotonic_ns: int
    layout: Layout = "BGR"
    width: int | None = None
    scene: int = 0

    def encode(self, quality: int) -> Photo:
        """Return the exposure as a JPEG; *quality* is 0 to 100. Takes milliseconds: call it in a thread.

        Raises:
            CameraError: the picture cannot be encoded.
        """
        image = self.image
        if self.layout != "BGR":
            code = cv2.COLOR_YUV2BGR_I420 if self.layout == "I420" else cv2.COLOR_YUV2BGR_NV12
            image = cv2.cvtColor(image, code).astype(np.uint8, copy=False)[:, : self.width]
        done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not done:
            raise CameraError("a photo could not be encoded as JPEG", "check the picture size in [camera]")
        height, width = image.shape[:2]
        return Photo(jpeg.tobytes(), width, height, self.exposed_utc, self.exposed_monotonic_ns)


class ExposureRing:
    """Holds the newest exposures and returns them in order. Belongs to one event loop and is not thread-safe."""

    def __init__(self, capacity: int, *, stall_s: float) -> None:
        """Keep *capacity* exposures; a reader that waits longer than *stall_s* seconds for the next gets an error."""
        self._exposures: deque[Exposure] = deque(maxlen=capacity)
        self._stall_s = stall_s
        self._arrived = asyncio.Event()
        self._ended = False
        self._last_ended_scene = -1
        self._dropped_ns: int | None = None
        self._encoders = ThreadPoolExecutor(ENCODERS, thread_name_prefix="jpeg")

    def push(self, exposure: Exposure) -> None:
        """Add the newest exposure and wake the readers."""
        if len(self._exposures) == self._exposures.maxlen:
            self._dropped_ns = self._exposures[0].exposed_monotonic_ns
        self._exposures.append(exposure)
        self._wake()

    def cut(self, scene: int) -> None:
        """Mark *scene* and all scenes before it as over: their readers end."""
        self._last_ended_scene = scene
        self._wake()

    def end(self) -> None:
        """Mark the last exposure: readers get what is left and end."""
        self._ended = True
        self._wake()

    def before(self, at_monotonic_ns: int, count: int) -> tuple[Exposure, ...]:
        """Return the last *count* exposures before *at_monotonic_ns*, of the scene at that instant, oldest first."""
        early = [exposure for exposure in self._exposures if exposure.exposed_monotonic_ns < at_monotonic_ns]
        current = self._next(at_monotonic_ns) or (early[-1] if early else None)
        same = [exposure for exposure in early if current is not None and exposure.scene == current.scene]
        return tuple(same[-count:]) if count > 0 else ()

    async def photos(self, at_monotonic_ns: int, count: int, quality: int) -> AsyncIterator[Photo]:
        """Yield what :meth:`following` yields, as JPEG of that *quality* (0 to 100).

        The exposures leave the ring in a task of their own, as they come, however long their encoding takes.

        Raises:
            CameraError: as :meth:`following`.
        """
        taken: asyncio.Queue[Exposure | CameraError | None] = asyncio.Queue()

        async def take() -> None:
            try:
                async for exposure in self.following(at_monotonic_ns, count):
                    taken.put_nowait(exposure)
            except CameraError as error:
                taken.put_nowait(error)
            else:
                taken.put_nowait(None)

        taking = asyncio.create_task(take(), name="exposures leave the ring")
        try:
            while (exposure := await taken.get()) is not None:
                if isinstance(exposure, CameraError):
                    raise exposure
                yield await self._encoded(exposure, quality)
        finally:
            taking.cancel()

    async def recent(self, at_monotonic_ns: int, count: int, quality: int) -> tuple[Photo, ...]:
        """Return what :meth:`before` returns, as JPEG of that *quality* (0 to 100)."""
        exposures = self.before(at_monotonic_ns, count)
        return tuple([await self._encoded(exposure, quality) for exposure in exposures])

    async def _encoded(self, exposure: Exposure, quality: int) -> Photo:
        return await asyncio.get_running_loop().run_in_executor(self._encoders, exposure.encode, quality)

    async def following(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Exposure]:
        """Yield the first *count* exposures that began at or after *at_monotonic_ns*, of one scene.

        The first one is never replaced by a later one, in which another vehicle may be in the picture.

        Raises:
            CameraError: the next exposure did not come in time, the first one is no longer in the ring, or the ring
                ended before it.
        """
        scene: int | None = None
        after = at_monotonic_ns
        for _ in range(count):
            exposure = await self._wait(after, scene)
            if exposure is None and scene is None:
                raise CameraError(
                    "the camera stopped before the photo of the trigger was taken",
                    "check the camera's cable and the unit's log",
                )
            if exposure is not None and scene is None:
                self._check_first(exposure.exposed_monotonic_ns, at_monotonic_ns)
            if exposure is None or scene not in (None, exposure.scene):
                return
            yield exposure
            scene, after = exposure.scene, exposure.exposed_monotonic_ns + 1

    def _check_first(self, exposed_ns: int, at_ns: int) -> None:
        if self._dropped_ns is not None and self._dropped_ns >= at_ns:
            raise CameraError(
                "the photo of the trigger was asked for too late and is forgotten",
                "raise ring_frames in [camera], or relieve the processor",
            )
        if exposed_ns - at_ns > self._stall_s * 1e9:
            raise CameraError(
                f"the camera took no photo within {self._stall_s:g} s of the trigger",
                "check its cable, then `autovelox doctor`",
            )

    async def _wait(self, at_monotonic_ns: int, scene: int | None) -> Exposure | None:
        while (exposure := self._next(at_monotonic_ns)) is None:
            if self._ended or (scene is not None and scene <= self._last_ended_scene):
                return None
            try:
                async with asyncio.timeout(self._stall_s):
                    await self._arrived.wait()
            except TimeoutError:
                raise CameraError(
                    f"the camera gave no photo for {self._stall_s:g} s", "check its cable, then `autovelox doctor`"
                ) from None
        return exposure

    def _next(self, at_monotonic_ns: int) -> Exposure | None:
        return next((each for each in self._exposures if each.exposed_monotonic_ns >= at_monotonic_ns), None)

    def _wake(self) -> None:
        self._arrived.set()
        self._arrived = asyncio.Event()
