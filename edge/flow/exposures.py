"""One edge of the radar: its exposures leave the camera's ring in a task of their own, at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from edge.errors import CameraError
from edge.flow.ports import Camera
from edge.flow.rules import Rules
from edge.model import Packet, Photo

log = logging.getLogger(__name__)


class Edge:
    """One edge of the radar: its exposures as they leave the ring, and the packets that were there.

    Attributes:
        photos: the photos from the edge on, as they come.
        before: the photos from before it.
        missed: photos that the camera should have given and did not.
        known: uids that the registry knows, of those it was ``asked``; ``silent`` while it does not answer.
        lookup: asks it for the uids of the packets that were there.
        unknown: nonces of packets whose uid it does not know.
        left_out: packets of the window that were too many of one uid, those ``left_out_at_edge`` included.
        at_ns: the edge, nanoseconds of the monotonic clock.
    """

    def __init__(
        self, at_monotonic_ns: int, rules: Rules, camera: Camera, packets: Sequence[Packet], left_out: int
    ) -> None:
        """Begin at once; needs a running event loop."""
        self.at_ns = at_monotonic_ns
        self.packets = tuple(packets)
        self.left_out_at_edge = left_out
        self.photos: list[Photo] = []
        self.before: tuple[Photo, ...] = ()
        self.missed = self.left_out = 0
        self.known: set[str] = set()
        self.asked: set[str] = set()
        self.unknown: set[str] = set()
        self.silent = False
        self.lookup: asyncio.Task[None] | None = None
        self._has_first = asyncio.Event()
        self._task = asyncio.create_task(self._take(at_monotonic_ns, rules, camera), name="exposures of an edge")
        self._task.add_done_callback(seen)

    async def first(self) -> list[Photo]:
        """The first photo from the edge on; none when the camera fails."""
        await self._has_first.wait()
        return self.photos[:1]

    async def rest(self) -> list[Photo]:
        """The photos beside the first one; none when the camera failed the first one."""
        await self._task
        return [*self.before, *self.photos[1:]] if self.photos else []

    def cancel(self) -> None:
        """Let go of everything: no case is made of this edge."""
        self._task.cancel()
        if self.lookup is not None:
            self.lookup.cancel()
        self.photos, self.before, self.packets = [], (), ()

    async def _take(self, at_ns: int, rules: Rules, camera: Camera) -> None:
        before = asyncio.create_task(camera.recent(at_ns, rules.pre_trigger_frames))
        try:
            async for photo in camera.photos(at_ns, rules.frames_per_case):
                self.photos.append(photo)
                self._has_first.set()
            self.before = await before
        except CameraError as error:
            self.missed = rules.frames_per_case - len(self.photos)
            log.error("the camera gave %d of %d photos: %s", len(self.photos), rules.frames_per_case, error)
        finally:
            before.cancel()
            self._has_first.set()


def seen(task: asyncio.Task[Any]) -> None:
    """Look at the task's error, which asyncio would otherwise log whole where nobody waits for the task."""
    if not task.cancelled():
        task.exception()
