"""How much at once: in all, for one unit, for one address; in memory, for one process of the centre."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from centre.errors import Refused
from centre.web.problems import busy

MOST_ADDRESSES = 10_000
MINUTE_S = 60.0
REQUESTS_OF_A_UNIT = 2
"""At once: entries and a photo."""


class Limits:
    """Counts what is being worked on, and visits without a login of each address."""

    def __init__(self, requests: int, logins_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Work on so many *requests* at once; *clock* gives seconds."""
        self._requests = requests
        self._burst = float(logins_per_minute)
        self._clock = clock
        self._working = 0
        self._of_units: dict[int, int] = {}
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.turned_away = 0

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """One request more; raises :class:`Refused` (503) where there are too many."""
        if self._working >= self._requests:
            self.turned_away += 1
            raise busy()
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1

    @asynccontextmanager
    async def of_unit(self, unit: int) -> AsyncIterator[None]:
        """One request more of *unit*; raises :class:`Refused` (429) where it has too many."""
        if self._of_units.get(unit, 0) >= REQUESTS_OF_A_UNIT:
            self.turned_away += 1
            raise busy(429)
        self._of_units[unit] = self._of_units.get(unit, 0) + 1
        try:
            yield
        finally:
            self._of_units[unit] -= 1
            if not self._of_units[unit]:
                del self._of_units[unit]

    def visit(self, address: str | None) -> None:
        """A visit without a login; an IPv6 /64 is one address.

        Raises:
            Refused: the address had its share of this minute (429).
        """
        key, now = _network(address), self._clock()
        left, since = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._burst / MINUTE_S)
        self._buckets[key] = (max(0.0, left - 1.0), now)
        while len(self._buckets) > MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        if left < 1.0:
            self.turned_away += 1
            wait_s = (1.0 - left) * MINUTE_S / self._burst
            raise Refused("busy", 429, "this address logs in too often", "come again later", retry_s=wait_s)


def _network(address: str | None) -> str:
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
