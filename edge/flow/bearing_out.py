"""Whether the photos bear out the radar, and what becomes of the verdict where they do not.

It is a check and never the measurement: where the photos contradict the radar, or another vehicle fits it better, an
officer has to look, and nobody is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edge.flow.rules import Rules
from edge.identify import Lens, reading
from edge.identify.plausibility import plausibility
from edge.model import (
    Flag,
    Outcome,
    PendingCase,
    PlateRead,
    Plausibility,
    Reason,
    SpeedAgreement,
    Verdict,
    is_infringement,
)

_FLAGS = {
    SpeedAgreement.CONTRADICTS: (Flag.SPEED_CONTRADICTED,),
    SpeedAgreement.OTHER_FITS: (Flag.OTHER_VEHICLE_FITS,),
}


def borne_out(
    case: PendingCase, photos: Sequence[Sequence[PlateRead]], verdict: Verdict, rules: Rules
) -> Plausibility | None:
    """What the *photos* (the plate reads of each, in time order) of *case* say of its radar.

    None where nobody can ask: the unit does not know its lens, or the case is no infringement.
    """
    if rules.lens is None or not is_infringement(case.basis):
        return None
    lens = _lens(rules.lens, case)
    if lens is None:
        return Plausibility(SpeedAgreement.TELLS_NOTHING)
    measured = case.trigger.speed_kmh
    return plausibility(
        photos,
        sorted(case.exposed_monotonic_ns),
        verdict.read,
        lens,
        rules.limit_kmh if measured is None else measured,
        at_least=measured is None,
    )


def flags_of_motion(found: Plausibility | None) -> tuple[Flag, ...]:
    """What the officer has to know of it."""
    return _FLAGS.get(found.agreement, ()) if found is not None else ()


def doubted(verdict: Verdict, found: Plausibility | None, rules: Rules) -> Verdict:
    """The *verdict*, which names nobody where the photos do not bear out the radar."""
    if verdict.outcome is not Outcome.IDENTIFIED or not flags_of_motion(found):
        return verdict
    plate = reading(verdict.read, rules.formats) if verdict.read is not None else ""
    return replace(verdict, outcome=Outcome.AMBIGUOUS, reason=Reason.SPEED_IN_DOUBT, plate=plate, claim=None)


def _lens(lens: Lens, case: PendingCase) -> Lens | None:
    """The *lens* for the photos of *case*, whose size may be another one; None if they have several sizes."""
    if len(set(case.sizes)) != 1:
        return None
    width, height = case.sizes[0]
    return Lens(lens.focal_length_px * width / lens.width_px, width, height)
