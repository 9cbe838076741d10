"""The rows of the registry and their MACs.

Every row carries HMAC-SHA256 (RFC 2104) over the table's name and all its values, under a key derived from the master
key. Without that key nobody can make or change a row.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from edge.errors import RegistryError

Value = str | int | bytes | None

COLUMNS: Final = {
    "drivers": (
        *("licence", "first_name", "last_name", "birth_date", "birth_place", "categories", "issuing_office"),
        *("issued_on", "expires_on", "portrait_sha256"),
    ),
    "chips": (
        *("uid_sha256", "licence", "valid_from", "revoked_at", "reason", "sealed_key", "verify_key"),
        *("certified_until", "certification"),
    ),
    "vehicles": ("plate", "licence", "country"),
}
"""The columns of each table that its rows' MACs cover: all but the MAC. The first one is the primary key."""
_ADDED: Final = {"chips": 3}
"""How many last columns of a table registries of version 2 did not have: a MAC leaves out the NULLs at their end."""


class ChipRow(NamedTuple):
    """A row of ``chips``; times are Unix seconds, ``revoked_at`` and ``reason`` None while the chip is in use.

    ``verify_key`` is the public half of the chip's signing key (DER); None for a chip that signs nothing.
    ``certification`` is the authority's signature that it is the driver's until ``certified_until``; None without one.
    """

    uid_sha256: bytes
    licence: str
    valid_from: int
    revoked_at: int | None
    reason: str | None
    sealed_key: bytes
    verify_key: bytes | None = None
    certified_until: int | None = None
    certification: bytes | None = None


def uid_hash(uid: str) -> bytes:
    """The key of a chip's row: SHA-256 of the uid's UTF-8. The uid itself is nowhere in the registry."""
    return hashlib.sha256(uid.encode("utf-8")).digest()


def mac(key: bytes, table: str, values: Sequence[Value]) -> bytes:
    """The MAC, 32 bytes, of a row of *table* with *values*, in the order of :data:`COLUMNS`.

    So rows of earlier versions keep their MACs, and whoever takes a verify key, or an authority's signature, out of a
    row needs the master key.
    """
    values = without_added(values, _ADDED.get(table, 0))
    digest = hmac.new(key, digestmod="sha256")
    for value in (table, *values):
        kind, octets = _octets(value)
        digest.update(kind + len(octets).to_bytes(8, "big"))
        digest.update(octets)
    return digest.digest()


def without_added(values: Sequence[Value], added: int) -> Sequence[Value]:
    """The *values* of a row without the Nones at the end of its last *added* columns."""
    for _ in range(added):
        if values[-1] is not None:
            break
        values = values[:-1]
    return values


def select(table: str, where: str) -> str:
    """The query for the values and the MAC of those rows of *table* that *where* names."""
    return f"SELECT {', '.join(COLUMNS[table])}, mac FROM {table} {where}"  # noqa: S608 - our own words only


def verified(key: bytes, table: str, row: Sequence[Value] | sqlite3.Row) -> tuple[Value, ...]:
    """The values of a *row* that :func:`select` gave, without its MAC, which is checked.

    Raises:
        RegistryError: the registry's keys did not make this row.
    """
    *values, found = row
    if not isinstance(found, bytes) or not hmac.compare_digest(found, mac(key, table, values)):
        raise altered()
    return tuple(values)


def altered() -> RegistryError:
    """The error for what somebody without the master key has changed."""
    return RegistryError(
        "the registry was altered by somebody who does not have its master key",
        "restore its last backup, and find out who could write the file",
    )


def _octets(value: Value) -> tuple[bytes, bytes]:
    if value is None:
        return b"n", b""
    if isinstance(value, bytes):
        return b"b", value
    if isinstance(value, int):
        return b"i", value.to_bytes(16, "big", signed=True)
    return b"t", value.encode("utf-8")
