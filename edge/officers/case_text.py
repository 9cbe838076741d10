"""A case as lines for a person: what the viewer shows, for a terminal and for a screen reader.

Each line is ``label: what is so``; a title stands alone on its line, in capitals. No line's meaning hangs on its place.
The words are those of the report, in the language in use.
At the end stands, by its name in docs/evidence.md, whatever else the manifest holds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from edge.cases import Event, EventKind, name_follows, standing_words
from edge.model import Case
from edge.officers.desk import OpenCase
from edge.officers.language import _, number
from edge.officers.words import word

_TOLD = {
    "assessment",
    "basis",
    "clock",
    "decided_utc",
    "driver",
    "flags",
    "frames",
    "instrument",
    "kept_claims",
    "limit_kmh",
    "missed_photos",
    "number",
    "other_plates",
    "plate",
    "plausibility",
    "rejected_packets",
    "site",
    "speed_unit",
    "trigger",
    "verdict",
}
"""Keys of a manifest whose content stands above in words."""
_MARKUP = re.compile(r"<[^>]*>")


def case_lines(opened: OpenCase) -> Iterator[str]:
    """The lines of an opened case, in the language in use; spaces that a paper does not break are plain ones here."""
    from edge.cases.report.language import NO_BREAK

    for line in _lines(opened):
        yield line.replace(NO_BREAK, " ")


def _lines(opened: OpenCase) -> Iterator[str]:
    from edge.cases.report.circumstances import circumstances  # loads ReportLab
    from edge.cases.report.words import missed_words, verdict_words

    case = opened.case
    manifest = {**opened.manifest, "selfcheck": _selfcheck(opened)}
    outcome = case.verdict.outcome if case.verdict else None
    serial = manifest["unit"].get("serial") or _("without a serial number")
    yield _("CASE {number} of unit {serial}").format(number=case.number, serial=serial)
    yield _fact(_("Verdict"), verdict_words(case))
    standing = standing_words(outcome, case, name_follows=name_follows(case)) or "pending"
    yield _fact(_("Standing"), word(standing))
    yield _fact(_("Judgement"), _judgement(case, opened.waiting))
    if is_held(opened.events):
        yield _fact(_("Retention"), _("on hold, the case is kept beyond its retention period"))
    for missed in missed_words(case):
        yield _fact(_("Photos missed"), missed)
    yield from _driver(case)
    yield from _plate(case)
    yield from _reasons(case, manifest)
    yield from ("", _("CIRCUMSTANCES"))
    for name, says in circumstances(case, manifest):
        yield _fact(name, html.unescape(_MARKUP.sub("", says)))
    yield from _photos(manifest, opened.photos_left_utc)
    yield from _history(opened.events)
    yield from ("", _("ALSO RECORDED (names as in docs/evidence.md)"))
    yield from _also({key: value for key, value in opened.manifest.items() if key not in _TOLD})


def _fact(name: str, says: str) -> str:
    return f"{name}: {says}"


def is_held(events: tuple[Event, ...]) -> bool:
    """Whether the newest of holds and releases is a hold; *events*, the oldest first."""
    kinds = [event.kind for event in events if event.kind in (EventKind.HOLD, EventKind.RELEASE)]
    return bool(kinds) and kinds[-1] is EventKind.HOLD


def _selfcheck(opened: OpenCase) -> dict[str, object]:
    found = opened.enclosure
    checks = {"before": found.before, "after": found.after}
    return {name: check and {"good": check.good, "at_utc": check.at_utc} for name, check in checks.items()}


def _judgement(case: Case, waiting: str | None) -> str:
    from edge.cases.report.words import officer_did

    done = officer_did(case.review) if case.review else _("none yet")
    if not waiting:
        return done
    return _("{done}; {judgement} waits for a second officer").format(done=done, judgement=officer_did(waiting))


def _driver(case: Case) -> Iterator[str]:
    yield from ("", _("DRIVER"))
    driver = case.driver
    if driver is None:
        yield _fact(_("Driver"), _("nobody is named"))
        return
    if case.name_set_aside:
        yield _fact(_("Mind"), _("an officer set this name aside, and it is not to be used"))
    elif not name_follows(case):
        yield _fact(_("Mind"), _("the plate was corrected, and this name no longer follows from it"))
    yield _fact(_("Driver"), f"{driver.first_name} {driver.last_name}")
    yield _("Licence: {licence}, categories {categories}").format(licence=driver.licence, categories=driver.categories)
    yield _("Born: {day} in {place}").format(day=driver.birth_date, place=driver.birth_place)
    yield _("Licence issued: {day} by {office}, expires {expiry}").format(
        day=driver.issued_on, office=driver.issuing_office, expiry=driver.expires_on
    )
    yield _fact(
        _("Portrait"), _("in the registry, the viewer shows it") if driver.portrait else _("not in the registry")
    )


def _plate(case: Case) -> Iterator[str]:
    from edge.cases.report.language import percent

    yield from ("", _("PLATE"))
    if case.corrected_plate:
        yield _("Plate that counts: {plate}, corrected by an officer").format(plate=case.corrected_plate)
    says = case.plate_text or _("none")
    if case.plate_confidence is not None:
        says += _(", confidence {share}").format(share=percent(case.plate_confidence))
    if case.plate_text:
        says += _(", in photo {place}").format(place=case.photo + 1)
    yield _fact(_("Plate read"), says)
    if len(case.characters) == len(case.plate_text) > 0:
        letters = zip(case.plate_text, case.characters, strict=True)
        yield _fact(_("Each character"), ", ".join(f"{letter} {percent(share)}" for letter, share in letters))
    if case.country is not None:
        yield _fact(_("Country"), f"{case.country.code}, {percent(case.country.probability)}")
    if case.plate_box is not None:
        left, top, right, bottom = (round(edge) for edge in case.plate_box)
        yield _("Place in the photo: from {left}, {top} to {right}, {bottom} pixels").format(
            left=left, top=top, right=right, bottom=bottom
        )
    for photo, found in groupby(case.others or (), lambda other: other.photo):
        name = _("Plates of other vehicles in photo {place}").format(place=photo + 1)
        yield _fact(name, _("{count}, their texts are not kept").format(count=len(list(found))))


def _reasons(case: Case, manifest: Mapping[str, Any]) -> Iterator[str]:
    from edge.cases.report.language import moment, percent
    from edge.cases.report.words import claims_words, flag_words, reason_words, rejected_words

    yield from ("", _("WHY"))
    if case.verdict is None or case.decided_utc is None:
        yield _fact(_("Decided"), _("not yet"))
        return
    yield _fact(_("Decided"), moment(case.decided_utc))
    yield _fact(_("Reason"), reason_words(case.verdict.reason))
    if case.verdict.plate:
        judged = _("Plate claimed") if case.driver is not None else _("Plate judged")
        share = percent(case.verdict.probability)
        yield _fact(judged, _("{plate}, probability {share}").format(plate=case.verdict.plate, share=share))
    yield from claims_words(case.verdict.scores)
    for sentence in rejected_words(sorted(manifest.get("rejected_packets", {}).items())):
        yield _fact(_("Not counted"), sentence)
    for flag in case.flags:
        yield _fact(_("Mind"), flag_words(flag))
    if case.kept_claims:
        yield _fact(_("Sealed claims kept"), number(case.kept_claims))


def _photos(manifest: Mapping[str, Any], left_utc: float | None) -> Iterator[str]:
    from edge.cases.report.language import moment

    frames = manifest["frames"]
    yield from ("", _("PHOTOS"))
    if left_utc is not None:
        yield _("The photos are at the centre since {moment}; this unit has them no more.").format(
            moment=moment(left_utc)
        )
    for place, frame in enumerate(frames, 1):
        yield _("Photo {place} of {count}: {moment}; {width} x {height} pixels, {size} bytes; SHA-256 {digest}").format(
            place=place,
            count=len(frames),
            moment=moment(frame["exposed_utc"], milliseconds=True),
            width=frame["width"],
            height=frame["height"],
            size=frame["bytes"],
            digest=frame["sha256"],
        )


def _history(events: tuple[Event, ...]) -> Iterator[str]:
    from edge.cases.report.language import moment
    from edge.cases.report.words import officer_did, officers_words

    yield from ("", _("HISTORY"))
    for event in events:
        did = officer_did(event.kind)
        if event.judgement:
            did += _(" (entry {number})").format(number=event.judgement)
        if event.action:
            did += f" ({officer_did(event.action)})"
        if event.plate:
            did += _(", plate {plate}").format(plate=event.plate)
        why = f": {event.reason}" if event.reason else ""
        unsigned = "" if event.signed else _("; not signed yet")
        yield (
            _("Entry {number}: {did}, {moment}, {officer}").format(
                number=event.seq, did=did, moment=moment(event.at_utc), officer=officers_words(event.officer)
            )
            + f"{why}{unsigned}"
        )
    if not events:
        yield _("No officer has done anything with it")


def _also(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in sorted(values.items()):
        if isinstance(value, Mapping):
            yield from _also(value, f"{before}{key}.")
        elif value is not None:
            yield f"{before}{key}: {value}"
