"""Speeds come by another way than triggers: they are joined by time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speed:
    """A speed in km/h; ``direction`` is ``"inbound"``, ``"outbound"`` or unknown."""

    kmh: float
    direction: str | None = None


class SpeedLog:
    """The latest speed reports with their time of arrival. Belongs to one event loop."""

    def __init__(self, *, join_s: float, wait_s: float, capacity: int = 256) -> None:
        """Join a report to an edge when they are at most *join_s* apart; wait *wait_s* after the edge for reports."""
        self._join_ns = round(join_s * 1e9)
        self._wait_ns = round(wait_s * 1e9)
        self._reports: deque[tuple[int, Speed]] = deque(maxlen=capacity)

    def add(self, monotonic_ns: int, speed: Speed) -> None:
        """A report of *speed* came at that instant."""
        self._reports.append((monotonic_ns, speed))

    async def speed_at(self, monotonic_ns: int) -> Speed | None:
        """The report nearest to that instant; the radar may speak a little later than its pin, so wait for it."""
        remaining_ns = monotonic_ns + self._wait_ns - time.monotonic_ns()
        if remaining_ns > 0:
            await asyncio.sleep(remaining_ns / 1e9)
        apart, speed = min(
            ((abs(at - monotonic_ns), speed) for at, speed in self._reports),
            key=lambda report: report[0],
            default=(self._join_ns + 1, None),
        )
        return speed if apart <= self._join_ns else None
