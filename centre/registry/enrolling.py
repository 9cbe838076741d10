"""Entering and changing drivers at the centre, for the police's commands: the rules of the unit's registry.

A change is made in the caller's transaction, so that its entry in the centre's chain is there with it or not at all.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from Crypto.PublicKey.RSA import RsaKey

from centre.database import Connection
from centre.registry.importing import sealed_row
from centre.registry.keys import RootKey, ShardKeys, shard_of
from centre.registry.rows import KEY, ChipRow, Value, altered, insert, licence_hash, mac, select, verified
from edge.crypto import ChipCertificate, check_request
from edge.errors import RegistryError, SecretError
from edge.registry import DriverSummary, Enrolment, Particulars, check_text, uid_hash

CHANGING: Final = 0x41565833
"""The advisory lock that a change shares with others, and that the end of a shard's rotation has alone."""
BATCH_ROWS: Final = 500
_THERE: Final = {
    "drivers_pkey": ("the registry has that licence already", "revoke or replace its chip, or correct the number"),
    "vehicles_pkey": ("the registry has one of the plates already", "it has another keeper: correct that first"),
    "chips_by_verify_key": ("the registry has that chip already", "give the request of a new chip"),
    "chips_in_use": ("the licence has a chip in use already", "try again: somebody changed it at the same time"),
}
_OF_LICENCES: Final = "WHERE licence = ANY($1::text[])"
_IN_USE: Final = "WHERE sha256(verify_key) = sha256($1) AND revoked_at IS NULL FOR UPDATE"
_NEXT: Final = """
SELECT licence, last_name, first_name FROM registry.drivers WHERE (last_name, first_name, licence) > ($1, $2, $3)
ORDER BY last_name, first_name, licence LIMIT $4
"""
MadeChip = tuple[str, RsaKey]
"""A uid and a private key, as :func:`edge.registry.make_chip` makes them."""


