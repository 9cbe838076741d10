"""The first page of a report: the infringement, and the driver."""

from __future__ import annotations

from dataclasses import dataclass, field

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from edge.cases.evidence import Manifest, Record, flag_sentence, reason_sentence
from edge.cases.report.fonts import BOLD
from edge.cases.report.paper import (
    ACCENT,
    MUTED,
    WARN,
    WASH,
    WIDTH,
    clean,
    fact_table,
    fitted,
    heading,
    paragraph,
    stage,
)
from edge.cases.report.words import (
    OFFICER_DID,
    assessment_facts,
    clock_quality,
    counted_speed,
    day,
    local,
    missed_words,
    moment,
    plausibility_facts,
    speed_words,
    verdict_words,
)
from edge.model import Case


@dataclass(frozen=True, slots=True)
class Pictures:
    """The report's pictures, JPEGs. ``plate`` is empty if no plate was found, ``others`` are further photos."""

    overlay: bytes = field(repr=False)
    plate: bytes = field(repr=False, default=b"")
    others: tuple[bytes, ...] = field(repr=False, default=())


def case_page(case: Case, manifest: Manifest, pictures: Pictures | None) -> list[Flowable]:
    """The parts of the page from top to bottom; *pictures* is None if the camera gave no photo."""
    story: list[Flowable] = []
    if pictures is None:
        story += [paragraph("The camera gave no photo for this trigger.", colour=WARN), Spacer(0, 4 * mm)]
    else:
        photo = manifest["frames"][case.photo]
        story += [
            stage(fitted(pictures.overlay, WIDTH - 4 * mm, 100 * mm)),
            Spacer(0, 1.5 * mm),
            paragraph(
                f"Photo {case.photo + 1} of {len(case.photos)}, exposure began {moment(photo['exposed_utc'])}."
                " Copy with the plate framed; the untouched photo is in the evidence package.",
                size=7.5,
                colour=MUTED,
            ),
            Spacer(0, 4 * mm),
        ]
    story += [_headline(case, pictures), Spacer(0, 4 * mm)]
    sources = manifest["unit"].get("sources") or {}
    facts = [
        ("Time", f"{moment(case.trigger.at_utc)}<br/>{local(case.trigger.at_utc)}"),
        ("Place", clean(case.site)),
        (
            "Measured speed",
            speed_words(case) + (_source(sources, "speed") if case.trigger.speed_kmh is not None else ""),
        ),
        *assessment_facts(case.assessment),
        *plausibility_facts(case),
        ("Speed limit", f"{case.limit_kmh:.0f} km/h{_source(sources, 'limit')}"),
        ("Clock", clock_quality(manifest["clock"])),
    ]
    story += [
        heading("Infringement" if case.is_infringement else "No infringement"),
        fact_table(facts),
        Spacer(0, 4 * mm),
    ]
    return [*story, heading("Driver"), _driver(case)]


def _source(sources: Record, what: str) -> str:
    return f" <font color='{MUTED.hexval()}'>({clean(str(sources[what]))})</font>" if what in sources else ""


def _headline(case: Case, pictures: Pictures | None) -> Flowable:
    plate = (case.verdict.plate if case.verdict else "") or case.plate_text
    shown = clean(plate) or "no plate read"
    left: list[Flowable] = []
    if pictures is not None and pictures.plate:
        left += [fitted(pictures.plate, 50 * mm, 16 * mm), Spacer(0, 1 * mm)]
    left.append(paragraph(shown, font=BOLD, size=17))
    confidence = f"read with confidence {case.plate_confidence:.1%}" if case.plate_confidence is not None else ""
    left.append(paragraph(confidence, size=7.5, colour=MUTED))
    if case.country is not None:
        seen = f"looks like a plate of {case.country.code} ({case.country.probability:.1%})"
        left.append(paragraph(seen, size=7.5, colour=MUTED))
    counts, over = counted_speed(case)
    right: list[Flowable] = [
        paragraph(counts, font=BOLD, size=22, colour=ACCENT),
        paragraph(f"limit {case.limit_kmh:.0f} km/h{over}", size=9, colour=MUTED),
    ]
    review = OFFICER_DID[case.review].lower() if case.review else "not yet"
    middle: list[Flowable] = [
        paragraph(verdict_words(case), font=BOLD, size=11.5),
        paragraph(f"Officer's review: {review}", size=9, colour=MUTED),
        *(paragraph(clean(flag_sentence(flag)), size=9, colour=WARN) for flag in case.flags),
        *(paragraph(missed, size=9, colour=WARN) for missed in missed_words(case)),
    ]
    table = Table([[left, middle, right]], colWidths=[56 * mm, 58 * mm, WIDTH - 114 * mm])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("BACKGROUND", (0, 0), (-1, -1), WASH),
            ("LEFTPADDING", (0, 0), (-1, -1), 3 * mm),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5 * mm),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5 * mm),
        ]
    )
    return table


def _driver(case: Case) -> Flowable:
    driver = case.driver
    if driver is None:
        reason = clean(reason_sentence(case.verdict.reason)) if case.verdict else "the case is not decided"
        return paragraph(f"No driver is named: {reason}.", size=9.5)
    data = fact_table(
        [
            ("Name", f"<b>{clean(driver.first_name)} {clean(driver.last_name)}</b>"),
            ("Born", f"{day(driver.birth_date)}, {clean(driver.birth_place)}"),
            ("Licence", f"{clean(driver.licence)}, categories {clean(driver.categories)}"),
            (
                "Issued",
                f"{day(driver.issued_on)} by {clean(driver.issuing_office)}, valid until {day(driver.expires_on)}",
            ),
        ],
        WIDTH - 32 * mm,
    )
    portrait = fitted(driver.portrait, 26 * mm, 32 * mm) if driver.portrait else paragraph("no portrait")
    table = Table([[portrait, data]], colWidths=[32 * mm, WIDTH - 32 * mm])
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return table
