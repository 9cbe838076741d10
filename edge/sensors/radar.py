"""The interfaces of a radar and of a speed meter.

:mod:`.gpio` implements the radar; :mod:`.ops243` (a serial port) and :mod:`.recorded` implement the speed meter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

from edge.model import RadarReport, Trigger
from edge.sensors.speed import Speed

__all__ = ["Radar", "Speed", "SpeedMeter"]


class Radar(Protocol):
    """Tells when a vehicle passed.

    Attributes:
        on_edge: called in the event loop at once with the instant (monotonic nanoseconds) of every edge that becomes a
            trigger, before its speed is known.
    """

    on_edge: Callable[[int], None]

    async def start(self) -> None:
        """Begin to watch for vehicles.

        Raises:
            RadarError: the pin or the port cannot be used.
        """

    async def stop(self) -> None:
        """Stop and release the hardware; :meth:`triggers` ends."""

    def triggers(self) -> AsyncIterator[Trigger]:
        """Yield every trigger from now on, in order."""

    def counts(self) -> Mapping[str, int]:
        """Return the counts of edges by outcome, and of the speed meter's reports with the prefix ``speed_``."""

    def reports(self, start_ns: int, end_ns: int) -> tuple[RadarReport, ...]:
        """Return the radar's own lines that came in from *start_ns* to *end_ns* (monotonic), as it sent them."""

    def test_trigger(self) -> None:
        """Queue one trigger by hand, without a speed; its source is ``"test"``."""

    @property
    def speeds_missing_since_utc(self) -> float | None:
        """Unix seconds of the first of the latest triggers in a row without a speed; None if the last one had one."""

    def problem(self) -> str | None:
        """Return one sentence on what is wrong, or None."""


class SpeedMeter(Protocol):
    """Measures speeds.

    Attributes:
        counters: counts of reports by outcome.
    """

    counters: Counter[str]

    async def start(self) -> None:
        """Begin to measure."""

    async def stop(self) -> None:
        """Stop measuring."""

    def reports(self, start_ns: int, end_ns: int) -> tuple[RadarReport, ...]:
        """Return the lines received in that time; see :meth:`Radar.reports`."""

    async def speed_at(self, monotonic_ns: int) -> Speed | None:
        """Return the speed measured nearest to *monotonic_ns*, or None if there is none: a speed is never guessed."""

    def problem(self) -> str | None:
        """Return one sentence on what is wrong, or None."""
