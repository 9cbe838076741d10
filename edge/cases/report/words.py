"""The texts of a report, for a judge and not a programmer: verdicts, judgements, reasons, flags, rejected packets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp

from edge.cases.evidence import Record, name_follows
from edge.cases.report.language import _, ngettext, number
from edge.cases.views import OF_THE_VEHICLE, WITH, EventKind
from edge.law import speed_words, spread_in_unit
from edge.model import Basis, Case, Flag, Outcome, Plausibility, Reason, Rejection, SpeedAgreement, SpeedUnit

AS_WELL = -1.0
"""Log-likelihood ratio from which a claim fits the photo about as well as the reading itself."""
HOPELESS = -13.8
"""Log-likelihood ratio of one in a million; less than that is not told apart."""


def verdict_words(case: Case) -> str:
    """The verdict on *case*, as it stands wherever the report names it."""
    if not case.is_infringement:
        return _("No infringement")
    if case.verdict is None:
        return _("Not decided")
    if case.is_to_be_checked:
        return _("To be checked: the photos do not bear out the radar")
    if case.review in OF_THE_VEHICLE:
        return _("Infringement with this vehicle: nobody is named")
    if not name_follows(case) and case.name_set_aside:
        return _("An officer set the name aside: nobody is named")
    if not name_follows(case):
        return _("Plate corrected: this name no longer follows")
    words = outcome_words(case.verdict.outcome)
    is_open = case.is_to_be_confirmed and case.review != EventKind.CONFIRM
    return _("{verdict}, to be confirmed").format(verdict=words) if is_open else words


def outcome_words(outcome: Outcome) -> str:
    """The unit's own verdict, whatever officers made of it."""
    return {
        Outcome.IDENTIFIED: _("Driver identified by the licence's chip"),
        Outcome.AMBIGUOUS: _("Ambiguous: more than one driver's answer fits the photo"),
        Outcome.UNIDENTIFIED: _("Driver not identified"),
    }[outcome]


def officer_did(kind: str) -> str:
    """What an officer did, for an entry of that *kind*; one of a newer program is returned unchanged."""
    return {
        "confirm": _("Confirmed"),
        "confirm_vehicle": _("Confirmed for the vehicle, nobody is named"),
        "set_name_aside": _("Confirmed for the vehicle, the name is set aside"),
        "dismiss": _("Dismissed"),
        "correct_plate": _("Plate corrected"),
        "view": _("Viewed"),
        "export": _("Exported"),
        "hold": _("Put on hold"),
        "release": _("Released from hold"),
        "keeper_asked": _("Keeper asked who drove"),
        "driver_named_by_keeper": _("Driver named by the keeper"),
        "closed": _("Closed"),
        "request": _("Second officer asked"),
        "agree": _("Second officer agreed"),
        "refuse": _("Second officer refused"),
        "withdraw": _("Judgement withdrawn"),
        "purge": _("Purge before its time"),
        "claims": _("Sealed answers to be opened"),
    }.get(kind, kind)


def officers_words(officer: str) -> str:
    """The name of an officer, or of the two who did something together."""
    first, _with, second = officer.partition(WITH)
    return _("{first} with {second}").format(first=first, second=second) if second else officer


def reason_words(reason: Reason | str) -> str:
    """The reason of a verdict as a sentence; one of a newer program is returned unchanged."""
    words: dict[str, str] = {
        Reason.ONE_CLAIM: _("Exactly one driver's answer fits the photo."),
        Reason.SEVERAL_CLAIMS: _("More than one driver's answer fits the photo."),
        Reason.SEVERAL_CARS: _("More than one car is in the photo."),
        Reason.LOOKS_ALIKE: _("A plate that looks alike fits the photo as well."),
        Reason.NO_CLAIM: _("No driver's answer fits the photo."),
        Reason.NO_PACKET: _("No car near the camera sent a valid answer."),
        Reason.CENTRE_NOT_REACHED: _("The centre, which opens the answers of the cars, could not be reached."),
        Reason.NO_PLATE: _("No plate was found in the photo."),
        Reason.NO_PHOTO: _("The camera gave no photo."),
        Reason.PHOTO_NOT_READ: _("A photo could not be recognised."),
        Reason.NO_INFRINGEMENT: _("The trigger is no infringement."),
        Reason.SPEED_IN_DOUBT: _("The photos do not bear out the radar."),
    }
    return words.get(reason, reason)


