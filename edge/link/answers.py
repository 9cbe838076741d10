"""What a car sends: which versions it speaks, and the body of its packet, of version 1 or 2 (docs/protocol.md)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from edge.crypto import PAYLOAD_BYTES, SEALED_UID_BYTES, SIGNATURE_BYTES, UID

_KEYS_1: Final = {"uid", "payload"}
_KEYS_2: Final = {"v", "uid", "payload", "signature"}


class Answer(NamedTuple):
    """The body of a packet event: ``uid`` in version 1; the sealed uid and the signature in version 2."""

    version: int
    payload: bytes
    uid: str = ""
    sealed_uid: bytes = b""
    signature: bytes = b""


def agreed_version(offered: dict[str, Any] | None, spoken: Sequence[int]) -> int:
    """The protocol version for a car that *offered* something with its CONNECT, at a unit that has *spoken* ones.

    A car that says nothing speaks version 1. Where both have none in common it is the unit's: the car stays silent.
    """
    told = offered.get("versions") if offered else None
    versions = [each for each in told if type(each) is int] if isinstance(told, list) else [1]
    common = set(versions) & set(spoken)
    return max(common) if common else max(spoken)


def read_answer(arguments: list[Any]) -> Answer | None:
    """The answer in the *arguments* of a packet event, or None if they are malformed."""
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        return None
    body = arguments[0]
    if body.keys() == _KEYS_1:
        uid, payload = body["uid"], _octets(body["payload"], PAYLOAD_BYTES)
        if not isinstance(uid, str) or not UID.fullmatch(uid) or payload is None:
            return None
        return Answer(1, payload, uid=uid)
    if body.keys() != _KEYS_2 or type(body["v"]) is not int or body["v"] != 2:
        return None
    sealed_uid, payload = _octets(body["uid"], SEALED_UID_BYTES), _octets(body["payload"], PAYLOAD_BYTES)
    signature = _octets(body["signature"], SIGNATURE_BYTES)
    if sealed_uid is None or payload is None or signature is None:
        return None
    return Answer(2, payload, sealed_uid=sealed_uid, signature=signature)


def _octets(text: object, count: int) -> bytes | None:
    """The *count* bytes of a base64 *text*, or None."""
    if not isinstance(text, str) or len(text) != 4 * ((count + 2) // 3):
        return None
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return octets if len(octets) == count else None
