"""What the claims of a window say together, and which of them explain the photo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from edge.flow.rules import NS, Rules
from edge.identify import judge
from edge.model import Claim, CounterSeen, Outcome, Packet, PlateRead

SAME_PACKET_S = 1e-3
"""Two receipts of one chip nearer than this are one: a chip takes longer to sign."""
UNORDERED_S = 1.5
"""Receipts nearer than this are in no order: a chip signs up to a second before its packet is received, and who is on
the way can hold an answer back until the car has come again."""
MOST_EXPLAINING = 16
"""Plates that are compared with the photo one by one, the best first."""


def one_plate_each(claims: Sequence[Claim]) -> tuple[tuple[Claim, ...], int]:
    """The *claims* of chips that claim one plate only, each claim once, and how many others there were.

    Nobody drives two cars inside one window: a chip that claims two plates is in the wrong hands, and has none. A car
    that called twice is one claim, the later one.
    """
    plates: defaultdict[str, set[str]] = defaultdict(set)
    for claim in claims:
        plates[claim.uid].add(claim.plate)
    single = [claim for claim in claims if len(plates[claim.uid]) == 1]
    return tuple({claim.uid: claim for claim in single}.values()), len(claims) - len(single)


def of_rising_counters(
    claims: Sequence[Claim], seen: Mapping[str, CounterSeen]
) -> tuple[tuple[Claim, ...], int, dict[str, CounterSeen]]:
    """Leave out the *claims* of copied chips: of two answers of one chip the later one has the higher counter.

    A chip that signs never gives a number twice, and a lower one after a higher one only if two chips have its key:
    then nobody can say whose the answers are, and none of them counts. Which of two answers is the later one is known
    only if they came more than :data:`UNORDERED_S` apart.

    Args:
        claims: those of a window. Claims of version 1 have no counter and stay.
        seen: what was seen before of those chips, by uid; this window may be part of it.

    Returns:
        The claims that stay, how many do not, and what is seen of each chip now.
    """
    of_chip: defaultdict[str, list[Packet]] = defaultdict(list)
    for claim in claims:
        if claim.packet.version != 1:
            of_chip[claim.uid].append(claim.packet)
    copied = {uid for uid, packets in of_chip.items() if not _rises(packets, seen.get(uid))}
    highest = {uid: max(packets, key=lambda packet: packet.counter) for uid, packets in of_chip.items()}
    now = {uid: CounterSeen(packet.counter, packet.received_utc) for uid, packet in highest.items()}
    kept = tuple(claim for claim in claims if claim.uid not in copied)
    return kept, len(claims) - len(kept), now


def _rises(packets: Sequence[Packet], before: CounterSeen | None) -> bool:
    by_counter = sorted(packets, key=lambda packet: packet.counter)
    if any(one.counter == other.counter for one, other in pairwise(by_counter)):
        return False
    latest_ns = by_counter[0].received_monotonic_ns
    for packet in by_counter:  # none may have come long before one with a lower counter
        if packet.received_monotonic_ns < latest_ns - UNORDERED_S * NS:
            return False
        latest_ns = max(latest_ns, packet.received_monotonic_ns)
    return before is None or all(_follows(packet, before) for packet in packets)


def _follows(packet: Packet, before: CounterSeen) -> bool:
    """Whether both counters are in the order of both times; one packet may be in the windows of two triggers."""
    later_s = packet.received_utc - before.received_utc
    if packet.counter == before.counter:
        return abs(later_s) < SAME_PACKET_S
    return abs(later_s) <= UNORDERED_S or (packet.counter > before.counter) == (later_s > 0)


def explaining(
    photos: Sequence[Sequence[PlateRead]],
    claims: Sequence[Claim],
    scores: Sequence[float],
    rules: Rules,
    direction: str | None,
) -> tuple[Packet, ...]:
    """The sealed packets of those *claims* that explain the photo: each would, were there no other claim.

    *scores* are the verdict's, one a claim; *photos* and *direction* as for :func:`edge.identify.verdict.judge`.
    """
    best: dict[str, float] = {}
    for claim, score in zip(claims, scores, strict=False):
        best[claim.plate] = max(score, best.get(claim.plate, score))
    plates = sorted(best, key=lambda plate: -best[plate])[:MOST_EXPLAINING]
    fits = {
        plate
        for plate in plates
        if judge(photos, [plate], rules.thresholds, rules.formats, direction).outcome is not Outcome.UNIDENTIFIED
    }
    return tuple(claim.packet for claim in claims if claim.plate in fits)
