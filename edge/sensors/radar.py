"""What the unit asks of a radar: :mod:`edge.sensors.gpio` hears the pin, :mod:`edge.sensors.ops243` the serial line."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from edge.model import Trigger
from edge.sensors.speed import Speed

__all__ = ["Radar", "Speed", "SpeedMeter"]


class Radar(Protocol):
    """Says when a vehicle passed."""

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            RadarError: the pin or the port cannot be used; the sentence says what to do.
        """

    async def stop(self) -> None:
        """Stop listening and let the hardware go; :meth:`triggers` ends."""

    def triggers(self) -> AsyncIterator[Trigger]:
        """Every trigger from now on, in order."""

    def counts(self) -> Mapping[str, int]:
        """What became of edges and, with ``speed_`` before it, of the speed meter's reports."""

    def test_trigger(self) -> None:
        """Fire once by hand, without a speed: the trigger's source is ``"test"``."""

    def problem(self) -> str | None:
        """One sentence on what is wrong, or None."""


class SpeedMeter(Protocol):
    """Knows how fast what passed was going; ``counters`` tells what became of its reports."""

    counters: Counter[str]

    async def start(self) -> None:
        """Begin to measure."""

    async def stop(self) -> None:
        """Stop measuring."""

    async def speed_at(self, monotonic_ns: int) -> Speed | None:
        """The speed measured nearest to that instant, or None: a speed is never guessed."""

    def problem(self) -> str | None:
        """One sentence on what is wrong, or None."""