def flag_words(flag: Flag | str) -> str:
    """What the officer should know; a flag of a newer program is returned unchanged."""
    words: dict[str, str] = {
        Flag.NOT_THE_KEEPER: _("The driver is not the registered keeper"),
        Flag.OTHER_COUNTRY: _("Plate and vehicle are of different countries"),
        Flag.SEVERAL_PLATES: _("A chip claimed several plates"),
        Flag.SPEED_CONTRADICTED: _("The photos contradict the radar's speed"),
        Flag.COPIED_CHIP: _("A chip was copied: its counter does not rise"),
        Flag.OTHER_VEHICLE_FITS: _("Another vehicle fits the radar's speed better"),
    }
    return words.get(flag, flag)


def basis_words(basis: Basis | str | None) -> str:
    """What a trigger of that *basis* is; one of a newer program is returned unchanged."""
    words: dict[str, str] = {
        Basis.MEASURED: _("speed measured"),
        Basis.SIGNALLED: _("signalled by the radar, speed not recorded"),
        Basis.NO_SPEED: _("no infringement: no speed was measured"),
        Basis.IMPOSSIBLE_SPEED: _("no infringement: the speed reported is impossible"),
        Basis.TEST: _("no infringement: a test trigger"),
        Basis.OBSERVED: _("no infringement: the unit only observes"),
        Basis.NO_CERTIFICATE: _("no infringement: the instrument had no valid calibration certificate"),
    }
    return words.get(basis, basis) if basis else ""


def rejected_words(rejected: Iterable[tuple[str, int]]) -> list[str]:
    """A sentence for each reason for which packets did not count, with their number."""
    words: dict[str, str] = {
        Rejection.UNKNOWN_UID: _("chip unknown to the registry"),
        Rejection.SEALED_UID: _("chip's identifier not to be opened"),
        Rejection.VERSION: _("another version of the protocol than the unit's"),
        Rejection.SIGNATURE: _("the chip's signature is wrong"),
        Rejection.COPIED_CHIP: _("the chip was copied: its counter does not rise"),
        Rejection.REVOKED_CHIP: _("chip revoked, or not yet in use"),
        Rejection.FOREIGN_LICENCE: _("licence not the chip's own"),
        Rejection.PLATE_FORMAT: _("no plate of an accepted format"),
        Rejection.LICENCE_FORMAT: _("no licence number"),
        Rejection.DAMAGED_KEY: _("not opened: the chip's key in the registry is damaged"),
        Rejection.SEVERAL_PLATES: _("its chip claimed several plates"),
        Rejection.TOO_MANY: _("not opened: more packets of one chip than are opened"),
        Rejection.WORKER_FAILED: _("not opened: the recognition failed"),
    }
    no_answer = _("no answer to this challenge of the unit")
    said = []
    for reason, count in rejected:
        packets = ngettext("{count} answer", "{count} answers", count).format(count=number(count))
        said.append(f"{packets}: {words.get(reason, no_answer)}")
    return said


def no_claims_words(reason: Reason | str) -> str:
    """Why there is no answer to compare with the photo, from the *reason* of the verdict."""
    words: dict[str, str] = {
        Reason.NO_PACKET: _("no car sent a valid answer"),
        Reason.NO_INFRINGEMENT: _("none was taken: the trigger is no infringement"),
        Reason.CENTRE_NOT_REACHED: _("none was opened: the centre was not reached"),
    }
    return words.get(reason, _("none was compared with the photo"))


def claims_words(scores: Sequence[float]) -> list[str]:
    """How well each driver's answer fits the photo, the best first, in words; *scores* as in a verdict."""
    said = []
    for place, score in enumerate(sorted(scores, reverse=True), 1):
        if score >= AS_WELL:
            fits = _("fits the photo as well as the plate that was read")
        elif score < HOPELESS:
            fits = _("does not fit: more than a million times less likely than the plate that was read")
        else:
            fits = _("{times} times less likely than the plate that was read").format(times=_times(exp(-score)))
        said.append(_("Answer {place}: {fits}").format(place=place, fits=fits))
    return said


def _times(ratio: float) -> str:
    """A ratio with two significant digits: more would pretend."""
    return number(ratio, 1) if ratio < 10 else number(float(f"{ratio:.2g}"))


