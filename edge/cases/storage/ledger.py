"""The daemon's side of the case database, through aiosqlite: transactions, entries, rows.

Methods raise :class:`sqlite3.Error`; :mod:`edge.cases.storage.books` decides what that means for a case, and calls them
one at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from edge.cases.evidence.chain import DOMAIN, HEAD, INSERT, chain
from edge.cases.evidence.manifest import Content, driver_name, shown_plate, to_case
from edge.cases.evidence.signing import LAST_KEY, SIGN, UNSIGNED, Signer, introduction
from edge.cases.storage.database import BUSY_S, PRAGMAS, database_path, migrate
from edge.cases.storage.wal import CHECKPOINT, save_wal
from edge.errors import CaseError
from edge.model import Case

logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # below that it logs every statement with its values

_FILE = (
    "INSERT INTO cases (number, state, at_utc, site, speed_kmh, limit_kmh, filed_seq)"
    " VALUES (?, 'pending', ?, ?, ?, ?, ?)"
)
_DECIDE = (
    "UPDATE cases SET state = 'decided', plate_text = ?, outcome = ?, driver_name = ?, decided_seq = ? WHERE number = ?"
)


class Ledger:
    """Appends to the chain and keeps the rows that follow from it."""

    def __init__(self, path: Path, database: aiosqlite.Connection, signer: Signer | None) -> None:
        """Use :meth:`open`."""
        self._path = path
        self._database = database
        self._signer = signer

    @classmethod
    async def open(cls, state_dir: Path, signer: Signer | None) -> Ledger:
        """Open or create the database, check it, introduce the key and sign what waits.

        Raises:
            CaseError: it is damaged, or a newer program wrote it.
            SecretError: the cases there are signed with another key.
        """
        path = database_path(state_dir)
        await asyncio.to_thread(migrate, path)
        database = await aiosqlite.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            for pragma in PRAGMAS:
                await database.execute(pragma)
            (check,) = await database.execute_fetchall("PRAGMA quick_check(1)")
            if check[0] != "ok":
                raise CaseError(f"{path} is damaged ({check[0]})", "restore the last backup")
            ledger = cls(path, database, signer)
            await ledger.countersign()
        except BaseException:
            await database.close()
            raise
        return ledger

    async def close(self) -> None:
        """Close the database; SQLite empties the WAL if nobody else has it open."""
        await self._database.close()

    async def states(self) -> dict[int, str]:
        """The state of every case there ever was: pending, decided, or purged."""
        sql = "SELECT number, iif(purged_seq IS NULL, state, 'purged') FROM cases ORDER BY number"
        rows = await self._database.execute_fetchall(sql)
        return {int(row[0]): str(row[1]) for row in rows}

    async def state(self, number: int) -> str | None:
        """The state of one case; None if there is none of that number."""
        rows = await self._database.execute_fetchall("SELECT state FROM cases WHERE number = ?", (number,))
        return next((str(row[0]) for row in rows), None)

    async def filed(self, number: int) -> Content:
        """The manifest the case was filed with."""
        sql = "SELECT body FROM entries JOIN cases ON seq = filed_seq WHERE number = ?"
        (row,) = await self._database.execute_fetchall(sql, (number,))
        content: Content = json.loads(row[0])
        return content

    async def file(self, content: Content) -> None:
        """Enter a case that was filed."""
        case = to_case(content)
        trigger = case.trigger
        async with self._transaction():
            seq = await self._append("filed", case.number, content)
            row = (case.number, trigger.at_utc, case.site, trigger.speed_kmh, case.limit_kmh, seq)
            await self._database.execute(_FILE, row)

    async def decide(self, content: Content, portrait: bytes) -> Case:
        """Enter the verdict of a case."""
        case = to_case(content, portrait=portrait)
        assert case.verdict is not None
        async with self._transaction():
            seq = await self._append("decided", case.number, content)
            row = (shown_plate(case), str(case.verdict.outcome), driver_name(case), seq, case.number)
            await self._database.execute(_DECIDE, row)
            if portrait:
                await self._database.execute("INSERT INTO portraits VALUES (?, ?)", (case.number, portrait))
        return case

    async def countersign(self) -> None:
        """Introduce our key to the chain if it is new there, and sign what waits for it."""
        if self._signer is None:
            return
        async with self._transaction():
            last = list(await self._database.execute_fetchall(LAST_KEY))
            entry = introduction(await self._head(), last[0][0] if last else None, self._signer)
            if entry is not None:
                await self._database.execute(INSERT, entry.row())
            for seq, header in await self._database.execute_fetchall(UNSIGNED):
                await self._database.execute(SIGN, (self._signer.sign(DOMAIN + header), self._signer.key_id, seq))

    async def has_unsigned(self) -> bool:
        """Whether entries wait for our signature."""
        return self._signer is not None and bool(list(await self._database.execute_fetchall(f"{UNSIGNED} LIMIT 1")))

    async def empty_wal(self) -> bool:
        """Move the WAL into the database; False if a reader was in the way. See :mod:`edge.cases.storage.wal`."""
        await self._database.execute("BEGIN IMMEDIATE")
        try:
            copy = await asyncio.to_thread(save_wal, self._path)
        finally:
            await self._database.execute("ROLLBACK")
        if copy is None:
            return True
        (result,) = await self._database.execute_fetchall(CHECKPOINT)
        if result[0] == 0:
            await asyncio.to_thread(copy.unlink, missing_ok=True)
        return bool(result[0] == 0)

    async def _append(self, kind: str, case: int, content: Content) -> int:
        entry = chain(await self._head(), kind, case, content, at_utc=time.time(), signer=self._signer)
        await self._database.execute(INSERT, entry.row())
        return entry.seq

    async def _head(self) -> tuple[int, str] | None:
        rows = list(await self._database.execute_fetchall(HEAD))
        return (int(rows[0][0]), str(rows[0][1])) if rows else None

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        await self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            await self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                await self._database.execute("ROLLBACK")
