"""The mailbox: sealed packets, in memory only, for a limited time and in a limited number."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, zip_longest
from typing import Final, NamedTuple

from edge.model import Packet

NS: Final = 1_000_000_000


class _Held(NamedTuple):
    packet: Packet
    source: str


class Mailbox:
    """Packets in the order of their arrival; each expires *ttl_s* seconds after it.

    No sender can displace the packets of another. A uid may hold *per_uid* packets for each source address: a stranger
    who sends rubbish under a known uid fills the stranger's own share, and within one share the newest packets stay.
    When the mailbox is full, the address that holds most packets loses its oldest one, so a flood displaces itself.
    """

    def __init__(self, capacity: int, ttl_s: float, per_uid: int) -> None:
        """Make an empty mailbox.

        Args:
            capacity: packets of all cars together.
            ttl_s: how long a packet is kept, in seconds.
            per_uid: packets of one uid from one source address.
        """
        self._capacity = capacity
        self._ttl_ns = round(ttl_s * NS)
        self._per_uid = per_uid
        self._held: dict[str, _Held] = {}  # by nonce: a connection delivers at most one packet
        self._shares: dict[tuple[str, str], dict[str, None]] = {}
        self._sources: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def put(self, packet: Packet, source: str = "") -> bool:
        """Store *packet*, which came from the address *source*.

        Returns:
            False if there is no room for it.
        """
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
        """Return the packets received from *start_ns* to *end_ns* (monotonic nanoseconds, inclusive).

        The packets stay in the mailbox.
        """
        return tuple(
            held.packet for held in self._held.values() if start_ns <= held.packet.received_monotonic_ns <= end_ns
        )

    def fair_window(self, start_ns: int, end_ns: int, per_uid: int) -> tuple[tuple[Packet, ...], int]:
        """Return at most *per_uid* packets of each uid from the window, in order of arrival, and how many are left out.

        Each source address gives its newest packet first. Where there are too many sources, those that sent least
        come first: a car calls once or twice, and a stranger who sends rubbish under its uid sends much.
        """
        of_uid: dict[str, dict[str, list[Packet]]] = {}
        count = 0
        for packet, source in self._held.values():
            if start_ns <= packet.received_monotonic_ns <= end_ns:
                of_uid.setdefault(packet.uid, {}).setdefault(source, []).append(packet)
                count += 1
        chosen: list[Packet] = []
        for sources in of_uid.values():
            quiet_first = sorted(sources.values(), key=len)  # stable: then in the order of their first packets
            rounds = zip_longest(*(reversed(packets) for packets in quiet_first))
            newest_first = (packet for each in rounds for packet in each if packet is not None)
            chosen += islice(newest_first, per_uid)
        chosen.sort(key=lambda packet: packet.received_monotonic_ns)
        return tuple(chosen), count - len(chosen)

    def discard(self, packets: Iterable[Packet]) -> None:
        """Delete *packets*; those that have expired already are ignored."""
        for packet in packets:
            if packet.nonce in self._held:
                self._remove(packet.nonce)

    def expire(self, now_ns: int) -> None:
        """Delete the packets whose time to live is over at *now_ns* (monotonic nanoseconds)."""
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
        of_source = self._sources[source]
        del of_source[nonce]
        if not of_source:
            del self._sources[source]
