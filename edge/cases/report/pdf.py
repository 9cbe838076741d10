"""The report of a case for human readers: two pages of PDF, made with ReportLab.

A report explains the evidence. The evidence itself is the signed manifest and the photos; the report says so.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from reportlab.platypus import Flowable, PageBreak

from edge.cases.evidence import Manifest
from edge.cases.report.case_page import Pictures, case_page
from edge.cases.report.fonts import register_fonts
from edge.cases.report.paper import Head, bind, legible, minute
from edge.cases.report.proof_page import Proof, proof_page
from edge.cases.views import Event
from edge.model import Case


def pdf_report(
    case: Case, manifest: Manifest, pictures: Pictures | None, events: Sequence[Event], proof: Proof
) -> bytes:
    """The report as PDF; *pictures* is None if the camera gave no photo."""
    register_fonts()
    unit = manifest["unit"]
    serial = legible(str(unit.get("serial", "")))[:40]
    head = Head(
        authority=legible(str(unit.get("authority") or ""))[:70] or "Traffic enforcement",
        reference=f"{serial}/{case.number}",
        case=f"Case {case.number}",
        site=legible(case.site)[:90],
        moment=minute(case.trigger.at_utc),
        made=f"Report made {minute(time.time())} by unit {serial}.",
    )

    def story() -> list[Flowable]:
        return [
            *case_page(case, manifest, pictures),
            PageBreak(),
            *proof_page(case, manifest, pictures.others if pictures else (), events, proof),
        ]

    return bind(head, story)
