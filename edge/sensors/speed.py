"""Speeds and triggers arrive separately and are joined by time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speed:
    """A speed in km/h; ``direction`` is ``"inbound"``, ``"outbound"`` or None if unknown.

    One that is not ``possible`` is above what a vehicle can have.
    """

    kmh: float
    direction: str | None = None
    possible: bool = True


class SpeedLog:
    """The latest speed reports with their time of arrival. Belongs to one event loop."""

    def __init__(self, *, join_s: float, wait_s: float, capacity: int = 256) -> None:
        """Make an empty log.

        Args:
            join_s: how far apart an edge and its report may be, in seconds.
            wait_s: how long after the edge to wait for reports, in seconds.
            capacity: reports that are kept.
        """
        self._join_ns = round(join_s * 1e9)
        self._wait_ns = round(wait_s * 1e9)
        self._reports: deque[tuple[int, Speed]] = deque(maxlen=capacity)

    def add(self, monotonic_ns: int, speed: Speed) -> None:
        """Add the report of *speed* that arrived at *monotonic_ns*."""
        self._reports.append((monotonic_ns, speed))

    async def speed_at(self, monotonic_ns: int) -> Speed | None:
        """Wait for late reports, then return the speed reported nearest to *monotonic_ns*, or None if none is near.

        An impossible one is returned only where no possible one is near.
        """
        remaining_ns = monotonic_ns + self._wait_ns - time.monotonic_ns()
        if remaining_ns > 0:
            await asyncio.sleep(remaining_ns / 1e9)
        near = [(abs(at - monotonic_ns), speed) for at, speed in self._reports if self._is_near(at, monotonic_ns)]
        return min(near, key=lambda report: (not report[1].possible, report[0]))[1] if near else None

    def _is_near(self, reported_ns: int, monotonic_ns: int) -> bool:
        return abs(reported_ns - monotonic_ns) <= self._join_ns
