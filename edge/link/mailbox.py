"""The mailbox: sealed packets, in memory only, for a limited time and in a limited number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, zip_longest
from typing import Final

from edge.link.shares import GUARANTEED_SHARE, Shares
from edge.link.sources import prefix_of
from edge.model import Packet

NS: Final = 1_000_000_000


def in_turn(shares: Iterable[Sequence[Packet]]) -> Iterator[Packet]:
    """One packet of each of *shares* in turn, the smallest share first; of equal ones the first."""
    rounds = zip_longest(*sorted(shares, key=len))
    return (packet for each in rounds for packet in each if packet is not None)


class Mailbox:
    """Packets in the order of their arrival; each expires *ttl_s* seconds after it.

    No sender can displace the packets of another. A uid may hold *per_uid* packets for each source address: a stranger
    who sends rubbish under a known uid fills the stranger's own share, and within one share the newest packets stay.
    A sealed uid (protocol version 2) says nothing: there the shares of source addresses alone count.

    When the mailbox is full, the widest share (:class:`~edge.link.shares.Shares`) loses its *newest* packet to a
    narrower one, down to :data:`~edge.link.shares.GUARANTEED_SHARE`. Otherwise there is no room. So a flood displaces
    itself, a packet that was there before a flood outlives it, and a flood from thousands of addresses with a packet
    each displaces nobody.
    """

    def __init__(self, capacity: int, ttl_s: float, per_uid: int) -> None:
        """Make an empty mailbox.

        Args:
            capacity: packets of all cars together.
            ttl_s: how long a packet is kept, in seconds: as long as the window of a trigger may ask for it.
            per_uid: packets of one uid from one source address.
        """
        self._capacity = capacity
        self._ttl_ns = round(ttl_s * NS)
        self._per_uid = per_uid
        self._guaranteed = max(1, int(capacity * GUARANTEED_SHARE))
        self._held: OrderedDict[str, tuple[Packet, str]] = OrderedDict()  # by nonce: a connection delivers one packet
        self._of_uid: dict[tuple[str, str], dict[str, None]] = {}
        self._shares: Shares[str] = Shares()

    def __len__(self) -> int:
        return len(self._held)

    def put(self, packet: Packet, source: str = "") -> bool:
        """Store *packet*, which came from the address *source*.

        Returns:
            False if there is no room for it.
        """
        self.expire(packet.received_monotonic_ns)
        same_uid = self._of_uid.get((packet.uid, source))
        if same_uid is not None and len(same_uid) >= self._per_uid:
            self._remove(next(iter(same_uid)))
        elif len(self._held) >= self._capacity:
            nonce = self._displaced(source)
            if nonce is None:
                return False
            self._remove(nonce)
        self._held[packet.nonce] = packet, source
        if packet.uid:
            self._of_uid.setdefault((packet.uid, source), {})[packet.nonce] = None
        self._shares.add(packet.nonce, source)
        return True

    def window(self, start_ns: int, end_ns: int) -> tuple[Packet, ...]:
        """Return the packets received from *start_ns* to *end_ns* (monotonic nanoseconds, inclusive).

        The packets stay in the mailbox.
        """
        found: list[Packet] = []
        for packet, _ in reversed(self._held.values()):
            if packet.received_monotonic_ns < start_ns:
                break
            if packet.received_monotonic_ns <= end_ns:
                found.append(packet)
        return tuple(reversed(found))

    def fair_window(self, start_ns: int, end_ns: int, per_uid: int, sealed: int) -> tuple[tuple[Packet, ...], int]:
        """Return at most *per_uid* packets of each uid from the window, in order of arrival, and how many are left out.

        Networks (/24, /48) take turns, inside each its addresses, and each address gives its newest packet first.
        Where there are too many, those that sent least come first: a car calls once or twice, and a stranger who sends
        rubbish sends much, from one address or from all those of a network that was rented. Packets whose uid is
        sealed are chosen in the same way, *sealed* in all.
        """
        of_uid: dict[str, dict[str, dict[str, list[Packet]]]] = {}
        count = 0
        for packet, source in self._held.values():
            if start_ns <= packet.received_monotonic_ns <= end_ns:
                networks = of_uid.setdefault(packet.uid, {})
                networks.setdefault(prefix_of(source), {}).setdefault(source, []).append(packet)
                count += 1
        chosen: list[Packet] = []
        for uid, networks in of_uid.items():
            newest_first = in_turn(
                list(in_turn([packets[::-1] for packets in addresses.values()])) for addresses in networks.values()
            )
            chosen += islice(newest_first, per_uid if uid else sealed)
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
            nonce, (packet, _) = next(iter(self._held.items()))
            if packet.received_monotonic_ns >= oldest_ns:
                return
            self._remove(nonce)

    def _displaced(self, source: str) -> str | None:
        """The nonce of the packet that goes for one from *source*, or None."""
        shares = self._shares
        if shares.widest_prefix <= self._guaranteed:
            return None
        if shares.of_prefix(source) + 1 < shares.widest_prefix:
            return shares.newest()
        beside = shares.widest_address_beside(source)
        return shares.newest_beside(source) if shares.of_address(source) + 1 < beside else None

    def _remove(self, nonce: str) -> None:
        packet, source = self._held.pop(nonce)
        if packet.uid:
            same_uid = self._of_uid[packet.uid, source]
            del same_uid[nonce]
            if not same_uid:
                del self._of_uid[packet.uid, source]
        self._shares.discard(nonce)
