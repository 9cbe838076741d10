"""The manifest of a case: everything the unit recorded of it, as plain values for canonical JSON, and back again.

A case has two manifests in the chain: one when it is filed, one when it is decided. The second holds everything of the
first, so that it describes the whole case. docs/evidence.md documents the fields; a change of their meaning changes
:data:`FORMAT`. Nanoseconds are decimal texts: as JSON numbers they are not exact after 104 days (RFC 8785, RFC 7493).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from edge.cases.evidence.chain import canonical, sha256
from edge.cases.evidence.sentences import flag_sentence, reason_sentence, to_basis, to_flags, to_reason
from edge.identify.origin import origin
from edge.model import (
    Assessment,
    Basis,
    Box,
    Case,
    Country,
    Decision,
    Detection,
    Driver,
    OtherPlate,
    Outcome,
    Packet,
    Photo,
    Plausibility,
    RadarReport,
    SpeedAgreement,
    SpeedUnit,
    State,
    Trigger,
    Verdict,
)

FORMAT = "autovelox-case/2"
"""Until 1, nanoseconds were numbers, and cases left the unit in packages of format 1 as well."""

CLAIMS_FORMAT = "autovelox-claims/1"

Manifest = dict[str, Any]
"""A manifest as JSON values."""
Record = dict[str, Any]
"""A part of a manifest or of a journal file as JSON values."""

_SIGNED_FIELDS = (
    *("version", "sealed_uid", "counter", "signature", "unit", "endpoint", "verify_key"),
    *("certified_until", "certification"),
)
"""What only a packet of protocol version 2 has."""
_OCTETS = ("payload", "sealed_uid", "signature", "verify_key", "certification")
"""What is base64 in a packet's record."""
_DRIVER_FIELDS = tuple(field.name for field in fields(Driver) if field.name != "portrait")


def photo_record(name: str, photo: Photo) -> Record:
    """The record of a photo that is stored as *name* (relative to the state folder)."""
    return {
        "file": name,
        "sha256": sha256(photo.jpeg),
        "bytes": len(photo.jpeg),
        "width": photo.width,
        "height": photo.height,
        "exposed_utc": photo.exposed_utc,
        "exposed_monotonic_ns": str(photo.exposed_monotonic_ns),
    }


def report_record(report: RadarReport) -> Record:
    """The record of a line of the radar, byte for byte."""
    return {
        "line": base64.b64encode(report.line).decode("ascii"),
        "received_utc": report.received_utc,
        "received_monotonic_ns": str(report.received_monotonic_ns),
    }


def filed_manifest(
    number: int,
    trigger: Trigger,
    photos: Iterable[Record],
    *,
    limit_kmh: float,
    site: str | Mapping[str, object],
    unit: Mapping[str, object],
    clock: Mapping[str, object],
    basis: Basis | None = None,
    assessment: Assessment | None = None,
    instrument: Mapping[str, object] | None = None,
    speed_unit: SpeedUnit = SpeedUnit.KMH,
) -> Manifest:
    """The manifest of a case that is filed; *photos* are records of :func:`photo_record`.

    *site* is one line, or a table whose ``text`` is that line. *instrument* is what measured, with its approval and its
    certificate. *unit* says which unit, software and models recorded the case, *clock* how good the unit's time was,
    *basis* whether the trigger is an infringement, *assessment* what the law makes of its speed, *speed_unit* what the
    law counts in: every speed in a manifest is in km/h.
    """
    told: Manifest = {} if basis is None else {"basis": str(basis)}
    if assessment is not None:
        told["assessment"] = asdict(assessment)
    if instrument:
        told["instrument"] = dict(instrument)
    if speed_unit is not SpeedUnit.KMH:
        told["speed_unit"] = str(speed_unit)
    return {
        **told,
        "format": FORMAT,
        "number": number,
        "unit": dict(unit),
        "site": site if isinstance(site, str) else dict(site),
        "trigger": {**asdict(trigger), "at_monotonic_ns": str(trigger.at_monotonic_ns)},
        "limit_kmh": limit_kmh,
        "clock": dict(clock),
        "frames": list(photos),
    }


def site_text(site: str | Mapping[str, Any]) -> str:
    """The site in one line; a manifest has a line, or a table with more."""
    return site if isinstance(site, str) else str(site["text"])


def decided_manifest(filed: Manifest, decision: Decision, decided_utc: float) -> Manifest:
    """The manifest of a decided case: the *filed* manifest and what the flow found out."""
    told: Manifest = {} if decision.plausibility is None else {"plausibility": asdict(decision.plausibility)}
    if decision.opening is not None:
        told["opening"] = dict(decision.opening)
    if decision.others is not None:
        told["other_plates"] = [{"photo": each.photo, "box": _edges(each.box)} for each in decision.others]
    return {
        **filed,
        **told,
        "decided_utc": decided_utc,
        "plate": _plate_record(decision),
        "verdict": _verdict_record(decision.verdict),
        "flags": [flag_sentence(flag) for flag in decision.flags],
        "rejected_packets": dict(decision.rejected),
        "packet": _packet_record(decision.packet),
        "driver": _driver_record(decision.driver),
        "missed_photos": decision.missed_photos,
        "kept_claims": _kept_record(filed["number"], decision.kept),
    }


