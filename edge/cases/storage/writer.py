"""The daemon's writer: intake, journal, database, in this order; the only code that adds and decides cases.

A case is safe as soon as the intake or the journal holds it. Its files follow, then the database; what refuses is tried
again. The journal file of a decided case is erased only when the verdict is out of the WAL and cannot be lost any more.

The writer is synchronous, and :class:`edge.cases.store.CaseStore` runs it on three threads. Two touch files only, one
for filing (:meth:`Writer.enter_filed`), one for what follows on files: whoever keeps SQLite waiting, a reader, another
writer, a checkpoint, keeps no photo from the disk, nor does a case that is being completed delay the next one. All else
is done on the third, the connection's only user. On each thread the order of steps, which must hold when the power
fails at any of them, is the order of the lines. One lock a case keeps two of them from its journal file at once.

Longer than 300 lines because the order of all steps on files and in the database is seen in one place.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from edge.cases.evidence import Manifest, Record, Signer, decided_manifest, photo_record, report_record
from edge.cases.storage.database import connect, migrate, open_to_read
from edge.cases.storage.entries import (
    PURGED,
    case_state,
    case_states,
    insert_decided,
    insert_filed,
    read_filed_manifest,
)
from edge.cases.storage.head import Head
from edge.cases.storage.intake import Intake, IntakeRecord
from edge.cases.storage.journal import Journal, JournalFile, filed_content, journal_document
from edge.cases.storage.kept import KeptClaims
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import StoreLock
from edge.cases.storage.notes import insert_note, newest_note
from edge.cases.storage.right_of_way import give_way, giving_way
from edge.cases.storage.space import DiskSpace, disk_refusal
from edge.cases.storage.tree import ChainTree
from edge.cases.storage.unit_chain import UnitChain
from edge.cases.storage.wal import Checkpoints
from edge.errors import CaseError
from edge.model import Case, Decision, Packet, Photo, RadarReport, State

log = logging.getLogger(__name__)

LOCKS = 64
DATABASE_REFUSED = "the database refuses {cases} cases that the journal holds"
FILES_REFUSED = "the disk refuses the files of {cases} cases that the intake holds"
"""What a health page says, where intake or journal hold cases and what follows them does not take them."""


class Writer:
    """Writes journal and database. Its methods block on the disk; the module says on which thread each is called.

    Every method may raise :class:`sqlite3.Error` where the database refuses, beside what its docstring says.
    """

    def __init__(
        self,
        folder: StateFolder,
        journal: Journal,
        intake: Intake,
        database: sqlite3.Connection,
        signer: Signer | None,
        space: DiskSpace,
        lock: StoreLock,
        on_head: Callable[[], None] | None = None,
    ) -> None:
        """Use :meth:`open`."""
        self._on_head = on_head
        self._folder = folder
        self._store_lock = lock
        self._kept = KeptClaims(folder)
        self._chain = UnitChain(folder, signer)
        self._journal = journal
        self._intake = intake
        self._database = database
        self._signer = signer
        self._space = space
        self._locks = tuple(threading.Lock() for _ in range(LOCKS))
        self._pending: set[int] = set()
        self._behind: set[int] = set()  # in the intake or the journal, not yet in the database
        self._refused = ""
        self._to_erase: set[int] = set()  # decided, journal file still there
        self._next = 1
        self._checkpoints = Checkpoints(database, folder.database)

    @classmethod
    def open(
        cls,
        folder: StateFolder,
        signer: Signer | None,
        space: DiskSpace,
        on_head: Callable[[], None] | None = None,
    ) -> Writer:
        """Open or create the store, check the database and the chain, and finish what the last end interrupted.

        The caller holds the folder's lock. Without *signer* entries stay unsigned. A chain that does not continue what
        the unit wrote is an :attr:`alarm`: the journal still takes cases, the database does not. *on_head* is called
        when the remembered head moved.

        Raises:
            CaseError: the database is damaged, a newer program wrote it, or a case that only the journal holds is
                damaged.
            SecretError: the cases are signed with another key.
            OSError: the disk reports an error.
        """
        lock = StoreLock(folder)
        try:
            return cls._open(folder, signer, space, lock, on_head)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _open(
        cls,
        folder: StateFolder,
        signer: Signer | None,
        space: DiskSpace,
        lock: StoreLock,
        on_head: Callable[[], None] | None,
    ) -> Writer:
        with lock.alone() as alone:
            if alone:
                migrate(folder.database)
        open_to_read(folder).close()  # beside other writers: they have opened it, so it is whole, and of this schema
        shutil.rmtree(folder.derived, ignore_errors=True)  # an earlier version kept pictures there for reports
        for name in folder.foreign():
            log.warning("the state folder holds %s, which is none of this unit's files: find out who left it", name)
        intake = Intake(folder)
        database = connect(folder.database)
        try:
            (check,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if check != "ok":
                raise CaseError(f"{folder.database} is damaged ({check})", "restore the last backup")
            writer = cls(folder, Journal(folder), intake, database, signer, space, lock, on_head)
            writer._chain.begin(database)
            writer._recover()
            writer.remember()
        except BaseException:
            database.close()
            intake.close()
            raise
        return writer

    def settle(self) -> None:
        """Enter what waits, erase what is due, remember the head, without waiting for the next pause."""
        self.catch_up()
        self._checkpoints.pause_is_over()
        self.erase_decided()
        self.remember()

    def close(self) -> None:
        """Settle and close; SQLite empties the WAL if nobody else has the database open."""
        self.settle()
        self._intake.close()
        self._database.close()
        self._store_lock.release()

    @property
    def alarm(self) -> str | None:
        """One sentence while the chain does not continue what this unit wrote. May be read from any thread."""
        return self._chain.problem

    @property
    def head(self) -> Head | None:
        """The head that the unit remembers; None without a key, or while the chain is not its own."""
        return None if self._chain.problem else self._chain.remembered

    def tree_root(self, size: int) -> str:
        """The root (hex) of the tree over the first *size* entries; what is new of it is kept, if the disk takes it."""
        tree = ChainTree(self._folder, self._database, size)
        try:
            tree.keep(self._folder)
        except OSError as error:
            log.warning("the tree over the entries could not be kept, it is computed again: %s", error)
        return tree.root

    @property
    def refusal(self) -> str | None:
        """One sentence if database or disk refuse cases that are safe elsewhere. May be read from any thread."""
        refused = self._refused
        return f"{refused.format(cases=len(self._behind))}: check the disk" if refused else None

    @property
    def checkpoint_age_s(self) -> float:
        """Seconds since the WAL was last empty. May be read from any thread."""
        return self._checkpoints.age_s

    def enter_filed(
        self,
        photos: Sequence[Photo],
        packets: Sequence[Packet],
        make_manifest: Callable[[int, list[Record]], Manifest],
    ) -> int:
        """File a new case, and return its number; :meth:`carry_over` and :meth:`catch_up` have to follow.

        The intake takes it, or else the journal at once. *make_manifest* makes the manifest from the number and the
        records of the photos.

        Raises:
            StorageFull: the disk has no space for it.
            CaseError: the disk reports an error.
        """
        self._space.ensure(_size(photos))
        number = self._next
        try:
            manifest = make_manifest(number, self._records(number, photos, 0))
            file = JournalFile(manifest, tuple(packets))
            record = IntakeRecord(number, journal_document(file), tuple(photo.jpeg for photo in photos))
            if not self._intake.put(record):
                self._journal.write_document(number, record.document, record.photos)
        except OSError as error:
            if not self._journal.withdraw(number):
                self._begin(number)  # the disk does not undo it either: then the case exists
            raise disk_refusal(error) from None
        self._begin(number)
        return number

    def _begin(self, number: int) -> None:
        self._next = number + 1
        self._pending.add(number)
        self._behind.add(number)

    def carry_over(self) -> None:
        """Write the files of the cases that the intake holds; :meth:`catch_up` says what is refused and tries again."""
        for number in self._intake.numbers():
            with self._lock(number), suppress(CaseError):
                self._carry(number)

    def _carry(self, number: int) -> None:
        """Write the files of a case that only the intake holds, if it does; the caller has the case's lock.

        Raises:
            StorageFull: the disk has no space for them.
            CaseError: the disk reports an error.
        """
        record = self._intake.waiting(number) if number in self._behind else None
        if record is not None:
            try:
                self._journal.write_document(number, record.document, record.photos)
            except OSError as error:
                raise disk_refusal(error) from None
            self._intake.kept(number)
        self._clear(number)

    def _clear(self, number: int) -> None:
        try:
            self._intake.clear(number)
        except OSError as error:
            log.warning("the record of case %d in the intake could not be overwritten yet: %s", number, error)

    def extend_pending(
        self, number: int, photos: Sequence[Photo], packets: Sequence[Packet], reports: Sequence[RadarReport] = ()
    ) -> None:
        """Add photos, packets and reports of the radar to a pending case.

        Raises:
            StorageFull: the disk has no space for them.
            CaseError: the case is not pending, or the disk reports an error.
        """
        with self._lock(number):
            if number not in self._pending:
                raise _decided_already(number)
            self._carry(number)
            before = self._journal.read(number)
            if before is None:
                raise CaseError(f"the journal of case {number} is gone", "find out who removed it")
            known = before.manifest["frames"]
            self._space.ensure(_size(photos))
            manifest = {**before.manifest, "frames": [*known, *self._records(number, photos, len(known))]}
            if reports:
                manifest["radar_reports"] = [report_record(report) for report in reports]
            try:
                self._journal.write(number, JournalFile(manifest, (*before.packets, *packets)), photos, len(known))
            except OSError as error:
                raise disk_refusal(error) from None

    def read_journal(self, number: int) -> JournalFile | None:
        """What the journal holds of a pending case; None if there is no such case, or its file is gone or damaged.

        Raises:
            CaseError: the disk refuses the files of a case that the intake holds.
        """
        with self._lock(number):
            self._carry(number)
            return self._read_journal(number)

    def _read_journal(self, number: int) -> JournalFile | None:
        try:
            return self._journal.read(number) if number in self._pending else None
        except CaseError as error:
            log.error("%s; without it the case is decided without packets", error)
            return None

    def read_pending(self, number: int) -> JournalFile:
        """What is known of a pending case. Without its journal file it is known from the database, without packets.

        Raises:
            NoSuchCase: there is no case with that number.
            CaseError: the case is decided already.
        """
        self._require_pending(number)
        with self._lock(number):
            return self._journalled(number)

    def _require_pending(self, number: int) -> None:
        self.catch_up()
        if number in self._behind:
            raise CaseError(f"the database refuses case {number}", "it is tried again; if that goes on, check the disk")
        if case_state(self._database, number) != State.PENDING:
            raise _decided_already(number)

    def _journalled(self, number: int) -> JournalFile:
        """What is known of a pending case; the caller has its lock."""
        if (file := self._read_journal(number)) is not None:
            return file
        log.error("the journal of case %d is gone, its packets with it", number)
        return JournalFile(read_filed_manifest(self._database, number), ())

    def states(self) -> dict[int, str]:
        """The state of every case there ever was, by number: pending, decided, or purged."""
        self.catch_up()
        return {**case_states(self._database), **dict.fromkeys(sorted(self._behind), str(State.PENDING))}

    def enter_decided(self, number: int, decision: Decision) -> Case:
        """Write the verdict of a pending case to the database and erase its journal file.

        Raises:
            NoSuchCase: there is no case with that number.
            CaseError: the case is decided already.
            EvidenceError: the chain does not continue what this unit wrote.
        """
        portrait = decision.driver.portrait if decision.driver else b""
        self._require_pending(number)
        with self._lock(number):
            filed = self._journalled(number)
            self._pending.discard(number)  # nothing is added from here on
        try:
            manifest = decided_manifest(filed.manifest, decision, time.time())
            give_way(self._folder)
            self._kept.keep(number, decision)
            with self._chain.extending(self._database):
                case = insert_decided(self._database, manifest, portrait, self._signer)
        except BaseException as error:
            self._pending.add(number)
            if isinstance(error, OSError):
                raise disk_refusal(error) from None
            raise
        self._to_erase.add(number)
        self.erase_decided()
        return case

    def note(self, kind: str, content: dict[str, object]) -> int:
        """Enter something about the unit itself, as *kind*; returns the number of the entry.

        Raises:
            EvidenceError: the chain does not continue what this unit wrote.
        """
        give_way(self._folder)
        with self._chain.extending(self._database):
            return insert_note(self._database, kind, content, self._signer)

    def newest_note(self, kind: str) -> dict[str, object] | None:
        """What the newest entry of *kind* about the unit itself says; None if there is none."""
        return newest_note(self._database, kind)

    def housekeep(self) -> None:
        """Catch up, look at what others added, erase what decided and judged cases need no more, remember the head."""
        self.catch_up()
        self._intake.tidy()
        self._chain.watch(self._database)
        self._kept.erase_judged(self._database)
        self.erase_decided()
        self.remember()

    def remember(self) -> bool:
        """Remember the head once it is safe from a power cut, which may tear the WAL: the chain never falls behind it.

        Returns:
            False if it is to be tried again.
        """
        before, done = self._chain.remembered, False
        give_way(self._folder)
        try:
            done = self._chain.remember(self._database)
        except (sqlite3.Error, OSError, CaseError) as error:
            log.warning("the head of the chain could not be remembered yet: %s", error)
        if self._on_head is not None and self._chain.remembered != before:
            self._on_head()
        return done

    def erase_decided(self) -> None:
        """Erase the journal files of decided cases once their verdicts are out of the WAL; else try again later."""
        try:
            if not self._checkpoints.empty():
                return
            for number in giving_way(self._folder, sorted(self._to_erase)):
                with self._lock(number):
                    self._intake.clear(number)
                    self._journal.erase(number)
                self._to_erase.discard(number)
        except (sqlite3.Error, OSError) as error:
            log.warning("the journal of %d decided cases could not be removed yet: %s", len(self._to_erase), error)

    def _lock(self, number: int) -> threading.Lock:
        return self._locks[number % LOCKS]

    def _recover(self) -> None:
        """Finish what the last end interrupted."""
        states = case_states(self._database)
        journalled = self._journal.numbers()
        for number in self._intake.numbers():
            if number in states or number in journalled:
                self._clear_or_renumber(number, states, journalled)
        journalled = sorted({*journalled, *self._intake.numbers()})
        self._next = max([0, *states, *journalled]) + 1
        self._behind = {number for number in journalled if number not in states}
        self._to_erase = {number for number in journalled if states.get(number) == State.DECIDED}
        if self._behind:
            log.warning("%d cases of the journal were not in the database: entering them", len(self._behind))
        self.carry_over()
        for number in self._behind:
            self._journal.read(number)  # raises if it is damaged: only the journal holds this case
        self._pending = {number for number, state in states.items() if state == State.PENDING} | self._behind
        self.catch_up()
        self.erase_decided()
        self._journal.sweep({number for number, state in states.items() if state != PURGED})
        self._intake.begin(self._space.free_bytes() - self._space.reserve_bytes)

    def _clear_or_renumber(self, number: int, states: dict[int, str], journalled: list[int]) -> None:
        """A record's number is taken: by its own case, or by one that a program without an intake filed meanwhile.

        Of its own case it is cleared: the end came before that. Else its case gets the next number.

        Raises:
            CaseError: a case that only the journal holds is damaged.
        """
        record = self._intake.waiting(number)
        assert record is not None
        trigger = filed_content(record.document)["trigger"]
        for other in sorted({*states, *journalled}):
            if other < number:
                continue
            filed = self._filed(other, states.get(other))
            if (other == number) if filed is None else (filed["trigger"] == trigger):
                self._journal.sync(other)
                self._intake.kept(number)
                self._clear(number)
                return
        new = max(*states, *journalled, *self._intake.numbers()) + 1
        log.warning("another case has the number of case %d, which the intake holds: it becomes case %d", number, new)
        document = self._journal.renumbered(record.document, new)
        self._intake.renumber(number, IntakeRecord(new, document, record.photos))

    def _filed(self, number: int, state: str | None) -> Manifest | None:
        """What database or journal hold of the filing of a case; None if that is purged or gone."""
        if state is None:
            file = self._journal.read(number)
            return file.manifest if file else None
        return None if state == PURGED else read_filed_manifest(self._database, number)

    def catch_up(self) -> None:
        """Enter the cases that only intake or journal hold, in order. They are safe while the database refuses them."""
        for number in sorted(self._behind):
            refused = FILES_REFUSED
            try:
                with self._lock(number):
                    self._carry(number)
                    file = self._journal.read(number)
                refused = DATABASE_REFUSED
                give_way(self._folder)
                if file is not None:
                    with self._chain.extending(self._database):
                        insert_filed(self._database, file.manifest, self._signer)
            except (sqlite3.Error, OSError, CaseError) as error:
                if not self._refused:
                    log.error("case %d is safe, and cannot be entered in the database yet: %s", number, error)
                self._refused = refused
                return
            self._behind.discard(number)
        self._refused = ""

    def _records(self, number: int, photos: Sequence[Photo], first: int) -> list[Record]:
        names = self._journal.names(number, first, len(photos))
        return [photo_record(name, photo) for name, photo in zip(names, photos, strict=True)]


def _decided_already(number: int) -> CaseError:
    return CaseError(f"case {number} is decided already", "leave it as it is, a verdict is written once")


def _size(photos: Sequence[Photo]) -> int:
    return sum(len(photo.jpeg) for photo in photos)
