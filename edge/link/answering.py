"""A car's answer to a challenge, of version 1 or 2 (docs/protocol.md): what its driver's chip seals and signs."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.crypto import (
    Chip,
    ChipKey,
    Position,
    check_challenge,
    load_public_key,
    packet_message,
    read_challenge,
    seal,
    seal_uid,
)
from edge.errors import LinkError

Body = dict[str, Any]
"""The ``packet`` event's body: ``uid`` and the base64 ``payload``, and what version 2 adds."""
Answering = Callable[[object, str], Body]
"""Makes the ``packet`` event's body from the ``challenge`` event's, and the SHA-256 of the unit's TLS certificate."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What a car needs for version 2 beside its chip file.

    Attributes:
        key: the chip's signing key.
        authority: the public key (32 bytes, Ed25519) of the authority whose units get an answer.
        position: where the car is; None if it does not know.
    """

    key: ChipKey
    authority: bytes
    position: Position | None = None


def make_answer(chip: Chip, plate: str, signing: Signing | None = None) -> Answering:
    """What answers challenges for *chip* and *plate*: in version 2 with *signing*, else in version 1.

    What it returns raises LinkError for a challenge that must not be answered.

    Raises:
        SecretError: the chip's key cannot be used.
    """
    key = load_public_key(chip.public_key)

    def sealed(nonce: str, timestamp: int) -> bytes:
        return seal(key, plate=plate, licence=chip.licence, nonce=nonce, timestamp=timestamp)

    def answer_1(body: object, _: str) -> Body:
        return {"uid": chip.uid, "payload": _base64(sealed(*read_challenge_1(body)))}

    def answer_2(body: object, endpoint: str) -> Body:
        assert signing is not None
        _require(body)
        try:
            challenge = read_challenge(body)
        except ValueError:
            raise LinkError("the unit does not speak protocol version 2", "the chip answers no other") from None
        check_challenge(challenge, authority=signing.authority, now_utc=time.time(), position=signing.position)
        counter = signing.key.next_counter()
        sealed_uid = seal_uid(challenge.registry_key, chip.uid, counter, challenge.nonce)
        payload = sealed(challenge.nonce, challenge.timestamp)
        message = packet_message(
            unit=challenge.unit,
            endpoint=endpoint,
            nonce=challenge.nonce,
            timestamp=challenge.timestamp,
            counter=counter,
            sealed_uid=sealed_uid,
            payload=payload,
        )
        texts = {"uid": sealed_uid, "payload": payload, "signature": signing.key.sign(message)}
        return {"v": 2, **{name: _base64(octets) for name, octets in texts.items()}}

    return answer_1 if signing is None else answer_2


def _require(challenge: object) -> None:
    if challenge is None:
        raise ConnectionError("the unit closed the connection")


def read_challenge_1(challenge: object) -> tuple[str, int]:
    """Nonce and timestamp of a challenge of version 1.

    Raises:
        ConnectionError: it is none, or the connection ended before it.
    """
    _require(challenge)
    if isinstance(challenge, dict):
        nonce, timestamp = challenge.get("nonce"), challenge.get("timestamp")
        if isinstance(nonce, str) and type(timestamp) is int:
            return nonce, timestamp
    raise ConnectionError("the unit's challenge is not one of protocol version 1")


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
