"""The case as text, for another program."""

from __future__ import annotations

from edge.model import Case
from edge.officers import limit_words, name_follows, speed_words
from edge.viewer.data import CaseDetails
from edge.viewer.text import _, basis_words, name_words, number, plain, verdict_words, zoned


def _assessed(case: Case) -> dict[str, str]:
    """Return what the law makes of the speed, by captions."""
    if (found := case.assessment) is None:
        return {}

    def speed(value: float) -> str:
        return speed_words(value, case.speed_unit, number)

    return {
        _("Deduction"): f"{speed(found.deduction_kmh)} ({found.rule})",
        _("Speed that counts"): speed(found.remaining_kmh),
        _("Excess"): speed(found.excess_kmh) + (f" ({found.provision})" if found.provision else ""),
    }


def _instrument(opened: CaseDetails) -> str:
    """Return what measured, and until when its certificate counts."""
    radar, calibration = opened.instrument.get("radar", {}), opened.instrument.get("calibration", {})
    said = " ".join(str(radar[name]) for name in ("make", "model", "version", "serial") if radar.get(name))
    if calibration:
        until = _("certificate {number}, valid until {day}").format(
            number=calibration["certificate"], day=calibration["valid_until"]
        )
        said = f"{said}; {until}" if said else until
    return said or _("not recorded")


def _selfcheck(opened: CaseDetails) -> str:
    """Return whether the case lies between two good self-checks."""
    return _("good before and after") if opened.enclosure.holds else _("NOT good both before and after")


def as_text(opened: CaseDetails) -> str:
    """Return the case as lines of text, for another program."""
    case = opened.case
    speed = case.trigger.speed_kmh
    lines = {
        _("Case"): str(case.number),
        _("Time"): zoned(case.trigger.at_utc),
        _("Place"): case.site,
        _("Speed"): basis_words(case.basis) if speed is None else speed_words(speed, case.speed_unit, number),
        **(_assessed(case) if case.is_infringement else {}),
        _("Limit"): limit_words(case.limit_kmh, case.speed_unit, number),
        _("Plate"): case.plate_text or "–",
        **({_("Plate as corrected"): case.corrected_plate} if case.corrected_plate else {}),
        _("Verdict"): verdict_words(case)[0],
        _("Instrument"): _instrument(opened),
        _("Self-check"): _selfcheck(opened),
    }
    if not name_follows(case):
        lines[_("Driver")] = name_words(case)
    elif case.driver is not None:
        lines[_("Driver")] = f"{case.driver.first_name} {case.driver.last_name}"
        lines[_("Licence number")] = case.driver.licence
    return "\n".join(f"{caption}: {plain(value, 200)}" for caption, value in lines.items())
