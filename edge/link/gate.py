"""The gate: who has a place, decided when the socket is accepted, before it costs anything.

Nobody is refused as long as somebody else can go first. A visit is *unfinished* until the unit has answered its packet,
and unfinished visits make room for newcomers: a car is done in a second, who holds a place for longer does not need it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Final, Generic, NamedTuple, TypeVar

from edge.link.shares import GUARANTEED_SHARE, Shares

Visit = TypeVar("Visit", bound=Hashable)

ADDRESSES_PER_CONNECTION: Final = 4
"""Addresses whose rate is tracked, for each connection allowed; the address unseen for longest is dropped first."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a gate.

    Attributes:
        connections: open connections in all.
        connections_per_address: open connections of one address.
        rate_per_s: visits of one address per second that do not finish; and that do, before others go first.
        burst: so many of either kind before ``rate_per_s`` counts.
    """

    connections: int
    connections_per_address: int
    rate_per_s: float
    burst: int


class _Bucket(NamedTuple):
    """The tokens of an address: for visits that do not finish, and for visits that do, which may fall below zero."""

    tokens: float
    finished: float
    at_s: float


class Gate(Generic[Visit]):
    """Gives every visit a place; where there is none, an earlier visit that has not finished loses its own.

    - The unit is full: the oldest unfinished visit of the widest share goes, see :class:`~edge.link.shares.Shares`;
      the oldest of all, where no network has more than a 64th of the places.
    - An address has its number of connections, or spends visits faster than its rate without finishing them: its own
      oldest unfinished visit goes. So an address shared by many, as by the customers of a mobile network, is never
      shut, and who floods from it displaces mostly the flood.

    Each address has a bucket of tokens. A visit takes one and gives it back when it finishes. Visits that finish are
    counted as well: beyond the same rate they are not refused, but begin after those of others, see :meth:`is_behind`.
    """

    def __init__(self, limits: Limits) -> None:
        """Begin with no connection open."""
        self._limits = limits
        self._unfinished: Shares[Visit] = Shares()
        self._finished: dict[Visit, str] = {}
        self._finished_by_source: dict[str, int] = {}
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    @property
    def open_connections(self) -> int:
        """How many visits have a place."""
        return len(self._unfinished) + len(self._finished)

    @property
    def tracked_addresses(self) -> int:
        """How many addresses have a bucket of tokens."""
        return len(self._buckets)

    @property
    def unfinished(self) -> int:
        """How many visits have a place and have not finished."""
        return len(self._unfinished)

    def cap(self, connections: int) -> None:
        """Allow at most *connections* open connections from now on."""
        self._limits = replace(self._limits, connections=connections)

    def forget_rates(self) -> None:
        """Drop all buckets, so that every address has its whole burst again."""
        self._buckets.clear()

    def admit(self, visit: Visit, source: str, now_s: float) -> Visit | None:
        """Give *visit* from the address *source* a place, at *now_s* (seconds of the monotonic clock).

        Returns:
            The visit that lost its place and has to be cut, or None. It is *visit* itself only if no unfinished visit
            is there to go first.
        """
        within_rate = self._charge(source, now_s)
        displaced: Visit | None = None
        if self._of_address(source) >= self._limits.connections_per_address:
            displaced = self._unfinished.oldest_of(source) or visit
        elif self.open_connections >= self._limits.connections:
            guaranteed = int(self._limits.connections * GUARANTEED_SHARE)
            displaced = self._unfinished.oldest(guaranteed) if self._unfinished else visit
        elif not within_rate:
            displaced = self._unfinished.oldest_of(source)
        if displaced is not None:
            self._unfinished.discard(displaced)
        if displaced is not visit:
            self._unfinished.add(visit, source)
        return displaced

    def finish(self, visit: Visit, source: str) -> None:
        """*visit* has done what it came for: from now on it keeps its place, and its token goes back."""
        if visit not in self._unfinished:
            return
        self._unfinished.discard(visit)
        self._finished[visit] = source
        self._finished_by_source[source] = self._finished_by_source.get(source, 0) + 1
        bucket = self._buckets.get(source)
        if bucket is not None:
            burst = float(self._limits.burst)
            self._buckets[source] = bucket._replace(
                tokens=min(burst, bucket.tokens + 1.0), finished=max(-burst, bucket.finished - 1.0)
            )

    def is_behind(self, source: str, now_s: float) -> bool:
        """Whether visits of the address *source* finished faster than its rate, so that others go first."""
        bucket = self._buckets.get(source)
        return bucket is not None and self._earned(bucket, now_s).finished < 1.0

    def release(self, visit: Visit) -> None:
        """*visit* has ended; nothing happens if it had lost its place before."""
        self._unfinished.discard(visit)
        source = self._finished.pop(visit, None)
        if source is not None:
            remaining = self._finished_by_source[source] - 1
            if remaining:
                self._finished_by_source[source] = remaining
            else:
                del self._finished_by_source[source]

    def _of_address(self, source: str) -> int:
        return self._unfinished.of_address(source) + self._finished_by_source.get(source, 0)

    def _charge(self, source: str, now_s: float) -> bool:
        """Take a token of *source*; returns whether there was one."""
        burst = float(self._limits.burst)
        bucket = self._buckets.get(source)
        bucket = _Bucket(burst, burst, now_s) if bucket is None else self._earned(bucket, now_s)
        within = bucket.tokens >= 1.0
        self._buckets[source] = bucket._replace(tokens=bucket.tokens - 1.0) if within else bucket
        self._buckets.move_to_end(source)
        if len(self._buckets) > self._limits.connections * ADDRESSES_PER_CONNECTION:
            self._buckets.popitem(last=False)
        return within

    def _earned(self, bucket: _Bucket, now_s: float) -> _Bucket:
        """*bucket* with what it has earned until *now_s*."""
        burst, earned = float(self._limits.burst), (now_s - bucket.at_s) * self._limits.rate_per_s
        return _Bucket(min(burst, bucket.tokens + earned), min(burst, bucket.finished + earned), now_s)
