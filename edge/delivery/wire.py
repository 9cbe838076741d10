"""What a unit and the centre say to each other; both import this module. ``docs/centre.md`` has the protocol.

Pure: no I/O. Entries travel as the lines of a package's ``chain.jsonl``: one canonical JSON object a line, with
``header``, ``body`` (left out where it was purged), ``signature`` (hex) and ``key_id``.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import secrets
from collections.abc import Mapping
from typing import Any

JOIN_DOMAIN = b"autovelox-join-1\n"
LOGIN_DOMAIN = b"autovelox-login-1\n"
LINES_TYPE = "application/x-ndjson"
BATCH_BYTES = 512 * 1024
"""A unit sends about so much at a time; one entry that is larger goes alone."""
PART_BYTES = 256 * 1024
"""Photos go in parts of this size, each confirmed by itself."""
MAX_WISHES = 32
MAX_LEAVING = 64
MAX_LEAVING_BYTES = 64 << 20
"""So many photos, and of so many bytes, a unit asks about in one status: may they leave the card?"""
OFFSET = "Upload-Offset"
"""The header that says how many bytes of a blob the centre has."""

_SECRET_BYTES, _PIN_BYTES, _GROUP = 10, 15, 5
_CLOCK = re.compile(r"[0-9]{1,19}")


def join_message(centre: str, unit: str, code_secret: bytes) -> bytes:
    """What a unit signs with its key to join: it has the key, and knows the one-time code."""
    return JOIN_DOMAIN + f"{centre}\n{unit}\n{code_secret.hex()}\n".encode()


def login_message(centre: str, unit: str, challenge: str) -> bytes:
    """What a unit signs to log in. It names the centre, so that no other one can pass it on."""
    return LOGIN_DOMAIN + f"{centre}\n{unit}\n{challenge}\n".encode()


def new_code(authority_der: bytes) -> tuple[str, bytes]:
    """A one-time code for a person to carry to a unit, and the secret in it.

    It holds 80 random bits, and 120 bits of the SHA-256 of the centre's certificate authority (DER): the unit needs
    nothing else to know the centre at its first visit.
    """
    secret = secrets.token_bytes(_SECRET_BYTES)
    text = base64.b32encode(secret + hashlib.sha256(authority_der).digest()[:_PIN_BYTES]).decode("ascii")
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP)), secret


def read_code(code: str) -> tuple[bytes, bytes]:
    """The secret in a one-time code, and the beginning of the SHA-256 that the centre's authority must have.

    Raises:
        ValueError: it is no such code.
    """
    data = base64.b32decode("".join(code.upper().replace("-", "").split()), casefold=False)
    if len(data) != _SECRET_BYTES + _PIN_BYTES:
        raise ValueError("the code has another length")
    return data[:_SECRET_BYTES], data[_SECRET_BYTES:]


def is_pinned(authority_der: bytes, pin: bytes) -> bool:
    """Whether the certificate authority is the one that a code names."""
    return secrets.compare_digest(hashlib.sha256(authority_der).digest()[: len(pin)], pin)


def wishes_in(answer: Mapping[str, Any]) -> list[tuple[int, int, str]]:
    """The files that the answer to a status wishes, each a case, a place and a SHA-256 in hex; others are left out."""
    found = []
    wishes = answer.get("wishes")
    for wish in wishes[:MAX_WISHES] if isinstance(wishes, list) else ():
        if isinstance(wish, dict):
            case, place, digest = wish.get("case"), wish.get("place"), wish.get("sha256")
            if type(case) is not int or type(place) is not int or not isinstance(digest, str):
                continue
            if 0 < case < 1 << 63 and -1 <= place < 1 << 63:  # as far as a store counts
                found.append((case, place, digest))
    return found


def to_clock(text: Any) -> int:
    """Nanoseconds of a monotonic clock, which a request writes as decimal digits.

    Raises:
        ValueError: it is none, or none that a clock of 64 bits shows.
    """
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        raise ValueError
    return whole(int(text), 0, (1 << 63) - 1)


def whole(value: Any, least: int, most: int) -> int:
    """*value* as a whole number between *least* and *most*.

    Raises:
        ValueError: it is none.
    """
    if type(value) is not int or not least <= value <= most:
        raise ValueError
    return int(value)


def finite(value: Any) -> float:
    """*value* as a number that is one.

    Raises:
        ValueError: it is none, or infinite.
    """
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def plain(value: Any, longest: int) -> str:
    """*value* as a text of printable ASCII with so many characters at most.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or len(value) > longest or not value.isascii() or not value.isprintable():
        raise ValueError
    return value
