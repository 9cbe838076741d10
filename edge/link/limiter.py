"""The connection limiter: who may connect, decided when the socket is accepted, before it costs anything."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Refusal = Literal["full", "address_full", "address_rate"]

ADDRESSES_PER_CONNECTION: Final = 4
"""Addresses whose rate is tracked, for each connection allowed; the address unseen for longest is dropped first."""

CACHED_HOSTS: Final = 4096
"""Hosts whose source is cached: parsing an address costs as much as the rest of a refusal."""

_IPV6_PREFIX: Final = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a limiter.

    Attributes:
        connections: open connections in all.
        connections_per_address: open connections of one address.
        rate_per_s: new connections of one address per second.
        burst: connections that one address may open at once before ``rate_per_s`` counts.
    """

    connections: int
    connections_per_address: int
    rate_per_s: float
    burst: int


class _Bucket(NamedTuple):
    tokens: float
    at_s: float


@lru_cache(maxsize=CACHED_HOSTS)
def source_of(host: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 network that one IPv6 subscriber owns.

    Raises:
        ValueError: *host* is no IP address.
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)


class ConnectionLimiter:
    """Counts open connections and keeps a token bucket for each address; both tables have a cap."""

    def __init__(self, limits: Limits) -> None:
        """Begin with no connection open."""
        self._limits = limits
        self._open_count = 0
        self._open_by_source: dict[str, int] = {}
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return self._open_count

    @property
    def tracked_addresses(self) -> int:
        """How many addresses have a token bucket."""
        return len(self._buckets)

    def cap(self, connections: int) -> None:
        """Allow at most *connections* open connections from now on."""
        self._limits = replace(self._limits, connections=connections)

    def forget_rates(self) -> None:
        """Drop all token buckets, so that every address has its whole burst again."""
        self._buckets.clear()

    def admit(self, source: str, now_s: float) -> Refusal | None:
        """Count a new connection from *source* at *now_s* (seconds of the monotonic clock).

        Returns:
            None if the connection is admitted, else the reason for the refusal; a refused connection is not counted.
        """
        if self._open_count >= self._limits.connections:
            return "full"
        if self._open_by_source.get(source, 0) >= self._limits.connections_per_address:
            return "address_full"
        if not self._take_token(source, now_s):
            return "address_rate"
        self._open_count += 1
        self._open_by_source[source] = self._open_by_source.get(source, 0) + 1
        return None

    def release(self, source: str) -> None:
        """Count the end of a connection from *source* that :meth:`admit` had admitted."""
        self._open_count -= 1
        remaining = self._open_by_source[source] - 1
        if remaining:
            self._open_by_source[source] = remaining
        else:
            del self._open_by_source[source]

    def _take_token(self, source: str, now_s: float) -> bool:
        burst = float(self._limits.burst)
        bucket = self._buckets.pop(source, None) or _Bucket(burst, now_s)
        tokens = min(burst, bucket.tokens + (now_s - bucket.at_s) * self._limits.rate_per_s)
        allowed = tokens >= 1.0
        self._buckets[source] = _Bucket(tokens - 1.0 if allowed else tokens, now_s)
        if len(self._buckets) > self._limits.connections * ADDRESSES_PER_CONNECTION:
            self._buckets.popitem(last=False)
        return allowed
