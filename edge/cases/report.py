"""The human-readable report of a case: two pages of PDF, made by ReportLab.

A report explains evidence, it is none itself: the manifest, the photos and their signature are. It says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    Image,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from edge.cases.fonts import BOLD, MONO, REGULAR, register_fonts
from edge.cases.manifest import Content
from edge.cases.records import Event
from edge.model import Case, Outcome

INK = colors.HexColor("#1b2430")
MUTED = colors.HexColor("#5b6675")
RULE = colors.HexColor("#c9d1da")
WASH = colors.HexColor("#f3f5f8")
ACCENT = colors.HexColor("#123a63")
WARN = colors.HexColor("#8a4b00")
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN

_VERDICTS = {
    Outcome.IDENTIFIED: "Driver identified",
    Outcome.AMBIGUOUS: "Ambiguous: more than one claim fits the photo",
    Outcome.UNIDENTIFIED: "Driver not identified",
}
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
    out = BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=f"Case {case.number}",
        author=f"Autovelox unit {_legible(str(manifest['unit'].get('serial', '')))}",
        subject="Speed infringement report",
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=30 * mm,
        bottomMargin=20 * mm,
    )
    frame = Frame(MARGIN, 20 * mm, WIDTH, A4[1] - 50 * mm, 0, 0, 0, 0)

    def decorate(canvas: Canvas, _document: object) -> None:
        _page(canvas, case, manifest)

    document.addPageTemplates(PageTemplate("page", [frame], onPage=decorate))
    document.build(
        [*_first_page(case, manifest, pictures), PageBreak(), *_second_page(case, manifest, pictures, events, proof)]
    )
    return out.getvalue()


def _page(canvas: Canvas, case: Case, manifest: Content) -> None:
    top = A4[1] - 14 * mm
    canvas.setFillColor(ACCENT)
    canvas.setFont(BOLD, 15)
    canvas.drawString(MARGIN, top, "Speed infringement report")
    canvas.drawRightString(A4[0] - MARGIN, top, f"Case {case.number}")
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 8.5)
    canvas.drawString(MARGIN, top - 5 * mm, _legible(case.site)[:90])
    canvas.drawRightString(
        A4[0] - MARGIN, top - 5 * mm, f"Unit {_legible(str(manifest['unit'].get('serial', '')))[:40]}"
    )
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(1.2)
    canvas.line(MARGIN, top - 8 * mm, A4[0] - MARGIN, top - 8 * mm)
    canvas.setFont(REGULAR, 7.5)
    canvas.drawString(
        MARGIN,
        12 * mm,
        "Contains personal data. This report explains the evidence; the signed manifest and photos are the evidence.",
    )
    canvas.drawRightString(A4[0] - MARGIN, 12 * mm, f"Page {canvas.getPageNumber()}")


def _first_page(case: Case, manifest: Content, pictures: Pictures | None) -> list[Flowable]:
    story: list[Flowable] = []
    if pictures is None:
        story += [_paragraph("The camera gave no photo for this trigger.", colour=WARN), Spacer(0, 4 * mm)]
    else:
        frame = manifest["frames"][case.photo]
        story += [
            _stage(_picture(pictures.overlay, WIDTH - 4 * mm, 98 * mm)),
            Spacer(0, 1.5 * mm),
            _paragraph(
                f"Photo {case.photo + 1} of {len(case.frames)}, exposure began {_moment(frame['exposed_utc'])}."
                " Copy with the plate framed; the untouched photo is in the evidence package.",
                size=7.5,
                colour=MUTED,
            ),
            Spacer(0, 4 * mm),
        ]
    story += [_headline(case, pictures), Spacer(0, 4 * mm)]
    speed = case.trigger.speed_kmh
    facts = [
        ("Time", f"{_moment(case.trigger.at_utc)}<br/>{_local(case.trigger.at_utc)}"),
        ("Place", _clean(case.site)),
        (
            "Measured speed",
            f"{speed:.1f} km/h, {case.trigger.direction or 'direction not known'}" if speed else "not known",
        ),
        ("Speed limit", f"{case.limit_kmh:.0f} km/h"),
        ("Clock", _clock(manifest["clock"])),
    ]
    story += [_section("Infringement"), _facts(facts), Spacer(0, 4 * mm)]
    story += [_section("Driver"), _driver(case)]
    return story


def _headline(case: Case, pictures: Pictures | None) -> Flowable:
    speed, limit = case.trigger.speed_kmh, case.limit_kmh
    plate = (case.verdict.plate if case.verdict else "") or case.plate_text
    shown = _clean(plate) or "no plate read"
    left: list[Flowable] = []
    if pictures is not None and pictures.plate:
        left += [_picture(pictures.plate, 50 * mm, 16 * mm), Spacer(0, 1 * mm)]
    left.append(_paragraph(shown, font=BOLD, size=17))
    confidence = f"read with confidence {case.plate_confidence:.2f}" if case.plate_confidence is not None else ""
    left.append(_paragraph(confidence, size=7.5, colour=MUTED))
    right: list[Flowable] = [
        _paragraph(f"{speed:.0f} km/h" if speed else "speed not known", font=BOLD, size=22, colour=ACCENT),
        _paragraph(
            f"limit {limit:.0f} km/h" + (f", {speed - limit:.0f} km/h over" if speed else ""), size=9, colour=MUTED
        ),
    ]
    verdict = _VERDICTS[case.verdict.outcome] if case.verdict else "Not decided"
    review = _REVIEWS[case.review].lower() if case.review else "not yet"
    middle: list[Flowable] = [
        _paragraph(verdict, font=BOLD, size=11.5),
        _paragraph(f"Officer's review: {review}", size=9, colour=MUTED),
        *(_paragraph(_clean(flag), size=9, colour=WARN) for flag in case.flags),
    ]
    table = Table([[left, middle, right]], colWidths=[56 * mm, 58 * mm, WIDTH - 114 * mm])
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("BACKGROUND", (0, 0), (-1, -1), WASH)])
    return table


def _driver(case: Case) -> Flowable:
    driver = case.driver
    if driver is None:
        reason = _clean(case.verdict.reason) if case.verdict else "the case is not decided"
        return _paragraph(f"No driver is named: {reason}.", size=9.5)
    data = _facts(
        [
            ("Name", f"<b>{_clean(driver.first_name)} {_clean(driver.last_name)}</b>"),
            ("Born", f"{driver.birth_date}, {_clean(driver.birth_place)}"),
            ("Licence", f"{_clean(driver.licence)}, categories {_clean(driver.categories)}"),
            ("Issued", f"{driver.issued_on} by {_clean(driver.issuing_office)}, valid until {driver.expires_on}"),
        ],
        WIDTH - 32 * mm,
    )
    portrait = _picture(driver.portrait, 26 * mm, 32 * mm) if driver.portrait else _paragraph("no portrait")
    table = Table([[portrait, data]], colWidths=[32 * mm, WIDTH - 32 * mm])
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return table


def _second_page(
    case: Case, manifest: Content, pictures: Pictures | None, events: Sequence[Event], proof: Proof
) -> list[Flowable]:
    story: list[Flowable] = []
    if pictures is not None and pictures.others:
        each = min(WIDTH / 3, WIDTH / len(pictures.others))
        row = [_picture(photo, each - 3 * mm, 40 * mm) for photo in pictures.others]
        story += [
            _section("Further photos"),
            Table([row], colWidths=[each] * len(row), hAlign="LEFT"),
            Spacer(0, 3 * mm),
        ]
    story += [_section("How the verdict was reached"), _facts(_reasons(case, manifest)), Spacer(0, 4 * mm)]
    unit = manifest["unit"]
    evidence = [(f"Photo {index + 1}", _mono(frame["sha256"])) for index, frame in enumerate(manifest["frames"])]
    evidence += [
        ("Manifest", _mono(proof.manifest_sha256)),
        ("Chain entry", f"{proof.seq}<br/>{_mono(proof.hash)}"),
        (
            "Signature",
            f"{_mono(proof.signature[:64])}<br/>{_mono(proof.signature[64:])}" if proof.signature else "not signed yet",
        ),
        ("Signing key", _mono(proof.key_id) if proof.key_id else "none"),
        ("Software", _clean(str(unit.get("software", "")))),
    ]
    evidence += [
        ("Model", f"{_clean(name)}<br/>{_mono(str(digest))}")
        for name, digest in sorted(dict(unit.get("models", {})).items())
    ]
    story += [_section("Evidence (SHA-256, Ed25519)"), _facts(evidence), Spacer(0, 4 * mm)]
    rows = [
        (
            _moment(event.at_utc),
            f"{_REVIEWS[event.kind]} by {_clean(event.officer)}"
            + (f": {_clean(event.reason)}" if event.reason else ""),
        )
        for event in events[-12:]
    ]
    story += [_section("What officers did"), _facts(rows or [("", "Nothing yet.")]), Spacer(0, 4 * mm)]
    story.append(
        _paragraph(
            "To check the evidence: unpack verify.py from the package, or take it from the unit's maker, and run"
            f" <font name='{MONO}'>python3 verify.py PACKAGE.zip --key PUBLIC-KEY.pem</font> with the unit's public key"
            " as the authority publishes it. It needs Python and PyCryptodome.",
            size=8,
            colour=MUTED,
        )
    )
    return story


def _reasons(case: Case, manifest: Content) -> list[tuple[str, str]]:
    verdict = case.verdict
    if verdict is None:
        return [("Verdict", "not decided")]
    rows = [("Verdict", f"{_VERDICTS[verdict.outcome]}. {_clean(verdict.reason).capitalize()}.")]
    if case.characters:
        signs = "  ".join(
            f"{_clean(sign)} {value:.2f}" for sign, value in zip(case.plate_text, case.characters, strict=False)
        )
        rows.append(("Reading", f"{_clean(case.plate_text)}<br/>{_mono(signs)}"))
    scores = ", ".join(f"{score:.1f}" for score in verdict.scores) or "no claim"
    rows.append(("Claims", f"log-likelihood against the free reading: {scores}; probability {verdict.probability:.4f}"))
    rejected = manifest.get("rejected_packets") or {}
    if rejected:
        rows.append(
            ("Thrown away", ", ".join(f"{count} {_clean(reason)}" for reason, count in sorted(rejected.items())))
        )
    return rows


def _clock(clock: Content) -> str:
    if clock.get("synchronised") is None:
        return "synchronisation not known"
    error = clock.get("max_error_s")
    bound = f", error at most {error:.3f} s" if error is not None and clock["synchronised"] else ""
    return f"synchronised{bound}" if clock["synchronised"] else "NOT synchronised when the case was filed"


def _moment(at_utc: float) -> str:
    return datetime.fromtimestamp(at_utc, UTC).strftime("%d %B %Y, %H:%M:%S.%f")[:-3] + " UTC"


def _local(at_utc: float) -> str:
    return datetime.fromtimestamp(at_utc, UTC).astimezone().strftime("local time %d %B %Y, %H:%M:%S (UTC%z)")


def _clean(text: str) -> str:
    """Text from outside for a paragraph: legible, markup escaped."""
    return escape(_legible(text))


def _legible(text: str) -> str:
    """Text from outside, with control and bidirectional characters shown as replaced."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign)[0] == "C" else sign for sign in text)


