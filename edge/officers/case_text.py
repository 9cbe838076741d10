"""A case as lines for a person: what the viewer shows, for a terminal and for a screen reader.

Each line is ``label: what is so``; a title stands alone on its line, in capitals. No line's meaning hangs on its place.
The words are those of the report. At the end stands, by its name in docs/evidence.md, whatever else the manifest holds.
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
    "trigger",
    "verdict",
}
"""Keys of a manifest whose content stands above in words."""
_MARKUP = re.compile(r"<[^>]*>")


def case_lines(opened: OpenCase) -> Iterator[str]:
    """The lines of an opened case."""
    from edge.cases.report.circumstances import circumstances  # loads ReportLab
    from edge.cases.report.words import missed_words, verdict_words

    case = opened.case
    manifest = {**opened.manifest, "selfcheck": _selfcheck(opened)}
    outcome = case.verdict.outcome if case.verdict else None
    yield f"CASE {case.number} of unit {manifest['unit'].get('serial', 'without a serial number')}"
    yield f"Verdict: {verdict_words(case)}"
    yield f"Standing: {standing_words(outcome, case, name_follows=name_follows(case)) or 'pending'}"
    yield f"Judgement: {_judgement(case, opened.waiting)}"
    if is_held(opened.events):
        yield "Retention: on hold, the case is kept beyond its retention period"
    for missed in missed_words(case):
        yield f"Photos missed: {missed}"
    yield from _driver(case)
    yield from _plate(case)
    yield from _reasons(case, manifest)
    yield from ("", "CIRCUMSTANCES")
    for name, says in circumstances(case, manifest):
        yield f"{name}: {html.unescape(_MARKUP.sub('', says))}"
    yield from _photos(manifest)
    yield from _history(opened.events)
    yield from ("", "ALSO RECORDED (names as in docs/evidence.md)")
    yield from _also({key: value for key, value in opened.manifest.items() if key not in _TOLD})


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

    done = officer_did(case.review) if case.review else "none yet"
    return f"{done}; {officer_did(waiting)} waits for a second officer" if waiting else done


def _driver(case: Case) -> Iterator[str]:
    yield from ("", "DRIVER")
    driver = case.driver
    if driver is None:
        yield "Driver: nobody is named"
        return
    if not name_follows(case):
        yield "Mind: the plate was corrected, and this name no longer follows from it"
    yield f"Driver: {driver.first_name} {driver.last_name}"
    yield f"Licence: {driver.licence}, categories {driver.categories}"
    yield f"Born: {driver.birth_date} in {driver.birth_place}"
    yield f"Licence issued: {driver.issued_on} by {driver.issuing_office}, expires {driver.expires_on}"
    yield f"Portrait: {'in the registry, the viewer shows it' if driver.portrait else 'none'}"


def _plate(case: Case) -> Iterator[str]:
    from edge.cases.report.language import percent

    yield from ("", "PLATE")
    if case.corrected_plate:
        yield f"Plate that counts: {case.corrected_plate}, corrected by an officer"
    sure = f", confidence {percent(case.plate_confidence)}" if case.plate_confidence is not None else ""
    where = f", in photo {case.photo + 1}" if case.plate_text else ""
    yield f"Plate read: {case.plate_text or 'none'}{sure}{where}"
    if len(case.characters) == len(case.plate_text) > 0:
        letters = zip(case.plate_text, case.characters, strict=True)
        yield "Each character: " + ", ".join(f"{letter} {percent(share)}" for letter, share in letters)
    if case.country is not None:
        yield f"Country: {case.country.code}, {percent(case.country.probability)}"
    if case.plate_box is not None:
        left, top, right, bottom = (round(edge) for edge in case.plate_box)
        yield f"Place in the photo: from {left}, {top} to {right}, {bottom} pixels"
    for photo, found in groupby(case.others or (), lambda other: other.photo):
        yield f"Plates of other vehicles in photo {photo + 1}: {len(list(found))}, their texts are not kept"


def _reasons(case: Case, manifest: Mapping[str, Any]) -> Iterator[str]:
    from edge.cases.report.language import moment, percent
    from edge.cases.report.words import claims_words, flag_words, reason_words, rejected_words

    yield from ("", "WHY")
    if case.verdict is None or case.decided_utc is None:
        yield "Decided: not yet"
        return
    yield f"Decided: {moment(case.decided_utc)}"
    yield f"Reason: {reason_words(case.verdict.reason)}"
    if case.verdict.plate:
        claimed = "Plate claimed" if case.driver is not None else "Plate judged"
        yield f"{claimed}: {case.verdict.plate}, probability {percent(case.verdict.probability)}"
    yield from claims_words(case.verdict.scores)
    for sentence in rejected_words(sorted(manifest.get("rejected_packets", {}).items())):
        yield f"Not counted: {sentence}"
    for flag in case.flags:
        yield f"Mind: {flag_words(flag)}"
    if case.kept_claims:
        yield f"Sealed claims kept: {case.kept_claims}"


def _photos(manifest: Mapping[str, Any]) -> Iterator[str]:
    from edge.cases.report.language import moment

    frames = manifest["frames"]
    yield from ("", "PHOTOS")
    for place, frame in enumerate(frames, 1):
        taken = moment(frame["exposed_utc"], milliseconds=True)
        size = f"{frame['width']} x {frame['height']} pixels, {frame['bytes']} bytes"
        yield f"Photo {place} of {len(frames)}: {taken}; {size}; SHA-256 {frame['sha256']}"


def _history(events: tuple[Event, ...]) -> Iterator[str]:
    from edge.cases.report.language import moment
    from edge.cases.report.words import officer_did

    yield from ("", "HISTORY")
    for event in events:
        asked = f" ({officer_did(event.action)})" if event.action else ""
        plate = f", plate {event.plate}" if event.plate else ""
        why = f": {event.reason}" if event.reason else ""
        unsigned = "" if event.signed else "; not signed yet"
        taken = f" of entry {event.judgement}" if event.judgement else ""
        did = f"{officer_did(event.kind)}{taken}{asked}{plate}"
        yield f"Entry {event.seq}: {did}, {moment(event.at_utc)}, {event.officer}{why}{unsigned}"
    if not events:
        yield "No officer has done anything with it"


def _also(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in sorted(values.items()):
        if isinstance(value, Mapping):
            yield from _also(value, f"{before}{key}.")
        elif value is not None:
            yield f"{before}{key}: {value}"
