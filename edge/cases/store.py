"""The case store of the daemon: file at the trigger, add, decide once.

A case exists from the moment its journal file has its name (:mod:`edge.cases.journal`); the database follows, and
catches up if it could not. Whoever holds the store holds ``daemon.lock``: one daemon a state folder.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from edge.cases.archive import LOCK_NAME, Archive
from edge.cases.clock import clock_state
from edge.cases.disk import GROUP_READS
from edge.cases.journal import Journal, Pending
from edge.cases.ledger import Ledger
from edge.cases.manifest import Content, decided, filed, frame_record, to_case
from edge.cases.retention import Policy, Retention
from edge.cases.room import Room
from edge.cases.signing import Signer
from edge.errors import CaseError, NoSuchCase, StorageFull
from edge.model import Case, Decision, Frame, Packet, PendingCase, State, Trigger

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class CaseStore:
    """Keeps cases for good. Make one with :meth:`open`; its methods may be called from any task of its loop."""

    def __init__(
        self, state_dir: Path, unit: Mapping[str, object], ledger: Ledger, journal: Journal, lock: int, room: Room
    ) -> None:
        """Use :meth:`open`."""
        self._state_dir = state_dir
        self._unit = dict(unit)
        self._ledger = ledger
        self._journal = journal
        self._lock = lock
        self._room = room
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._behind: set[int] = set()  # in the journal, not yet in the database
        self._to_forget: set[int] = set()  # decided, still in the journal
        self._next = 1
        self._retention: Retention | None = None

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
        lock = await asyncio.to_thread(_take_lock, state_dir)
        ledger: Ledger | None = None
        try:
            ledger = await Ledger.open(state_dir, signer)
            journal = await asyncio.to_thread(Journal, state_dir)
            store = cls(state_dir, manifest_base, ledger, journal, lock, room or Room(state_dir))
            store._retention = Retention(state_dir, policy, signer) if policy is not None else None
            await store._recover()
        except BaseException as error:
            if ledger is not None:
                await ledger.close()
            os.close(lock)
            if isinstance(error, sqlite3.Error | OSError) and not isinstance(error, CaseError):
                raise CaseError(f"the case store in {state_dir} cannot be used ({error}): check the disk") from None
            raise
        return store

    async def close(self) -> None:
        """Finish what runs and let the state folder go."""
        if self._running:
            await asyncio.wait(self._running)
        await self._forget()
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

        def write(number: int) -> None:
            records = self._photos(number, frames, 0)
            clock = clock_state()
            content = filed(number, trigger, records, limit_kmh=limit_kmh, site=site, unit=self._unit, clock=clock)
            self._journal.write(number, Pending(content, tuple(packets)))

        return await self._whole(self._file(write, sum(len(frame.jpeg) for frame in frames)))

    async def add(self, number: int, *, frames: Sequence[Frame] = (), packets: Sequence[Packet] = ()) -> None:
        """Add what came after the trigger to a pending case; on the disk when this returns.

        Raises:
            StorageFull: there is no room for it.
            CaseError: the case is not pending, or the disk refuses.
        """
        await self._whole(self._add(number, frames, packets))

    async def load(self, number: int) -> PendingCase:
        """A pending case: its stored photos, and its packets still sealed.

        Raises:
            CaseError: the case is not pending.
        """
        pending = await self._whole(self._load(number))
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
        states = await self._whole(self._states())
        return tuple(number for number, state in states.items() if state == State.PENDING)

    async def decide(self, number: int, decision: Decision) -> Case:
        """Write the verdict into the chain, once, and forget all packets but the offender's.

        Raises:
            NoSuchCase: there is none of that number.
            CaseError: the case is decided already, or the store cannot be written.
        """
        return await self._whole(self._decide(number, decision))

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
        await self._whole(self._housekeep())

    def free_bytes(self) -> int:
        """Room left on the disk."""
        return self._room.free_bytes()

    def problem(self) -> str | None:
        """One sentence if the store does not work as it should, for the health page."""
        if self._behind:
            return f"the database refuses {len(self._behind)} cases that the journal holds: check the disk"
        return None

    def shortage(self) -> str | None:
        """One sentence once room for cases runs short: early enough to do something about it."""
        return self._room.problem()

    async def _file(self, write: Callable[[int], None], needed: int) -> int:
        async with self._turn:
            await asyncio.to_thread(self._room.make, needed)
            number = self._next
            try:
                await asyncio.to_thread(write, number)
            except OSError as error:
                if not await asyncio.to_thread(self._journal.discard, number):
                    self._next += 1
                    self._behind.add(number)  # the disk would not undo it either: then it is a case
                raise _refusal(error) from None
            self._next += 1
            self._behind.add(number)
            await self._catch_up()
            return number

    async def _add(self, number: int, frames: Sequence[Frame], packets: Sequence[Packet]) -> None:
        async with self._turn:
            before = await self._pending(number)

            def write() -> None:
                known = before.content["frames"]
                content = {**before.content, "frames": [*known, *self._photos(number, frames, len(known))]}
                self._journal.write(number, Pending(content, (*before.packets, *packets)))

            try:
                await asyncio.to_thread(self._room.make, sum(len(frame.jpeg) for frame in frames))
                await asyncio.to_thread(write)
            except OSError as error:
                raise _refusal(error) from None

    async def _load(self, number: int) -> Pending:
        async with self._turn:
            return await self._pending(number)

    async def _states(self) -> dict[int, str]:
        async with self._turn:
            await self._catch_up()
            return await self._ledger.states()

    async def _decide(self, number: int, decision: Decision) -> Case:
        async with self._turn:
            content = decided((await self._pending(number)).content, decision, time.time())
            case = await self._ledger.decide(content, decision.driver.portrait if decision.driver else b"")
            self._to_forget.add(number)
            await self._forget()
            return case

    async def _housekeep(self) -> None:
        async with self._turn:
            await self._catch_up()
            if await self._ledger.has_unsigned():
                await self._ledger.countersign()
            await self._forget()
            if self._retention is not None:
                await asyncio.to_thread(self._retention.keep)

    async def _pending(self, number: int) -> Pending:
        await self._catch_up()
        state = await self._ledger.state(number)
        if state is None:
            raise NoSuchCase(f"there is no case {number}")
        if state != State.PENDING:
            raise CaseError(f"case {number} is decided already")
        try:
            pending = await asyncio.to_thread(self._journal.read, number)
        except CaseError as error:
            log.error("%s; without it the case is decided without packets", error)
        else:
            if pending is not None:
                return pending
            log.error("the journal of case %d is gone, its packets with it", number)
        return Pending(await self._ledger.filed(number), ())

    async def _recover(self) -> None:
        states = await self._ledger.states()
        journalled = await asyncio.to_thread(self._journal.numbers)
        self._next = max([0, *states, *journalled]) + 1
        self._behind = {number for number in journalled if number not in states}
        self._to_forget = {number for number in journalled if states.get(number) == State.DECIDED}
        if self._behind:
            log.warning("%d cases of the journal were not in the database: entering them", len(self._behind))
        for number in self._behind:
            await asyncio.to_thread(self._journal.read, number)  # a damaged one, which nothing else knows, ends it here
        await self._catch_up()
        await self._forget()
        await asyncio.to_thread(self._journal.sweep, {number for number, state in states.items() if state != "purged"})

    async def _catch_up(self) -> None:
        """Enter what only the journal knows, in order; a case is safe there while the database refuses it."""
        for number in sorted(self._behind):
            try:
                pending = await asyncio.to_thread(self._journal.read, number)
                if pending is not None:
                    await self._ledger.file(pending.content)
            except (sqlite3.Error, OSError, CaseError) as error:
                log.error("case %d is in the journal, the database refuses it: %s", number, error)
                return
            self._behind.discard(number)

    async def _forget(self) -> None:
        """Remove the journal of decided cases, but never before their verdict is out of the WAL."""
        try:
            if not await self._ledger.empty_wal():
                return
            for number in sorted(self._to_forget):
                await asyncio.to_thread(self._journal.close, number)
                self._to_forget.discard(number)
        except (sqlite3.Error, OSError) as error:
            log.warning("the journal of %d decided cases could not be removed yet: %s", len(self._to_forget), error)

    def _photos(self, number: int, frames: Sequence[Frame], first: int) -> list[Content]:
        names = self._journal.add_frames(number, frames, first)
        return [frame_record(name, frame) for name, frame in zip(names, frames, strict=True)]

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
            raise CaseError(f"the case database cannot be used ({error}): check the disk") from None


def _report(task: asyncio.Task[Any]) -> None:
    """Say what became of work whose caller is gone."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the case store failed behind a cancelled caller: %s", error)


def _take_lock(state_dir: Path) -> int:
    try:
        state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        handle = os.open(state_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, GROUP_READS)
        os.fchmod(handle, GROUP_READS)  # an officer's viewer asks it whether the daemon is there
    except OSError as error:
        raise CaseError(f"{state_dir} cannot be written ({error.strerror}): check unit.state_dir, its owner") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise CaseError(f"another daemon has the cases in {state_dir}: stop it, or use another state_dir") from None
    return handle


def _refusal(error: OSError) -> CaseError:
    if isinstance(error, StorageFull):
        return error
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull("the disk is full: export and purge cases, or put in a larger disk")
    return CaseError(f"the disk refuses to keep the case ({error.strerror}): check it before the unit goes on")
