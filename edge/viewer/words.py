"""The fixed words of the other parts, in the officer's language, with the tone (colour) each is shown in."""

from __future__ import annotations

from edge.cases.records import EventKind, Order
from edge.model import Outcome
from edge.viewer.language import _


def outcome_words(outcome: Outcome | None) -> tuple[str, str]:
    """Word and tone of a verdict; None is a case not yet decided."""
    return {
        Outcome.IDENTIFIED: (_("Identified"), "good"),
        Outcome.AMBIGUOUS: (_("Ambiguous"), "warn"),
        Outcome.UNIDENTIFIED: (_("Unidentified"), "neutral"),
        None: (_("Pending"), "accent"),
    }[outcome]


def review_words(review: str | None) -> tuple[str, str]:
    """Word and tone of a case's last judgement; None is a case nobody has judged."""
    return {
        EventKind.CONFIRM.value: (_("confirmed"), "good"),
        EventKind.DISMISS.value: (_("dismissed"), "bad"),
        EventKind.CORRECT_PLATE.value: (_("plate corrected"), "warn"),
        None: (_("to review"), "neutral"),
    }.get(review, (str(review), "neutral"))


def event_words(kind: EventKind) -> tuple[str, str]:
    """Word and tone of what an officer did, for the history."""
    return {
        EventKind.CONFIRM: (_("Confirmed"), "good"),
        EventKind.DISMISS: (_("Dismissed"), "bad"),
        EventKind.CORRECT_PLATE: (_("Plate corrected"), "warn"),
        EventKind.VIEW: (_("Viewed"), "neutral"),
        EventKind.EXPORT: (_("Exported"), "accent"),
    }[kind]


def order_words() -> dict[str, Order]:
    """What the officer chooses a sorting by."""
    return {
        _("Newest first"): Order.NEWEST,
        _("Oldest first"): Order.OLDEST,
        _("Fastest first"): Order.FASTEST,
        _("By plate"): Order.PLATE,
        _("By driver"): Order.DRIVER,
    }


def reason_words(reason: str) -> str:
    """A verdict's reason or a flag as a sentence; one that is not known here is shown as it is."""
    return {
        "one claim explains the photo": _("Exactly one car's answer fits the photo."),
        "more than one claim explains the photo": _(
            "More than one car's answer fits the photo: a person has to decide."
        ),
        "no claim explains the photo": _("No car's answer fits the photo."),
        "no car sent a valid packet": _("No car near the camera sent a valid answer."),
        "no plate found in the photo": _("No plate was found in the photo."),
        "a photo could not be recognised": _("A photo could not be recognised: look at it yourself."),
        "the camera gave no photo": _("The camera gave no photo."),
        "a plate that looks alike explains the photo too": _(
            "A plate that looks alike fits the photo as well: a person has to decide."
        ),
        "driver is not the registered keeper": _("The driver is not the registered keeper of the vehicle."),
    }.get(reason, reason)
