"""The interface of a camera; :mod:`.picamera` and :mod:`.recorded` implement it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from edge.model import Photo


class Camera(Protocol):
    """Selects photos by the instant of their exposure, on the clock of ``time.monotonic_ns()``."""

    async def start(self) -> None:
        """Begin to take photos.

        Raises:
            CameraError: the camera cannot be used.
        """

    async def stop(self) -> None:
        """Stop taking photos and release the device; iterators of :meth:`photos` end."""

    def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        """Yield the first *count* photos whose exposure began at or after *at_monotonic_ns*, in order, as they come.

        The iterator ends early at the end of a scene (a recorded clip) and when the camera is stopped.

        Raises:
            CameraError: no photo came for too long, or there is none at or after that instant.
        """

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
        """Return at most *count* photos of the same scene from just before *at_monotonic_ns*, oldest first."""

    def problem(self) -> str | None:
        """Return one sentence on what is wrong, or None while photos arrive."""
