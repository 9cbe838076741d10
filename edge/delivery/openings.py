"""What a unit and the opening service say to each other about one case; both import this module. Pure: no I/O.

A request names the case, the number and hash of its ``filed`` entry, the enclosed packets of the window and what the
reader saw, and is signed by the unit. The answer is a *statement* that the opening service signs: verdict, counts of
rejections, and at most one driver. Binary values are base64, nanoseconds decimal texts.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from edge.cases.evidence import canonical, packet_record, sha256, to_flags, to_packet, to_reason
from edge.crypto import enclose, is_signed
from edge.delivery.wire import finite, plain, to_clock, whole
from edge.errors import DeliveryError
from edge.model import (
    Box,
    Claim,
    Decision,
    Detection,
    Driver,
    Outcome,
    Packet,
    PlateRead,
    Plausibility,
    Rejection,
    SpeedAgreement,
    Verdict,
)

REQUEST_DOMAIN: Final = b"autovelox-opening-request-1\n"
STATEMENT_DOMAIN: Final = b"autovelox-opening-statement-1\n"
STATEMENT_FORMAT: Final = "autovelox-opening/1"
SIGNATURE: Final = "Autovelox-Signature"
"""The header with the unit's signature of the request, in hex."""
ENCLOSED: Final = 0
"""The version of a packet that is enclosed: ``payload`` is the whole packet, sealed to the opening service."""
MAX_PHOTOS: Final = 20
MAX_READS: Final = 64
MAX_PACKETS: Final = 2048
MAX_STEPS: Final = 512
MAX_NONCE: Final = 64
CLASSES: Final = 37


@dataclass(frozen=True, slots=True)
class OpeningService:
    """Where the opening service is, and its public keys: Ed25519, X25519, and what cars seal their uids to, if any."""

    url: str
    signing_key: bytes
    sealing_key: bytes
    uid_key: bytes | None

    def record(self) -> dict[str, Any]:
        """The values for JSON."""
        found = {name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(self).items()}
        return {"format": "autovelox-opener/1", **found}

    @classmethod
    def of(cls, record: Any) -> OpeningService:
        """Read what :meth:`record` gave.

        Raises:
            ValueError: it is none.
        """
        try:
            url = record["url"]
            signing, sealing = (bytes.fromhex(record[name]) for name in ("signing_key", "sealing_key"))
            uid_key = bytes.fromhex(record["uid_key"]) if record["uid_key"] is not None else None
        except (KeyError, TypeError, ValueError):
            raise ValueError("no opening service") from None
        lengths = {len(key) for key in (signing, sealing, uid_key) if key is not None}
        if not isinstance(url, str) or not url.startswith("https://") or lengths != {32}:
            raise ValueError("no opening service")
        return cls(url.rstrip("/"), signing, sealing, uid_key)


def bound(unit: str, packet: Packet) -> bytes:
    """What an enclosed *packet* of *unit* is bound to: what stays in clear beside it."""
    lines = (
        unit,
        packet.nonce,
        str(packet.challenged_at),
        repr(packet.received_utc),
        str(packet.received_monotonic_ns),
    )
    return "\n".join(lines).encode()


def enclosed(packet: Packet, unit: str, sealing_key: bytes) -> Packet:
    """The *packet* as the unit may keep it: nothing of it but its challenge and its times can be read any more."""
    text = canonical(packet_record(packet))
    return Packet(
        uid="",
        payload=enclose(sealing_key, text, bound(unit, packet)),
        nonce=packet.nonce,
        challenged_at=packet.challenged_at,
        received_utc=packet.received_utc,
        received_monotonic_ns=packet.received_monotonic_ns,
        version=ENCLOSED,
    )


def disclosed(text: bytes, outer: Packet) -> Packet:
    """The packet in the opened *text* of the enclosed packet *outer*.

    Raises:
        ValueError: it is none, or another one than its outside says.
    """
    try:
        packet = to_packet(json.loads(text))
        same = (packet.nonce, packet.challenged_at, packet.received_utc, packet.received_monotonic_ns)
        if same != (outer.nonce, outer.challenged_at, outer.received_utc, outer.received_monotonic_ns):
            raise ValueError
        right = isinstance(packet.uid, str) and packet.version in (1, 2) and type(packet.counter) is int
        if not right or not all(isinstance(each, str) for each in (packet.unit, packet.endpoint)):
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("no packet is enclosed") from None
    return packet


def outer_record(packet: Packet) -> dict[str, Any]:
    """An enclosed packet for a request."""
    return {
        "sealed": base64.b64encode(packet.payload).decode("ascii"),
        "nonce": packet.nonce,
        "challenged_at": packet.challenged_at,
        "received_utc": packet.received_utc,
        "received_monotonic_ns": str(packet.received_monotonic_ns),
    }


