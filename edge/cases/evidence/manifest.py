"""What a case says, as plain values for canonical JSON, and back again.

A case is written twice into the chain: ``filed`` at the trigger and ``decided`` with the verdict. The second holds
everything the first does, so that one manifest is the whole case. The names of the fields are documented in
docs/evidence.md; a change of meaning changes :data:`FORMAT`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from edge.cases.evidence.chain import sha256
from edge.identify.origin import origin
from edge.model import (
    Box,
    Case,
    Country,
    Decision,
    Detection,
    Driver,
    Flag,
    Frame,
    Outcome,
    Packet,
    Reason,
    State,
    Trigger,
    Verdict,
)

FORMAT = "autovelox-case/1"

Content = dict[str, Any]
"""A parsed manifest."""

_REASONS: dict[str, str] = {
    Reason.ONE_CLAIM: "one claim explains the photo",
    Reason.SEVERAL_CLAIMS: "more than one claim explains the photo",
    Reason.SEVERAL_CARS: "more than one car in the photo",
    Reason.LOOKS_ALIKE: "a plate that looks alike explains the photo too",
    Reason.NO_CLAIM: "no claim explains the photo",
    Reason.NO_PACKET: "no car sent a valid packet",
    Reason.NO_PLATE: "no plate found in the photo",
    Reason.NO_PHOTO: "the camera gave no photo",
    Reason.PHOTO_NOT_READ: "a photo could not be recognised",
}
_FLAGS = {
    Flag.NOT_THE_KEEPER: "driver is not the registered keeper",
    Flag.OTHER_COUNTRY: "plate and vehicle are of different countries",
}
"""How this format writes reasons and flags: as sentences, which are signed and therefore never change."""
_REASON_OF: dict[str, Reason | str] = {sentence: Reason(reason) for reason, sentence in _REASONS.items()}
_FLAG_OF: dict[str, Flag | str] = {sentence: flag for flag, sentence in _FLAGS.items()}

_DRIVER_FIELDS = tuple(field.name for field in fields(Driver) if field.name != "portrait")


def frame_record(name: str, frame: Frame) -> Content:
    """What is said of a frame stored as *name* (relative to the state folder)."""
    return {
        "file": name,
        "sha256": sha256(frame.jpeg),
        "bytes": len(frame.jpeg),
        "width": frame.width,
        "height": frame.height,
        "exposed_utc": frame.exposed_utc,
        "exposed_monotonic_ns": frame.exposed_monotonic_ns,
    }


def filed(
    number: int,
    trigger: Trigger,
    frames: Iterable[Content],
    *,
    limit_kmh: float,
    site: str,
    unit: Mapping[str, object],
    clock: Mapping[str, object],
) -> Content:
    """The manifest of a case that was filed.

    *unit* says which unit, software and models these are, *clock* how good its time is.
    """
    return {
        "format": FORMAT,
        "number": number,
        "unit": dict(unit),
        "site": site,
        "trigger": asdict(trigger),
        "limit_kmh": limit_kmh,
        "clock": dict(clock),
        "frames": list(frames),
    }


def decided(content: Content, decision: Decision, decided_utc: float) -> Content:
    """The manifest of a decided case: what was *filed* and what the flow found out."""
    return {
        **content,
        "decided_utc": decided_utc,
        "plate": _plate_record(decision),
        "verdict": _verdict_record(decision.verdict),
        "flags": [_FLAGS[flag] for flag in decision.flags],
        "rejected_packets": dict(decision.rejected),
        "packet": _packet_record(decision.packet),
        "driver": _driver_record(decision.driver),
    }


def to_case(content: Content, *, portrait: bytes = b"", review: str | None = None) -> Case:
    """The case a manifest speaks of."""
    plate, verdict, driver = content.get("plate"), content.get("verdict"), content.get("driver")
    return Case(
        number=content["number"],
        state=State.DECIDED if "decided_utc" in content else State.PENDING,
        trigger=Trigger(**content["trigger"]),
        limit_kmh=content["limit_kmh"],
        site=content["site"],
        frames=tuple(frame["file"] for frame in content["frames"]),
        decided_utc=content.get("decided_utc"),
        plate_text=plate["text"] if plate else "",
        plate_confidence=plate["confidence"] if plate else None,
        plate_box=Box(*plate["box"]) if plate else None,
        characters=tuple(plate["characters"]) if plate else (),
        verdict=_verdict(verdict) if verdict else None,
        driver=Driver(**{name: driver[name] for name in _DRIVER_FIELDS}, portrait=portrait) if driver else None,
        review=review,
        flags=tuple(_FLAG_OF.get(flag, flag) for flag in content.get("flags", ())),
        photo=plate["photo"] if plate else 0,
        country=Country(**plate["country"]) if plate and plate.get("country") else None,
    )


def shown_plate(case: Case) -> str:
    """The plate a list shows: the verdict's, else the free reading."""
    return (case.verdict.plate if case.verdict else "") or case.plate_text


def driver_name(case: Case) -> str:
    """``First Last`` of the named driver, empty where nobody is."""
    return f"{case.driver.first_name} {case.driver.last_name}" if case.driver else ""


def reason_sentence(reason: Reason | str) -> str:
    """The *reason* of a verdict as this format writes it, an English sentence without a full stop."""
    return _REASONS.get(reason, reason)


def packet_record(packet: Packet) -> Content:
    """A sealed packet in full, for the journal of a pending case."""
    return {**asdict(packet), "payload": base64.b64encode(packet.payload).decode("ascii")}


def to_packet(record: Content) -> Packet:
    """The packet of :func:`packet_record`."""
    return Packet(**{**record, "payload": base64.b64decode(record["payload"], validate=True)})


def _packet_record(packet: Packet | None) -> Content | None:
    """The offender's packet for the manifest: the uid is a secret, its hash finds the registry's row as well."""
    if packet is None:
        return None
    record = packet_record(packet)
    record["uid_sha256"] = sha256(record.pop("uid").encode("utf-8"))
    return record


def _plate_record(decision: Decision) -> Content | None:
    read = decision.read
    if read is None:
        return None
    detection: Detection = read.detection
    country = origin(read.countries, decision.verdict.plate or read.text)
    return {
        "text": read.text,
        "confidence": float(read.confidence),
        "characters": [float(confidence) for confidence in read.characters],
        "box": [float(edge) for edge in detection.box],
        "detection_confidence": float(detection.confidence),
        "country": asdict(country) if country else None,
        "photo": decision.photo,
    }


def _driver_record(driver: Driver | None) -> Content | None:
    if driver is None:
        return None
    record: Content = {name: getattr(driver, name) for name in _DRIVER_FIELDS}
    record["portrait_sha256"] = sha256(driver.portrait) if driver.portrait else None
    return record


def _verdict_record(verdict: Verdict) -> Content:
    return {
        "outcome": verdict.outcome,
        "plate": verdict.plate,
        "probability": float(verdict.probability),
        "scores": [float(score) for score in verdict.scores],
        "reason": reason_sentence(verdict.reason),
    }


def _verdict(record: Content) -> Verdict:
    reason: str = record["reason"]
    return Verdict(
        Outcome(record["outcome"]),
        record["plate"],
        record["probability"],
        tuple(record["scores"]),
        _REASON_OF.get(reason, reason),
    )
