"""The last counter that this unit has seen of each chip: a counter that does not rise is that of a copied chip.

A file of its own beside the registry, which the daemon only reads. It says of nobody that they drove by: a chip is
HMAC-SHA256 of its uid, and what was seen of it is sealed, both under keys derived from the master key.

Whoever puts an older copy of the file back, or removes it, needs to be root; the unit then knows less, never wrong.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Final, TypeVar

from edge.crypto import seal_secret, unseal_secret
from edge.errors import RegistryError, SecretError, why
from edge.model import CounterSeen
from edge.registry.guard import beside

NAME: Final = ".counters"
_VERSION: Final = 1
_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS seen (chip BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID"
_COUNTER_BYTES: Final = 8

T = TypeVar("T")


class Counters:
    """What was seen of chips; every method opens the file anew, so that a restored one is taken as it is."""

    def __init__(self, registry: Path, load_key: Callable[[], bytes]) -> None:
        """Keep the file beside the *registry*; *load_key* reads the master key, 32 bytes."""
        self._path = beside(registry, NAME)
        self._load_key = load_key
        self._lock = asyncio.Lock()

    async def seen(self, uids: Iterable[str]) -> Mapping[str, CounterSeen]:
        """What was seen last of those of *uids* that were seen before.

        Raises:
            RegistryError: the file cannot be read, or was written by somebody without the master key.
            SecretError: the master key cannot be read.
        """
        wanted = sorted(set(uids))
        return await self._locked(lambda: self._seen(wanted)) if wanted else {}

    async def note(self, seen: Mapping[str, CounterSeen]) -> None:
        """Keep, of each uid, what is *seen* now if its counter is the highest.

        Raises:
            RegistryError, SecretError: as :meth:`seen`; or the file cannot be written.
        """
        if seen:
            await self._locked(lambda: self._note(dict(seen)))

    async def _locked(self, work: Callable[[], T]) -> T:
        async with self._lock:
            return await asyncio.to_thread(work)

    def _seen(self, uids: list[str]) -> dict[str, CounterSeen]:
        chips, seal = self._keys()
        with closing(self._open()) as database:
            return self._read(database, chips, seal, uids)

    def _note(self, seen: dict[str, CounterSeen]) -> None:
        chips, seal = self._keys()
        with closing(self._open()) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
                before = self._read(database, chips, seal, list(seen))
                for uid, now in seen.items():
                    if uid not in before or now.counter > before[uid].counter:
                        chip = _chip(chips, uid)
                        database.execute(
                            "REPLACE INTO seen VALUES (?, ?)", (chip, seal_secret(seal, pack_seen(now), chip.hex()))
                        )
                database.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._broken(error) from None

    def _read(self, database: sqlite3.Connection, chips: bytes, seal: bytes, uids: list[str]) -> dict[str, CounterSeen]:
        found = {}
        for uid in uids:
            chip = _chip(chips, uid)
            try:
                row = database.execute("SELECT sealed FROM seen WHERE chip = ?", (chip,)).fetchone()
            except sqlite3.Error as error:
                raise self._broken(error) from None
            if row is not None:
                with suppress(SecretError):
                    found[uid] = unpack_seen(unseal_secret(seal, row[0], chip.hex()))
                    continue
                raise RegistryError(
                    f"{self._path} was altered, or its master key rotated by hand",
                    "find out who could write it; without the file the unit begins to watch the chips' counters anew",
                )
        return found

    def _open(self) -> sqlite3.Connection:
        """The file, made if there is none, which only its owner may read."""
        try:
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with ExitStack() as stack:
                database = stack.enter_context(closing(sqlite3.connect(self._path, isolation_level=None, timeout=10)))
                database.execute("PRAGMA secure_delete = ON")
                (version,) = database.execute("PRAGMA user_version").fetchone()
                if version == 0:
                    database.executescript(f"BEGIN IMMEDIATE;{_SCHEMA};PRAGMA user_version = {_VERSION};COMMIT;")
                elif version != _VERSION:
                    raise RegistryError(f"{self._path} is of version {version}", "update autovelox")
                stack.pop_all()
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from None
        return database

    def _broken(self, error: Exception) -> RegistryError:
        return RegistryError(
            f"the chips' counters {self._path} cannot be kept ({why(error)})",
            "check the folder's permissions and the disk; move the file away if it is damaged",
        )

    def _keys(self) -> tuple[bytes, bytes]:
        master = self._load_key()
        chips, seal = (
            hmac.digest(master, f"autovelox counters 1: {purpose}".encode(), "sha256") for purpose in ("chips", "seal")
        )
        return chips, seal


def take_over(registry: Path, master_key: bytes) -> tuple[bytes, list[tuple[bytes, CounterSeen]]]:
    """What was seen of every chip, for another keeper of counters that goes on with it.

    Returns:
        The key (32 bytes) of the chips' pseudonyms, HMAC-SHA256 of the uid; each pseudonym with what was seen.

    Raises:
        RegistryError: the file beside the *registry* cannot be read, or was altered.
    """
    counters = Counters(registry, lambda: master_key)
    chips, seal = counters._keys()
    if not counters._path.exists():
        return chips, []
    with closing(counters._open()) as database:
        try:
            rows = database.execute("SELECT chip, sealed FROM seen").fetchall()
            return chips, [(chip, unpack_seen(unseal_secret(seal, sealed, chip.hex()))) for chip, sealed in rows]
        except (sqlite3.Error, SecretError) as error:
            raise counters._broken(error) from None


def _chip(key: bytes, uid: str) -> bytes:
    return hmac.digest(key, uid.encode(), "sha256")


def pack_seen(seen: CounterSeen) -> bytes:
    """What was *seen* of a chip, as it is sealed: counter and microseconds, 16 bytes."""
    return seen.counter.to_bytes(_COUNTER_BYTES, "big") + round(seen.received_utc * 1e6).to_bytes(8, "big", signed=True)


def unpack_seen(opened: bytes) -> CounterSeen:
    """What :func:`pack_seen` made the bytes of."""
    at_us = int.from_bytes(opened[_COUNTER_BYTES:], "big", signed=True)
    return CounterSeen(int.from_bytes(opened[:_COUNTER_BYTES], "big"), at_us / 1e6)
