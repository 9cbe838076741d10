"""Going through the whole registry: the list of drivers, the check of every row, the rotation of the master key.

A registry may have a million rows. Each of these reads them once, in the order of an index, and keeps a few in memory.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge.crypto import sync_folder, write_key
from edge.errors import SecretError
from edge.registry.counters import NAME
from edge.registry.guard import beside
from edge.registry.rows import COLUMNS, ChipRow, Value, altered, mac, select, verified
from edge.registry.schema import check_master_key, new_key_check, read_transaction, write_transaction
from edge.registry.tally import Tally
from edge.registry.uid_key import HAS_KEY, READ, UidKey, seal_uid_key_again, uid_key
from edge.registry.vault import KEY_NAME, RegistryKeys, load_master_key, seal_secret, unseal_secret

BATCH_ROWS = 500
BY_NAME = "ORDER BY last_name, first_name, licence"
OF_LICENCE = "WHERE licence = ?"
NEXT_ROWS = f"WHERE rowid > ? ORDER BY rowid LIMIT {BATCH_ROWS}"


@dataclass(frozen=True, slots=True)
class DriverSummary:
    """One driver of a list; ``plates`` are the vehicles that the driver is keeper of, in their order.

    ``has_chip``: a chip is in use. Otherwise all were revoked.
    """

    licence: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    categories: str
    expires_on: str
    plates: tuple[str, ...] = field(repr=False)
    has_chip: bool = True


def list_drivers(path: Path, master_key: bytes) -> Iterator[DriverSummary]:
    """The drivers in the registry by name, one at a time, each with its rows verified.

    Raises:
        RegistryError: there is no registry, it cannot be read, or a row was altered.
        SecretError: *master_key* is not the registry's.
    """
    keys = RegistryKeys.of(master_key)
    with read_transaction(path) as database:
        check_master_key(database, master_key)
        for row in database.execute(select("drivers", BY_NAME)):
            licence, first_name, last_name, _, _, categories, _, _, expires_on, _ = verified(keys.rows, "drivers", row)
            vehicles = database.execute(select("vehicles", OF_LICENCE), (licence,))
            chips = database.execute(select("chips", OF_LICENCE), (licence,))
            yield DriverSummary(
                str(licence),
                str(first_name),
                str(last_name),
                str(categories),
                str(expires_on),
                tuple(sorted(str(verified(keys.rows, "vehicles", vehicle)[0]) for vehicle in vehicles)),
                any(ChipRow(*verified(keys.rows, "chips", chip)).revoked_at is None for chip in chips),  # type: ignore[arg-type]
            )


def check_registry(path: Path, master_key: bytes) -> int:
    """Verify every row of the registry, and that none was taken away or put back; finish what a command left.

    Returns:
        The number of rows.

    Raises:
        RegistryError: there is no registry, it is damaged, or it was altered.
        SecretError: *master_key* is not the registry's.
    """
    keys = RegistryKeys.of(master_key)
    with write_transaction(path) as database:
        check_master_key(database, master_key)
        count = 0
        tally = Tally(keys.tally)
        for table in COLUMNS:
            for row in database.execute(select(table, "")):
                verified(keys.rows, table, row)
                tally.add(row[-1])
                count += 1
        if not tally.same(Tally.load(database, keys)):
            raise altered()
        if (row := database.execute(READ).fetchone()) is not None:
            uid_key(keys, row)
        for image, portrait_sha256 in database.execute(
            "SELECT image, portrait_sha256 FROM drivers LEFT JOIN portraits USING (licence)"
        ):
            check_portrait(image, portrait_sha256)
    return count


Rows = Iterator[tuple[str, tuple[Value, ...]]]


@contextmanager
def everything(path: Path, master_key: bytes) -> Iterator[tuple[UidKey | None, Rows]]:
    """The key that uids are sealed to, and every verified row with its table: drivers, portraits, chips, vehicles.

    Private keys leave it unsealed, in place of ``sealed_key``: for a registry that takes them over.

    Raises:
        RegistryError: there is no registry, it is damaged, or it was altered.
        SecretError: *master_key* is not the registry's.
    """
    check_registry(path, master_key)
    keys = RegistryKeys.of(master_key)
    with read_transaction(path) as database:
        row = database.execute(READ).fetchone() if database.execute(HAS_KEY).fetchone() else None
        yield (uid_key(keys, row) if row is not None else None), _rows(database, keys)


def _rows(database: sqlite3.Connection, keys: RegistryKeys) -> Rows:
    for row in database.execute(select("drivers", "")):
        yield "drivers", verified(keys.rows, "drivers", row)
    for row in database.execute("SELECT licence, image FROM portraits"):
        yield "portraits", tuple(row)
    for row in database.execute(select("chips", "")):
        chip = ChipRow(*verified(keys.rows, "chips", row))  # type: ignore[arg-type]
        private = unseal_secret(keys.chip(chip.uid_sha256), chip.sealed_key, chip.uid_sha256.hex())
        yield "chips", chip._replace(sealed_key=private)
    for row in database.execute(select("vehicles", "")):
        yield "vehicles", verified(keys.rows, "vehicles", row)


def check_portrait(image: Value, sha256: Value) -> bytes:
    """The portrait *image* of a driver, whose row says its *sha256*.

    Raises:
        RegistryError: it is another picture, or none.
    """
    if not isinstance(image, bytes) or not isinstance(sha256, bytes):
        raise altered()
    if not hmac.compare_digest(hashlib.sha256(image).digest(), sha256):
        raise altered()
    return image


def rotate_master_key(path: Path, master_key_file: Path) -> int:
    """Seal every private key and every row again, with a new master key.

    The new key is on the disk (*master_key_file* + ``.new``) before the registry is sealed with it, and replaces
    *master_key_file* at the end. A rotation that was interrupted is finished by calling again.

    Returns:
        How many keys were sealed.

    Raises:
        RegistryError: the registry is missing, damaged or altered.
        SecretError: a key is missing or not the registry's.
    """
    fresh = master_key_file.with_name(master_key_file.name + ".new")
    old = load_master_key(master_key_file)
    if not fresh.exists():
        write_key(fresh, secrets.token_bytes(len(old)), KEY_NAME)
    new = load_master_key(fresh)
    with write_transaction(path) as database:
        if not _is_sealed_with(database, new):
            check_master_key(database, old)
            _seal_again(database, RegistryKeys.of(old), RegistryKeys.of(new))
        (count,) = database.execute("SELECT count(*) FROM chips").fetchone()
    fresh.replace(master_key_file)
    beside(path, NAME).unlink(missing_ok=True)  # sealed under the old key: the unit begins to watch counters anew
    sync_folder(master_key_file.parent)
    return int(count)


def _is_sealed_with(database: sqlite3.Connection, master_key: bytes) -> bool:
    try:
        check_master_key(database, master_key)
    except SecretError:
        return False
    return True


def _seal_again(database: sqlite3.Connection, old: RegistryKeys, new: RegistryKeys) -> None:
    """Write every row anew, in the caller's transaction, from keys *old* to keys *new*."""
    before, after = Tally(old.tally), Tally(new.tally)
    for table, columns in COLUMNS.items():
        query = select(table, NEXT_ROWS).replace("SELECT ", "SELECT rowid, ", 1)
        changes = ", ".join(f"{column} = ?" for column in (*columns, "mac"))
        last = 0
        while rows := database.execute(query, (last,)).fetchall():
            written: list[tuple[Value, ...]] = []
            for rowid, *row in rows:
                values = verified(old.rows, table, row)
                if table == "chips":
                    values = _chip_again(ChipRow(*values), old, new)  # type: ignore[arg-type]
                row_mac = mac(new.rows, table, values)
                before.add(row[-1])
                after.add(row_mac)
                written.append((*values, row_mac, rowid))
                last = rowid
            database.executemany(f"UPDATE {table} SET {changes} WHERE rowid = ?", written)  # noqa: S608
    if not before.same(Tally.load(database, old)):
        raise altered()
    after.save(database, new)
    seal_uid_key_again(database, old, new)
    database.execute("UPDATE key_check SET sealed = ?", (new_key_check(new.master),))


def _chip_again(chip: ChipRow, old: RegistryKeys, new: RegistryKeys) -> ChipRow:
    context = chip.uid_sha256.hex()
    private = unseal_secret(old.chip(chip.uid_sha256), chip.sealed_key, context)
    return chip._replace(sealed_key=seal_secret(new.chip(chip.uid_sha256), private, context))
