"""The claims of a case against its photos and its radar: pure, for whoever opens the packets, unit or centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edge.flow.bearing_out import borne_out, doubted, flags_of_motion
from edge.flow.claims import explaining
from edge.flow.reading import Read
from edge.flow.rules import Rules
from edge.identify import identify
from edge.model import (
    Claim,
    Decision,
    Outcome,
    PendingCase,
    PlateRead,
    Reason,
    Verdict,
    is_infringement,
)


def judge_case(case: PendingCase, reads: Sequence[Read], claims: Sequence[Claim], rules: Rules) -> Decision:
    """What the *reads* of the case's photos, in their stored order, and the *claims* say: no driver is looked up yet.

    ``kept`` are the packets of the claims that explain the photo of an ambiguous case.
    """
    photos = _by_photo(case, reads)
    verdict = _compare(case, photos, reads, claims, rules)
    motion = borne_out(case, photos, verdict, rules)
    verdict = doubted(verdict, motion, rules)
    shown = next((index for index, read in enumerate(reads) if any(p is verdict.read for p in read or ())), 0)
    decision = Decision(verdict, shown, flags=flags_of_motion(motion), plausibility=motion)
    if verdict.outcome is not Outcome.AMBIGUOUS:
        return decision
    return replace(decision, kept=explaining(photos, claims, verdict.scores, rules, case.trigger.direction))


def _by_photo(case: PendingCase, reads: Sequence[Read]) -> list[tuple[PlateRead, ...]]:
    """The plate reads of each photo, in the order of the exposures."""
    in_time_order = sorted(range(len(reads)), key=lambda index: case.exposed_monotonic_ns[index])
    return [reads[index] or () for index in in_time_order]


def _compare(
    case: PendingCase,
    photos: Sequence[Sequence[PlateRead]],
    reads: Sequence[Read],
    claims: Sequence[Claim],
    rules: Rules,
) -> Verdict:
    verdict = identify(photos, claims, rules.thresholds, rules.formats, case.trigger.direction)
    if not is_infringement(case.basis):
        return replace(verdict, outcome=Outcome.UNIDENTIFIED, reason=Reason.NO_INFRINGEMENT, claim=None)
    if verdict.outcome is not Outcome.IDENTIFIED and (not reads or None in reads):
        reason = Reason.PHOTO_NOT_READ if reads else Reason.NO_PHOTO
        return replace(verdict, outcome=Outcome.UNIDENTIFIED, reason=reason)
    return verdict
