"""The registry as the daemon reads it: drivers, keys and keepers, read-only, through aiosqlite."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiosqlite

from edge.errors import EdgeError, RegistryError, SecretError, why
from edge.model import Driver
from edge.registry.guard import check_files
from edge.registry.rows import ChipRow, Value, select, uid_hash, verified
from edge.registry.schema import AS_NEWEST, KEY_CHECK, VERSION, check_key, check_readable
from edge.registry.survey import check_portrait
from edge.registry.uid_key import HAS_KEY, READ, UidKey, uid_key
from edge.registry.vault import RegistryKeys

log = logging.getLogger(__name__)
logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # at DEBUG it logs every statement with its values

MAX_UIDS_PER_QUERY = 500

VEHICLE = select("vehicles", "WHERE plate = ?")
DRIVER = select("drivers", "WHERE licence = ?")
PORTRAIT = "SELECT image FROM portraits WHERE licence = ?"


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A chip in the registry: its licence, when it counts, and its private key (PKCS#1 DER), sealed.

    ``valid_from`` and ``revoked_at`` are Unix seconds; ``unsealing_key`` opens ``sealed_key`` and nothing else.
    ``verify_key`` is the public half of the chip's signing key (DER), None for a chip that signs nothing;
    ``certification`` the authority's signature that it is the driver's until ``certified_until``, None without one.
    """

    uid: str = field(repr=False)
    licence: str = field(repr=False)
    sealed_key: bytes = field(repr=False)
    unsealing_key: bytes = field(repr=False)
    context: str = field(repr=False)
    valid_from: int
    revoked_at: int | None
    verify_key: bytes | None = None
    certified_until: int | None = None
    certification: bytes | None = None

    def counts_at(self, utc: float) -> bool:
        """Whether the chip was in use at that time (Unix seconds)."""
        return self.valid_from <= utc and (self.revoked_at is None or utc < self.revoked_at)


class Registry:
    """Looks up drivers and keys. Make one with :meth:`open`."""

    def __init__(
        self, database: aiosqlite.Connection, master_key: bytes, path: Path, load_key: Callable[[], bytes] | None
    ) -> None:
        """Use :meth:`open`."""
        self._database = database
        self._master_key = master_key
        self._keys = RegistryKeys.of(master_key)
        self._path = path
        self._file = _identity(path)
        self._load_key = load_key or (lambda: master_key)
        self._altered: str | None = None
        self._unusable: str | None = None

    @classmethod
    async def open(cls, path: Path, master_key: bytes, *, load_key: Callable[[], bytes] | None = None) -> Registry:
        """Open the registry at *path* read-only, and check both it and *master_key* (32 bytes).

        *load_key* reads the master key again when :meth:`probe` finds the registry under another one.

        Raises:
            RegistryError: it is missing, damaged, of another version, or there are foreign files beside it.
            SecretError: the key belongs to another registry.
        """
        address = await asyncio.to_thread(_address, path)
        database: aiosqlite.Connection | None = None
        try:
            database = await aiosqlite.connect(address, uri=True)
            (version,) = await database.execute_fetchall("PRAGMA user_version")
            check_readable(path, version[0])
            if version[0] != VERSION:
                await database.execute(AS_NEWEST[version[0]])
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
                    f"the registry {path} cannot be read ({why(error)})", "restore its last backup"
                ) from None
            raise
        return cls(database, master_key, path, load_key)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()

    def problem(self) -> str | None:
        """What is wrong with the registry, or None. A row that was altered stays wrong until it is opened again."""
        return self._unusable or self._altered

    async def probe(self) -> bool:
        """Read the registry once and unseal its key check; open it again where the file or its key was changed.

        :meth:`problem` says what is wrong until a later probe finds it right.

        Returns:
            Whether it can be used again after it could not.
        """
        before = self.problem()
        try:
            try:
                await self._try()
            except (RegistryError, SecretError):
                await self._open_again()
        except EdgeError as error:
            self._unusable = str(error)
            if before is None:
                log.error("the registry cannot be used, and cases wait for it: %s", error)
            return False
        self._unusable = None
        return before is not None and self.problem() is None

    async def _try(self) -> None:
        if await asyncio.to_thread(_identity, self._path) != self._file:
            raise RegistryError("the registry was replaced", "nothing has to be done, it is opened again")
        await asyncio.to_thread(check_files, self._path, reading=True)
        sealed = await self._fetch(KEY_CHECK)
        check_key(self._master_key, sealed[0][0] if sealed else None)
        await self._all("chips", select("chips", "LIMIT 1"))

    async def _open_again(self) -> None:
        master_key = await asyncio.to_thread(self._load_key)
        fresh = await Registry.open(self._path, master_key)
        old, self._database = self._database, fresh._database
        self._master_key, self._keys, self._file = master_key, fresh._keys, fresh._file
        self._altered = None
        await old.close()
        log.info("the registry was opened again")

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
                chip = ChipRow(*row)  # type: ignore[arg-type]
                found[wanted[chip.uid_sha256]] = RegisteredKey(
                    uid=wanted[chip.uid_sha256],
                    licence=chip.licence,
                    sealed_key=chip.sealed_key,
                    unsealing_key=self._keys.chip(chip.uid_sha256),
                    context=chip.uid_sha256.hex(),
                    valid_from=chip.valid_from,
                    revoked_at=chip.revoked_at,
                    verify_key=chip.verify_key,
                    certified_until=chip.certified_until,
                    certification=chip.certification,
                )
        return found

    async def uid_key(self) -> UidKey | None:
        """What cars seal their uids to; None in a registry of version 2, or one that nobody was entered in yet.

        Raises:
            RegistryError: the registry cannot be read any more, or the key was altered.
        """
        rows = await self._fetch(READ) if await self._fetch(HAS_KEY) else []
        with self._noted():
            return uid_key(self._keys, rows[0]) if rows else None

    async def known(self, uids: Iterable[str]) -> frozenset[str]:
        """Those of *uids* that the registry has a chip of, revoked ones too; nothing of their rows is checked.

        Raises:
            RegistryError: the registry cannot be read any more.
        """
        wanted = {uid_hash(uid): uid for uid in uids}
        hashes, found = list(wanted), set[str]()
        for start in range(0, len(hashes), MAX_UIDS_PER_QUERY):
            some = hashes[start : start + MAX_UIDS_PER_QUERY]
            places = ", ".join("?" * len(some))
            rows = await self._fetch(f"SELECT uid_sha256 FROM chips WHERE uid_sha256 IN ({places})", *some)  # noqa: S608
            found |= {wanted[row[0]] for row in rows}
        return frozenset(found)

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
                rows = list(await self._database.execute_fetchall(sql, parameters))
                await self._database.execute_fetchall("PRAGMA shrink_memory")  # pages hold the rows of others, too
                return rows
            except (sqlite3.Error, ValueError) as error:  # ValueError: it is being opened again
                raise RegistryError(f"the registry cannot be read ({error})", "restore its last backup") from None

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Remember an error for :meth:`problem`."""
        try:
            yield
        except RegistryError as error:
            self._altered = str(error)
            raise


def _identity(path: Path) -> tuple[int, int]:
    """Which file is at *path*, so that one that replaces it is noticed."""
    try:
        status = path.stat()
    except OSError as error:
        raise RegistryError(f"the registry {path} cannot be read ({error.strerror})", "put it back") from None
    return status.st_dev, status.st_ino


def _address(path: Path) -> str:
    check_files(path, reading=True)
    return f"{path.resolve().as_uri()}?mode=ro"
