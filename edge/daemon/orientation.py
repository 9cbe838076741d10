"""Whether the camera hangs the right way up, by the photos that were read."""

from __future__ import annotations

from edge.model import PhotoRead


class Orientation:
    """Remembers how the last photo hung that showed a plate."""

    def __init__(self) -> None:
        """Nothing is known before the first photo with a plate."""
        self._upside_down = False

    def note(self, seen: PhotoRead) -> None:
        """Take note of a photo; one without a legible plate tells nothing."""
        if seen.upside_down or any(read.text for read in seen.plates):
            self._upside_down = seen.upside_down

    def problem(self) -> str | None:
        """What is wrong now, as ``cause: remedy``; None while the photos are upright."""
        if not self._upside_down:
            return None
        return "the photos are upside down: turn the camera by half a turn (they are read all the same)"
