"""Verdicts, reviews, events and orders as texts in the officer's language, each with its tone (colour)."""

from __future__ import annotations

from edge.model import Basis, Case, Flag, Outcome, Plausibility, Reason, SpeedAgreement, SpeedUnit
from edge.officers import WITH, CaseSummary, EventKind, Order, Standing, name_follows, speed_words, spread_in_unit
from edge.viewer.text.language import _, ngettext, number
from edge.viewer.text.plain_text import plain

MOST_OF_A_NAME = 60
"""How many characters of an officer's name are shown."""


def outcome_words(outcome: Outcome | None) -> tuple[str, str]:
    """Return text and tone of a verdict; None is a case that is not decided yet."""
    return {
        Outcome.IDENTIFIED: (_("Identified"), "good"),
        Outcome.AMBIGUOUS: (_("Ambiguous"), "warn"),
        Outcome.UNIDENTIFIED: (_("Unidentified"), "neutral"),
        None: (_("Pending"), "accent"),
    }[outcome]


def standing_words() -> dict[Standing, str]:
    """Return the texts of what a case is besides its outcome."""
    return {
        Standing.NO_INFRINGEMENT: _("No infringement"),
        Standing.TO_BE_CONFIRMED: _("Identified, to be confirmed"),
        Standing.TO_BE_CHECKED: _("To be checked"),
    }


def verdict_words(case: Case | CaseSummary) -> tuple[str, str]:
    """Return text and tone of the verdict as it stands for *case*, or that it is no infringement."""
    if not case.is_infringement:
        return standing_words()[Standing.NO_INFRINGEMENT], "neutral"
    if case.is_to_be_checked:
        return standing_words()[Standing.TO_BE_CHECKED], "warn"
    if not name_follows(case):
        return (_("Name set aside") if case.name_set_aside else _("Name no longer follows")), "bad"
    if case.is_to_be_confirmed:
        return standing_words()[Standing.TO_BE_CONFIRMED], "warn"
    if isinstance(case, CaseSummary):
        return outcome_words(case.outcome)
    return outcome_words(case.verdict.outcome if case.verdict else None)


def name_words(case: Case) -> str:
    """Return why the name in *case* does not stand."""
    if case.name_set_aside:
        return _("an officer set this name aside: it is not to be used")
    return _("plate corrected: this name no longer follows")


def short_verdict_words(case: CaseSummary) -> tuple[str, str]:
    """Return what :func:`verdict_words` says, short enough for a row of the list."""
    if case.is_infringement and not case.is_to_be_checked and name_follows(case) and case.is_to_be_confirmed:
        return _("To be confirmed"), "warn"
    return verdict_words(case)


def basis_words(basis: Basis | str | None) -> str:
    """Return what a trigger of that *basis* is; one of a newer program is returned unchanged."""
    words: dict[str, str] = {
        Basis.MEASURED: _("speed measured"),
        Basis.SIGNALLED: _("signalled by the radar, speed not recorded"),
        Basis.NO_SPEED: _("no speed was measured"),
        Basis.IMPOSSIBLE_SPEED: _("the speed reported is impossible"),
        Basis.TEST: _("a test trigger"),
        Basis.OBSERVED: _("the unit only observes"),
        Basis.NO_CERTIFICATE: _("the instrument had no valid calibration certificate"),
    }
    return words.get(basis, basis) if basis else _("not measured")


def plausibility_words(found: Plausibility, unit: SpeedUnit) -> str:
    """Return what the photos say of the radar, in *unit*."""
    says = {
        SpeedAgreement.AGREES: _("the photos are consistent with the radar"),
        SpeedAgreement.CONTRADICTS: _("the photos contradict the radar"),
        SpeedAgreement.OTHER_FITS: _("another vehicle fits the radar better"),
        SpeedAgreement.TELLS_NOTHING: _("the photos tell nothing of the speed"),
    }[found.agreement]
    if found.speed_kmh is None or found.agreement is SpeedAgreement.TELLS_NOTHING:
        return says
    figures = _("{says}: {speed}, standard deviation {error:.0f}, {distance:.1f} m away")
    return figures.format(
        says=says,
        speed=speed_words(found.speed_kmh, unit, number, digits=0),
        error=spread_in_unit(found.error_kmh or 0.0, unit),
        distance=found.distance_m,
    )


def other_plates_words(case: Case, index: int) -> str:
    """Return how many plates of other vehicles photo *index* (from 0) shows, or which photos do; empty if none."""
    photos = [other.photo for other in case.others or ()]
    if count := photos.count(index):
        words = ngettext("{count} plate of another vehicle", "{count} plates of other vehicles", count)
        return words.format(count=count)
    numbers = ", ".join(str(photo + 1) for photo in sorted(set(photos)))
    return _("Other vehicles' plates: in photo {numbers}").format(numbers=numbers) if numbers else ""