def _mono(text: str) -> str:
    return f"<font name='{MONO}' size='7.5'>{text}</font>"


def _paragraph(text: str, *, font: str = REGULAR, size: float = 9.5, colour: colors.Color = INK) -> Paragraph:
    return Paragraph(text, ParagraphStyle("text", fontName=font, fontSize=size, leading=size * 1.28, textColor=colour))


def _section(title: str) -> Flowable:
    style = ParagraphStyle(
        "section", fontName=BOLD, fontSize=10.5, leading=13, textColor=ACCENT, spaceAfter=1 * mm, keepWithNext=True
    )
    return Paragraph(title, style)


def _facts(rows: Sequence[tuple[str, str]], width: float = WIDTH) -> Table:
    cells = [[_paragraph(name, size=8.5, colour=MUTED), _paragraph(value, size=9)] for name, value in rows]
    table = Table(cells, colWidths=[34 * mm, width - 34 * mm])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
        ]
    )
    return table


def _stage(picture: Image) -> Table:
    """A picture in the middle of a band as wide as the page's text."""
    picture.hAlign = "CENTER"
    table = Table([[picture]], colWidths=[WIDTH])
    table.setStyle([("ALIGN", (0, 0), (-1, -1), "CENTER"), ("BACKGROUND", (0, 0), (-1, -1), WASH)])
    return table


def _picture(data: bytes, width: float, height: float) -> Image:
    image = Image(BytesIO(data))
    scale = min(width / image.imageWidth, height / image.imageHeight)
    image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
    image.hAlign = "LEFT"
    return image
