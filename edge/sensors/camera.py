"""What the unit asks of a camera: :mod:`.picamera` and :mod:`.recorded` are the two there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from edge.model import Frame


class Camera(Protocol):
    """Gives frames by the instant of their exposure, which is on the clock of ``time.monotonic_ns()``."""

    async def start(self) -> None:
        """Begin to take frames.

        Raises:
            CameraError: the camera cannot be used; the sentence says what to do.
        """

    async def stop(self) -> None:
        """Stop taking frames and let the device go; running :meth:`frames` end."""

    def frames(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Frame]:
        """The first *count* frames whose exposure began at or after *at_monotonic_ns*, in order, as they come.

        Ends early where the scene ends (a recorded clip) and when the camera is stopped.

        Raises:
            CameraError: no frame came for too long, or there is none at or after that instant.
        """

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Frame, ...]:
        """At most *count* frames of the same scene from just before *at_monotonic_ns*, oldest first."""

    def problem(self) -> str | None:
        """One sentence on what is wrong, or None while frames keep coming."""