class Change:
    """Reads and writes rows in one transaction. Make one with :func:`changing`."""

    def __init__(self, connection: Connection, root: RootKey, shards: int) -> None:
        """Use :func:`changing`."""
        self._connection = connection
        self._root = root
        self._shards = shards
        self._keys: dict[int, ShardKeys] = {}

    async def enrol(self, driver: Particulars, chip: MadeChip, request: bytes | None = None) -> Enrolment:
        """Enter a *driver* with *chip*; *request* is that of a chip that signs (:func:`edge.crypto.make_request`).

        Raises:
            RegistryError: a value is not acceptable, or the licence, a plate or the chip is registered already.
            SecretError: *request* proves nothing for the licence.
        """
        driver.check()
        licence = driver.licence
        verify_key = None if request is None else check_request(request, licence)
        own = await self._own_keys(licence)
        async with _told_apart():
            await self._insert("drivers", driver.row(), own)
            await self._connection.execute(
                "INSERT INTO registry.portraits (licence, image) VALUES ($1, $2)", licence, driver.portrait
            )
            for country, plate in driver.vehicles():
                await self._insert("vehicles", (plate, licence, country), own)
            return await self._issue(licence, chip, verify_key, own)

    async def replace(self, licence: str, chip: MadeChip, *, reason: str, request: bytes | None = None) -> Enrolment:
        """Revoke the chip in use of *licence*, if there is one, for *reason*, and enter *chip*.

        Who had a chip that signs gets one that signs.

        Raises:
            RegistryError: no driver has *licence*, the reason is not acceptable, a row was altered, or the chip is
                registered already.
            SecretError: *request* is missing or proves nothing for *licence*.
        """
        check_text("reason", reason)
        verify_key = None if request is None else check_request(request, licence)
        chips = await self._chips(licence)
        if verify_key is None and any(each.verify_key is not None for each in chips):
            raise SecretError("the driver's chip signs, and this one would not", "give the request of the new chip")
        await self._revoke(chips, reason)
        async with _told_apart():
            return await self._issue(licence, chip, verify_key, await self._own_keys(licence))

    async def revoke(self, licence: str, *, reason: str) -> None:
        """Revoke the chip in use of *licence* from now on: it opens no packet that is received later.

        Raises:
            RegistryError: no driver has *licence*, no chip of it is in use, the reason is not acceptable, or a row was
                altered.
        """
        check_text("reason", reason)
        if not await self._revoke(await self._chips(licence), reason):
            raise RegistryError("no chip of that licence is in use", "autovelox-centre registry replace makes one")

    async def certify(self, certificate: bytes, authority: bytes) -> str:
        """Keep the authority's *certificate* (a file's bytes) with the chip whose signing key it names.

        *authority* is the authority's public key, 32 bytes. Cases hold the certificate from then on.

        Returns:
            The licence of the chip.

        Raises:
            RegistryError: no chip in use has that key, or its row was altered.
            SecretError: the authority did not make the certificate, it is over, or it is for another licence.
        """
        found = ChipCertificate.of_document(certificate)
        if not found.is_valid(authority, time.time()):
            raise SecretError(
                "the certificate was not made by that authority, or it is over",
                "let the authority certify the chip again",
            )
        rows = await self._where("chips", _IN_USE, found.verify_key)
        if not rows:
            raise RegistryError("no chip in use has that signing key", "enrol or replace it with the chip's request")
        chip = ChipRow(*rows[0])  # type: ignore[arg-type]
        if licence_hash(chip.licence).hex() != found.licence_sha256:
            raise SecretError("the certificate is for another licence", "let the authority certify the chip's request")
        await self._update(chip._replace(certified_until=found.valid_until, certification=found.signature))
        return str(chip.licence)

    async def remove(self, licence: str) -> None:
        """Remove a driver with portrait, chips, keys and vehicles: packets of old cases cannot be opened again.

        Raises:
            RegistryError: no driver has *licence*, or a row was altered.
        """
        await self._chips(licence)
        await self._connection.execute("DELETE FROM registry.drivers WHERE licence = $1", licence)

    async def drivers(self, batch_rows: int = BATCH_ROWS) -> AsyncIterator[DriverSummary]:
        """The drivers by name, one at a time, each with its rows verified; so many are read at once.

        Raises:
            RegistryError: a row was altered.
        """
        after: tuple[Any, ...] = ("", "", "")
        while batch := await self._connection.fetch(_NEXT, *after, batch_rows):
            for summary in await self.of_licences([row["licence"] for row in batch]):
                yield summary
            last = batch[-1]
            after = last["last_name"], last["first_name"], last["licence"]

    async def of_licences(self, licences: list[str]) -> list[DriverSummary]:
        """The drivers of *licences*, in that order, without those that are not there.

        Raises:
            RegistryError: a row was altered.
        """
        drivers = {row[0]: row for row in await self._rows("drivers", licences)}
        plates: dict[Value, list[str]] = {}
        for plate, _, licence, _ in await self._rows("vehicles", licences):
            plates.setdefault(licence, []).append(str(plate))
        chips = [ChipRow(*row) for row in await self._rows("chips", licences)]  # type: ignore[arg-type]
        in_use = {chip.licence for chip in chips if chip.revoked_at is None}
        found = []
        for licence in licences:
            if licence in drivers:
                _, _, first_name, last_name, _, _, categories, _, _, expires_on, _ = drivers[licence]
                texts = (licence, str(first_name), str(last_name), str(categories), str(expires_on))
                found.append(DriverSummary(*texts, tuple(sorted(plates.get(licence, ()))), licence in in_use))
        return found

    async def _issue(self, licence: str, chip: MadeChip, verify_key: bytes | None, own: ShardKeys) -> Enrolment:
        uid, key = chip
        private = key.export_key("DER", pkcs=1)
        values = (uid_hash(uid), licence, int(time.time()), None, None, private, verify_key, None, None)
        await self._insert("chips", values, own)
        return Enrolment(uid, licence, key.public_key().export_key("PEM").decode("ascii"))

    async def _chips(self, licence: str) -> list[ChipRow]:
        """The chips of *licence*, which nobody else changes until the end of the transaction."""
        if not await self._rows("drivers", [licence]):
            raise RegistryError(
                "no driver in the registry has that licence", "autovelox-centre registry list shows who does"
            )
        return [ChipRow(*row) for row in await self._rows("chips", [licence], lock=True)]  # type: ignore[arg-type]

    async def _revoke(self, chips: Iterable[ChipRow], reason: str) -> bool:
        """Revoke those of *chips* that are in use; returns whether there was one."""
        in_use = [chip for chip in chips if chip.revoked_at is None]
        for chip in in_use:
            await self._update(chip._replace(revoked_at=int(time.time()), reason=reason))
        return bool(in_use)

    async def _update(self, chip: ChipRow) -> None:
        """Write what may change of a chip, under the shard's key that its row has."""
        await self._connection.execute(
            "UPDATE registry.chips SET revoked_at = $2, reason = $3, certified_until = $4, certification = $5, mac = $6"
            " WHERE uid_sha256 = $1",
            *(chip.uid_sha256, chip.revoked_at, chip.reason, chip.certified_until, chip.certification),
            mac(self._keys[chip.key_id].rows, "chips", chip),
        )

    async def _insert(self, table: str, values: tuple[Any, ...], own: ShardKeys) -> None:
        await self._connection.execute(insert(table), *sealed_row(table, values, own))

    async def _rows(self, table: str, licences: list[str], *, lock: bool = False) -> list[tuple[Value, ...]]:
        """The verified rows of *table* that belong to *licences*."""
        return await self._where(table, f"{_OF_LICENCES} FOR UPDATE" if lock else _OF_LICENCES, licences)

    async def _where(self, table: str, where: str, value: object) -> list[tuple[Value, ...]]:
        rows = await self._connection.fetch(select(table, where), value)
        await self._unwrap({row[KEY] for row in rows} - self._keys.keys())
        return [verified(self._keys[row[KEY]].rows, table, tuple(row)) for row in rows]

    async def _own_keys(self, licence: str) -> ShardKeys:
        """The newest keys of the shard of *licence*: what is written from now on is sealed under them."""
        shard = shard_of(licence, self._shards)
        key_id = await self._connection.fetchval("SELECT max(id) FROM registry.shard_keys WHERE shard = $1", shard)
        await self._unwrap([-1 if key_id is None else key_id])
        return self._keys[key_id]

    async def _unwrap(self, wanted: Collection[int]) -> None:
        sql = "SELECT id, shard, sealed FROM registry.shard_keys WHERE id = ANY($1::integer[])"
        for row in await self._connection.fetch(sql, list(wanted)):
            self._keys[row["id"]] = ShardKeys.of(row["id"], self._root.unwrap(row["shard"], row["sealed"]))
        if not set(wanted) <= self._keys.keys():
            raise altered()


@asynccontextmanager
async def changing(connection: Connection, root: RootKey) -> AsyncIterator[Change]:
    """One change of the registry: everything in the block, or nothing. A transaction of the caller goes on around it.

    Raises:
        RegistryError: there is no registry at the centre.
        SecretError: the root key is not the registry's.
    """
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock_shared({CHANGING})")
        row = await connection.fetchrow("SELECT sealed, shards FROM registry.root FOR SHARE")
        if row is None:
            raise RegistryError("there is no registry at the centre", "run autovelox-centre registry import")
        root.check(row["sealed"])
        yield Change(connection, root, row["shards"])


@asynccontextmanager
async def _told_apart() -> AsyncIterator[None]:
    """What the registry has already, as an error that says which."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        cause, remedy = _THERE.get(error.constraint_name or "", _THERE["drivers_pkey"])
        raise RegistryError(cause, remedy) from None
