"""The chain of evidence: canonical JSON, entries hashed one into the next, Ed25519 signatures.

An **entry** is a small *header* and a *body*. The body says what happened (the manifest of a case, an officer's review)
and holds 16 random bytes of salt, so that it cannot be guessed from its hash. The header is canonical JSON::

    {"at": seconds, "body": sha256, "case": number or null, "kind": word, "previous": hash, "seq": n}

``hash`` of an entry is the SHA-256 of its header; ``previous`` is the hash of the entry before (64 zeros for the
first). The signature (Ed25519, RFC 8032) is over :data:`DOMAIN` and the header. Headers hold no personal data:
they stay when a body is purged, and every export has them all, so that its reader can check numbering and order.

:mod:`edge.cases.evidence.verify` checks all this and deliberately shares no code with this module.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

DOMAIN = b"autovelox-entry-1\n"
NO_HASH = "0" * 64


class Signs(Protocol):
    """What signs entries: :class:`edge.cases.evidence.signing.Signer`."""

    key_id: str

    def sign(self, message: bytes) -> bytes: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, ready to be stored; ``signature`` is 64 bytes, or None until the entry is signed."""

    seq: int
    kind: str
    case: int | None
    header: bytes = field(repr=False)
    body: bytes = field(repr=False)
    hash: str
    signature: bytes | None = field(repr=False)
    key_id: str | None


def canonical(value: object) -> bytes:
    """*value* as canonical JSON: UTF-8, keys sorted, no spaces, finite numbers only.

    Raises:
        ValueError: a number is not finite.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def next_entry(
    last: tuple[int, str] | None,
    kind: str,
    case: int | None,
    content: Mapping[str, object],
    *,
    at_utc: float,
    signer: Signs | None,
) -> Entry:
    """The entry that follows *last* (``seq, hash`` of the newest entry, None at the beginning).

    *case* is the number of the case it is about, if any; *at_utc* is in seconds since the epoch. Without *signer* the
    entry is unsigned.

    Raises:
        ValueError: a number in *content* is not finite.
    """
    seq, previous = (last[0] + 1, last[1]) if last else (1, NO_HASH)
    body = canonical({**content, "salt": secrets.token_hex(16)})
    header = canonical(
        {"at": at_utc, "body": sha256(body), "case": case, "kind": kind, "previous": previous, "seq": seq}
    )
    signature = signer.sign(DOMAIN + header) if signer else None
    return Entry(seq, kind, case, header, body, sha256(header), signature, signer.key_id if signer else None)
