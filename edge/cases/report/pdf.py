"""The report of a case for human readers: two pages of PDF, made with ReportLab.

A report explains the evidence. The evidence itself is the signed manifest and the photos; the report says so. A third
page is there only where what officers did does not fit on the second.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from reportlab.platypus import Flowable, PageBreak

from edge.cases.evidence import Manifest, name_follows
from edge.cases.report.case_page import case_page
from edge.cases.report.fonts import register_fonts
from edge.cases.report.history import history
from edge.cases.report.language import _, minute, speaking
from edge.cases.report.overlay import Pictures
from edge.cases.report.paper import height_of
from edge.cases.report.proof_page import Proof, proof_page
from edge.cases.report.sheet import PageTexts, bind
from edge.cases.views import CONFIRMS, Event, EventKind
from edge.model import Case


def pdf_report(
    case: Case,
    manifest: Manifest,
    pictures: Pictures | None,
    events: Sequence[Event],
    proof: Proof,
    *,
    language: str = "en",
    attached: bytes | None = None,
) -> bytes:
    """The report as PDF in *language*; *pictures* is None if the camera gave no photo.

    *attached* are the bytes of the signed manifest, which the report brings with it.

    Raises:
        CaseError: no report is written in *language*.
    """
    register_fonts()
    with speaking(language):
        head = head_of(case, manifest, _("Detection report"), mark=mark_of(case))

        def story(room: float) -> list[list[Flowable]]:
            proved = proof_page(case, manifest, pictures.others if pictures else (), proof)
            officers = history(events)
            if height_of([*proved, *officers]) > room:
                officers = [PageBreak(), *officers]
            return [case_page(case, manifest, pictures, events, room), [PageBreak()], proved, officers]

        return bind(head, story, attached)


def head_of(case: Case, manifest: Manifest, title: str, *, mark: str = "") -> PageTexts:
    """PageTexts and foot of a document on *case*, in the language in use."""
    unit = manifest["unit"]
    serial = str(unit.get("serial", ""))
    return PageTexts(
        title=title,
        authority=str(unit.get("authority") or "") or _("Traffic enforcement"),
        reference=f"{serial}/{case.number}",
        case=_("Case {number}").format(number=case.number),
        moment=minute(case.trigger.at_utc),
        notice=_(
            "Contains personal data. This document explains the evidence; the signed manifest and the photos are the"
            " evidence."
        ),
        made=_("Made on {moment} by unit {serial}.").format(moment=minute(time.time()), serial=serial),
        mark=mark,
    )


def mark_of(case: Case) -> str:
    """What stands across each page of a case that is not final: nobody confirmed it, or it was dismissed."""
    if case.review == EventKind.DISMISS:
        return _("DISMISSED")
    if case.review == EventKind.CONFIRM and not name_follows(case):
        return _("DRAFT")  # earlier programs let a name be confirmed that had fallen
    return "" if case.review in CONFIRMS else _("DRAFT")
