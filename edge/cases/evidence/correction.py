"""What an officer's correction of the plate does to the name: the one rule that report, lists and viewer ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge.cases.evidence.manifest import Manifest, to_case
from edge.cases.evidence.sentences import shown_plate
from edge.cases.views import CaseSummary, Event, EventKind, counting
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
    )


def known_plate(case: Case) -> str:
    """The plate to ask the vehicle register for: an officer's correction, else the verdict's, else what was read."""
    return case.corrected_plate or shown_plate(case)


def name_follows(case: Case | CaseSummary) -> bool:
    """Whether the name in *case* still follows, or an officer read another plate than the one the driver claimed.

    A driver is named because the plate that their chip claimed is the one photographed; whoever reads another plate
    takes that away. Where nobody is named there is nothing to take away.
    """
    if isinstance(case, CaseSummary):
        return not case.driver_name or case.corrected_plate in (None, case.plate_text)
    return case.driver is None or case.verdict is None or case.corrected_plate in (None, case.verdict.plate)
