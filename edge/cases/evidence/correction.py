"""What officers take from a name: the one rule that report, lists and viewer ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge.cases.evidence.manifest import Manifest, to_case
from edge.cases.evidence.sentences import shown_plate
from edge.cases.views import CaseSummary, Event, EventKind, counting, set_aside
from edge.model import Case


@dataclass(frozen=True, slots=True)
class Correction:
    """The newest correction of a case's plate: the plate as the officer reads it, by whom, when (Unix), and why."""

    plate: str = field(repr=False)
    officer: str
    at_utc: float
    reason: str


def correction(events: Iterable[Event]) -> Correction | None:
    """The newest correction among *events*, which are in their order; None if none counts."""
    newest = None
    for event in counting(events):
        if event.kind is EventKind.CORRECT_PLATE and event.plate:
            newest = Correction(event.plate, event.officer, event.at_utc, event.reason)
    return newest


def case_of(manifest: Manifest, portrait: bytes, events: Sequence[Event]) -> Case:
    """The case of a *manifest* with what officers made of it: the judgement that counts, and the corrected plate."""
    reviews = [str(event.kind) for event in counting(events)]
    corrected = correction(events)
    return to_case(
        manifest,
        portrait=portrait,
        review=reviews[-1] if reviews else None,
        corrected_plate=corrected.plate if corrected else None,
        name_set_aside=set_aside(events) is not None,
    )


def known_plate(case: Case) -> str:
    """The plate to ask the vehicle register for: an officer's correction, else the verdict's, else what was read."""
    return case.corrected_plate or shown_plate(case)


def name_follows(case: Case | CaseSummary) -> bool:
    """Whether the name in *case* still stands: no officer took it away.

    A driver is named because the plate that their chip claimed is the one photographed; whoever reads another plate
    takes that away. So does who sets the name aside, for a chip can be copied and an identity stolen, until that is
    withdrawn. Where nobody is named there is nothing to take away.
    """
    if isinstance(case, CaseSummary):
        return not case.driver_name or (not case.name_set_aside and case.corrected_plate in (None, case.plate_text))
    if case.driver is None or case.verdict is None:
        return True
    return not case.name_set_aside and case.corrected_plate in (None, case.verdict.plate)
