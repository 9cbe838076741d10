"""The authority's word for a chip: this signing key is that of the driver of that licence, until then.

A short signed statement like the one for units. With it the chip's signature in a case can be checked by whoever has
the authority's public key; nobody has to believe the registry, or who keeps it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from edge.crypto.chip_key import check_request
from edge.crypto.chip_signature import load_verify_key
from edge.crypto.ed25519 import PUBLIC_BYTES, SIGNATURE_BYTES, Ed25519Key, is_signed
from edge.crypto.notation import octets_of_hex, to_time
from edge.errors import SecretError

FORMAT: Final = "autovelox-chip-certificate/2"
AUTHORITY_FORMAT: Final = "autovelox-authority/2"
MAX_BYTES: Final = 4096
"""A larger file is no certificate, and no public key."""
_HEADING: Final = "autovelox chip 2"
_HASH: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ChipCertificate:
    """What an authority says of a chip.

    Attributes:
        licence_sha256: SHA-256 of the licence number, 64 hexadecimal characters.
        verify_key: the public half of the chip's signing key (DER).
        valid_until: Unix seconds.
        signature: the authority's, 64 bytes (Ed25519); empty while it is not signed.
    """

    licence_sha256: str
    verify_key: bytes
    valid_until: int
    signature: bytes = b""

    def message(self) -> bytes:
        """What the authority signs."""
        key = hashlib.sha256(self.verify_key).hexdigest()
        return "\n".join((_HEADING, self.licence_sha256, key, str(self.valid_until))).encode()

    def is_valid(self, authority: bytes, at_utc: float) -> bool:
        """Whether the authority with that public key (32 bytes) signed it, and it has not ended at *at_utc*."""
        return at_utc < self.valid_until and is_signed(authority, self.message(), self.signature)

    def document(self) -> bytes:
        """The certificate as a file (JSON)."""
        values = {
            "format": FORMAT,
            "licence_sha256": self.licence_sha256,
            "verify_key": base64.b64encode(self.verify_key).decode("ascii"),
            "valid_until": self.valid_until,
            "signature": self.signature.hex(),
        }
        return (json.dumps(values, indent=1) + "\n").encode()

    @classmethod
    def of_document(cls, document: bytes) -> ChipCertificate:
        """The certificate in a file; its signature is not checked.

        Raises:
            SecretError: it is none.
        """
        try:
            record: dict[str, Any] = json.loads(document)
            licence, verify_key = record["licence_sha256"], record["verify_key"]
            if record["format"] != FORMAT or not isinstance(licence, str) or not _HASH.fullmatch(licence):
                raise ValueError("of another format")
            found = cls(
                licence,
                base64.b64decode(verify_key, validate=True),
                to_time(record["valid_until"]),
                octets_of_hex(record["signature"], SIGNATURE_BYTES),
            )
            load_verify_key(found.verify_key)
        except (ValueError, KeyError, TypeError, RecursionError, SecretError):
            raise SecretError(
                "this is not the certificate of a chip", "make one with autovelox authority certify-chip"
            ) from None
        return found


def licence_hash(licence: str) -> str:
    """What a certificate calls the driver of *licence*: 64 hexadecimal characters."""
    return hashlib.sha256(licence.encode("utf-8")).hexdigest()


def certify_chip(request: bytes, authority: Ed25519Key, valid_until: int) -> ChipCertificate:
    """The certificate of *authority* for a chip's *request*, until *valid_until* (Unix seconds).

    Raises:
        SecretError: this is no request, or it does not prove that the chip has the signing key.
    """
    try:
        licence = json.loads(request)["licence"]
        if not isinstance(licence, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SecretError("this is not the request of a chip", "make one with autovelox chip request") from None
    verify_key = check_request(request, licence)
    unsigned = ChipCertificate(licence_hash(licence), verify_key, valid_until)
    return replace(unsigned, signature=authority.sign(unsigned.message()))


def read_authority(path: Path) -> bytes:
    """The authority's public key, 32 bytes, in the file that ``autovelox authority init`` wrote.

    Raises:
        SecretError: it cannot be read, or is no such file.
    """
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(MAX_BYTES))
        key = bytes.fromhex(document["key"])
        if document["format"] != AUTHORITY_FORMAT or len(key) != PUBLIC_BYTES:
            raise ValueError("of another format")
    except OSError as error:
        raise SecretError(
            f"the authority's public key {path} cannot be read ({error.strerror})", "check its name"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SecretError(f"{path} is not the public key of an authority", "get it from the authority again") from None
    return key
