"""How much at once: in all, for one unit, for one address; in memory, for one process of the centre."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from centre.errors import Refused
from centre.web.problems import busy

MOST_KEYS = 20_000
MINUTE_S = 60.0
REQUESTS_OF_A_UNIT = 2
"""At once: entries and a photo."""
UNIT_REQUESTS_PER_MINUTE = 3000
"""Of one unit: 12 MB of photos a second."""


class Limits:
    """Counts what is being worked on, visits without a login of each address, and requests of each unit."""

    def __init__(
        self,
        requests: int,
        logins_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        unit_requests_per_minute: int = UNIT_REQUESTS_PER_MINUTE,
    ) -> None:
        """Work on so many *requests* at once; *clock* gives seconds."""
        self._requests = requests
        self._working = 0
        self._of_units: dict[int, int] = {}
        self._visits = _Shares(logins_per_minute, clock)
        self._asked = _Shares(unit_requests_per_minute, clock)
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
        """One request more of *unit*; raises :class:`Refused` (429) where it has too many, at once or this minute."""
        self._take(self._asked, str(unit), "this unit asks too often")
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
        self._take(self._visits, network_of(address), "this address logs in too often")

    def _take(self, shares: _Shares, key: str, cause: str) -> None:
        wait_s = shares.take(key)
        if wait_s:
            self.turned_away += 1
            raise Refused("busy", 429, cause, "come again later", retry_s=wait_s)


class _Shares:
    """So much a minute for each key; what was not used is there at once, and no more."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._burst = float(per_minute)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one; returns 0, or in how many seconds there is one again."""
        now = self._clock()
        left, since = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._burst / MINUTE_S)
        self._left[key] = (max(0.0, left - 1.0), now)
        while len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return (1.0 - left) * MINUTE_S / self._burst if left < 1.0 else 0.0


def network_of(address: str | None) -> str:
    """What counts as one address: an IPv4 address, an IPv6 /64; empty if it is none."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
