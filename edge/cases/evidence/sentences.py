"""Reasons, flags and bases in words: as manifests write them, and as programs say them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from edge.model import Basis, Case, Flag, Outcome, Reason, is_infringement

_REASONS: dict[str, str] = {
    Reason.ONE_CLAIM: "one claim explains the photo",
    Reason.SEVERAL_CLAIMS: "more than one claim explains the photo",
    Reason.SEVERAL_CARS: "more than one car in the photo",
    Reason.LOOKS_ALIKE: "a plate that looks alike explains the photo too",
    Reason.NO_CLAIM: "no claim explains the photo",
    Reason.NO_PACKET: "no car sent a valid packet",
    Reason.CENTRE_NOT_REACHED: "the centre, which opens the packets, was not reached",
    Reason.NO_PLATE: "no plate found in the photo",
    Reason.NO_PHOTO: "the camera gave no photo",
    Reason.PHOTO_NOT_READ: "a photo could not be recognised",
    Reason.NO_INFRINGEMENT: "the trigger is no infringement",
    Reason.SPEED_IN_DOUBT: "the photos do not bear out the radar",
}
_FLAGS: dict[str, str] = {
    Flag.NOT_THE_KEEPER: "driver is not the registered keeper",
    Flag.OTHER_COUNTRY: "plate and vehicle are of different countries",
    Flag.SEVERAL_PLATES: "a chip claimed several plates",
    Flag.SPEED_CONTRADICTED: "the photos contradict the radar",
    Flag.OTHER_VEHICLE_FITS: "another vehicle fits the radar better",
    Flag.COPIED_CHIP: "a chip was copied: its counter does not rise",
}
"""How this format writes reasons and flags: as sentences, which are signed and therefore never change."""
_BASES: dict[str, str] = {
    Basis.MEASURED: "speed measured",
    Basis.SIGNALLED: "signalled by the radar, speed not recorded",
    Basis.NO_SPEED: "no infringement: no speed was measured",
    Basis.IMPOSSIBLE_SPEED: "no infringement: the speed reported is impossible",
    Basis.TEST: "no infringement: a test trigger",
    Basis.OBSERVED: "no infringement: the unit only observes",
    Basis.NO_CERTIFICATE: "no infringement: the instrument had no valid calibration certificate",
}
"""The words of programs for a trigger's basis; a manifest holds its value."""
_REASON_OF: dict[str, Reason | str] = {sentence: Reason(reason) for reason, sentence in _REASONS.items()}
_FLAG_OF: dict[str, Flag | str] = {sentence: Flag(flag) for flag, sentence in _FLAGS.items()}


def to_basis(text: str | None) -> Basis | str | None:
    """The basis that a manifest's *text* is; one of a newer program stays a text."""
    return Basis(text) if text in set(Basis) else text


def to_reason(sentence: str) -> Reason | str:
    """The reason that a manifest's *sentence* is; one of a newer program stays a sentence."""
    return _REASON_OF.get(sentence, sentence)


def to_flags(sentences: Iterable[str]) -> tuple[Flag | str, ...]:
    """The flags that a manifest's *sentences* are; those of a newer program stay sentences."""
    return tuple(_FLAG_OF.get(sentence, sentence) for sentence in sentences)


def basis_sentence(basis: Basis | str | None) -> str:
    """What a trigger of that *basis* is, an English sentence part; empty where an earlier program recorded none."""
    return _BASES.get(basis, basis) if basis else ""


class Stands(Protocol):
    """What a case, and a row of a list, say of a verdict."""

    @property
    def basis(self) -> Basis | str | None:
        """What the trigger is."""

    @property
    def is_to_be_confirmed(self) -> bool:
        """Whether the named driver is not the registered keeper."""

    @property
    def is_to_be_checked(self) -> bool:
        """Whether the photos do not bear out the radar."""

    @property
    def name_set_aside(self) -> bool:
        """Whether an officer did not believe that the named driver drove."""


def standing_words(outcome: Outcome | None, case: Stands, *, name_follows: bool = True) -> str:
    """A verdict in English, as lists for the operator show it; empty while there is none and the case may be one.

    *name_follows*: no officer took the name away.
    """
    if not is_infringement(case.basis):
        return "no infringement"
    if case.is_to_be_checked:
        return "to be checked"
    if not name_follows and case.name_set_aside:
        return "name set aside"
    if not name_follows:
        return "plate corrected: this name no longer follows"
    return f"{outcome}, to be confirmed" if outcome and case.is_to_be_confirmed else str(outcome or "")


def shown_plate(case: Case) -> str:
    """The plate that lists show: the verdict's, else the free reading."""
    return (case.verdict.plate if case.verdict else "") or case.plate_text


def driver_name(case: Case) -> str:
    """``First Last`` of the named driver; empty if no driver is named."""
    return f"{case.driver.first_name} {case.driver.last_name}" if case.driver else ""


def reason_sentence(reason: Reason | str) -> str:
    """The *reason* of a verdict as this format writes it, an English sentence without a full stop."""
    return _REASONS.get(reason, reason)


def flag_sentence(flag: Flag | str) -> str:
    """Return *flag* as manifests and reports write it; an unknown one is returned unchanged."""
    return _FLAGS.get(flag, flag)
