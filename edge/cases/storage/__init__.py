"""The files of a store: the only room that writes them. Journal first, then the database; see :mod:`.writer`."""

from edge.cases.storage.clock import clock_state
from edge.cases.storage.database import open_to_read, write_transaction
from edge.cases.storage.entries import append_entry, last_entry
from edge.cases.storage.journal import Journal, JournalFile
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import is_locked, take_lock
from edge.cases.storage.signatures import rotate_signing_key
from edge.cases.storage.space import DiskSpace
from edge.cases.storage.writer import Writer

__all__ = [
    "DiskSpace",
    "Journal",
    "JournalFile",
    "StateFolder",
    "Writer",
    "append_entry",
    "clock_state",
    "is_locked",
    "last_entry",
    "open_to_read",
    "rotate_signing_key",
    "take_lock",
    "write_transaction",
]
