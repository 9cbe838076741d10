"""Writing to the chain: by the daemon, by the officers' service and by root's commands, each a process of its own.

All of them add entries in one way, :meth:`UnitChain.extending`: in one write transaction of SQLite, which lets in one
writer at a time, the chain is checked to continue the head that this process knows, and new entries are made, signed
and inserted after the newest one. What another process of the unit wrote meanwhile carries the unit's signature.

The head in the file (:mod:`edge.cases.storage.head`) follows, once what it names is in a durable copy of the
write-ahead log, or in the database itself. It is read, compared and written inside a write transaction as well, so it
only ever moves forward; after a crash anywhere in between it is behind the chain, never ahead.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from edge.cases.evidence import KEY_KIND, Signs, key_content
from edge.cases.storage.continuation import continue_chain, newest_key
from edge.cases.storage.database import connect, ensure_store, is_busy, open_to_read, transaction
from edge.cases.storage.entries import append_entry, last_entry
from edge.cases.storage.head import BEGINNING, Head, read_head, write_head
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import StoreLock
from edge.cases.storage.right_of_way import give_way
from edge.cases.storage.wal import empty_wal, mend_wal, save_wal
from edge.errors import CaseError, EvidenceError, SecretError, why

log = logging.getLogger(__name__)

REMEMBER_S = 10.0
"""Between two times that a session remembers the head: it costs the disk some syncs, and a daemon does it oftener."""


class UnitChain:
    """The chain as one process writes it; remembers the head. For one thread at a time.

    ``problem`` is the alarm, one sentence, while the chain does not continue the head. May be read from any thread.
    """

    def __init__(self, folder: StateFolder, signer: Signs | None) -> None:
        """Go on from the head in *folder*; without *signer* nothing is checked, and entries stay unsigned.

        Raises:
            CaseError: the remembered head cannot be read.
        """
        self._folder = folder
        self._signer = signer
        self._head = self._remembered = read_head(folder)
        self.problem: str | None = None

    @property
    def remembered(self) -> Head | None:
        """The head in the file: in the database or in a copy of its log, so that no power cut takes it back."""
        return self._remembered

    @contextmanager
    def extending(self, database: sqlite3.Connection, patience_s: float | None = None) -> Iterator[None]:
        """One write transaction that adds to a chain which continues the head; waits *patience_s* for other writers.

        Raises:
            EvidenceError: it does not; nothing is written.
            sqlite3.Error: SQLite reports an error.
        """
        with transaction(database, patience_s):
            if self._signer is not None:
                self._continue(database, self._signer)
            yield
            head = _newest(database)
        if self._signer is not None:
            self._head = head

    def _continue(self, database: sqlite3.Connection, signer: Signs) -> Head:
        try:
            head = continue_chain(database, signer, self._head)
        except EvidenceError as error:
            if str(error) != self.problem:
                log.critical("%s", error)
            self.problem = str(error)
            raise
        self.problem = None
        return head

    def check_key(self, database: sqlite3.Connection) -> str | None:
        """The id of the key that signs the chain, None if there is none yet.

        Raises:
            SecretError: it is another key than this one's.
            sqlite3.Error: SQLite reports an error.
        """
        known = newest_key(database, self._head)
        if self._signer is not None and known is not None and known != self._signer.key_id:
            raise SecretError(
                f"the cases are signed with key {known}, this is {self._signer.key_id}", "put back that key file"
            )
        return known

    def begin(self, database: sqlite3.Connection) -> None:
        """Introduce the key to an empty chain.

        A chain that does not continue the head is an alarm (``problem``), not an error: the journal still takes cases.

        Raises:
            SecretError: the chain is signed with another key.
            sqlite3.Error: SQLite reports an error.
        """
        signer = self._signer
        known = self.check_key(database)
        if signer is None:
            return
        with suppress(EvidenceError), self.extending(database):
            if known is None and last_entry(database) is None:
                append_entry(database, KEY_KIND, None, key_content(signer, supersedes=None), signer=signer)

    def watch(self, database: sqlite3.Connection) -> None:
        """Look at what other processes added; what is not the unit's is an alarm, logged once. Waits for nobody.

        Raises:
            sqlite3.Error: SQLite reports an error.
        """
        if self._signer is None or (self.problem is None and self._head == _newest(database)):
            return
        try:
            with suppress(EvidenceError), self.extending(database, patience_s=0.0):
                pass
        except sqlite3.Error as error:
            if not is_busy(error):
                raise

    def unseen(self, database: sqlite3.Connection) -> int:
        """How many entries of other processes this one has not checked yet.

        Raises:
            sqlite3.Error: the database cannot be read.
        """
        return max(0, _newest(database).seq - self._head.seq) if self._head is not None else 0

    def remember(self, database: sqlite3.Connection) -> bool:
        """Write the head to its file, once a copy of the write-ahead log has all of the chain that the log has.

        Whoever reads does not keep it from that: the log is not emptied for it.

        Returns:
            False if somebody who writes prevented it: it is to be tried again.

        Raises:
            EvidenceError: the chain does not continue the head.
            OSError: the disk reports an error.
            sqlite3.Error: SQLite reports an error.
        """
        known = self._remembered
        up_to_date = self._head == known and not (known and known.earlier)
        if self._signer is None or self._head is None or self._head.earlier or up_to_date:
            return True
        try:
            with transaction(database, patience_s=0.0):
                head = self._continue(database, self._signer)
                save_wal(self._folder.database)
                known = read_head(self._folder)
                if known is None or known.earlier or known.seq < head.seq:
                    write_head(self._folder, head)
        except sqlite3.Error as error:
            if is_busy(error):
                return False
            raise
        self._head = self._remembered = Head(head.seq, head.hash)
        return True


def _newest(database: sqlite3.Connection) -> Head:
    last = last_entry(database)
    return Head(*last) if last else BEGINNING


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class ChainSession:
    """Adds to the chain of a store that exists, beside other processes; its threads take turns.

    The connection is opened at the first use. Close the session, or use it in a ``with`` statement.
    """

    def __init__(self, folder: StateFolder, signer: Signs) -> None:
        """Sign with *signer*."""
        self._folder = folder
        self._signer = signer
        self._turn = threading.Lock()
        self._lock: StoreLock | None = None
        self._database: sqlite3.Connection | None = None
        self._chain: UnitChain | None = None
        self._opened: tuple[int, int] | None = None
        self._remembered_s = 0.0

    def __enter__(self) -> ChainSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def extending(self) -> Iterator[sqlite3.Connection]:
        """One write transaction that adds to the chain; other threads and processes wait for its end.

        It begins when the unit does not file a case.

        Raises:
            EvidenceError: the chain does not continue what the unit wrote; nothing is written.
            SecretError: it is signed with another key.
            CaseError: there is no store, or it cannot be written.
        """
        with self._turn:
            try:
                database, chain = self._open()
                give_way(self._folder)
                with chain.extending(database):
                    self._require_key(database)
                    yield database
                if time.monotonic() >= self._remembered_s:
                    self._remember(database, chain)
            except (sqlite3.Error, OSError) as error:
                path = self._folder.database
                raise CaseError(
                    f"{path} cannot be written ({why(error)})", "check its permissions and the disk"
                ) from None

    def _require_key(self, database: sqlite3.Connection) -> None:
        """Refuse where the unit was stopped before it introduced its key: the key's entry has to be the first."""
        if database.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is None:
            raise CaseError(f"{self._folder.database} has no first entry yet", "start the unit once: it makes it")

    @property
    def problem(self) -> str | None:
        """One sentence while the chain does not continue what the unit wrote. May be read from any thread."""
        return self._chain.problem if self._chain is not None else None

    def close(self) -> None:
        """Remember the head, empty the write-ahead log and close the database."""
        with self._turn:
            if self._database is not None and self._chain is not None:
                self._remember(self._database, self._chain)
                with suppress(sqlite3.Error, OSError):
                    empty_wal(self._database, self._folder.database)
                self._database.close()
            self._let_go()

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._database = self._chain = self._lock = None

    def _open(self) -> tuple[sqlite3.Connection, UnitChain]:
        if self._database is not None and self._chain is not None:
            if _identity(self._folder.database) == self._opened:
                return self._database, self._chain
            self._database.close()  # another store is in its place: there is nothing of this one to write any more
            self._let_go()
        ensure_store(self._folder)
        self._lock = StoreLock(self._folder)
        try:
            with self._lock.alone() as alone:
                if alone:
                    mend_wal(self._folder.database)
            open_to_read(self._folder).close()
            database = connect(self._folder.database, for_threads=True)
            self._opened = _identity(self._folder.database)
            try:
                chain = UnitChain(self._folder, self._signer)
                chain.check_key(database)
            except BaseException:
                database.close()
                raise
        except BaseException:
            self._lock.release()
            self._lock = None
            raise
        self._database, self._chain = database, chain
        return database, chain

    def _remember(self, database: sqlite3.Connection, chain: UnitChain) -> None:
        self._remembered_s = time.monotonic() + REMEMBER_S
        try:
            empty_wal(database, self._folder.database)
            give_way(self._folder)
            chain.remember(database)
        except (sqlite3.Error, OSError, CaseError) as error:
            log.warning("the head of the chain could not be remembered yet: %s", error)
