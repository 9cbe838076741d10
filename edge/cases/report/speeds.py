"""The speeds of a report: what was measured, what the law leaves of it, what of that is over the limit."""

from __future__ import annotations

from edge.cases.report.language import _, number, unbroken
from edge.cases.report.paper import clean
from edge.cases.report.words import basis_words, direction_words, rule_words
from edge.model import Assessment, Case


def kmh(value: float, digits: int = 1) -> str:
    """A speed with its unit."""
    return unbroken(_("{speed} km/h").format(speed=number(value, digits)))


def limit_words(limit_kmh: float) -> str:
    """A limit, without decimals that it does not have."""
    return kmh(limit_kmh, 0 if limit_kmh == round(limit_kmh) else 1)


def speed_words(case: Case) -> str:
    """The measured speed with its direction, or why there is none."""
    speed_kmh = case.trigger.speed_kmh
    if speed_kmh is None:
        return clean(basis_words(case.basis)) or _("not known")
    says = "" if case.is_infringement else f"; {clean(basis_words(case.basis))}"
    return f"{kmh(speed_kmh)}, {clean(direction_words(case.trigger.direction))}{says}"


def counted_speed(case: Case) -> tuple[str, str]:
    """The speed that counts, and how it comes about; what was measured where nothing was deducted."""
    found, speed_kmh = case.assessment, case.trigger.speed_kmh
    limit = _("limit {speed}").format(speed=limit_words(case.limit_kmh))
    if speed_kmh is None:
        return _("no speed"), limit
    if not case.is_infringement:
        no_infringement = _("measured, and no infringement")
        return kmh(speed_kmh), f"{limit}; {no_infringement}"
    if found is None:
        excess = _over(speed_kmh - case.limit_kmh)
        return kmh(speed_kmh), f"{limit}, {excess}"
    less = _("measured {measured} less {deduction}").format(
        measured=number(found.measured_kmh, 1), deduction=number(found.deduction_kmh, 1)
    )
    return kmh(found.remaining_kmh), f"{limit}, {_over(found.excess_kmh)}; {unbroken(less)}"


def assessment_facts(found: Assessment | None) -> list[tuple[str, str]]:
    """What the law makes of the measured speed, as facts of the report."""
    if found is None:
        return []
    provision = f"; {clean(found.provision)}" if found.provision else ""
    return [
        (_("Deduction"), f"{kmh(found.deduction_kmh)} ({clean(rule_words(found.rule))})"),
        (_("Speed that counts"), f"<b>{kmh(found.remaining_kmh)}</b>, {_over(found.excess_kmh)}{provision}"),
    ]


def _over(excess_kmh: float) -> str:
    return _("{speed} over").format(speed=kmh(excess_kmh))
