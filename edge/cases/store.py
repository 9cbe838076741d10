"""The case store of the daemon: file a case at the trigger, add to it, decide it once.

A case exists from the moment its record is in the intake (:mod:`edge.cases.storage.intake`), or its journal file has
its name (:mod:`edge.cases.storage.journal`); the database follows. An open store holds the lock of its state folder:
one daemon per folder. Longer than 300 lines because every act of the daemon on its store, and the thread it runs on, is
seen in one place.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from edge.cases.evidence import Manifest, Record, Signer, filed_manifest, to_case
from edge.cases.retention import Purger, RetentionPolicy
from edge.cases.storage import (
    DiskSpace,
    RightOfWay,
    StateFolder,
    Witness,
    Writer,
    be_first,
    be_prompt,
    clock_state,
    take_lock,
)
from edge.errors import CaseError, why
from edge.model import (
    Assessment,
    Basis,
    Case,
    Decision,
    Packet,
    PendingCase,
    Photo,
    RadarReport,
    SpeedUnit,
    State,
    Trigger,
)

log = logging.getLogger(__name__)
Result = TypeVar("Result")
LATE_CHECKPOINT_S = 600.0
HEAD_PAUSES_S = (0.02, 0.2, 1.1, 2.1, 4.1)
"""So long after one another the head is tried again where another process wrote; then with :meth:`housekeep`."""


class CaseStore:
    """Keeps cases. Make one with :meth:`open`; its methods may be called from any task of its loop.

    An act that was begun runs to its end even if its caller is cancelled: half a case must not exist.

    Attributes:
        right_of_way: to be taken at a radar's edge, and given back once its case is filed.
    """

    def __init__(
        self,
        folder: StateFolder,
        unit: Mapping[str, object],
        *,
        instrument: Mapping[str, object] | None,
        speed_unit: SpeedUnit,
        writer: Writer,
        thread: ThreadPoolExecutor,
        lock: int,
        right_of_way: RightOfWay,
        space: DiskSpace,
        purger: Purger | None,
        witness: Witness | None,
        head_at_once: bool,
    ) -> None:
        """Use :meth:`open`."""
        self._folder = folder
        self._unit = dict(unit)
        self._instrument = instrument
        self._speed_unit = speed_unit
        self._writer = writer
        self._thread = thread
        self._filing = ThreadPoolExecutor(1, thread_name_prefix="case-filing", initializer=be_first)
        self._adding = ThreadPoolExecutor(1, thread_name_prefix="case-adding", initializer=be_prompt)
        self._carrying = self._entering = False
        self._lock = lock
        self.right_of_way = right_of_way
        self._space = space
        self._purger = purger
        self._witness = witness
        self._head_at_once = head_at_once
        self._loop = asyncio.get_running_loop()
        self._head_again: asyncio.TimerHandle | None = None
        self._is_closing = False

    @classmethod
    async def open(
        cls,
        state_dir: Path,
        signer: Signer | None,
        unit: Mapping[str, object],
        *,
        instrument: Mapping[str, object] | None = None,
        speed_unit: SpeedUnit = SpeedUnit.KMH,
        space: DiskSpace | None = None,
        policy: RetentionPolicy | None = None,
        witness_dirs: Sequence[Path] = (),
        stamps: Callable[[bytes], bytes] | None = None,
        on_head: Callable[[], None] | None = None,
        head_at_once: bool = False,
    ) -> CaseStore:
        """Open or create the store in *state_dir*, and finish what the last end interrupted.

        Without *signer* entries stay unsigned for ever: no evidence. *unit* goes into every manifest: serial number,
        software, models; so do *instrument*, what measures, its approval and certificate, and *speed_unit*, what the
        law counts in. With *policy* and *signer* :meth:`housekeep` purges the cases that are due. Every hour and at the
        end a signed checkpoint of the chain is written to the folders *witness_dirs*, with the time stamps that
        *stamps* gives.

        *on_head* is called, from a thread of the store, when the remembered head moved: entries up to it may leave the
        unit. With *head_at_once* it moves with each case that is filed, not only with :meth:`housekeep`.

        Raises:
            CaseError: another daemon uses the store, or it is damaged.
            SecretError: the cases are signed with another key.
        """
        folder = StateFolder(state_dir)
        space = space or DiskSpace(folder)
        lock = await asyncio.to_thread(take_lock, folder)
        try:
            right_of_way = RightOfWay(folder, asyncio.get_running_loop().call_later)
        except BaseException:
            os.close(lock)
            raise
        thread = ThreadPoolExecutor(1, thread_name_prefix="case-writer", initializer=be_prompt)
        opening = thread.submit(Writer.open, folder, signer, space, on_head)
        try:
            writer = await asyncio.wrap_future(opening)
        except BaseException as error:
            thread.submit(_close_opened, opening)
            thread.shutdown()
            right_of_way.close()
            os.close(lock)
            if isinstance(error, sqlite3.Error | OSError):
                raise CaseError(
                    f"the case store in {state_dir} cannot be used ({why(error)})", "check the disk"
                ) from None
            raise
        purger = Purger(state_dir, policy, signer) if policy is not None and signer is not None else None
        serial = str(unit.get("serial", ""))
        witness = Witness(witness_dirs, serial, signer, stamps) if signer is not None else None
        return cls(
            folder,
            unit,
            instrument=instrument,
            speed_unit=speed_unit,
            writer=writer,
            thread=thread,
            lock=lock,
            right_of_way=right_of_way,
            space=space,
            purger=purger,
            witness=witness,
            head_at_once=head_at_once,
        )

    async def close(self) -> None:
        """Finish the acts that were begun, write a last checkpoint, close the database and unlock the folder."""

        def work() -> None:
            try:
                self._writer.settle()
                if self._witness is not None:
                    self._witness.write(self._writer.head, self._writer.tree_root)
                    self._witness.finish()
            finally:
                self._writer.close()

        self._is_closing = True
        if self._head_again is not None:
            self._head_again.cancel()
        for files in (self._filing, self._adding):
            await asyncio.to_thread(files.shutdown)
        try:
            await self._run(work)
        finally:
            self._thread.shutdown()
            self.right_of_way.close()
            os.close(self._lock)

    def _begin_carrying(self) -> None:
        if not self._carrying:
            self._carrying = True
            self._adding.submit(self._carry_over)

    def _carry_over(self) -> None:
        self._carrying = False
        self._writer.carry_over()
        if not self._entering:
            self._entering = True
            self._thread.submit(self._catch_up)

    def _catch_up(self) -> None:
        self._entering = False
        self._writer.catch_up()
        if self._head_at_once:
            self._move_head()

    def _move_head(self, tries: int = 0) -> None:
        """Move the head to the newest case, soon again where somebody writes: its delivery waits for it."""
        if not self._writer.remember() and tries < len(HEAD_PAUSES_S):
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._move_head_later, tries)

    def _move_head_later(self, tries: int) -> None:
        if self._head_again is not None:
            self._head_again.cancel()
        if not self._is_closing:
            self._head_again = self._loop.call_later(
                HEAD_PAUSES_S[tries], self._thread.submit, self._move_head, tries + 1
            )

    async def file_case(
        self,
        trigger: Trigger,
        photos: Sequence[Photo],
        packets: Sequence[Packet],
        *,
        limit_kmh: float,
        site: str | Mapping[str, object],
        basis: Basis | None = None,
        assessment: Assessment | None = None,
    ) -> int:
        """Make the trigger a case and return its number; the case survives a power cut from then on.

        *basis* says whether the trigger is an infringement, *assessment* what the law makes of its speed; both go into
        the manifest.

        Raises:
            StorageFull: the disk has no space for it.
            CaseError: the disk reports an error.
        """

        def make_manifest(number: int, photos: list[Record]) -> Manifest:
            clock = clock_state()
            return filed_manifest(
                number,
                trigger,
                photos,
                limit_kmh=limit_kmh,
                site=site,
                unit=self._unit,
                clock=clock,
                basis=basis,
                assessment=assessment,
                instrument=self._instrument,
                speed_unit=self._speed_unit,
            )

        try:
            return await self._run(self._writer.enter_filed, photos, packets, make_manifest, thread=self._filing)
        finally:
            # Its files and the database follow, not before: their threads are not in real time, and one of them would
            # hold Python's lock (GIL) without a processor while the answer is on its way.
            with suppress(RuntimeError):  # the store was closed, which brings up to date all that was filed
                self._filing.submit(self._begin_carrying)

    async def add(
        self,
        number: int,
        *,
        photos: Sequence[Photo] = (),
        packets: Sequence[Packet] = (),
        reports: Sequence[RadarReport] = (),
    ) -> None:
        """Add what came after the trigger to a pending case; it is on the disk when this returns.

        *reports* are lines of the radar from around the trigger.

        Raises:
            StorageFull: the disk has no space for it.
            CaseError: the case is not pending, or the disk reports an error.
        """
        await self._run(self._writer.extend_pending, number, photos, packets, reports, thread=self._adding)

    async def load(self, number: int) -> PendingCase:
        """A pending case: its stored photos, and its packets, still sealed.

        Raises:
            CaseError: the case is not pending.
        """
        journalled = await self._run(self._writer.read_journal, number, thread=self._adding)
        if journalled is None:
            journalled = await self._run(self._writer.read_pending, number)
        case = to_case(journalled.manifest)
        photos = tuple(self._folder.path_of(name) for name in case.photos)
        exposed_ns = tuple(int(photo["exposed_monotonic_ns"]) for photo in journalled.manifest["frames"])
        sizes = tuple((photo["width"], photo["height"]) for photo in journalled.manifest["frames"])
        return PendingCase(number, case.trigger, photos, exposed_ns, journalled.packets, case.basis, sizes)

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
        states = await self._run(self._writer.states)
        return tuple(number for number, state in states.items() if state == State.PENDING)

    async def enter_verdict(self, number: int, decision: Decision) -> Case:
        """Write the verdict into the chain, once, and erase all packets but the offender's.

        Raises:
            NoSuchCase: there is no case with that number.
            CaseError: the case is decided already, or the store cannot be written.
        """
        return await self._run(self._writer.enter_decided, number, decision)

    async def note(self, kind: str, content: Mapping[str, object]) -> int:
        """Enter something about the unit itself, as *kind*; returns the number of the entry.

        Raises:
            EvidenceError: the chain does not continue what this unit wrote.
            CaseError: the store cannot be written.
        """
        return await self._run(self._writer.note, kind, dict(content))

    async def newest_note(self, kind: str) -> Mapping[str, object] | None:
        """What the newest entry of *kind* about the unit itself says; None if there is none.

        Raises:
            CaseError: the store cannot be read.
        """
        return await self._run(self._writer.newest_note, kind)

    async def housekeep(self) -> None:
        """Sign officers' reviews, finish what a busy disk or reader delayed, and purge; to be called now and then.

        Raises:
            CaseError: the store cannot be written.
        """

        def work() -> None:
            self._writer.housekeep()
            if self._witness is not None:
                self._witness.write_hourly(self._writer.head, self._writer.tree_root)
            if self._purger is not None:
                self._purger.purge_due()

        self.right_of_way.expire()
        await self._run(work)

    @property
    def checkpoint_age_s(self) -> float:
        """Seconds since the log was last empty."""
        return self._writer.checkpoint_age_s

    def free_bytes(self) -> int:
        """Free bytes on the disk.

        Raises:
            CaseError: the state folder does not exist any more.
        """
        return self._space.free_bytes()

    def problem(self) -> str | None:
        """One sentence for the health page if the store does not work as it should, else None."""
        if alarm := self._writer.alarm:
            return alarm
        if refusal := self._writer.refusal:
            return refusal
        if (age_s := self._writer.checkpoint_age_s) > LATE_CHECKPOINT_S:
            return f"the database's log could not be emptied for {age_s:.0f} s: find out which program holds it open"
        told = [part.problem for part in (self._witness, self._purger) if part is not None]
        return next((problem for problem in told if problem is not None), None)

    def shortage(self) -> str | None:
        """One sentence if the disk runs short of space, early enough to do something about it, else None."""
        return self._space.shortage()

    async def _run(self, act: Callable[..., Result], *args: object, thread: ThreadPoolExecutor | None = None) -> Result:
        """Run *act* after the acts before it on that *thread*, even if the caller is cancelled meanwhile.

        The thread is the database's, unless another is named.
        """
        running = asyncio.get_running_loop().run_in_executor(thread or self._thread, act, *args)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            running.add_done_callback(_log_failure)
            raise
        except sqlite3.Error as error:
            raise CaseError(f"the case database cannot be used ({error})", "check the disk") from None


def _close_opened(opening: Future[Writer]) -> None:
    """Close the writer of an :meth:`CaseStore.open` that was cancelled while it was being opened."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _log_failure(running: asyncio.Future[Any]) -> None:
    """Log the error of an act whose caller was cancelled: no other code sees it."""
    if not running.cancelled() and (error := running.exception()) is not None:
        log.error("the case store failed after its caller was cancelled: %s", error)
