"""The registry as the daemon reads it: drivers, keys and keepers, read-only, through aiosqlite."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import aiosqlite

from edge.errors import RegistryError, SecretError
from edge.model import Driver
from edge.registry.schema import KEY_CHECK, check_key, check_version
from edge.registry.vault import unseal

logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # at DEBUG it logs every statement with its values

MAX_UIDS_PER_QUERY = 500

_DRIVER = (
    "SELECT licence, first_name, last_name, birth_date, birth_place, categories, issuing_office, issued_on, expires_on,"
    " portrait FROM drivers WHERE licence = ?"
)


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A chip in the registry: the licence that it belongs to, and its private key (PKCS#1 DER), unsealed."""

    uid: str = field(repr=False)
    licence: str = field(repr=False)
    private_der: bytes = field(repr=False)


class Registry:
    """Looks up drivers and keys. Make one with :meth:`open`."""

    def __init__(self, database: aiosqlite.Connection, master_key: bytes) -> None:
        """Use :meth:`open`."""
        self._database = database
        self._master_key = master_key

    @classmethod
    async def open(cls, path: Path, master_key: bytes) -> Registry:
        """Open the registry at *path* read-only, and check both it and *master_key* (32 bytes).

        Raises:
            RegistryError: it is missing, damaged, or of another version.
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

    async def keys(self, uids: Iterable[str]) -> dict[str, RegisteredKey]:
        """The keys of those chips in *uids* that the registry has, by uid.

        Raises:
            RegistryError: the registry cannot be read any more.
        """
        wanted = list(dict.fromkeys(uids))
        found: dict[str, RegisteredKey] = {}
        for start in range(0, len(wanted), MAX_UIDS_PER_QUERY):
            some = wanted[start : start + MAX_UIDS_PER_QUERY]
            marks = ", ".join("?" * len(some))
            sql = f"SELECT uid, licence, sealed_key FROM chips WHERE uid IN ({marks})"  # noqa: S608 - marks only
            for uid, licence, sealed in await self._all(sql, *some):
                try:
                    found[uid] = RegisteredKey(uid, licence, unseal(self._master_key, sealed, uid))
                except SecretError:
                    raise RegistryError(
                        "a key in the registry does not open", "restart the unit after a rotation"
                    ) from None
        return found

    async def driver(self, licence: str) -> Driver:
        """The driver who holds *licence*.

        Raises:
            RegistryError: no driver holds it (any more), or the registry cannot be read.
        """
        rows = await self._all(_DRIVER, licence)
        if not rows:
            raise RegistryError("the registry no longer has the holder of a licence", "decide the case by hand")
        return Driver(*rows[0])

    async def keeper(self, plate: str) -> str | None:
        """The licence number of the registered keeper of *plate*; None if the registry has none.

        Raises:
            RegistryError: the registry cannot be read any more.
        """
        rows = await self._all("SELECT licence FROM vehicles WHERE plate = ?", plate)
        return str(rows[0][0]) if rows else None

    async def country(self, plate: str) -> str | None:
        """The country (ISO 3166-1) in which the vehicle with *plate* is registered; None where the registry has none.

        Raises:
            RegistryError: the registry cannot be read any more.
        """
        if not await self._all("SELECT 1 FROM sqlite_master WHERE name = 'vehicle_countries'"):
            return None  # made before there were countries
        rows = await self._all("SELECT country FROM vehicle_countries WHERE plate = ?", plate)
        return str(rows[0][0]) if rows else None

    async def _all(self, sql: str, *parameters: str) -> list[sqlite3.Row]:
        try:
            return list(await self._database.execute_fetchall(sql, parameters))
        except sqlite3.Error as error:
            raise RegistryError(f"the registry cannot be read ({error})", "restore its last backup") from None


def _address(path: Path) -> str:
    if not path.is_file():
        raise RegistryError(f"there is no registry {path}", "make one with autovelox registry init")
    return f"{path.resolve().as_uri()}?mode=ro"