def to_outer(record: Any) -> Packet:
    """The enclosed packet of a request's *record*.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    return Packet(
        uid="",
        payload=base64.b64decode(record["sealed"], validate=True),
        nonce=plain(record["nonce"], MAX_NONCE),
        challenged_at=whole(record["challenged_at"], 0, 1 << 53),
        received_utc=finite(record["received_utc"]),
        received_monotonic_ns=to_clock(record["received_monotonic_ns"]),
        version=ENCLOSED,
    )


def read_record(read: PlateRead) -> dict[str, Any]:
    """What the reader saw in one detection, for a request: its probabilities above all."""
    log_probs = np.ascontiguousarray(read.log_probs, dtype="<f4")
    return {
        "text": read.text,
        "confidence": float(read.confidence),
        "characters": [float(each) for each in read.characters],
        "box": [float(each) for each in read.detection.box],
        "detection_confidence": float(read.detection.confidence),
        "log_probs": base64.b64encode(log_probs.tobytes()).decode("ascii"),
        "second_pass": read_record(read.second_pass) if read.second_pass is not None else None,
        "countries": {code: float(share) for code, share in read.countries.items()},
        "origins": {code: float(share) for code, share in read.origins.items()},
    }


def to_read(record: Any, *, inner: bool = False) -> PlateRead:
    """The plate read of a request's *record*.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    data = base64.b64decode(record["log_probs"], validate=True)
    steps, rest = divmod(len(data), 4 * CLASSES)
    if rest or not 0 < steps <= MAX_STEPS:
        raise ValueError
    log_probs = np.frombuffer(data, dtype="<f4").reshape(steps, CLASSES).astype(np.float32)
    if np.isnan(log_probs).any() or (log_probs > 0.001).any() or len(record["characters"]) > MAX_STEPS:
        raise ValueError
    second = record["second_pass"]
    if second is not None and inner:
        raise ValueError
    # A unit of an earlier release sends no "origins".
    countries, origins = (
        {plain(code, 2): finite(share) for code, share in dict(shares).items()}
        for shares in (record["countries"], record.get("origins", {}))
    )
    return PlateRead(
        text=plain(record["text"], MAX_STEPS),
        confidence=finite(record["confidence"]),
        characters=tuple(map(finite, record["characters"])),
        detection=Detection(Box(*map(finite, record["box"])), finite(record["detection_confidence"])),
        log_probs=log_probs,
        second_pass=to_read(second, inner=True) if second is not None else None,
        countries=countries,
        origins=origins,
    )


def request_body(
    *,
    unit: str,
    case: int,
    filed: tuple[int, str],
    packets: Sequence[Packet],
    photos: Sequence[tuple[int, tuple[int, int], Sequence[PlateRead] | None]],
    reader: str,
    lens: Mapping[str, float] | None,
) -> bytes:
    """A request: *photos* are each one's exposure (monotonic ns), size in pixels and reads, None if it was not read."""
    document = {
        "unit": unit,
        "case": case,
        "filed": {"seq": filed[0], "hash": filed[1]},
        "packets": [outer_record(packet) for packet in packets],
        "photos": [
            {
                "exposed_monotonic_ns": str(exposed_ns),
                "size": list(size),
                "reads": [read_record(read) for read in reads] if reads is not None else None,
            }
            for exposed_ns, size, reads in photos
        ],
        "reader": reader,
        "lens": dict(lens) if lens is not None else None,
    }
    return json.dumps(document, allow_nan=False).encode()


def decision_of(
    answer: Mapping[str, Any], service: OpeningService, body: bytes, reads: Sequence[Sequence[PlateRead] | None]
) -> Decision:
    """The decision that the opening service's *answer* to the request *body* states; *reads* are those of the request.

    Raises:
        DeliveryError: the service did not sign it, it answers another request, or it is none.
    """
    try:
        text, signature = str(answer["statement"]).encode("utf-8"), bytes.fromhex(answer["signature"])
        statement = json.loads(text)
        if not is_signed(service.signing_key, STATEMENT_DOMAIN + text, signature):
            raise ValueError
        if statement["format"] != STATEMENT_FORMAT or statement["request_sha256"] != sha256(body):
            raise ValueError
        proof = {"statement": text.decode("utf-8"), "signature": signature.hex(), "key": service.signing_key.hex()}
        return _decision(statement, answer, reads, proof)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise DeliveryError(
            "the opening service's answer is not signed by it, or answers something else",
            "compare its key with the centre's: autovelox centre opener",
        ) from None


def _decision(
    statement: Mapping[str, Any],
    answer: Mapping[str, Any],
    reads: Sequence[Sequence[PlateRead] | None],
    proof: Mapping[str, str],
) -> Decision:
    said, named, place = statement["verdict"], statement["named"], statement["read"]
    outcome = Outcome(said["outcome"])
    if (outcome is Outcome.IDENTIFIED) != (named is not None):
        raise ValueError
    claim, driver = _named(named, answer) if named is not None else (None, None)
    read = (reads[place[0]] or ())[place[1]] if place is not None else None
    verdict = Verdict(
        outcome,
        str(said["plate"]),
        float(said["probability"]),
        tuple(map(float, said["scores"])),
        to_reason(said["reason"]),
        claim,
        read,
    )
    motion = statement["plausibility"]
    return Decision(
        verdict,
        place[0] if place is not None else 0,
        driver,
        to_flags(statement["flags"]),
        {Rejection(reason): int(count) for reason, count in statement["rejected_packets"].items()},
        plausibility=Plausibility(**{**motion, "agreement": SpeedAgreement(motion["agreement"])}) if motion else None,
        opening=proof,
    )


def _named(named: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[Claim, Driver]:
    uid, portrait = str(answer["uid"]), bytes.fromhex(answer["portrait"])
    record, person = dict(named["packet"]), dict(named["driver"])
    if record.pop("uid_sha256") != sha256(uid.encode("utf-8")) or person.pop("portrait_sha256") != sha256(portrait):
        raise ValueError
    driver = Driver(**person, portrait=portrait)
    return Claim(uid, driver.licence, str(named["plate"]), to_packet({**record, "uid": uid})), driver
