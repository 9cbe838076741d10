"""The gate: who may connect, decided when the socket is accepted, before anything is spent on it."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Refusal = Literal["full", "address_full", "address_rate"]

ADDRESSES_PER_CONNECTION: Final = 4
"""How many rates the gate remembers for each connection it allows; the longest unseen are forgotten first."""

REMEMBERED_HOSTS: Final = 4096
"""Hosts whose source need not be worked out again: it costs as much as the rest of a refusal."""

_V6_PREFIX: Final = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections at once (in all, and from one address), and how many a second from one address.

    ``burst`` connections of one address are let in at once before ``rate_per_s`` counts.
    """

    connections: int
    connections_per_address: int
    rate_per_s: float
    burst: int


class _Bucket(NamedTuple):
    tokens: float
    at_s: float


@lru_cache(maxsize=REMEMBERED_HOSTS)
def source_of(host: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber owns."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _V6_PREFIX), strict=False))
    return str(address)


class Gate:
    """Counts open connections and keeps a token bucket for each address, in tables that cannot outgrow their caps."""

    def __init__(self, limits: Limits) -> None:
        """Nobody is in yet."""
        self._limits = limits
        self._inside = 0
        self._open: dict[str, int] = {}
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._addresses = limits.connections * ADDRESSES_PER_CONNECTION

    @property
    def inside(self) -> int:
        """How many connections are open."""
        return self._inside

    @property
    def remembered(self) -> int:
        """How many addresses the gate knows the rate of."""
        return len(self._buckets)

    def enter(self, source: str, now_s: float) -> Refusal | None:
        """Let a connection from *source* in at *now_s* (monotonic seconds), or say why not."""
        if self._inside >= self._limits.connections:
            return "full"
        if self._open.get(source, 0) >= self._limits.connections_per_address:
            return "address_full"
        if not self._spend(source, now_s):
            return "address_rate"
        self._inside += 1
        self._open[source] = self._open.get(source, 0) + 1
        return None

    def leave(self, source: str) -> None:
        """One connection from *source*, which :meth:`enter` had let in, is gone."""
        self._inside -= 1
        left = self._open[source] - 1
        if left:
            self._open[source] = left
        else:
            del self._open[source]

    def _spend(self, source: str, now_s: float) -> bool:
        burst = float(self._limits.burst)
        bucket = self._buckets.pop(source, None) or _Bucket(burst, now_s)
        tokens = min(burst, bucket.tokens + (now_s - bucket.at_s) * self._limits.rate_per_s)
        allowed = tokens >= 1.0
        self._buckets[source] = _Bucket(tokens - 1.0 if allowed else tokens, now_s)
        if len(self._buckets) > self._addresses:
            self._buckets.popitem(last=False)
        return allowed
