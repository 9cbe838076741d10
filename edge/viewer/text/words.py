"""Verdicts, reviews, events and orders as texts in the officer's language, each with its tone (colour)."""

from __future__ import annotations

from edge.model import Basis, Case, Outcome, Reason
from edge.officers import CaseSummary, EventKind, Order
from edge.viewer.text.language import _


def outcome_words(outcome: Outcome | None) -> tuple[str, str]:
    """Return text and tone of a verdict; None is a case that is not decided yet."""
    return {
        Outcome.IDENTIFIED: (_("Identified"), "good"),
        Outcome.AMBIGUOUS: (_("Ambiguous"), "warn"),
        Outcome.UNIDENTIFIED: (_("Unidentified"), "neutral"),
        None: (_("Pending"), "accent"),
    }[outcome]


def verdict_words(case: Case | CaseSummary) -> tuple[str, str]:
    """Return text and tone of the verdict as it stands for *case*, or that it is no infringement."""
    if not case.is_infringement:
        return _("No infringement"), "neutral"
    if case.is_to_be_confirmed:
        return _("Identified, to be confirmed"), "warn"
    if isinstance(case, CaseSummary):
        return outcome_words(case.outcome)
    return outcome_words(case.verdict.outcome if case.verdict else None)


def basis_words(basis: Basis | str | None) -> str:
    """Return what a trigger of that *basis* is; one of a newer program is returned unchanged."""
    words: dict[str, str] = {
        Basis.MEASURED: _("speed measured"),
        Basis.SIGNALLED: _("signalled by the radar, speed not recorded"),
        Basis.NO_SPEED: _("no speed was measured"),
        Basis.IMPOSSIBLE_SPEED: _("the speed reported is impossible"),
        Basis.TEST: _("a test trigger"),
        Basis.OBSERVED: _("the unit only observes"),
    }
    return words.get(basis, basis) if basis else _("not measured")


def review_words(review: str | None) -> tuple[str, str]:
    """Return text and tone of a case's last review; None is a case without a review."""
    return {
        EventKind.CONFIRM.value: (_("confirmed"), "good"),
        EventKind.DISMISS.value: (_("dismissed"), "bad"),
        EventKind.CORRECT_PLATE.value: (_("plate corrected"), "warn"),
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
            EventKind.DISMISS.value: _("Dismissed, waits"),
            EventKind.CORRECT_PLATE.value: _("Plate corrected, waits"),
        }
        return asked.get(action, _("Claims asked for")), "warn"
    return {
        EventKind.AGREE: (_("Second officer agreed"), "good"),
        EventKind.REFUSE: (_("Refused"), "bad"),
        EventKind.CONFIRM: (_("Confirmed"), "good"),
        EventKind.DISMISS: (_("Dismissed"), "bad"),
        EventKind.CORRECT_PLATE: (_("Plate corrected"), "warn"),
        EventKind.VIEW: (_("Viewed"), "neutral"),
        EventKind.EXPORT: (_("Exported"), "accent"),
        EventKind.HOLD: (_("Put on hold"), "warn"),
        EventKind.RELEASE: (_("Released from hold"), "neutral"),
    }[kind]


def order_words() -> dict[str, Order]:
    """Return the orders of the list by their texts."""
    return {
        _("Newest first"): Order.NEWEST,
        _("Oldest first"): Order.OLDEST,
        _("Fastest first"): Order.FASTEST,
        _("By plate"): Order.PLATE,
        _("By driver"): Order.DRIVER,
    }


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
    }
    return words.get(reason, reason)
