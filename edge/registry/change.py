"""One change of the registry: rows are written with their MACs, and counted in the tally."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.registry.rows import COLUMNS, Value, mac, select, verified
from edge.registry.schema import KEY_CHECK, check_key, new_key_check, write_transaction
from edge.registry.tally import Tally
from edge.registry.uid_key import make_uid_key
from edge.registry.vault import RegistryKeys

OF_LICENCE = "WHERE licence = ?"


class Change:
    """Writes rows inside one transaction. Make one with :func:`change`."""

    def __init__(self, database: sqlite3.Connection, keys: RegistryKeys, tally: Tally) -> None:
        """Use :func:`change`."""
        self.database = database
        self.keys = keys
        self.tally = tally

    def insert(self, table: str, values: Sequence[Value]) -> None:
        """Add a row of *values*, in the order of :data:`~edge.registry.rows.COLUMNS`."""
        row_mac = mac(self.keys.rows, table, values)
        marks = ", ".join("?" * (len(values) + 1))
        columns = ", ".join((*COLUMNS[table], "mac"))
        self.database.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", (*values, row_mac))  # noqa: S608
        self.tally.add(row_mac)

    def rows(self, table: str, licence: str) -> list[tuple[Value, ...]]:
        """The verified rows of *table* that belong to *licence*.

        Raises:
            RegistryError: one of them was altered.
        """
        found = self.database.execute(select(table, OF_LICENCE), (licence,))
        return [verified(self.keys.rows, table, row) for row in found]

    def replace(self, table: str, values: Sequence[Value]) -> None:
        """Write *values* in place of the row with the same primary key."""
        columns = (*COLUMNS[table], "mac")
        where = f"WHERE {columns[0]} = ?"
        (old,) = self.database.execute(f"SELECT mac FROM {table} {where}", values[:1]).fetchone()  # noqa: S608
        row_mac = mac(self.keys.rows, table, values)
        changes = ", ".join(f"{column} = ?" for column in columns)
        self.database.execute(f"UPDATE {table} SET {changes} {where}", (*values, row_mac, values[0]))  # noqa: S608
        self.tally.take(old)
        self.tally.add(row_mac)

    def remove(self, licence: str) -> bool:
        """Remove the driver of *licence* with chips and vehicles; returns whether there was one."""
        for table in COLUMNS:
            found = self.database.execute(f"SELECT mac FROM {table} {OF_LICENCE}", (licence,))  # noqa: S608
            for (row_mac,) in found.fetchall():
                self.tally.take(row_mac)
        return self.database.execute(f"DELETE FROM drivers {OF_LICENCE}", (licence,)).rowcount == 1  # noqa: S608


@contextmanager
def change(path: Path, master_key: bytes) -> Iterator[Change]:
    """One transaction on the registry at *path*: everything in the block, or nothing.

    Raises:
        RegistryError: see :func:`~edge.registry.schema.write_transaction`; or the tally was altered.
        SecretError: *master_key* is not the registry's.
    """
    keys = RegistryKeys.of(master_key)
    with write_transaction(path) as database:
        row = database.execute(KEY_CHECK).fetchone()
        if row is None:
            database.execute("INSERT INTO key_check VALUES (1, ?)", (new_key_check(master_key),))
        else:
            check_key(master_key, row[0])
        make_uid_key(database, keys)
        tally = Tally.load(database, keys)
        yield Change(database, keys, tally)
        tally.save(database, keys)
