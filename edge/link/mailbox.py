"""The mailbox: sealed packets in memory, for a while, never more than it has room for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from edge.model import Packet

NS: Final = 1_000_000_000


class _Held(NamedTuple):
    packet: Packet
    source: str


class Mailbox:
    """Packets in the order of their arrival, each gone *ttl_s* seconds after it.

    Nobody can push anybody else's packet out. A uid may hold *per_uid* packets for each source address, so a stranger
    who sends rubbish under somebody's uid fills the stranger's share, and within one share the newest packets stay. Of
    a full box the address that holds most gives up its oldest packet, so a flood displaces itself.
    """

    def __init__(self, capacity: int, ttl_s: float, per_uid: int) -> None:
        """Room for *capacity* packets of all cars together."""
        self._capacity = capacity
        self._ttl_ns = round(ttl_s * NS)
        self._per_uid = per_uid
        self._held: dict[str, _Held] = {}  # by nonce: a connection gives at most one packet
        self._shares: dict[tuple[str, str], dict[str, None]] = {}
        self._sources: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def put(self, packet: Packet, source: str = "") -> bool:
        """Keep *packet*, which came from the address *source*; False if there is no room for it."""
        self.expire(packet.received_monotonic_ns)
        share = self._shares.get((packet.uid, source))
        if share is not None and len(share) >= self._per_uid:
            self._remove(next(iter(share)))
        elif len(self._held) >= self._capacity:
            largest = max(self._sources.values(), key=len)
            if len(self._sources.get(source, ())) >= len(largest):
                return False
            self._remove(next(iter(largest)))
        self._held[packet.nonce] = _Held(packet, source)
        self._shares.setdefault((packet.uid, source), {})[packet.nonce] = None
        self._sources.setdefault(source, {})[packet.nonce] = None
        return True

    def window(self, start_ns: int, end_ns: int) -> tuple[Packet, ...]:
        """The packets received from *start_ns* to *end_ns* (monotonic nanoseconds); they stay in the box."""
        return tuple(
            held.packet for held in self._held.values() if start_ns <= held.packet.received_monotonic_ns <= end_ns
        )

    def discard(self, packets: Iterable[Packet]) -> None:
        """Forget *packets*; those that are not there any more are nothing to worry about."""
        for packet in packets:
            if packet.nonce in self._held:
                self._remove(packet.nonce)

    def expire(self, now_ns: int) -> None:
        """Forget what has outlived its time at *now_ns* (monotonic nanoseconds)."""
        oldest_ns = now_ns - self._ttl_ns
        while self._held:
            nonce, held = next(iter(self._held.items()))
            if held.packet.received_monotonic_ns >= oldest_ns:
                return
            self._remove(nonce)

    def _remove(self, nonce: str) -> None:
        packet, source = self._held.pop(nonce)
        share = self._shares[packet.uid, source]
        del share[nonce]
        if not share:
            del self._shares[packet.uid, source]
        sent = self._sources[source]
        del sent[nonce]
        if not sent:
            del self._sources[source]
