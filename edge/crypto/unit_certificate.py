"""The authority's word for a unit: this key is that unit's, it stands there, until then.

A short signed statement instead of X.509. What is signed (docs/protocol.md) is lines of text with a heading of their
own, so that nothing signed for one purpose can be passed off as something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from edge.crypto.ed25519 import PUBLIC_BYTES, SIGNATURE_BYTES, Ed25519Key, is_signed
from edge.crypto.notation import octets_of_hex, to_time
from edge.crypto.position import Position, position_text, to_position

_HEADING: Final = "autovelox certificate 2"
_FIELDS: Final = frozenset({"unit", "key", "site", "position", "valid_until", "signature"})
_SERIAL: Final = re.compile(r"[A-Za-z0-9._-]{1,32}", re.ASCII)
MAX_SITE_CHARACTERS: Final = 120


@dataclass(frozen=True, slots=True)
class UnitCertificate:
    """What an authority says of a unit.

    Attributes:
        unit: the unit's serial number.
        key: the public half of the key that signs its challenges, 32 bytes (Ed25519).
        site: where it stands, in the authority's words.
        position: where that is; None for a unit that moves.
        valid_until: Unix seconds.
        signature: the authority's, 64 bytes (Ed25519); empty while it is not signed.
    """

    unit: str
    key: bytes
    site: str
    position: Position | None
    valid_until: int
    signature: bytes = b""

    def __post_init__(self) -> None:
        """Refuse what could be read in two ways.

        Raises:
            ValueError: a value has characters, or a length, that it may not have.
        """
        if not is_serial(self.unit) or len(self.key) != PUBLIC_BYTES:
            raise ValueError("not a serial number, or not a key")
        if not 1 <= len(self.site) <= MAX_SITE_CHARACTERS or not self.site.isprintable():
            raise ValueError("not a site")

    def message(self) -> bytes:
        """What the authority signs."""
        place, until = position_text(self.position), str(self.valid_until)
        return "\n".join((_HEADING, self.unit, self.key.hex(), self.site, place, until)).encode()

    def signed_by(self, authority: Ed25519Key) -> UnitCertificate:
        """This certificate with the signature of *authority*."""
        return replace(self, signature=authority.sign(self.message()))

    def is_valid(self, authority: bytes, now_utc: float) -> bool:
        """Whether the authority with that public key (32 bytes) signed it, and it has not ended at *now_utc*."""
        return now_utc < self.valid_until and is_signed(authority, self.message(), self.signature)

    def record(self) -> dict[str, Any]:
        """The certificate as JSON values."""
        place = None if self.position is None else list(self.position)
        return {
            "unit": self.unit,
            "key": self.key.hex(),
            "site": self.site,
            "position": place,
            "valid_until": self.valid_until,
            "signature": self.signature.hex(),
        }

    @classmethod
    def of_record(cls, record: Any) -> UnitCertificate:
        """The certificate in JSON values; further keys are ignored, the signature is not checked.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(record, dict) or not record.keys() >= _FIELDS:
            raise ValueError("not a certificate")
        unit, site = record["unit"], record["site"]
        if not isinstance(unit, str) or not isinstance(site, str):
            raise ValueError("not a certificate")
        return cls(
            unit,
            octets_of_hex(record["key"], PUBLIC_BYTES),
            site,
            to_position(record["position"]),
            to_time(record["valid_until"]),
            octets_of_hex(record["signature"], SIGNATURE_BYTES),
        )


def is_serial(unit: str) -> bool:
    """Whether *unit* is a serial number that can be signed: 1 to 32 characters of ``A-Z a-z 0-9 . _ -``."""
    return _SERIAL.fullmatch(unit) is not None
