"""The daemon's writer: the journal first, then the database; the only code that adds and decides cases.

A case is safe as soon as the journal holds it. The database follows; if it refuses, or another process writes to it,
the writer catches up later: filing a case never waits for officers. The journal file of a decided case is erased only
when the verdict is out of the WAL and cannot be lost any more.

The writer is synchronous, and :class:`edge.cases.store.CaseStore` runs it on one thread of its own. Every act mixes
steps on files with steps in SQLite, whose order must hold when the power fails at any of them: on one thread it is the
order of the lines, and each act is finished before the next begins. With aiosqlite every step would be an await.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing

from edge.cases.evidence import Manifest, Record, Signer, decided_manifest, frame_record
from edge.cases.storage.database import BUSY_S, connect, is_busy, migrate, open_to_read
from edge.cases.storage.entries import (
    PURGED,
    case_state,
    case_states,
    insert_decided,
    insert_filed,
    read_filed_manifest,
)
from edge.cases.storage.head import Head
from edge.cases.storage.journal import Journal, JournalFile
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import StoreLock
from edge.cases.storage.space import DiskSpace, disk_refusal
from edge.cases.storage.unit_chain import UnitChain
from edge.cases.storage.wal import Wal
from edge.errors import CaseError
from edge.model import Case, Decision, Frame, Packet, State

log = logging.getLogger(__name__)
PATIENCE_S = 0.01
"""How long an act but filing waits for another process that writes: the next trigger may be waiting for this thread."""
MOST_UNSEEN = 8
"""Entries of other processes that filing a case checks on the way; a package has one for each of its cases."""


class Writer:
    """Writes journal and database. All methods but :attr:`behind` are called on one thread and block on the disk.

    Every method may raise :class:`sqlite3.Error` where the database refuses, beside what its docstring says.
    """

    def __init__(
        self,
        folder: StateFolder,
        journal: Journal,
        database: sqlite3.Connection,
        signer: Signer | None,
        space: DiskSpace,
        lock: StoreLock,
    ) -> None:
        """Use :meth:`open`."""
        self._lock = lock
        self._wal = Wal(database, folder.database)
        self._chain = UnitChain(folder, signer)
        self._journal = journal
        self._database = database
        self._signer = signer
        self._space = space
        self._behind: set[int] = set()  # in the journal, not yet in the database
        self._busy_since_s: float | None = None  # since when another process has been writing
        self._to_erase: set[int] = set()  # decided, journal file still there
        self._next = 1

    @classmethod
    def open(cls, folder: StateFolder, signer: Signer | None, space: DiskSpace) -> Writer:
        """Open or create the store, check the database and the chain, and finish what the last end interrupted.

        The caller holds the folder's lock. Without *signer* entries stay unsigned. A chain that does not continue what
        the unit wrote is an :attr:`alarm`: the journal still takes cases, the database does not.

        Raises:
            CaseError: the database is damaged, a newer program wrote it, or a case that only the journal holds is
                damaged.
            SecretError: the cases are signed with another key.
            OSError: the disk reports an error.
        """
        lock = StoreLock(folder)
        try:
            with lock.alone() as alone:
                if alone:
                    migrate(folder.database)
            open_to_read(folder).close()  # beside other writers: they opened it, so it is whole, and of this schema
            shutil.rmtree(folder.derived, ignore_errors=True)  # an earlier version kept pictures there for reports
            for name in folder.foreign():
                log.warning("the state folder holds %s, none of this unit's files: find out who left it", name)
            with ExitStack() as stack:
                database = stack.enter_context(closing(connect(folder.database)))
                (check,) = database.execute("PRAGMA quick_check(1)").fetchone()
                if check != "ok":
                    raise CaseError(f"{folder.database} is damaged ({check})", "restore the last backup")
                writer = cls(folder, Journal(folder), database, signer, space, lock)
                writer._chain.begin(database)
                writer._recover()
                writer._remember()
                stack.pop_all()
                return writer
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Erase what is due and close the database; SQLite empties the WAL if no one else has the database open."""
        self._wal.hurry()
        self.erase_decided()
        self._remember()
        self._database.close()
        self._lock.release()

    @property
    def alarm(self) -> str | None:
        """One sentence while the chain does not continue what this unit wrote. May be read from any thread."""
        return self._chain.problem

    @property
    def head(self) -> Head | None:
        """The head that the unit remembers; None without a key, or while the chain is not its own."""
        return None if self._chain.problem else self._chain.remembered

    @property
    def behind(self) -> int:
        """How many cases the database refuses, or keeps waiting for long. May be read from any thread."""
        since_s = self._busy_since_s
        return 0 if since_s is not None and time.monotonic() - since_s < BUSY_S else len(self._behind)

    def enter_filed(
        self,
        frames: Sequence[Frame],
        packets: Sequence[Packet],
        make_manifest: Callable[[int, list[Record]], Manifest],
    ) -> int:
        """Write a new case to the journal, then to the database, and return its number.

        *make_manifest* makes the manifest from the number and the records of the photos.

        Raises:
            StorageFull: the disk has no space for it.
            CaseError: the disk reports an error.
        """
        self._space.ensure(_size(frames))
        number = self._next
        try:
            manifest = make_manifest(number, self._write_photos(number, frames, 0))
            self._journal.write(number, JournalFile(manifest, tuple(packets)))
        except OSError as error:
            if not self._journal.withdraw(number):
                self._next += 1
                self._behind.add(number)  # the disk does not undo it either: then the case exists
            raise disk_refusal(error) from None
        self._next += 1
        self._behind.add(number)
        if self._chain.unseen(self._database) <= MOST_UNSEEN:
            self._catch_up(patience_s=0.0)
        return number

    def extend_pending(self, number: int, frames: Sequence[Frame], packets: Sequence[Packet]) -> None:
        """Add photos and packets to a pending case.

        Raises:
            StorageFull: the disk has no space for them.
            CaseError: the case is not pending, or the disk reports an error.
        """
        before = self.read_pending(number)
        known = before.manifest["frames"]
        self._space.ensure(_size(frames))
        try:
            manifest = {**before.manifest, "frames": [*known, *self._write_photos(number, frames, len(known))]}
            self._journal.write(number, JournalFile(manifest, (*before.packets, *packets)))
        except OSError as error:
            raise disk_refusal(error) from None

    def read_pending(self, number: int) -> JournalFile:
        """What is known of a pending case. Without its journal file it is known from the database, without packets.

        Raises:
            NoSuchCase: there is no case with that number.
            CaseError: the case is decided already, or only a damaged journal file holds it.
        """
        self._catch_up()
        if number not in self._behind and case_state(self._database, number) != State.PENDING:
            raise CaseError(f"case {number} is decided already", "leave it as it is, a verdict is written once")
        try:
            file = self._journal.read(number)
        except CaseError as error:
            if number in self._behind:
                raise
            log.error("%s; without it the case is decided without packets", error)
        else:
            if file is not None:
                return file
            log.error("the journal of case %d is gone, its packets with it", number)
        return JournalFile(read_filed_manifest(self._database, number), ())

    def states(self) -> dict[int, str]:
        """The state of every case there ever was, by number: pending, decided, or purged."""
        self._catch_up()
        return {**case_states(self._database), **dict.fromkeys(sorted(self._behind), str(State.PENDING))}

    def enter_decided(self, number: int, decision: Decision) -> Case | None:
        """Write the verdict of a pending case to the database and erase its journal file.

        Returns None while another process writes: nothing was done, and it is to be tried again.

        Raises:
            NoSuchCase: there is no case with that number.
            CaseError: the case is decided already, or the database refuses it.
            EvidenceError: the chain does not continue what this unit wrote.
        """
        manifest = decided_manifest(self.read_pending(number).manifest, decision, time.time())
        portrait = decision.driver.portrait if decision.driver else b""
        if number in self._behind:
            if self._busy_since_s is not None:
                return None
            raise CaseError(f"the database refuses case {number}", "check the disk, and run autovelox cases verify")
        try:
            with self._chain.extending(self._database, PATIENCE_S):
                case = insert_decided(self._database, manifest, portrait, self._signer)
        except sqlite3.Error as error:
            if is_busy(error):
                return None
            raise
        self._to_erase.add(number)
        self.erase_decided()
        return case

    def housekeep(self) -> None:
        """Catch up, look at what others added, erase journal files of decided cases, and remember the head."""
        self._catch_up()
        self._chain.watch(self._database)
        self.erase_decided()
        self._remember()

    def _remember(self) -> None:
        """Remember the head once it is out of the WAL, which a power cut may tear: the chain never falls behind it."""
        try:
            if self._wal.empty():
                self._chain.remember(self._database)
        except (sqlite3.Error, OSError, CaseError) as error:
            log.warning("the head of the chain could not be remembered yet: %s", error)

    def erase_decided(self) -> None:
        """Erase the journal files of decided cases once their verdicts are out of the WAL; else try again later."""
        try:
            if not self._wal.empty():
                return
            for number in sorted(self._to_erase):
                self._journal.erase(number)
                self._to_erase.discard(number)
        except (sqlite3.Error, OSError) as error:
            log.warning("the journal of %d decided cases could not be removed yet: %s", len(self._to_erase), error)

    def _recover(self) -> None:
        """Finish what the last end interrupted."""
        states = case_states(self._database)
        journalled = self._journal.numbers()
        self._next = max([0, *states, *journalled]) + 1
        self._behind = {number for number in journalled if number not in states}
        self._to_erase = {number for number in journalled if states.get(number) == State.DECIDED}
        if self._behind:
            log.warning("%d cases of the journal were not in the database: entering them", len(self._behind))
        for number in self._behind:
            self._journal.read(number)  # raises if it is damaged: only the journal holds this case
        self._catch_up()
        self.erase_decided()
        self._journal.sweep({number for number, state in states.items() if state != PURGED})

    def _catch_up(self, patience_s: float = PATIENCE_S) -> None:
        """Enter the cases that only the journal holds, in order. They are safe there while the database refuses."""
        for number in sorted(self._behind):
            try:
                file = self._journal.read(number)
                if file is not None:
                    with self._chain.extending(self._database, patience_s):
                        insert_filed(self._database, file.manifest, self._signer)
            except (sqlite3.Error, OSError, CaseError) as error:
                busy = is_busy(error)
                self._busy_since_s = (self._busy_since_s or time.monotonic()) if busy else None
                if not busy:
                    log.error("case %d is in the journal, the database refuses it: %s", number, error)
                return
            self._behind.discard(number)
        self._busy_since_s = None

    def _write_photos(self, number: int, frames: Sequence[Frame], first: int) -> list[Record]:
        return list(map(frame_record, self._journal.write_photos(number, frames, first), frames))


def _size(frames: Sequence[Frame]) -> int:
    return sum(len(frame.jpeg) for frame in frames)
