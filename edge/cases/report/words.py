"""The texts of a report: verdicts, judgements, times, the clock, why a packet was rejected."""

from __future__ import annotations

from datetime import UTC, date, datetime

from edge.cases.evidence import Record, basis_sentence, plausibility_words
from edge.cases.report.paper import clean
from edge.model import Assessment, Case, Outcome, Rejection

VERDICTS = {
    Outcome.IDENTIFIED: "Driver identified",
    Outcome.AMBIGUOUS: "Ambiguous: more than one claim fits the photo",
    Outcome.UNIDENTIFIED: "Driver not identified",
}
OFFICER_DID = {
    "confirm": "Confirmed",
    "dismiss": "Dismissed",
    "correct_plate": "Plate corrected",
    "view": "Viewed",
    "export": "Exported",
    "hold": "Put on hold",
    "release": "Released from hold",
}
_REJECTED: dict[str, str] = {
    Rejection.UNKNOWN_UID: "chip unknown to the registry",
    Rejection.REVOKED_CHIP: "chip revoked, or not yet in use",
    Rejection.FOREIGN_LICENCE: "licence not the chip's own",
    Rejection.PLATE_FORMAT: "no plate of an accepted format",
    Rejection.LICENCE_FORMAT: "no licence number",
    Rejection.DAMAGED_KEY: "not opened: the chip's key in the registry is damaged",
    Rejection.SEVERAL_PLATES: "its chip claimed several plates",
    Rejection.TOO_MANY: "not opened: more packets of one chip than are opened",
    Rejection.WORKER_FAILED: "not opened: the recognition failed",
}
_NO_ANSWER = "no answer to this unit's challenge"


def verdict_words(case: Case) -> str:
    """The verdict on *case*, as it stands wherever the report names it."""
    if not case.is_infringement:
        return "No infringement"
    if case.verdict is None:
        return "Not decided"
    if case.is_to_be_checked:
        return "To be checked: the photos do not bear out the radar"
    return VERDICTS[case.verdict.outcome] + (", to be confirmed" if case.is_to_be_confirmed else "")


def speed_words(case: Case) -> str:
    """The measured speed with its direction, or why there is none."""
    speed_kmh = case.trigger.speed_kmh
    if speed_kmh is None:
        return clean(basis_sentence(case.basis)) or "not known"
    says = "" if case.is_infringement else f"; {clean(basis_sentence(case.basis))}"
    return f"{speed_kmh:.1f} km/h, {clean(case.trigger.direction or 'direction not known')}{says}"


def counted_speed(case: Case) -> tuple[str, str]:
    """The speed that counts, and by how much it is over the limit; what was measured where nothing was deducted."""
    found, speed_kmh = case.assessment, case.trigger.speed_kmh
    if speed_kmh is None:
        return "no speed", ""
    if found is None:
        return f"{speed_kmh:.1f} km/h", f", {speed_kmh - case.limit_kmh:.1f} km/h over" if case.is_infringement else ""
    over = f", {found.excess_kmh:.1f} km/h over" if case.is_infringement else ""
    return (
        f"{found.remaining_kmh:.1f} km/h",
        f"{over}; measured {found.measured_kmh:.1f} less {found.deduction_kmh:.1f}",
    )


def assessment_facts(found: Assessment | None) -> list[tuple[str, str]]:
    """What the law makes of the measured speed, as facts of the report."""
    if found is None:
        return []
    provision = f"; {clean(found.provision)}" if found.provision else ""
    return [
        ("Deduction", f"{found.deduction_kmh:.1f} km/h ({clean(found.rule)})"),
        ("Speed that counts", f"{found.remaining_kmh:.1f} km/h, {found.excess_kmh:.1f} km/h over{provision}"),
    ]


def plausibility_facts(case: Case) -> list[tuple[str, str]]:
    """What the photos say of the radar, as facts of the report."""
    return [("Plausibility", plausibility_words(case.plausibility))] if case.plausibility is not None else []


def missed_words(case: Case) -> list[str]:
    """A sentence on photos that the case should have and has not; none if it has all."""
    count = case.missed_photos
    return [f"{count} photo{'s' if count > 1 else ''} missed: the camera or the disk failed"] if count else []


def not_counted(reason: str, count: int) -> str:
    """How many packets were rejected for *reason*, a key of the manifest's ``rejected_packets``."""
    return f"{count} packet{'s' if count > 1 else ''}: {_REJECTED.get(reason, _NO_ANSWER)} ({clean(reason)})"


def clock_quality(clock: Record) -> str:
    """How good the unit's time was, from the manifest's ``clock``."""
    if clock.get("synchronised") is None:
        return "synchronisation not known"
    error = clock.get("max_error_s")
    bound = f", error at most {error:.3f} s" if error is not None and clock["synchronised"] else ""
    return f"synchronised{bound}" if clock["synchronised"] else "NOT synchronised when the case was filed"


def moment(at_utc: float) -> str:
    """A time to the millisecond, UTC."""
    return datetime.fromtimestamp(at_utc, UTC).strftime("%d %B %Y, %H:%M:%S.%f")[:-3] + " UTC"


def day(iso: str) -> str:
    """An ISO date in words; other text is returned with markup escaped."""
    try:
        return date.fromisoformat(iso).strftime("%d %B %Y").lstrip("0")
    except ValueError:
        return clean(iso)


def local(at_utc: float) -> str:
    """A time to the second, in the unit's time zone."""
    return datetime.fromtimestamp(at_utc, UTC).astimezone().strftime("local time %d %B %Y, %H:%M:%S (UTC%z)")
