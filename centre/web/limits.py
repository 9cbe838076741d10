"""How much at once: in all, for one unit, for one address; in memory, for one process of the centre."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from centre.errors import Refused
from centre.web.problems import busy

MOST_KEYS = 20_000
MINUTE_S = 60.0
REQUESTS_OF_A_UNIT = 2
"""At once: entries and a photo."""
UNIT_REQUESTS_PER_MINUTE = 3000
"""Of one unit: 12 MB of photos a second."""
BODY_BYTES = 2 * 1024**3
"""Of bodies in memory: 64 of the largest there are by default."""
UNIT_BYTES_PER_DAY = 20_000_000_000
DAY_S = 86_400.0


class Limits:
    """Counts what is being worked on, visits without a login of each address, and requests of each unit."""

    def __init__(
        self,
        requests: int,
        logins_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        unit_requests_per_minute: int = UNIT_REQUESTS_PER_MINUTE,
        unit_bytes_per_day: int = UNIT_BYTES_PER_DAY,
        body_bytes: int = BODY_BYTES,
    ) -> None:
        """Work on so many *requests* at once, with *body_bytes* of bodies in all; *clock* gives seconds."""
        self._places = asyncio.Semaphore(requests)
        self._body_bytes = body_bytes
        self._came = 0
        self._of_units: dict[int, int] = {}
        self._visits = _Shares(logins_per_minute, clock)
        self._asked = _Shares(unit_requests_per_minute, clock)
        self._bytes = _Shares(unit_bytes_per_day, clock, period_s=DAY_S)
        self._tokens: OrderedDict[bytes, int | None] = OrderedDict()
        self.turned_away = 0

    @asynccontextmanager
    async def working(self, wait_s: float = 0.0) -> AsyncIterator[None]:
        """One request more; who has handed over a body waits *wait_s* seconds for its place, before all others.

        Raises:
            Refused: there are too many (503).
        """
        if self._places.locked() and not wait_s:
            raise self._busy()
        try:
            async with asyncio.timeout(wait_s or None):
                await self._places.acquire()
        except TimeoutError:
            raise self._busy() from None
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def receiving(self) -> Iterator[Callable[[int], None]]:
        """Count a body by its bytes, as they come, until the request is done: a slow one takes no place meanwhile.

        What is given raises :class:`Refused` (503) where there are too many bytes of bodies in all.
        """
        own = 0

        def came(size: int) -> None:
            nonlocal own
            own += size
            self._came += size
            if self._came > self._body_bytes:
                raise self._busy()

        try:
            yield came
        finally:
            self._came -= own

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

    def afford(self, unit: int) -> None:
        """Whether *unit* may send entries or photos; raises :class:`Refused` (429) if it had its share of the day."""
        self._refuse(self._bytes.wait_s(str(unit)), "this unit sends too much a day")

    def spend(self, unit: int, size: int) -> None:
        """The *unit* sent so many bytes; what is beyond its share counts, and nothing more is taken."""
        self._bytes.take(str(unit), size)

    def admit(self, address: str | None, token: str) -> None:
        """Whether the database is asked about a *token*: always about one that was good, else while guesses are left.

        Raises:
            Refused: the address had its share of guesses this minute (429).
        """
        if _digest(token) not in self._tokens:
            self._refuse(self._visits.wait_s(network_of(address)), "this address shows too many tokens that are none")

    def know(self, token: str, unit: int | None = None) -> None:
        """The *token* was good, and *unit*'s, if that is known."""
        digest = _digest(token)
        self._tokens[digest] = unit
        self._tokens.move_to_end(digest)
        if len(self._tokens) > MOST_KEYS:
            self._tokens.popitem(last=False)

    def unit_of(self, token: str) -> int | None:
        """The unit that *token* was of when it was shown last; None if that is not known."""
        return self._tokens.get(_digest(token))

    def forget(self, token: str) -> None:
        """The *token* is good no more."""
        self._tokens.pop(_digest(token), None)

    def _busy(self) -> Refused:
        self.turned_away += 1
        return busy()

    def _take(self, shares: _Shares, key: str, cause: str) -> None:
        self._refuse(shares.take(key), cause)

    def _refuse(self, wait_s: float, cause: str) -> None:
        if wait_s:
            self.turned_away += 1
            raise Refused("busy", 429, cause, "come again later", retry_s=wait_s)


class _Shares:
    """So much a period (a minute) for each key; what was not used is there at once, and no more."""

    def __init__(self, per_period: int, clock: Callable[[], float], *, period_s: float = MINUTE_S) -> None:
        self._burst = float(per_period)
        self._period_s = period_s
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, amount: float | None = None) -> float:
        """Take one, or *amount*, which leaves a debt where there is less.

        Returns:
            0, or in how many seconds there is one again.
        """
        now = self._clock()
        left, since = self._left.pop(key, (self._burst, now))
        left = self._grown(left, since, now)
        self._left[key] = (max(0.0, left - 1.0) if amount is None else left - amount, now)
        while len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return self._wait_s(left)

    def wait_s(self, key: str) -> float:
        """What :meth:`take` would return; nothing is taken."""
        now = self._clock()
        return self._wait_s(self._grown(*self._left.get(key, (self._burst, now)), now))

    def _grown(self, left: float, since: float, now: float) -> float:
        return min(self._burst, left + (now - since) * self._burst / self._period_s)

    def _wait_s(self, left: float) -> float:
        return (1.0 - left) * self._period_s / self._burst if left < 1.0 else 0.0


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def network_of(address: str | None) -> str:
    """What counts as one address: an IPv4 address, an IPv6 /64; empty if it is none."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
