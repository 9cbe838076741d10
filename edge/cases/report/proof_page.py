"""The second page of a report: how the verdict was reached, the hashes and the signature, what officers did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table

from edge.cases.evidence import Manifest, reason_sentence
from edge.cases.report.fonts import MONO
from edge.cases.report.paper import INK, MUTED, WIDTH, clean, fact_table, fitted, heading, minute, mono, paragraph
from edge.cases.report.words import OFFICER_DID, not_counted, verdict_words
from edge.cases.views import REVIEWS, Event
from edge.model import Case


@dataclass(frozen=True, slots=True)
class Proof:
    """The chain's entry of the verdict: its number, hash, signature (hex, empty if not signed yet) and key."""

    seq: int
    hash: str
    manifest_sha256: str
    signature: str
    key_id: str


def proof_page(
    case: Case, manifest: Manifest, photos: Sequence[bytes], events: Sequence[Event], proof: Proof
) -> list[Flowable]:
    """The parts of the page; *photos* (JPEGs) are those that the first page does not show."""
    story: list[Flowable] = []
    if photos:
        each = min(WIDTH / 3, WIDTH / len(photos))
        row = [fitted(photo, each - 3 * mm, 33 * mm) for photo in photos]
        story += [
            heading("Further photos"),
            Table([row], colWidths=[each] * len(row), hAlign="LEFT"),
            Spacer(0, 3 * mm),
        ]
    story += [heading("How the verdict was reached"), fact_table(_reasons(case, manifest)), Spacer(0, 4 * mm)]
    unit = manifest["unit"]
    evidence = [(f"Photo {index + 1}", mono(photo["sha256"])) for index, photo in enumerate(manifest["frames"])]
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
            f"{OFFICER_DID[event.kind]} by {clean(event.officer)}"
            + (f": {clean(event.reason)}" if event.reason else ""),
        )
        for event in events[-12:]
    ]
    story += [heading("What officers did"), fact_table(rows or [("", "Nothing yet.")]), Spacer(0, 3 * mm)]
    story.append(
        paragraph(
            "To check the evidence: unpack verify.py from the package, or take it from the unit's maker, and run"
            f" <font name='{MONO}'>python3 -I verify.py PACKAGE.zip --key PUBLIC-KEY.pem</font> with the unit's public"
            " key as the authority publishes it. It needs Python and PyCryptodome.",
            size=8,
            colour=MUTED,
        )
    )
    return [*story, Spacer(0, 4 * mm), KeepTogether([heading("Officer"), *_officer(events)])]


def _reasons(case: Case, manifest: Manifest) -> list[tuple[str, str]]:
    verdict = case.verdict
    if verdict is None:
        return [("Verdict", "not decided")]
    rows = [("Verdict", f"{verdict_words(case)}. {clean(reason_sentence(verdict.reason)).capitalize()}.")]
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
                "<br/>".join(not_counted(reason, count) for reason, count in sorted(rejected.items())),
            )
        )
    return rows


def _officer(events: Sequence[Event]) -> list[Flowable]:
    """The newest judgement, and the line for a signature."""
    judgement = next((event for event in reversed(events) if event.kind in REVIEWS), None)
    said = "No officer has judged this case yet."
    if judgement is not None:
        said = (
            f"{OFFICER_DID[judgement.kind]} by <b>{clean(judgement.officer)}</b> on {minute(judgement.at_utc)}:"
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