def plausibility_words(found: Plausibility, unit: SpeedUnit) -> str:
    """What the photos say of the radar, in *unit*: a check, never the measurement."""
    says = {
        SpeedAgreement.AGREES: _("the photos are consistent with the radar"),
        SpeedAgreement.CONTRADICTS: _("the photos contradict the radar"),
        SpeedAgreement.OTHER_FITS: _("another vehicle fits the radar better"),
        SpeedAgreement.TELLS_NOTHING: _("the photos tell nothing of the speed"),
    }[found.agreement]
    if found.speed_kmh is None or found.agreement is SpeedAgreement.TELLS_NOTHING:
        return says
    return _("{says}: {speed}, standard deviation {error}; a check, not the measurement").format(
        says=says,
        speed=speed_words(found.speed_kmh, unit, number),
        error=number(spread_in_unit(found.error_kmh or 0.0, unit), 1),
    )


def missed_words(case: Case) -> list[str]:
    """A sentence on photos that the case should have and has not; none if it has all."""
    count = case.missed_photos
    said = ngettext(
        "{count} photo missed: the camera or the disk failed",
        "{count} photos missed: the camera or the disk failed",
        count,
    )
    return [said.format(count=number(count))] if count else []


def clock_words(clock: Record) -> str:
    """How good the unit's time was, from the manifest's ``clock``."""
    if clock.get("synchronised") is None:
        return _("not known whether it was synchronised")
    if not clock["synchronised"]:
        return _("NOT synchronised when the case was filed")
    error = clock.get("max_error_s")
    if error is None:
        return _("synchronised")
    return _("synchronised, wrong by at most {seconds} s").format(seconds=number(error, 3))


def rule_words(rule: str) -> str:
    """Where a deduction stands, as a profile of :mod:`edge.law` says it; other words are returned unchanged."""
    if rule.startswith(_STATED):
        return _("deduction as stated by the authority, source: {source}").format(source=rule.removeprefix(_STATED))
    return {
        "no deduction": _("no deduction"),
        "RTRA 1984, s. 89: no deduction; in mph, cut to one decimal": _(
            "RTRA 1984, s. 89: no deduction; in mph, cut to one decimal"
        ),
        "art. 345 reg. C.d.S.: 5 %, at least 5 km/h": _("art. 345 reg. C.d.S.: 5 %, at least 5 km/h"),
        "Messtoleranz Radar: 5 km/h, above 100 km/h 5 %": _("Messtoleranz Radar: 5 km/h, above 100 km/h 5 %"),
        "Verkehrsfehlergrenze: 3 km/h, above 100 km/h 3 %, rounded up": _(
            "Verkehrsfehlergrenze: 3 km/h, above 100 km/h 3 %, rounded up"
        ),
        "arrêté du 4 juin 2009, art. 6: 5 km/h, above 100 km/h 5 %": _(
            "arrêté du 4 juin 2009, art. 6: 5 km/h, above 100 km/h 5 %"
        ),
    }.get(rule, rule)


def provision_words(provision: str) -> str:
    """The provision broken, as a profile of :mod:`edge.law` names it; other words are returned unchanged."""
    return {
        "s. 89(1) of the Road Traffic Regulation Act 1984": _("s. 89(1) of the Road Traffic Regulation Act 1984"),
    }.get(provision, provision)


_STATED = "deduction as stated by the authority, source: "
ITALIAN = "C.d.S."
"""What rules of Italian law are named with."""
BRITISH = "RTRA 1984"
"""The same of the United Kingdom."""


def rests_on(case: Case, law: str) -> bool:
    """Whether the rule that the speed of *case* was held against is one of *law*."""
    rule = "" if case.assessment is None else case.assessment.rule
    return law in rule and not rule.startswith(_STATED)  # what an authority states may name any law


def keeper_law(case: Case) -> str:
    """Where it stands that a keeper has to name the driver; without a profile of the country, where in Italy."""
    if rests_on(case, BRITISH):
        return _("in the United Kingdom section 172 of the Road Traffic Act 1988")
    return _("in Italy art. 126-bis, paragraph 2, C.d.S.")


def direction_words(direction: str | None) -> str:
    """The direction of travel; words of the radar's own are returned unchanged."""
    return {"inbound": _("approaching"), "outbound": _("moving away"), "": _("direction not known")}.get(
        direction or "", direction or ""
    )
