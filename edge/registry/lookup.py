"""The registry as the daemon reads it: drivers, keys and keepers, read-only, through aiosqlite."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiosqlite

from edge.errors import RegistryError
from edge.model import Driver
from edge.registry.guard import check_files
from edge.registry.rows import Chip, Value, select, uid_hash, verified
from edge.registry.schema import KEY_CHECK, check_key, check_version
from edge.registry.survey import check_portrait
from edge.registry.vault import RegistryKeys

logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # at DEBUG it logs every statement with its values

MAX_UIDS_PER_QUERY = 500

VEHICLE = select("vehicles", "WHERE plate = ?")
DRIVER = select("drivers", "WHERE licence = ?")
PORTRAIT = "SELECT image FROM portraits WHERE licence = ?"


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A chip in the registry: its licence, when it counts, and its private key (PKCS#1 DER), sealed.

    ``valid_from`` and ``revoked_at`` are Unix seconds; ``unsealing_key`` opens ``sealed_key`` and nothing else.
    """

    uid: str = field(repr=False)
    licence: str = field(repr=False)
    sealed_key: bytes = field(repr=False)
    unsealing_key: bytes = field(repr=False)
    context: str = field(repr=False)
    valid_from: int
    revoked_at: int | None

    def counts_at(self, utc: float) -> bool:
        """Whether the chip was in use at that time (Unix seconds)."""
        return self.valid_from <= utc and (self.revoked_at is None or utc < self.revoked_at)


class Registry:
    """Looks up drivers and keys. Make one with :meth:`open`."""

    def __init__(self, database: aiosqlite.Connection, master_key: bytes) -> None:
        """Use :meth:`open`."""
        self._database = database
        self._keys = RegistryKeys.of(master_key)
        self._problem: str | None = None

    @classmethod
    async def open(cls, path: Path, master_key: bytes) -> Registry:
        """Open the registry at *path* read-only, and check both it and *master_key* (32 bytes).

        Raises:
            RegistryError: it is missing, damaged, of another version, or there are foreign files beside it.
            SecretError: the key belongs to another registry.
        """
        address = await asyncio.to_thread(_address, path)
        database: aiosqlite.Connection | None = None
        try:
            database = await aiosqlite.connect(address, uri=True)
            (version,) = await database.execute_fetchall("PRAGMA user_version")
            check_version(path, version[0])
            (check,) = await database.execute_fetchall("PRAGMA integrity_check(1)")
            if check[0] != "ok":
                raise RegistryError(f"the registry {path} is damaged ({check[0]})", "restore its last backup")
            sealed = list(await database.execute_fetchall(KEY_CHECK))
            check_key(master_key, sealed[0][0] if sealed else None)
        except BaseException as error:
            if database is not None:
                await database.close()
            if isinstance(error, sqlite3.Error):
                raise RegistryError(
                    f"the registry {path} cannot be read ({error})", "restore its last backup"
                ) from None
            raise
        return cls(database, master_key)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()

    def problem(self) -> str | None:
        """What a lookup found wrong with the registry, or None; it stays wrong until a restart."""
        return self._problem

    async def keys(self, uids: Iterable[str]) -> dict[str, RegisteredKey]:
        """The keys of those chips in *uids* that the registry has, revoked ones too, by uid.

        Raises:
            RegistryError: the registry cannot be read any more, or a chip's row was altered.
        """
        wanted = {uid_hash(uid): uid for uid in uids}
        hashes = list(wanted)
        found: dict[str, RegisteredKey] = {}
        for start in range(0, len(hashes), MAX_UIDS_PER_QUERY):
            some = hashes[start : start + MAX_UIDS_PER_QUERY]
            where = f"WHERE uid_sha256 IN ({', '.join('?' * len(some))})"
            for row in await self._all("chips", select("chips", where), *some):
                chip = Chip(*row)  # type: ignore[arg-type]
                found[wanted[chip.uid_sha256]] = RegisteredKey(
                    uid=wanted[chip.uid_sha256],
                    licence=chip.licence,
                    sealed_key=chip.sealed_key,
                    unsealing_key=self._keys.chip(chip.uid_sha256),
                    context=chip.uid_sha256.hex(),
                    valid_from=chip.valid_from,
                    revoked_at=chip.revoked_at,
                )
        return found

    async def driver(self, licence: str) -> Driver:
        """The driver who holds *licence*.

        Raises:
            RegistryError: no driver holds it (any more), the registry cannot be read, or the driver's row was altered.
        """
        rows = await self._all("drivers", DRIVER, licence)
        if not rows:
            raise RegistryError(
                "the registry no longer has the holder of a licence",
                "restore it from a backup: the case waits until then",
            )
        *texts, portrait_sha256 = rows[0]
        images = await self._fetch(PORTRAIT, licence)
        with self._noted():
            portrait = check_portrait(images[0][0] if images else None, portrait_sha256)
        values = (*texts, portrait)
        return Driver(*values)  # type: ignore[arg-type]

    async def keeper(self, plate: str) -> str | None:
        """The licence number of the registered keeper of *plate*; None if the registry has none.

        Raises:
            RegistryError: the registry cannot be read any more, or the vehicle's row was altered.
        """
        rows = await self._all("vehicles", VEHICLE, plate)
        return str(rows[0][1]) if rows else None

    async def country(self, plate: str) -> str | None:
        """The country (ISO 3166-1) in which the vehicle with *plate* is registered; None where the registry has none.

        Raises:
            RegistryError: the registry cannot be read any more, or the vehicle's row was altered.
        """
        rows = await self._all("vehicles", VEHICLE, plate)
        return str(rows[0][2]) if rows and rows[0][2] is not None else None

    async def _all(self, table: str, sql: str, *parameters: Value) -> list[tuple[Value, ...]]:
        """The verified rows of a query that :func:`~edge.registry.rows.select` made for *table*."""
        rows = await self._fetch(sql, *parameters)
        with self._noted():
            return [verified(self._keys.rows, table, row) for row in rows]

    async def _fetch(self, sql: str, *parameters: Value) -> list[sqlite3.Row]:
        with self._noted():
            try:
                return list(await self._database.execute_fetchall(sql, parameters))
            except sqlite3.Error as error:
                raise RegistryError(f"the registry cannot be read ({error})", "restore its last backup") from None

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Remember an error for :meth:`problem`."""
        try:
            yield
        except RegistryError as error:
            self._problem = str(error)
            raise


def _address(path: Path) -> str:
    check_files(path, reading=True)
    return f"{path.resolve().as_uri()}?mode=ro"
