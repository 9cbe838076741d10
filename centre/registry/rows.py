"""The rows of the registry and their MACs: every value of a row, and which shard's key made it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, NamedTuple

from edge.errors import RegistryError
from edge.registry.rows import mac as mac_of_values
from edge.registry.rows import without_added

Value = str | int | bytes | None

COLUMNS: Final = {
    "drivers": (
        *("licence", "key_id", "first_name", "last_name", "birth_date", "birth_place", "categories"),
        *("issuing_office", "issued_on", "expires_on", "portrait_sha256"),
    ),
    "chips": (
        *("uid_sha256", "key_id", "licence", "valid_from", "revoked_at", "reason", "sealed_key", "verify_key"),
        *("certified_until", "certification"),
    ),
    "vehicles": ("plate", "key_id", "licence", "country"),
}
"""The columns of each table that its rows' MACs cover: all but the MAC. The first one is the primary key."""
_ADDED: Final = {"chips": 2}
"""How many last columns of a table earlier schemas did not have: a MAC leaves out the NULLs at their end."""
KEY: Final = 1
"""The place of the shard's key in every row."""
LICENCE: Final = 2
"""The place of the licence in a chip's row."""
HIDDEN: Final = "sha256(convert_to(licence, 'UTF8')) AS licence"


class ChipRow(NamedTuple):
    """A row of ``registry.chips``; times are Unix seconds, ``revoked_at`` None while the chip is in use.

    ``licence`` is its SHA-256 where it was hidden.
    """

    uid_sha256: bytes
    key_id: int
    licence: str | bytes
    valid_from: int
    revoked_at: int | None
    reason: str | None
    sealed_key: bytes
    verify_key: bytes | None
    certified_until: int | None = None
    certification: bytes | None = None


def mac(key: bytes, table: str, values: Sequence[Value]) -> bytes:
    """The MAC, 32 bytes, of a row of *table* with *values* in the order of :data:`COLUMNS`.

    A chip's licence goes in as its hash, so that the row can be verified without it.
    """
    if table == "chips":
        values = (*values[:LICENCE], licence_hash(values[LICENCE]), *values[LICENCE + 1 :])
    return mac_of_values(key, f"centre {table}", without_added(values, _ADDED.get(table, 0)))


def licence_hash(licence: Value) -> bytes:
    """The SHA-256 of a *licence*; one that is hashed already stays."""
    return licence if isinstance(licence, bytes) else hashlib.sha256(str(licence).encode("utf-8")).digest()


def select(table: str, where: str, *, hide: bool = False) -> str:
    """The query for the values and the MAC of those rows of *table* that *where* names.

    *hide*: the licence leaves the database as its hash alone.
    """
    names = ", ".join(HIDDEN if hide and name == "licence" else name for name in COLUMNS[table])
    return f"SELECT {names}, mac FROM registry.{table} {where}"  # noqa: S608 - our own words only


def insert(table: str) -> str:
    """The statement that adds a row of *table*: its values, then its MAC."""
    names = (*COLUMNS[table], "mac")
    marks = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    return f"INSERT INTO registry.{table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own words only


def verified(key: bytes, table: str, row: Sequence[Value]) -> tuple[Value, ...]:
    """The values of a *row* that :func:`select` gave, without its MAC, which is checked.

    Raises:
        RegistryError: the key of the row's shard did not make it.
    """
    *values, found = row
    if not isinstance(found, bytes) or not hmac.compare_digest(found, mac(key, table, values)):
        raise altered()
    return tuple(values)


def altered() -> RegistryError:
    """A row is none that the registry's keys made."""
    return RegistryError("the registry at the centre was altered", "find out who could, and restore its last backup")
