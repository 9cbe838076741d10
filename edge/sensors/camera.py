"""The interface of a camera; :mod:`.picamera` and :mod:`.recorded` implement it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from edge.model import Frame


class Camera(Protocol):
    """Selects frames by the instant of their exposure, on the clock of ``time.monotonic_ns()``."""

    async def start(self) -> None:
        """Begin to take frames.

        Raises:
            CameraError: the camera cannot be used.
        """

    async def stop(self) -> None:
        """Stop taking frames and release the device; iterators of :meth:`frames` end."""

    def frames(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Frame]:
        """Yield the first *count* frames whose exposure began at or after *at_monotonic_ns*, in order, as they come.

        The iterator ends early at the end of a scene (a recorded clip) and when the camera is stopped.

        Raises:
            CameraError: no frame came for too long, or there is none at or after that instant.
        """

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Frame, ...]:
        """Return at most *count* frames of the same scene from just before *at_monotonic_ns*, oldest first."""

    def problem(self) -> str | None:
        """Return one sentence on what is wrong, or None while frames arrive."""
