"""The last part of a report: everything that officers did with the case, who judged it, the line for a signature."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from itertools import groupby

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Spacer

from edge.cases.report.language import _, minute, ngettext, number
from edge.cases.report.paper import Fact, clean, fact_table, heading, height_of, paragraph, signature_line
from edge.cases.report.words import officer_did, officers_words
from edge.cases.views import HOLDS, Event, EventKind, counting


def history(events: Sequence[Event]) -> list[Flowable]:
    """Title, a row for each act, and the signature."""
    rows = [("", _("Nothing yet."))] if not events else list(_rows(events, {event.judgement for event in events}))
    table = fact_table(rows, names=44 * mm, size=7.5, padding=0.8)
    signature = [heading(_("Officer")), *_signature(events)]
    return [
        heading(_("What officers did")),
        table,
        Spacer(0, 1 * mm),
        paragraph(_appeal(events), size=8),
        Spacer(0, 2.5 * mm),
        CondPageBreak(height_of(signature)),
        *signature,
    ]


def _rows(events: Iterable[Event], withdrawn: Container[int]) -> Iterable[Fact]:
    """A row for each act, marked if its entry is *withdrawn*; one officer's looks in a row are one, and counted."""
    for (kind, _officer, reason), group in groupby(events, lambda event: (event.kind, event.officer, event.reason)):
        acts = list(group)
        if kind is EventKind.VIEW:
            yield _row(acts[0], acts[-1].at_utc, len(acts), reason)
        else:
            for act in acts:
                yield _row(act, act.at_utc, 1, act.reason, withdrawn=act.seq in withdrawn)


def _row(event: Event, last_utc: float, count: int, reason: str, *, withdrawn: bool = False) -> Fact:
    did = officer_did(event.kind)
    if count > 1:
        did = ngettext("{did} {count} time", "{did} {count} times", count).format(did=did, count=number(count))
    words = _("{did} by {officer}").format(did=did, officer=clean(officers_words(event.officer)))
    if event.action:
        words += f" ({officer_did(event.action)})"
    if withdrawn:
        later = _("withdrawn later")
        words += f" ({later})"
    if event.plate:
        words += f" ({clean(event.plate)})"
    if count > 1:
        words += ", " + _("the last time {moment}").format(moment=minute(last_utc))
    return minute(event.at_utc), words + (f": {clean(reason)}" if reason else "")


def _appeal(events: Sequence[Event]) -> str:
    """Whether the case is under appeal, as far as the unit knows."""
    hold = next((event for event in reversed(events) if event.kind in HOLDS), None)
    if hold is not None and hold.kind is EventKind.HOLD:
        words = _("On hold since {moment}: {reason}").format(moment=minute(hold.at_utc), reason=clean(hold.reason))
        return f"<b>{words}</b>"
    return _("The case is not on hold: no appeal is known to the unit.")


def _signature(events: Sequence[Event]) -> list[Flowable]:
    """The judgement that counts, and the line for a signature."""
    judgements = counting(events)
    said = _("No officer has judged this case yet.")
    if any(event.kind is EventKind.WITHDRAW for event in events):
        said = _("The judgement on this case was withdrawn: none counts.")
    if judgements:
        judgement = judgements[-1]
        said = _("{did} by {officer} on {moment}: {reason}").format(
            did=officer_did(judgement.kind),
            officer=f"<b>{clean(officers_words(judgement.officer))}</b>",
            moment=minute(judgement.at_utc),
            reason=clean(judgement.reason),
        )
    lines = signature_line(_("Place and date"), _("Signature"))
    return [paragraph(said, size=8.5), Spacer(0, 9 * mm), lines]
