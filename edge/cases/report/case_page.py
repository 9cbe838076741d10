"""The first page of a report: the photo, the infringement, and the driver."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from edge.cases.evidence import Manifest, correction, known_plate, name_follows
from edge.cases.report.circumstances import circumstances
from edge.cases.report.fonts import BOLD
from edge.cases.report.language import _, day, minute, moment, percent
from edge.cases.report.overlay import Pictures
from edge.cases.report.paper import (
    ACCENT,
    BAD,
    INK,
    MUTED,
    WARN,
    WASH,
    WIDTH,
    clean,
    fact_table,
    fitted,
    heading,
    height_of,
    paragraph,
    stage,
)
from edge.cases.report.speeds import counted_speed
from edge.cases.report.tags import TaggedTable
from edge.cases.report.words import (
    flag_words,
    keeper_law,
    missed_words,
    officer_did,
    officers_words,
    reason_words,
    verdict_words,
)
from edge.cases.views import FOLLOW_UPS, OF_THE_VEHICLE, Event, set_aside, waiting
from edge.model import Case, Driver

_HIGHEST, _LOWEST = 100 * mm, 40 * mm
"""Heights between which the photo gives way to the texts."""
_TILES = (54 * mm, 62 * mm, WIDTH - 116 * mm)
_SLACK = 2 * mm


def case_page(
    case: Case, manifest: Manifest, pictures: Pictures | None, events: Sequence[Event], room: float
) -> list[Flowable]:
    """The parts of the page from top to bottom; the photo takes what the texts leave of *room* (points).

    *pictures* is None if the camera gave no photo, or the photos are at the centre.
    """
    texts: list[Flowable] = [
        _headline(case, pictures, events),
        Spacer(0, 2.5 * mm),
        heading(_("Infringement") if case.is_infringement else _("No infringement")),
        fact_table(circumstances(case, manifest)),
        Spacer(0, 2.5 * mm),
        heading(_("Driver")),
        *_driver(case, events),
    ]
    if pictures is None:
        return [paragraph(_no_photo(manifest), colour=WARN), Spacer(0, 3 * mm), *texts]
    photo = manifest["frames"][case.photo]
    words = _caption(is_redacted=pictures.redacted)
    caption = words.format(
        index=case.photo + 1, count=len(case.photos), moment=moment(photo["exposed_utc"], milliseconds=True)
    )
    below = [Spacer(0, 1 * mm), paragraph(caption, size=7, colour=MUTED), Spacer(0, 2.5 * mm), *texts]
    left = room - height_of(below) - 6 - _SLACK  # 6: the padding of the picture's stage
    height = min(_HIGHEST, max(_LOWEST, left))
    return [stage(fitted(pictures.overlay, WIDTH - 4 * mm, height, _("The photo, the plate framed"))), *below]


def _no_photo(manifest: Manifest) -> str:
    if (left_utc := manifest.get("photos_left_utc")) is not None:
        return _("The photos are at the centre since {moment}; this unit has them no more.").format(
            moment=moment(left_utc)
        )
    return _("The camera gave no photo for this trigger.")


def _caption(*, is_redacted: bool) -> str:
    if is_redacted:
        return _(
            "Photo {index} of {count}, exposure began {moment}. A redacted copy: it shows the vehicle of the case"
            " alone; the original is with the authority."
        )
    return _(
        "Photo {index} of {count}, exposure began {moment}. A copy with the plate framed; the untouched photo is in the"
        " evidence package."
    )


def _headline(case: Case, pictures: Pictures | None, events: Sequence[Event]) -> Flowable:
    counts, how = counted_speed(case)
    right: list[Flowable] = [
        paragraph(counts, font=BOLD, size=20, colour=ACCENT),
        paragraph(how, size=8.5, colour=MUTED),
    ]
    review = officer_did(case.review) if case.review else _("not reviewed yet")
    if waiting(events):
        review = _("waits for a second officer")
    stands = name_follows(case) or case.review in OF_THE_VEHICLE
    middle: list[Flowable] = [
        paragraph(verdict_words(case), font=BOLD, size=11, colour=INK if stands else BAD),
        paragraph(_("Officer's review: {review}").format(review=review.lower()), size=8.5, colour=MUTED),
        *(paragraph(clean(flag_words(flag)), size=8.5, colour=WARN) for flag in case.flags),
        *(paragraph(missed, size=8.5, colour=WARN) for missed in missed_words(case)),
    ]
    table = TaggedTable([[_plate(case, pictures, events), middle, right]], colWidths=_TILES)
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("BACKGROUND", (0, 0), (-1, -1), WASH),
            ("LEFTPADDING", (0, 0), (-1, -1), 2.5 * mm),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2 * mm),
            ("TOPPADDING", (0, 0), (-1, -1), 2 * mm),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2 * mm),
        ]
    )
    return table


def _plate(case: Case, pictures: Pictures | None, events: Sequence[Event]) -> list[Flowable]:
    """The plate's picture, the plate that counts, and how it was come by."""
    read = (case.verdict.plate if case.verdict else "") or case.plate_text
    parts: list[Flowable] = []
    if pictures is not None and pictures.plate:
        parts += [fitted(pictures.plate, 46 * mm, 15 * mm, _("The plate, enlarged")), Spacer(0, 0.8 * mm)]
    corrected = correction(events)
    parts.append(paragraph(clean(corrected.plate if corrected else read) or _("no plate read"), font=BOLD, size=16))
    if corrected is not None:
        words = _("corrected by {officer}, {moment}; the unit read {plate}").format(
            officer=clean(officers_words(corrected.officer)),
            moment=minute(corrected.at_utc),
            plate=clean(read) or _("no plate"),
        )
        parts.append(paragraph(words, size=7.5, colour=WARN))
    elif case.plate_confidence is not None:
        sure = _("read with confidence {share}").format(share=percent(case.plate_confidence))
        parts.append(paragraph(sure, size=7.5, colour=MUTED))
    if case.country is not None:
        seen = _("looks like a plate of {country} ({share})").format(
            country=clean(case.country.code), share=percent(case.country.probability)
        )
        parts.append(paragraph(seen, size=7.5, colour=MUTED))
    return parts


