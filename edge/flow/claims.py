"""What the claims of a window say together, and which of them explain the photo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from edge.flow.rules import Rules
from edge.identify import judge
from edge.model import Claim, Outcome, Packet, PlateRead

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