def review_words(review: str | None) -> tuple[str, str]:
    """Return text and tone of a case's last review; None is a case without a review."""
    return {
        EventKind.CONFIRM.value: (_("confirmed"), "good"),
        EventKind.CONFIRM_VEHICLE.value: (_("vehicle confirmed"), "good"),
        EventKind.SET_NAME_ASIDE.value: (_("vehicle confirmed, name set aside"), "good"),
        EventKind.DISMISS.value: (_("dismissed"), "bad"),
        EventKind.CORRECT_PLATE.value: (_("plate corrected"), "warn"),
        EventKind.WITHDRAW.value: (_("judgement withdrawn"), "warn"),
        None: (_("to review"), "neutral"),
    }.get(review, (str(review), "neutral"))


def waiting_words() -> str:
    """Return what a case is whose judgement waits for a second officer."""
    return _("waits for a second officer")


def event_words(kind: EventKind, action: str = "") -> tuple[str, str]:
    """Return text and tone of an officer's act, for the history; *action* is what a request asks for."""
    if kind is EventKind.REQUEST:
        asked = {
            EventKind.CONFIRM.value: _("Confirmed, waits"),
            EventKind.CONFIRM_VEHICLE.value: _("Vehicle confirmed, waits"),
            EventKind.SET_NAME_ASIDE.value: _("Name set aside, waits"),
            EventKind.DISMISS.value: _("Dismissed, waits"),
            EventKind.CORRECT_PLATE.value: _("Plate corrected, waits"),
            EventKind.WITHDRAW.value: _("Judgement withdrawn, waits"),
        }
        return asked.get(action, _("Claims asked for")), "warn"
    return {
        EventKind.AGREE: (_("Second officer agreed"), "good"),
        EventKind.REFUSE: (_("Refused"), "bad"),
        EventKind.CONFIRM: (_("Confirmed"), "good"),
        EventKind.CONFIRM_VEHICLE: (_("Vehicle confirmed"), "good"),
        EventKind.SET_NAME_ASIDE: (_("Name set aside"), "warn"),
        EventKind.DISMISS: (_("Dismissed"), "bad"),
        EventKind.CORRECT_PLATE: (_("Plate corrected"), "warn"),
        EventKind.WITHDRAW: (_("Judgement withdrawn"), "warn"),
        EventKind.VIEW: (_("Viewed"), "neutral"),
        EventKind.EXPORT: (_("Exported"), "accent"),
        EventKind.HOLD: (_("Put on hold"), "warn"),
        EventKind.RELEASE: (_("Released from hold"), "neutral"),
        EventKind.KEEPER_ASKED: (_("Keeper asked who drove"), "accent"),
        EventKind.DRIVER_NAMED: (_("Driver named by the keeper"), "good"),
        EventKind.CLOSED: (_("Closed"), "neutral"),
    }[kind]


def officers_words(officer: str) -> str:
    """Return the name of an officer, or of the two who did something together."""
    names = [plain(name, MOST_OF_A_NAME) for name in officer.split(WITH, 1)]
    return _("{first} with {second}").format(first=names[0], second=names[1]) if len(names) > 1 else names[0]


def order_words() -> dict[str, Order]:
    """Return the orders of the list by their texts."""
    return {
        _("Newest first"): Order.NEWEST,
        _("Oldest first"): Order.OLDEST,
        _("Fastest first"): Order.FASTEST,
        _("By plate"): Order.PLATE,
        _("By driver"): Order.DRIVER,
    }


def flag_words(flag: Flag | str) -> str:
    """Return what an officer has to know of a case; a flag of a newer program is returned unchanged."""
    words: dict[str, str] = {
        Flag.NOT_THE_KEEPER: _("not the registered keeper"),
        Flag.OTHER_COUNTRY: _("plate of another country"),
        Flag.SEVERAL_PLATES: _("a chip claimed several plates"),
        Flag.SPEED_CONTRADICTED: _("the photos contradict the radar"),
        Flag.OTHER_VEHICLE_FITS: _("another vehicle fits the radar better"),
        Flag.COPIED_CHIP: _("a chip was copied"),
    }
    return words.get(flag, flag)


def reason_words(reason: str) -> str:
    """Return the sentence for a verdict's reason; an unknown one is returned unchanged."""
    words: dict[str, str] = {
        Reason.ONE_CLAIM: _("Exactly one car's answer fits the photo."),
        Reason.SEVERAL_CLAIMS: _("More than one car's answer fits the photo: a person has to decide."),
        Reason.SEVERAL_CARS: _("More than one car is in the photo: a person has to decide."),
        Reason.LOOKS_ALIKE: _("A plate that looks alike fits the photo as well: a person has to decide."),
        Reason.NO_CLAIM: _("No car's answer fits the photo."),
        Reason.NO_PACKET: _("No car near the camera sent a valid answer."),
        Reason.NO_PLATE: _("No plate was found in the photo."),
        Reason.PHOTO_NOT_READ: _("A photo could not be recognised: look at it yourself."),
        Reason.NO_PHOTO: _("The camera gave no photo."),
        Reason.NO_INFRINGEMENT: _("This trigger is no infringement."),
        Reason.CENTRE_NOT_REACHED: _("Headquarters, which opens the cars' answers, was not reached."),
        Reason.SPEED_IN_DOUBT: _("The photos do not bear out the radar: a person has to decide."),
    }
    return words.get(reason, reason)
