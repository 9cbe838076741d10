"""The letter to the keeper of a vehicle whose driver is not known: who drove? Ready to be addressed and signed.

It is the ordinary way for every case that names nobody (in Italy art. 126-bis, paragraph 2, C.d.S.; in the United
Kingdom section 172 of the Road Traffic Act 1988). It holds no driver's data and no photo. Until an officer confirmed
the case it is a draft, and says so.
"""

from __future__ import annotations

import time
from dataclasses import replace

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from edge.cases.evidence import Manifest, known_plate, name_follows
from edge.cases.report.fonts import BOLD, register_fonts
from edge.cases.report.language import _, minute, moment, speaking
from edge.cases.report.paper import (
    INK,
    MUTED,
    RULE,
    WIDTH,
    Fact,
    clean,
    fact_table,
    height_of,
    paragraph,
    signature_line,
)
from edge.cases.report.pdf import head_of, mark_of
from edge.cases.report.sheet import bind
from edge.cases.report.speeds import assessment_facts, limit_words, said
from edge.cases.report.tags import TaggedTable
from edge.cases.report.words import BRITISH, ITALIAN, rests_on
from edge.cases.views import EventKind
from edge.errors import CaseError
from edge.model import Case


def keeper_letter(case: Case, manifest: Manifest, *, language: str = "en") -> bytes:
    """The letter as PDF in *language*.

    Raises:
        CaseError: nobody has to be asked, for the case names a driver, is no infringement, was dismissed or is not
            decided; or it has no plate; or no letter is written in *language*.
    """
    plate = plate_of(case)
    register_fonts()
    with speaking(language):
        notice = _("Contains personal data: for the keeper and the authority alone.")
        title = _("To the keeper of the vehicle")
        head = replace(head_of(case, manifest, title, mark=mark_of(case)), notice=notice)

        def story(room: float) -> list[list[Flowable]]:
            letter = _letter(case, plate)
            form = _form(case, plate, head.reference)
            gap = max(4 * mm, room - height_of(letter) - height_of(form) - 2 * mm)
            return [[*letter, Spacer(0, min(gap, 14 * mm)), *form]]

        return bind(head, story)


def plate_of(case: Case) -> str:
    """The plate whose keeper is to be asked. Raises as :func:`keeper_letter`."""
    if case.verdict is None:
        raise CaseError(f"case {case.number} is not decided yet", "wait for the unit's verdict")
    if not case.is_infringement or case.review == EventKind.DISMISS:
        raise CaseError(f"case {case.number} is no infringement or was dismissed", "there is nobody to ask")
    if case.driver is not None and name_follows(case):
        raise CaseError(f"case {case.number} names the driver", "there is nobody to ask")
    plate = known_plate(case)
    if not plate:
        raise CaseError(f"no plate was read in case {case.number}", "correct the plate first, if the photo shows one")
    return plate


def _letter(case: Case, plate: str) -> list[Flowable]:
    return [
        _address(),
        Spacer(0, 4 * mm),
        paragraph(_("Subject: who drove the vehicle {plate}").format(plate=clean(plate)), font=BOLD, size=10.5),
        Spacer(0, 2.5 * mm),
        paragraph(
            _("An infringement of the speed limit was recorded with the vehicle of which you are the keeper:"), size=9.5
        ),
        Spacer(0, 1.5 * mm),
        fact_table(_facts(case, plate)),
        Spacer(0, 2.5 * mm),
        paragraph(_("The recording does not say who drove."), size=9.5),
        Spacer(0, 1.5 * mm),
        paragraph(_duty(case), size=9.5),
        Spacer(0, 1.5 * mm),
        paragraph(_how_to_answer(case), size=9.5),
        Spacer(0, 10 * mm),
        signature_line(_("Place and date"), _("For the authority")),
    ]


def _duty(case: Case) -> str:
    """What the law asks of the keeper, no more than its text says; without a profile, that there is such a law."""
    if rests_on(case, ITALIAN):
        return _(
            "Under art. 126-bis, paragraph 2, C.d.S. the owner of the vehicle, or another person jointly liable under"
            " art. 196, has to tell the authority, within sixty days of being served the notice of the infringement,"
            " the personal data and the licence of the person who drove at that time. Whoever fails to do so without a"
            " documented and justified reason is liable to the administrative fine laid down in the same paragraph."
        )
    if rests_on(case, BRITISH):
        return _(
            "Under section 172 of the Road Traffic Act 1988 you are required, on behalf of the chief officer of police,"
            " to give the information that you have on the identity of the driver, within 28 days beginning with the"
            " day on which this notice is served. Whoever fails to do so commits an offence, unless they show that they"
            " did not know and could not with reasonable diligence have found out who the driver was, or that it was"
            " not reasonably practicable to give it in time. Under section 1 of the Road Traffic Offenders Act 1988 the"
            " notice of intended prosecution has to be served within 14 days of the offence on the driver or on the"
            " registered keeper: this letter is not that notice."
        )
    return _("Please tell the authority who drove at that time, within the period that the law sets.")


def _how_to_answer(case: Case) -> str:
    if rests_on(case, BRITISH):
        return _("Use the form below. If you drove yourself, enter your own name and address.")
    return _(
        "Use the form below and enclose a copy of the driver's licence. If you drove yourself, enter your own"
        " data. You may ask the authority to see the photo and the other evidence."
    )


def _address() -> Table:
    """The sender's date, and room for the address in a window envelope."""
    address = [paragraph(_("To the keeper of the vehicle"), size=8, colour=MUTED), *_lines(4)]
    table = Table(
        [[paragraph(minute(time.time()).partition(",")[0], size=9), address]],
        colWidths=[WIDTH - 85 * mm, 85 * mm],
    )
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return table


def _lines(count: int) -> list[Flowable]:
    table = TaggedTable([[""]] * count, colWidths=[80 * mm], rowHeights=[6.5 * mm] * count)
    table.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE)])
    return [table]


def _facts(case: Case, plate: str) -> list[Fact]:
    speed_kmh = case.trigger.speed_kmh
    measured = [(_("Measured speed"), said(case, speed_kmh, beside=True))] if speed_kmh is not None else []
    by = _("as an officer reads it in the photo")  # what the unit read may be another keeper's
    return [
        (_("Plate"), f"<b>{clean(plate)}</b>" + (f", {by}" if case.corrected_plate else "")),
        (_("Time"), moment(case.trigger.at_utc)),
        (_("Place"), clean(case.site)),
        *measured,
        *assessment_facts(case),
        (_("Speed limit"), limit_words(case, beside=True)),
    ]


def _form(case: Case, plate: str, reference: str) -> list[Flowable]:
    """The part that the keeper fills in and sends back: what the law asks for."""
    fields: tuple[str, ...] = (
        _("Family name and first name"),
        _("Place and date of birth"),
        _("Residence"),
        _("Licence number and category"),
        _("Issued by, on, valid until"),
    )
    if rests_on(case, BRITISH):
        fields = fields[0], fields[2]
    rows = [[paragraph(name, size=8.5, colour=MUTED), ""] for name in fields]
    table = TaggedTable(rows, colWidths=[66 * mm, WIDTH - 66 * mm], rowHeights=[7.5 * mm] * len(rows))
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("LINEBELOW", (1, 0), (1, -1), 0.4, INK),
        ]
    )
    title = _("Reply to {reference}: the vehicle {plate} was driven by").format(
        reference=clean(reference), plate=clean(plate)
    )
    return [
        paragraph(title, font=BOLD, size=9.5),
        table,
        Spacer(0, 9 * mm),
        signature_line(_("Place and date"), _("Signature of the keeper")),
    ]
