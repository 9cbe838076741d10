"""What had changed on the unit before a case: its settings, its software, its clock, as the chain says."""

from __future__ import annotations

from collections.abc import Sequence

from edge.cases.report.language import _, minute, ngettext, number
from edge.cases.report.paper import clean
from edge.cases.views import UnitNote

_MOST_NAMES = 4
"""Names of settings that are told; the chain has them all."""


def changes_words(notes: Sequence[UnitNote]) -> str:
    """What *notes* of the unit, from before the case, say; none are named as not known."""
    of_kind = {note.kind: note for note in notes}
    said = [
        _since(of_kind.get("configuration"), _("settings: the same since {moment}"), _("settings: changed {moment}")),
        _since(of_kind.get("software"), _("software: the same since {moment}"), _("software: changed {moment}")),
    ]
    if not any(said):
        return _("what changed on the unit is not recorded in this case: not known")
    clock = of_kind.get("clock")
    said.append(
        _("clock: set by {seconds} s {moment}").format(seconds=number(clock.step_s, 3), moment=minute(clock.at_utc))
        if clock is not None
        else _("clock: no step was seen")
    )
    if (start := of_kind.get("start")) is not None:
        said.append(_("running since {moment}").format(moment=minute(start.at_utc)))
    return "; ".join(filter(None, said))


def _since(note: UnitNote | None, first: str, changed: str) -> str:
    """When something was recorded at *first*, or when it *changed* and what of it."""
    if note is None:
        return ""
    if note.changed is None:
        return first.format(moment=minute(note.at_utc))
    names = [clean(name) for name in note.changed[:_MOST_NAMES]]
    if (more := len(note.changed) - _MOST_NAMES) > 0:
        names.append(ngettext("{count} more", "{count} more", more).format(count=number(more)))
    told = changed.format(moment=minute(note.at_utc))
    return f"{told} ({', '.join(names)})" if names else told
