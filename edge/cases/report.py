"""The human-readable report of a case: two pages of PDF, made by ReportLab.

A report explains evidence, it is none itself: the manifest, the photos and their signature are. It says so.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, PageBreak, Spacer, Table

from edge.cases.fonts import BOLD, MONO, register_fonts
from edge.cases.manifest import Content
from edge.cases.paper import (
    ACCENT,
    INK,
    MUTED,
    WARN,
    WASH,
    WIDTH,
    Head,
    bind,
    clean,
    fact_table,
    fitted,
    heading,
    legible,
    minute,
    mono,
    paragraph,
    stage,
)
from edge.cases.records import REVIEWS, Event
from edge.model import Case, Outcome

_VERDICTS = {
    Outcome.IDENTIFIED: "Driver identified",
    Outcome.AMBIGUOUS: "Ambiguous: more than one claim fits the photo",
    Outcome.UNIDENTIFIED: "Driver not identified",
}
_REJECTED = {
    "uid": "chip unknown to the registry",
    "licence": "licence not the chip's own",
    "plate format": "no plate of an accepted format",
    "licence format": "no licence number",
    "worker": "not opened: the recognition failed",
}
_ANSWER = "no answer to this unit's challenge"
_REVIEWS = {
    "confirm": "Confirmed",
    "dismiss": "Dismissed",
    "correct_plate": "Plate corrected",
    "view": "Viewed",
    "export": "Exported",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the case stands in the chain: the decided entry's number, hash, signature (hex) and key."""

    seq: int
    hash: str
    manifest_sha256: str
    signature: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the report shows: JPEGs. ``plate`` is empty where no plate was found, ``others`` are further photos."""

    overlay: bytes = field(repr=False)
    plate: bytes = field(repr=False, default=b"")
    others: tuple[bytes, ...] = field(repr=False, default=())


def pdf_report(
    case: Case, manifest: Content, pictures: Pictures | None, events: Sequence[Event], proof: Proof
) -> bytes:
    """The report as PDF; *pictures* is None where the camera gave no photo."""
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
            *_first_page(case, manifest, pictures),
            PageBreak(),
            *_second_page(case, manifest, pictures, events, proof),
        ]

    return bind(head, story)


def _first_page(case: Case, manifest: Content, pictures: Pictures | None) -> list[Flowable]:
    story: list[Flowable] = []
    if pictures is None:
        story += [paragraph("The camera gave no photo for this trigger.", colour=WARN), Spacer(0, 4 * mm)]
    else:
        frame = manifest["frames"][case.photo]
        story += [
            stage(fitted(pictures.overlay, WIDTH - 4 * mm, 100 * mm)),
            Spacer(0, 1.5 * mm),
            paragraph(
                f"Photo {case.photo + 1} of {len(case.frames)}, exposure began {_moment(frame['exposed_utc'])}."
                " Copy with the plate framed; the untouched photo is in the evidence package.",
                size=7.5,
                colour=MUTED,
            ),
            Spacer(0, 4 * mm),
        ]
    story += [_headline(case, pictures), Spacer(0, 4 * mm)]
    speed, sources = case.trigger.speed_kmh, manifest["unit"].get("sources") or {}
    facts = [
        ("Time", f"{_moment(case.trigger.at_utc)}<br/>{_local(case.trigger.at_utc)}"),
        ("Place", clean(case.site)),
        (
            "Measured speed",
            f"{speed:.1f} km/h, {clean(case.trigger.direction or 'direction not known')}{_source(sources, 'speed')}"
            if speed
            else "not known",
        ),
        ("Speed limit", f"{case.limit_kmh:.0f} km/h{_source(sources, 'limit')}"),
        ("Clock", _clock(manifest["clock"])),
    ]
    story += [heading("Infringement"), fact_table(facts), Spacer(0, 4 * mm)]
    return [*story, heading("Driver"), _driver(case)]


def _source(sources: Content, what: str) -> str:
    return f" <font color='{MUTED.hexval()}'>({clean(str(sources[what]))})</font>" if what in sources else ""


def _officer(events: Sequence[Event]) -> list[Flowable]:
    """The last judgement in words, and the line to sign on."""
    judgement = next((event for event in reversed(events) if event.kind in REVIEWS), None)
    said = "No officer has judged this case yet."
    if judgement is not None:
        said = (
            f"{_REVIEWS[judgement.kind]} by <b>{clean(judgement.officer)}</b> on {minute(judgement.at_utc)}:"
            f" {clean(judgement.reason)}"
        )
    lines = Table(
        [[paragraph(name, size=7.5, colour=MUTED) for name in ("Place and date", "", "Signature")]],
        colWidths=[0.4 * WIDTH, 0.1 * WIDTH, 0.5 * WIDTH],
    )
    lines.setStyle(
        [
            ("LINEABOVE", (0, 0), (0, 0), 0.6, INK),
            ("LINEABOVE", (2, 0), (2, 0), 0.6, INK),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ]
    )
    return [paragraph(said), Spacer(0, 10 * mm), lines]


def _headline(case: Case, pictures: Pictures | None) -> Flowable:
    speed, limit = case.trigger.speed_kmh, case.limit_kmh
    plate = (case.verdict.plate if case.verdict else "") or case.plate_text
    shown = clean(plate) or "no plate read"
    left: list[Flowable] = []
    if pictures is not None and pictures.plate:
        left += [fitted(pictures.plate, 50 * mm, 16 * mm), Spacer(0, 1 * mm)]
    left.append(paragraph(shown, font=BOLD, size=17))
    confidence = f"read with confidence {case.plate_confidence:.1%}" if case.plate_confidence is not None else ""
    left.append(paragraph(confidence, size=7.5, colour=MUTED))
    right: list[Flowable] = [
        paragraph(f"{speed:.0f} km/h" if speed else "speed not known", font=BOLD, size=22, colour=ACCENT),
        paragraph(
            f"limit {limit:.0f} km/h" + (f", {speed - limit:.0f} km/h over" if speed else ""), size=9, colour=MUTED
        ),
    ]
    verdict = _VERDICTS[case.verdict.outcome] if case.verdict else "Not decided"
    review = _REVIEWS[case.review].lower() if case.review else "not yet"
    middle: list[Flowable] = [
        paragraph(verdict, font=BOLD, size=11.5),
        paragraph(f"Officer's review: {review}", size=9, colour=MUTED),
        *(paragraph(clean(flag), size=9, colour=WARN) for flag in case.flags),
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
        reason = clean(case.verdict.reason) if case.verdict else "the case is not decided"
        return paragraph(f"No driver is named: {reason}.", size=9.5)
    data = fact_table(
        [
            ("Name", f"<b>{clean(driver.first_name)} {clean(driver.last_name)}</b>"),
            ("Born", f"{_day(driver.birth_date)}, {clean(driver.birth_place)}"),
            ("Licence", f"{clean(driver.licence)}, categories {clean(driver.categories)}"),
            (
                "Issued",
                f"{_day(driver.issued_on)} by {clean(driver.issuing_office)}, valid until {_day(driver.expires_on)}",
            ),
        ],
        WIDTH - 32 * mm,
    )
    portrait = fitted(driver.portrait, 26 * mm, 32 * mm) if driver.portrait else paragraph("no portrait")
    table = Table([[portrait, data]], colWidths=[32 * mm, WIDTH - 32 * mm])
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return table


def _second_page(
    case: Case, manifest: Content, pictures: Pictures | None, events: Sequence[Event], proof: Proof
) -> list[Flowable]:
    story: list[Flowable] = []
    if pictures is not None and pictures.others:
        each = min(WIDTH / 3, WIDTH / len(pictures.others))
        row = [fitted(photo, each - 3 * mm, 33 * mm) for photo in pictures.others]
        story += [
            heading("Further photos"),
            Table([row], colWidths=[each] * len(row), hAlign="LEFT"),
            Spacer(0, 3 * mm),
        ]
    story += [heading("How the verdict was reached"), fact_table(_reasons(case, manifest)), Spacer(0, 4 * mm)]
    unit = manifest["unit"]
    evidence = [(f"Photo {index + 1}", mono(frame["sha256"])) for index, frame in enumerate(manifest["frames"])]
    evidence += [
        ("Manifest", mono(proof.manifest_sha256)),
        ("Chain entry", f"{proof.seq}<br/>{mono(proof.hash)}"),
        (
            "Signature",
            f"{mono(proof.signature[:64])}<br/>{mono(proof.signature[64:])}" if proof.signature else "not signed yet",
        ),
        ("Signing key", mono(proof.key_id) if proof.key_id else "none"),
        ("Software", clean(str(unit.get("software", "")))),
    ]
    evidence += [(clean(name), mono(str(digest))) for name, digest in sorted(dict(unit.get("models", {})).items())]
    story += [heading("Evidence (SHA-256, Ed25519)"), fact_table(evidence), Spacer(0, 4 * mm)]
    rows = [
        (
            datetime.fromtimestamp(event.at_utc, UTC).strftime("%d %b %Y, %H:%M"),
            f"{_REVIEWS[event.kind]} by {clean(event.officer)}" + (f": {clean(event.reason)}" if event.reason else ""),
        )
        for event in events[-12:]
    ]
    story += [heading("What officers did"), fact_table(rows or [("", "Nothing yet.")]), Spacer(0, 3 * mm)]
    story.append(
        paragraph(
            "To check the evidence: unpack verify.py from the package, or take it from the unit's maker, and run"
            f" <font name='{MONO}'>python3 verify.py PACKAGE.zip --key PUBLIC-KEY.pem</font> with the unit's public key"
            " as the authority publishes it. It needs Python and PyCryptodome.",
            size=8,
            colour=MUTED,
        )
    )
    return [*story, Spacer(0, 4 * mm), KeepTogether([heading("Officer"), *_officer(events)])]


def _reasons(case: Case, manifest: Content) -> list[tuple[str, str]]:
    verdict = case.verdict
    if verdict is None:
        return [("Verdict", "not decided")]
    rows = [("Verdict", f"{_VERDICTS[verdict.outcome]}. {clean(verdict.reason).capitalize()}.")]
    if case.characters:
        signs = "  ".join(
            f"{clean(sign)} {value:.2f}" for sign, value in zip(case.plate_text, case.characters, strict=False)
        )
        rows.append(("Reading", f"{clean(case.plate_text)}<br/>{mono(signs)}"))
    scores = ", ".join(f"{score:.1f}" for score in verdict.scores)
    claims = f"{len(verdict.scores)}; log-likelihood of each against the free reading: {scores}" if scores else "none"
    rows.append(
        ("Claims", f"{claims}<br/>probability that the best one is the plate photographed: {verdict.probability:.4f}")
    )
    rejected = manifest.get("rejected_packets") or {}
    if rejected:
        rows.append(
            (
                "Not counted",
                "<br/>".join(_not_counted(reason, count) for reason, count in sorted(rejected.items())),
            )
        )
    return rows


def _not_counted(reason: str, count: int) -> str:
    return f"{count} packet{'s' if count > 1 else ''}: {_REJECTED.get(reason, _ANSWER)} ({clean(reason)})"


def _clock(clock: Content) -> str:
    if clock.get("synchronised") is None:
        return "synchronisation not known"
    error = clock.get("max_error_s")
    bound = f", error at most {error:.3f} s" if error is not None and clock["synchronised"] else ""
    return f"synchronised{bound}" if clock["synchronised"] else "NOT synchronised when the case was filed"


def _moment(at_utc: float) -> str:
    return datetime.fromtimestamp(at_utc, UTC).strftime("%d %B %Y, %H:%M:%S.%f")[:-3] + " UTC"


def _day(iso: str) -> str:
    """An ISO date in words; what is no date as it is."""
    try:
        return date.fromisoformat(iso).strftime("%d %B %Y").lstrip("0")
    except ValueError:
        return clean(iso)


def _local(at_utc: float) -> str:
    return datetime.fromtimestamp(at_utc, UTC).astimezone().strftime("local time %d %B %Y, %H:%M:%S (UTC%z)")
