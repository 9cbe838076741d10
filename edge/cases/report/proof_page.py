"""The second page of a report: how the verdict was reached, what it proves, the hashes and the signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from edge.cases.evidence import Manifest, Record, canonical, name_follows, sha256
from edge.cases.report.fonts import MONO
from edge.cases.report.language import _, minute, ngettext, number, percent, unbroken
from edge.cases.report.paper import MUTED, WIDTH, Fact, clean, fact_table, fitted, heading, mono, paragraph
from edge.cases.report.tags import TaggedTable
from edge.cases.report.words import (
    basis_words,
    claims_words,
    no_claims_words,
    outcome_words,
    reason_words,
    rejected_words,
    verdict_words,
)
from edge.cases.storage import CheckedCase
from edge.errors import CaseError
from edge.model import Case, Flag, Outcome, Reason, Verdict

SIGNING_PROTOCOL = 2
"""From this version of the protocol on the chip signs its answer."""
_MOST_ANSWERS = 4
"""Answers that are told one by one; more would say no more."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The chain's entry of the verdict: its number, hash, signature (hex, empty if not signed yet) and key."""

    seq: int
    hash: str
    manifest_sha256: str
    signature: str
    key_id: str


def proof_of(checked: CheckedCase) -> Proof:
    """The proof of a *checked* case.

    Raises:
        CaseError: it is not decided yet.
    """
    for entry in checked.entries:
        if entry.kind == "decided":
            return Proof(entry.seq, entry.hash, sha256(entry.body), entry.signature.hex(), entry.key_id)
    raise CaseError(f"case {checked.number} is not decided yet", "wait for the unit's verdict")


def proof_page(case: Case, manifest: Manifest, photos: Sequence[bytes], proof: Proof) -> list[Flowable]:
    """The parts of the page; *photos* (JPEGs) are those that the first page does not show."""
    story: list[Flowable] = []
    if photos:
        each = min(WIDTH / 3, WIDTH / len(photos))
        table = TaggedTable(
            [[fitted(photo, each - 3 * mm, 28 * mm, _("A further photo")) for photo in photos]],
            colWidths=[each] * len(photos),
            hAlign="LEFT",
        )
        table.setStyle([("LEFTPADDING", (0, 0), (-1, -1), 0)])
        story += [
            heading(_("Further photos")),
            table,
            Spacer(0, 2 * mm),
        ]
    story += [heading(_("How the verdict was reached")), fact_table(_reasons(case, manifest), size=8, padding=1.1)]
    story += [Spacer(0, 2.5 * mm), heading(_("Evidence (SHA-256, Ed25519)"))]
    story += [fact_table(_evidence(manifest, proof), size=7.5, padding=0.7), Spacer(0, 1 * mm)]
    check = _(
        "To check the evidence: take verify.py from the authority or from the package, and run {command} with the"
        " unit's public key as the authority publishes it. It needs Python and PyCryptodome. Whoever is fined may ask"
        " the authority for a copy of the package."
    ).format(command=f"<font name='{MONO}'>python3 -I verify.py PACKAGE.zip --key PUBLIC-KEY.pem</font>")
    return [*story, paragraph(check, size=7.5, colour=MUTED), Spacer(0, 2.5 * mm)]


def _evidence(manifest: Manifest, proof: Proof) -> list[Fact]:
    unit = manifest["unit"]
    rows = [
        (_("Photo {index}").format(index=index + 1), mono(photo["sha256"]))
        for index, photo in enumerate(manifest["frames"])
    ]
    signature = mono(proof.signature, 5.9) if proof.signature else _("not signed yet")
    key = mono(proof.key_id) if proof.key_id else _("none")
    rows += [
        (_("Manifest"), mono(proof.manifest_sha256)),
        (_("Chain entry {number}").format(number=proof.seq), mono(proof.hash)),
        (_("Signature"), signature),
        (_("Signing key"), key),
        (_("Software"), clean(str(unit.get("software", "")))),
    ]
    return [*rows, *_networks(unit)]


def _networks(unit: Record) -> list[Fact]:
    """The files of the networks in one row: there are many, and each one's hash is in the manifest."""
    models = unit.get("models") or {}
    if not models:
        return []
    said = ngettext(
        "{count} file, its hash in the manifest (unit.models); SHA-256 of that list, in canonical JSON:",
        "{count} files, their hashes in the manifest (unit.models); SHA-256 of that list, in canonical JSON:",
        len(models),
    ).format(count=number(len(models)))
    return [(_("Networks"), f"{said}<br/>{mono(sha256(canonical(models)))}")]


