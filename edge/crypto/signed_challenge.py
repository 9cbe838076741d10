"""Challenges of protocol version 2: signed by the unit, whose key the authority certifies; checked by the car."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Any, Final

from edge.crypto.ed25519 import PUBLIC_BYTES, SIGNATURE_BYTES, Ed25519Key, is_signed
from edge.crypto.notation import octets_of_hex, to_time
from edge.crypto.position import Position, position_text, to_position
from edge.crypto.unit_certificate import UnitCertificate
from edge.errors import LinkError

VERSION: Final = 2
CLOCK_TOLERANCE_S: Final = 30.0
"""How far the challenge's time may be from the car's own clock."""
DISTANCE_TOLERANCE_M: Final = 500.0
"""How far the unit may be from where the car is: a unit's range, and the error of a position in a town."""

_HEADING: Final = "autovelox challenge 2"
_NONCE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignedChallenge:
    """A challenge of version 2.

    Attributes:
        certificate: the authority's word for the unit.
        position: where the unit is now; None if it does not know.
        nonce: 32 lower-case hexadecimal characters.
        timestamp: Unix seconds.
        registry_key: what the uid is sealed to, 32 bytes (X25519).
        signature: the unit's, 64 bytes (Ed25519).
    """

    certificate: UnitCertificate
    position: Position | None
    nonce: str
    timestamp: int
    registry_key: bytes
    signature: bytes

    @property
    def unit(self) -> str:
        """The unit's serial number."""
        return self.certificate.unit


def challenge_message(unit: str, position: Position | None, nonce: str, timestamp: int, registry_key: bytes) -> bytes:
    """What a unit signs of a challenge."""
    return "\n".join((_HEADING, unit, position_text(position), nonce, str(timestamp), registry_key.hex())).encode()


class ChallengeSigner:
    """A unit's side: signs what it challenges cars with."""

    def __init__(self, key: Ed25519Key, certificate: UnitCertificate, registry_key: bytes) -> None:
        """Sign with *key*, as *certificate* says; *registry_key* (32 bytes) is what uids are sealed to."""
        self._key = key
        self.registry_key = registry_key
        self._certificate = certificate.record()
        self.unit = certificate.unit
        self.position = certificate.position

    def sealing_to(self, registry_key: bytes) -> ChallengeSigner:
        """The same signer, whose cars seal their uids to *registry_key* (32 bytes)."""
        other = copy.copy(self)
        other.registry_key = registry_key
        return other

    def body(self, nonce: str, timestamp: int) -> dict[str, Any]:
        """The body of the ``challenge`` event, JSON values."""
        message = challenge_message(self.unit, self.position, nonce, timestamp, self.registry_key)
        return {
            "v": VERSION,
            "unit": self.unit,
            "position": None if self.position is None else list(self.position),
            "nonce": nonce,
            "timestamp": timestamp,
            "registry_key": self.registry_key.hex(),
            "signature": self._key.sign(message).hex(),
            "certificate": self._certificate,
        }


def read_challenge(body: Any) -> SignedChallenge:
    """The challenge in the *body* of a ``challenge`` event; further keys are ignored, nothing is checked yet.

    Raises:
        ValueError: it is not a challenge of version 2.
    """
    if not isinstance(body, dict) or type(body.get("v")) is not int or body["v"] != VERSION:
        raise ValueError("not a challenge of version 2")
    nonce, timestamp = body.get("nonce"), to_time(body.get("timestamp"))
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise ValueError("not a nonce")
    registry_key = octets_of_hex(body.get("registry_key"), PUBLIC_BYTES)
    signature = octets_of_hex(body.get("signature"), SIGNATURE_BYTES)
    certificate = UnitCertificate.of_record(body.get("certificate"))
    if body.get("unit") != certificate.unit:
        raise ValueError("the certificate is another unit's")
    return SignedChallenge(certificate, to_position(body.get("position")), nonce, timestamp, registry_key, signature)


def check_challenge(
    challenge: SignedChallenge, *, authority: bytes, now_utc: float, position: Position | None = None
) -> None:
    """Check, as a car, that *challenge* is a certified unit's, made now and here.

    Args:
        challenge: what the unit sent.
        authority: the public key (32 bytes, Ed25519) of the authority that the car trusts.
        now_utc: the car's clock, Unix seconds.
        position: where the car is; None if it does not know.

    Raises:
        LinkError: it is not: the car must not answer.
    """
    certificate = challenge.certificate
    if not certificate.is_valid(authority, now_utc):
        raise _refused("the authority does not vouch for it, or its certificate has ended")
    message = challenge_message(
        challenge.unit, challenge.position, challenge.nonce, challenge.timestamp, challenge.registry_key
    )
    if not is_signed(certificate.key, message, challenge.signature):
        raise _refused("its challenge is not signed with its key")
    if certificate.position is not None and certificate.position != challenge.position:
        raise _refused("it is not where the authority put it")
    if abs(now_utc - challenge.timestamp) > CLOCK_TOLERANCE_S:
        raise _refused(f"its clock and the car's differ by more than {CLOCK_TOLERANCE_S:.0f} s")
    if position is not None and (
        challenge.position is None or position.metres_to(challenge.position) > DISTANCE_TOLERANCE_M
    ):
        raise _refused(f"it is not within {DISTANCE_TOLERANCE_M:.0f} m of the car")


def _refused(why: str) -> LinkError:
    return LinkError(f"the unit is not to be trusted, and gets no packet: {why}", "report the place to the authority")
