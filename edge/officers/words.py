"""Verdicts, judgements and requests in the words of the command line; English has those that its options take."""

from __future__ import annotations

from collections.abc import Callable

from edge.officers.language import _


def word(name: str) -> str:
    """The word for a verdict, a judgement, a state or an action; one of a newer program is returned unchanged."""
    said = _WORDS.get(name)
    return said() if said is not None else name


_WORDS: dict[str, Callable[[], str]] = {
    "pending": lambda: _("pending"),
    "open": lambda: _("open"),
    "no infringement": lambda: _("no infringement"),
    "to be checked": lambda: _("to be checked"),
    "plate corrected: this name no longer follows": lambda: _("plate corrected: this name no longer follows"),
    "name set aside": lambda: _("name set aside"),
    "identified": lambda: _("identified"),
    "identified, to be confirmed": lambda: _("identified, to be confirmed"),
    "ambiguous": lambda: _("ambiguous"),
    "unidentified": lambda: _("unidentified"),
    "confirm": lambda: _("confirm"),
    "confirm_vehicle": lambda: _("confirm_vehicle"),
    "set_name_aside": lambda: _("set_name_aside"),
    "dismiss": lambda: _("dismiss"),
    "correct_plate": lambda: _("correct_plate"),
    "withdraw": lambda: _("withdraw"),
    "keeper_asked": lambda: _("keeper_asked"),
    "driver_named_by_keeper": lambda: _("driver_named_by_keeper"),
    "closed": lambda: _("closed"),
    "purge": lambda: _("purge"),
    "claims": lambda: _("claims"),
    "trust-clock": lambda: _("trust-clock"),
    "rotate-key": lambda: _("rotate-key"),
    "correct-plate": lambda: _("correct-plate"),
    "confirm-vehicle": lambda: _("confirm-vehicle"),
    "set-name-aside": lambda: _("set-name-aside"),
    "agreed": lambda: _("agreed"),
    "refused": lambda: _("refused"),
    "expired": lambda: _("expired"),
}