def to_case(
    manifest: Manifest,
    *,
    portrait: bytes = b"",
    review: str | None = None,
    corrected_plate: str | None = None,
    name_set_aside: bool = False,
) -> Case:
    """The case that the manifest describes.

    *portrait*, *review*, *corrected_plate* and *name_set_aside* are not part of a manifest.
    """
    plate, verdict, driver = manifest.get("plate"), manifest.get("verdict"), manifest.get("driver")
    plausibility, others = manifest.get("plausibility"), manifest.get("other_plates")
    return Case(
        number=manifest["number"],
        state=State.DECIDED if "decided_utc" in manifest else State.PENDING,
        trigger=Trigger(**{**manifest["trigger"], "at_monotonic_ns": int(manifest["trigger"]["at_monotonic_ns"])}),
        limit_kmh=manifest["limit_kmh"],
        site=site_text(manifest["site"]),
        photos=tuple(photo["file"] for photo in manifest["frames"]),
        decided_utc=manifest.get("decided_utc"),
        plate_text=plate["text"] if plate else "",
        plate_confidence=plate["confidence"] if plate else None,
        plate_box=Box(*plate["box"]) if plate else None,
        characters=tuple(plate["characters"]) if plate else (),
        verdict=_verdict(verdict) if verdict else None,
        driver=Driver(**{name: driver[name] for name in _DRIVER_FIELDS}, portrait=portrait) if driver else None,
        review=review,
        flags=to_flags(manifest.get("flags", ())),
        photo=plate["photo"] if plate else 0,
        country=Country(**plate["country"]) if plate and plate.get("country") else None,
        basis=to_basis(manifest.get("basis")),
        assessment=Assessment(**manifest["assessment"]) if manifest.get("assessment") else None,
        missed_photos=manifest.get("missed_photos", 0),
        kept_claims=(manifest.get("kept_claims") or {}).get("count", 0),
        plausibility=_plausibility(plausibility) if plausibility else None,
        corrected_plate=corrected_plate,
        name_set_aside=name_set_aside,
        speed_unit=SpeedUnit(manifest.get("speed_unit", SpeedUnit.KMH)),
        others=None if others is None else tuple(OtherPlate(each["photo"], Box(*each["box"])) for each in others),
    )


def claims_document(number: int, packets: Iterable[Packet]) -> bytes:
    """The file that keeps the sealed *packets* of the claims that explain the photo of an ambiguous case."""
    return canonical({"format": CLAIMS_FORMAT, "case": number, "packets": [_packet_record(each) for each in packets]})


def packet_record(packet: Packet) -> Record:
    """A whole sealed packet, for the journal file of a pending case; one of version 1 as it always was."""
    record = {**asdict(packet), "received_monotonic_ns": str(packet.received_monotonic_ns)}
    for name in _SIGNED_FIELDS if packet.version == 1 else ():
        del record[name]
    texts = {name: base64.b64encode(record[name]).decode("ascii") for name in _OCTETS if name in record}
    return {**record, **texts}


def to_packet(record: Record) -> Packet:
    """The packet that :func:`packet_record` made *record* of.

    Raises:
        ValueError: what should be is not base64, or a time is no number.
        TypeError: a field is missing or unknown.
        KeyError: the time of receipt is missing.
    """
    received_ns = int(record["received_monotonic_ns"])
    octets = {name: base64.b64decode(record[name], validate=True) for name in _OCTETS if name in record}
    return Packet(**{**record, **octets, "received_monotonic_ns": received_ns})


def _kept_record(number: int, packets: Sequence[Packet]) -> Record | None:
    return {"count": len(packets), "sha256": sha256(claims_document(number, packets))} if packets else None


def _packet_record(packet: Packet | None) -> Record | None:
    """The offender's packet for the manifest: with the hash of the uid instead of the uid, which is a secret."""
    if packet is None:
        return None
    record = packet_record(packet)
    record["uid_sha256"] = sha256(record.pop("uid").encode("utf-8"))
    return record


def _plate_record(decision: Decision) -> Record | None:
    read = decision.read
    if read is None:
        return None
    detection: Detection = read.detection
    country = origin(read.looks_from, decision.verdict.plate or read.text)
    return {
        "text": read.text,
        "confidence": float(read.confidence),
        "characters": [float(confidence) for confidence in read.characters],
        "box": _edges(detection.box),
        "detection_confidence": float(detection.confidence),
        "country": asdict(country) if country else None,
        "photo": decision.photo,
    }


def _edges(box: Box) -> list[float]:
    return [float(edge) for edge in box]


def _driver_record(driver: Driver | None) -> Record | None:
    if driver is None:
        return None
    record: Record = {name: getattr(driver, name) for name in _DRIVER_FIELDS}
    record["portrait_sha256"] = sha256(driver.portrait) if driver.portrait else None
    return record


def _verdict_record(verdict: Verdict) -> Record:
    return {
        "outcome": verdict.outcome,
        "plate": verdict.plate,
        "probability": float(verdict.probability),
        "scores": [float(score) for score in verdict.scores],
        "reason": reason_sentence(verdict.reason),
    }


def _plausibility(record: Record) -> Plausibility:
    return Plausibility(**{**record, "agreement": SpeedAgreement(record["agreement"])})


def _verdict(record: Record) -> Verdict:
    reason: str = record["reason"]
    return Verdict(
        Outcome(record["outcome"]),
        record["plate"],
        record["probability"],
        tuple(record["scores"]),
        to_reason(reason),
    )
