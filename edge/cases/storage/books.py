"""The two books of a case store: the journal, written first, and the ledger, which follows it.

A case is safe as soon as the journal has it; a ledger that refuses is caught up with later. A decided case leaves the
journal again, but only once its verdict cannot be lost.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence

from edge.cases.evidence.manifest import Content, decided, frame_record
from edge.cases.retention import Retention
from edge.cases.storage.journal import Journal, Pending
from edge.cases.storage.ledger import Ledger
from edge.cases.storage.space import Room
from edge.errors import CaseError, NoSuchCase, StorageFull
from edge.model import Case, Decision, Frame, Packet, State

log = logging.getLogger(__name__)


class Books:
    """Writes both books, one call at a time; :meth:`recover` comes first, once.

    A call must not be cancelled: half a case is none. What SQLite refuses in it comes out as :class:`sqlite3.Error`.
    """

    def __init__(self, journal: Journal, ledger: Ledger, room: Room, retention: Retention | None) -> None:
        self._journal = journal
        self._ledger = ledger
        self._room = room
        self._retention = retention
        self._turn = asyncio.Lock()
        self._behind: set[int] = set()  # in the journal, not yet in the ledger
        self._to_forget: set[int] = set()  # decided, still in the journal
        self._next = 1

    @property
    def behind(self) -> int:
        """How many cases the journal holds that the ledger refuses."""
        return len(self._behind)

    async def recover(self) -> None:
        """Put right what the last end left undone.

        Raises:
            CaseError: a case that only the journal knows is damaged.
        """
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
        await self.forget()
        await asyncio.to_thread(self._journal.sweep, {number for number, state in states.items() if state != "purged"})

    async def file(
        self, frames: Sequence[Frame], packets: Sequence[Packet], manifest: Callable[[int, list[Content]], Content]
    ) -> int:
        """Make it a case and return its number; *manifest* makes what is filed of number and frame records.

        Raises:
            StorageFull: there is no room for it.
            CaseError: the disk refuses.
        """
        async with self._turn:
            await asyncio.to_thread(self._room.make, _size(frames))
            number = self._next

            def write() -> None:
                content = manifest(number, self._photos(number, frames, 0))
                self._journal.write(number, Pending(content, tuple(packets)))

            try:
                await asyncio.to_thread(write)
            except OSError as error:
                if not await asyncio.to_thread(self._journal.discard, number):
                    self._next += 1
                    self._behind.add(number)  # the disk would not undo it either: then it is a case
                raise _refusal(error) from None
            self._next += 1
            self._behind.add(number)
            await self._catch_up()
            return number

    async def add(self, number: int, frames: Sequence[Frame], packets: Sequence[Packet]) -> None:
        """Add to a pending case.

        Raises:
            StorageFull: there is no room for it.
            CaseError: the case is not pending, or the disk refuses.
        """
        async with self._turn:
            before = await self._pending(number)

            def write() -> None:
                known = before.content["frames"]
                content = {**before.content, "frames": [*known, *self._photos(number, frames, len(known))]}
                self._journal.write(number, Pending(content, (*before.packets, *packets)))

            try:
                await asyncio.to_thread(self._room.make, _size(frames))
                await asyncio.to_thread(write)
            except OSError as error:
                raise _refusal(error) from None

    async def load(self, number: int) -> Pending:
        """What is known of a pending case.

        Raises:
            CaseError: the case is not pending.
        """
        async with self._turn:
            return await self._pending(number)

    async def states(self) -> dict[int, str]:
        """The state of every case there ever was: pending, decided, or purged."""
        async with self._turn:
            await self._catch_up()
            return await self._ledger.states()

    async def decide(self, number: int, decision: Decision) -> Case:
        """Enter the verdict.

        Raises:
            NoSuchCase: there is none of that number.
            CaseError: the case is decided already.
        """
        async with self._turn:
            content = decided((await self._pending(number)).content, decision, time.time())
            case = await self._ledger.decide(content, decision.driver.portrait if decision.driver else b"")
            self._to_forget.add(number)
            await self.forget()
            return case

    async def housekeep(self) -> None:
        """Catch up, countersign, forget, and purge what is due."""
        async with self._turn:
            await self._catch_up()
            if await self._ledger.has_unsigned():
                await self._ledger.countersign()
            await self.forget()
            if self._retention is not None:
                await asyncio.to_thread(self._retention.keep)

    async def forget(self) -> None:
        """Remove the journal of decided cases, but never before their verdict is out of the WAL."""
        try:
            if not await self._ledger.empty_wal():
                return
            for number in sorted(self._to_forget):
                await asyncio.to_thread(self._journal.close, number)
                self._to_forget.discard(number)
        except (sqlite3.Error, OSError) as error:
            log.warning("the journal of %d decided cases could not be removed yet: %s", len(self._to_forget), error)

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

    async def _pending(self, number: int) -> Pending:
        await self._catch_up()
        state = await self._ledger.state(number)
        if state is None:
            raise NoSuchCase(f"there is no case {number}", "autovelox cases list shows which there are")
        if state != State.PENDING:
            raise CaseError(f"case {number} is decided already", "a verdict is written once")
        try:
            pending = await asyncio.to_thread(self._journal.read, number)
        except CaseError as error:
            log.error("%s; without it the case is decided without packets", error)
        else:
            if pending is not None:
                return pending
            log.error("the journal of case %d is gone, its packets with it", number)
        return Pending(await self._ledger.filed(number), ())

    def _photos(self, number: int, frames: Sequence[Frame], first: int) -> list[Content]:
        names = self._journal.add_frames(number, frames, first)
        return [frame_record(name, frame) for name, frame in zip(names, frames, strict=True)]


def _size(frames: Sequence[Frame]) -> int:
    return sum(len(frame.jpeg) for frame in frames)


def _refusal(error: OSError) -> CaseError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull("the disk is full", "export and purge cases, or put in a larger disk")
    return CaseError(f"the disk refuses to keep the case ({error.strerror})", "check it before the unit goes on")
