"""The speeds of a report: what was measured, what the law leaves of it, what of that is over the limit."""

from __future__ import annotations

from edge.cases.report.language import _, number, unbroken
from edge.cases.report.paper import clean
from edge.cases.report.words import basis_words, direction_words, provision_words, rule_words
from edge.law import speeds
from edge.model import Case


def said(case: Case, speed_kmh: float, *, beside: bool = False) -> str:
    """A speed of *case* as the law counts it; *beside*: with km/h in brackets, where that is another unit."""
    return unbroken(speeds.speed_words(speed_kmh, case.speed_unit, number, beside=beside))


def limit_words(case: Case, *, beside: bool = False) -> str:
    """The limit of *case*, without decimals that it does not have."""
    return unbroken(speeds.limit_words(case.limit_kmh, case.speed_unit, number, beside=beside))


def speed_words(case: Case) -> str:
    """The measured speed with its direction, or why there is none."""
    speed_kmh = case.trigger.speed_kmh
    if speed_kmh is None:
        return clean(basis_words(case.basis)) or _("not known")
    says = "" if case.is_infringement else f"; {clean(basis_words(case.basis))}"
    return f"{said(case, speed_kmh, beside=True)}, {clean(direction_words(case.trigger.direction))}{says}"


def counted_speed(case: Case) -> tuple[str, str]:
    """The speed that counts, and how it comes about; what was measured where nothing was deducted."""
    found, speed_kmh = case.assessment, case.trigger.speed_kmh
    limit = _("limit {speed}").format(speed=limit_words(case))
    if speed_kmh is None:
        return _("no speed"), limit
    if not case.is_infringement:
        no_infringement = _("measured, and no infringement")
        return said(case, speed_kmh), f"{limit}; {no_infringement}"
    if found is None:
        excess = _over(case, speed_kmh - case.limit_kmh)
        return said(case, speed_kmh), f"{limit}, {excess}"
    figures = (number(speeds.in_unit(each, case.speed_unit), 1) for each in (found.measured_kmh, found.deduction_kmh))
    measured, deduction = figures
    less = _("measured {measured} less {deduction}").format(measured=measured, deduction=deduction)
    return said(case, found.remaining_kmh), f"{limit}, {_over(case, found.excess_kmh)}; {unbroken(less)}"


def assessment_facts(case: Case) -> list[tuple[str, str]]:
    """What the law makes of the measured speed, as facts of the report."""
    found = case.assessment
    if found is None:
        return []
    provision = f"; {clean(provision_words(found.provision))}" if found.provision else ""
    counts = said(case, found.remaining_kmh, beside=True)
    return [
        (_("Deduction"), f"{said(case, found.deduction_kmh)} ({clean(rule_words(found.rule))})"),
        (_("Speed that counts"), f"<b>{counts}</b>, {_over(case, found.excess_kmh)}{provision}"),
    ]


def _over(case: Case, excess_kmh: float) -> str:
    return _("{speed} over").format(speed=said(case, excess_kmh))