def _driver(case: Case, events: Sequence[Event]) -> list[Flowable]:
    if case.driver is None:
        return [paragraph(_nobody(case), size=8.5), *_ordinary_way(case, events)]
    corrected, aside = correction(events), set_aside(events)
    if aside is not None:
        words = _(
            "The unit had named a driver, because the answer of that driver's chip claimed this plate. {officer} set"
            " the name aside on {moment}: {reason}. The report does not repeat it, and does not bring along the signed"
            " manifest, which holds it."
        ).format(
            officer=clean(officers_words(aside.officer)),
            moment=minute(aside.at_utc),
            reason=clean(aside.reason.rstrip(".")),
        )
        return [paragraph(words, size=8.5, colour=BAD), *_ordinary_way(case, events)]
    if corrected is not None and not name_follows(case):
        words = _(
            "The unit had named a driver, because the answer of that driver's chip claimed {claimed}. {officer} reads"
            " {plate} in the photo: this name no longer follows. The report does not repeat it, and does not bring"
            " along the signed manifest, which holds it."
        ).format(
            claimed=clean(case.verdict.plate if case.verdict else ""),
            officer=clean(officers_words(corrected.officer)),
            plate=clean(corrected.plate),
        )
        return [paragraph(words, size=8.5, colour=BAD), *_ordinary_way(case, events)]
    named = _("Named by an answer with the data of this licence's chip. What that proves, and what not: next page.")
    return [paragraph(named, size=8, colour=MUTED), Spacer(0, 1 * mm), _person(case.driver)]


def _nobody(case: Case) -> str:
    reason = clean(reason_words(case.verdict.reason)) if case.verdict else _("The case is not decided.")
    return _("No driver is named. {reason}").format(reason=reason)


def _ordinary_way(case: Case, events: Sequence[Event]) -> list[Flowable]:
    """What the authority does where nobody is named, as for any other camera; and what of it is recorded."""
    if not case.is_infringement or case.verdict is None:
        return []
    if not known_plate(case):
        return [paragraph(_("No plate is known, so no keeper can be asked."), size=8.5)]
    words = _(
        "The ordinary way: the authority asks the vehicle register for the keeper of the plate, and the keeper names"
        " the driver ({law}). A letter to the keeper belongs to the case."
    ).format(law=keeper_law(case))
    if case.is_to_be_checked:
        first = _("An officer has to check the speed first.")
        words = f"<b>{first}</b> {words}"
    taken = "; ".join(
        _("{did} on {moment}").format(did=officer_did(event.kind), moment=minute(event.at_utc))
        for event in events
        if event.kind in FOLLOW_UPS
    )
    recorded = _("Recorded so far: {taken}.").format(taken=taken) if taken else _("Nothing of it is recorded so far.")
    return [Spacer(0, 1 * mm), paragraph(f"{words} {recorded}", size=8.5)]


def _person(driver: Driver) -> Flowable:
    name = f"<b>{clean(driver.first_name)} {clean(driver.last_name)}</b>"
    issued = _("{day} by {office}, valid until {end}").format(
        day=clean(day(driver.issued_on)), office=clean(driver.issuing_office), end=clean(day(driver.expires_on))
    )
    categories = _("{licence}, categories {categories}").format(
        licence=clean(driver.licence), categories=clean(driver.categories)
    )
    data = fact_table(
        [
            (_("Name"), name),
            (_("Born"), f"{clean(day(driver.birth_date))}, {clean(driver.birth_place)}"),
            (_("Licence"), categories),
            (_("Issued"), issued),
        ],
        WIDTH - 26 * mm,
    )
    portrait = (
        fitted(driver.portrait, 22 * mm, 26 * mm, _("The driver's portrait"))
        if driver.portrait
        else paragraph(_("no portrait"), size=8)
    )
    table = TaggedTable([[portrait, data]], colWidths=[26 * mm, WIDTH - 26 * mm])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return table
