"""The case store of the daemon: file at the trigger, add, decide once.

A case exists from the moment its journal file has its name (:mod:`edge.cases.storage.journal`); the database follows,
and catches up if it could not. Whoever holds the store holds ``daemon.lock``: one daemon a state folder.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from edge.cases.archive import Archive
from edge.cases.evidence.manifest import Content, filed, to_case
from edge.cases.evidence.signing import Signer
from edge.cases.retention import Policy, Retention
from edge.cases.storage.books import Books
from edge.cases.storage.clock import clock_state
from edge.cases.storage.journal import Journal
from edge.cases.storage.ledger import Ledger
from edge.cases.storage.lock import take_lock
from edge.cases.storage.space import Room
from edge.errors import CaseError
from edge.model import Case, Decision, Frame, Packet, PendingCase, State, Trigger

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class CaseStore:
    """Keeps cases for good. Make one with :meth:`open`; its methods may be called from any task of its loop."""

    def __init__(
        self, state_dir: Path, unit: Mapping[str, object], books: Books, ledger: Ledger, lock: int, room: Room
    ) -> None:
        """Use :meth:`open`."""
        self._state_dir = state_dir
        self._unit = dict(unit)
        self._books = books
        self._ledger = ledger
        self._lock = lock
        self._room = room
        self._running: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls,
        state_dir: Path,
        signer: Signer | None,
        manifest_base: Mapping[str, object],
        *,
        room: Room | None = None,
        policy: Policy | None = None,
    ) -> CaseStore:
        """Open or create the store in *state_dir*, and put right what the last end left undone.

        Without *signer* entries stay unsigned until somebody who has the key countersigns. *manifest_base* goes into
        every manifest: unit serial, software, models. With *policy* :meth:`housekeep` purges what is due.

        Raises:
            CaseError: another daemon has the store, or it is damaged.
            SecretError: the cases there are signed with another key.
        """
        lock = await asyncio.to_thread(take_lock, state_dir)
        ledger: Ledger | None = None
        try:
            ledger = await Ledger.open(state_dir, signer)
            journal = await asyncio.to_thread(Journal, state_dir)
            room = room or Room(state_dir)
            retention = Retention(state_dir, policy, signer) if policy is not None else None
            books = Books(journal, ledger, room, retention)
            await books.recover()
        except BaseException as error:
            if ledger is not None:
                await ledger.close()
            os.close(lock)
            if isinstance(error, sqlite3.Error | OSError):
                raise CaseError(f"the case store in {state_dir} cannot be used ({error})", "check the disk") from None
            raise
        return cls(state_dir, manifest_base, books, ledger, lock, room)

    async def close(self) -> None:
        """Finish what runs and let the state folder go."""
        if self._running:
            await asyncio.wait(self._running)
        await self._books.forget()
        try:
            await self._ledger.close()
        finally:
            os.close(self._lock)

    async def file(
        self, trigger: Trigger, frames: Sequence[Frame], packets: Sequence[Packet], *, limit_kmh: float, site: str
    ) -> int:
        """Make the trigger a case and return its number: it is on the disk by then, whatever happens next.

        Raises:
            StorageFull: there is no room for it.
            CaseError: the disk refuses.
        """

        def manifest(number: int, records: list[Content]) -> Content:
            clock = clock_state()
            return filed(number, trigger, records, limit_kmh=limit_kmh, site=site, unit=self._unit, clock=clock)

        return await self._whole(self._books.file(frames, packets, manifest))

    async def add(self, number: int, *, frames: Sequence[Frame] = (), packets: Sequence[Packet] = ()) -> None:
        """Add what came after the trigger to a pending case; on the disk when this returns.

        Raises:
            StorageFull: there is no room for it.
            CaseError: the case is not pending, or the disk refuses.
        """
        await self._whole(self._books.add(number, frames, packets))

    async def load(self, number: int) -> PendingCase:
        """A pending case: its stored photos, and its packets still sealed.

        Raises:
            CaseError: the case is not pending.
        """
        pending = await self._whole(self._books.load(number))
        photos = tuple(self._state_dir / name for name in to_case(pending.content).frames)
        exposed_ns = tuple(frame["exposed_monotonic_ns"] for frame in pending.content["frames"])
        return PendingCase(number, to_case(pending.content).trigger, photos, exposed_ns, pending.packets)

    async def pending(self) -> tuple[PendingCase, ...]:
        """All pending cases, in order.

        Raises:
            CaseError: the store cannot be read.
        """
        return tuple([await self.load(number) for number in await self.waiting()])

    async def waiting(self) -> tuple[int, ...]:
        """The numbers of all pending cases, in order.

        Raises:
            CaseError: the store cannot be read.
        """
        states = await self._whole(self._books.states())
        return tuple(number for number, state in states.items() if state == State.PENDING)

    async def decide(self, number: int, decision: Decision) -> Case:
        """Write the verdict into the chain, once, and forget all packets but the offender's.

        Raises:
            NoSuchCase: there is none of that number.
            CaseError: the case is decided already, or the store cannot be written.
        """
        return await self._whole(self._books.decide(number, decision))

    async def get(self, number: int) -> Case:
        """The case as it stands.

        Raises:
            NoSuchCase: there is none of that number, or it was purged.
        """

        def read() -> Case:
            with Archive(self._state_dir) as archive:
                return archive.case(number)

        return await asyncio.to_thread(read)

    async def housekeep(self) -> None:
        """Countersign officers' reviews, finish what a busy disk or reader delayed, purge; call it now and then.

        Raises:
            CaseError: the store cannot be written.
        """
        await self._whole(self._books.housekeep())

    def free_bytes(self) -> int:
        """Room left on the disk."""
        return self._room.free_bytes()

    def problem(self) -> str | None:
        """One sentence if the store does not work as it should, for the health page."""
        if behind := self._books.behind:
            return f"the database refuses {behind} cases that the journal holds: check the disk"
        return None

    def shortage(self) -> str | None:
        """One sentence once room for cases runs short: early enough to do something about it."""
        return self._room.problem()

    async def _whole(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Let *work* run to its end even if the caller is cancelled: half a case is none."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_report)
            raise
        except sqlite3.Error as error:
            raise CaseError(f"the case database cannot be used ({error})", "check the disk") from None


def _report(task: asyncio.Task[Any]) -> None:
    """Say what became of work whose caller is gone."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the case store failed behind a cancelled caller: %s", error)