def _reasons(case: Case, manifest: Manifest) -> list[Fact]:
    verdict = case.verdict
    if verdict is None:
        return [(_("Verdict"), _("not decided"))]
    told = [f"{outcome_words(verdict.outcome)}.", clean(reason_words(verdict.reason))]
    if not name_follows(case):
        aside = _("The unit's verdict, before an officer set the name aside:")
        told.insert(
            0, aside if case.name_set_aside else _("The unit's verdict, before an officer corrected the plate:")
        )
    if not case.is_infringement:
        why = clean(basis_words(case.basis)) or verdict_words(case)
        told = [f"{why[:1].upper()}{why[1:]}."]
    elif verdict.outcome is Outcome.AMBIGUOUS and verdict.reason == Reason.SEVERAL_CLAIMS:
        told = told[:1]  # the reason says the same
    if manifest.get("opening"):
        told.append(
            _("The authority's centre opened the answers and decided; its signed statement is in the manifest.")
        )
    if not name_follows(case):
        told.append(f"<b>{verdict_words(case)}.</b>")
    rows = [(_("Verdict"), " ".join(told))]
    if case.characters:
        signs = ", ".join(
            unbroken(f"{clean(sign)}: {int(100 * min(value, 0.999))} %")  # cut, not rounded: nothing is certain
            for sign, value in zip(case.plate_text, case.characters, strict=False)
        )
        rows.append((_("Reading"), _("each character, and how sure the reader was of it: {signs}").format(signs=signs)))
    rows.append((_("Answers"), "<br/>".join(_answers(verdict))))
    if verdict.outcome is Outcome.IDENTIFIED and name_follows(case):
        rows.append(
            (
                _("Estimate"),
                _("that the plate claimed is that in the photo: {share}, by the program's own reckoning").format(
                    share=percent(verdict.probability)
                ),
            )
        )
    rejected = manifest.get("rejected_packets") or {}
    if rejected:
        rows.append((_("Not counted"), "<br/>".join(map(clean, rejected_words(sorted(rejected.items()))))))
    rows.append((_("Vehicle"), _vehicle(case, manifest)))
    if case.driver is not None and name_follows(case):
        rows.append((_("Proved"), _proved(case, manifest)))
        rows.append((_("Not proved"), _not_proved(manifest)))
    return rows


def _answers(verdict: Verdict) -> list[str]:
    if not verdict.scores:
        return [no_claims_words(verdict.reason)]
    said = claims_words(verdict.scores)
    more = len(said) - _MOST_ANSWERS
    if more > 0:
        rest = ngettext("{count} more answer fits worse still", "{count} more answers fit worse still", more).format(
            count=number(more)
        )
        said = [*said[:_MOST_ANSWERS], rest]
    return said


def _vehicle(case: Case, manifest: Manifest) -> str:
    """Whether the vehicle in the photo is the one that was measured, as far as it is known."""
    lines = manifest.get("radar_reports")
    words = (
        ngettext(
            "The radar's own record is in the manifest, byte for byte: {count} line.",
            "The radar's own record is in the manifest, byte for byte: {count} lines.",
            len(lines),
        ).format(count=number(len(lines)))
        if lines
        else _("The radar gave no record of its own.")
    )
    photo = manifest["frames"][case.photo] if manifest["frames"] else None
    if photo is None:
        return words
    after = 1000 * (photo["exposed_utc"] - case.trigger.at_utc)
    taken = _("The photo was exposed {time} ms after the radar's signal.").format(time=number(max(after, 0)))
    seen = _("That no other vehicle was measured must be seen in the photos.")
    return f"{taken} {words} {seen}"


def _proved(case: Case, manifest: Manifest) -> str:
    answer = (
        _(
            "the chip of this driver's licence signed an answer to the unit's challenge, within its time, and claimed"
            " the plate in the photo."
        )
        if _signs(manifest)
        else _(
            "somebody who has the data of this driver's chip (its identifier, licence number and public key) answered"
            " the unit's challenge within its time and claimed the plate in the photo."
        )
    )
    keeper = (
        _("The vehicle register names another keeper.")
        if Flag.NOT_THE_KEEPER in case.flags
        else _("The vehicle register names no other keeper.")
    )
    words = [answer]
    if until := (manifest.get("packet") or {}).get("certified_until"):
        certified = _(
            "The case holds the authority's certificate of that chip's key for this licence, until {moment}; verify.py"
            " --authority checks it."
        )
        words.append(certified.format(moment=minute(until)))
    return " ".join([*words, keeper])


def _not_proved(manifest: Manifest) -> str:
    seat = _("who sat at the wheel: the chip speaks for the licence, not for the person.")
    if _signs(manifest):
        alone = _("A copied chip is found out by its counter only once both are used.")
        if (manifest.get("packet") or {}).get("certified_until"):
            return f"{seat} {alone}"
        return " ".join(
            [seat, alone, _("Whose key the chip's is, the registry alone says: no authority certified it.")]
        )
    copied = _(
        "In version {version} of the protocol the chip signs nothing: a copied chip, or somebody else who has its data,"
        " could have sent the same answer."
    )
    return f"{seat} {copied.format(version=_version(manifest))}"


def _version(manifest: Manifest) -> int:
    packet = manifest.get("packet") or {}
    return int(packet.get("version") or 1)


def _signs(manifest: Manifest) -> bool:
    return _version(manifest) >= SIGNING_PROTOCOL
