"""The files of a store, and all code that writes them: photos, journal, database, lock (edge.cases.storage.writer)."""

from edge.cases.storage.clock import clock_state
from edge.cases.storage.database import connect, open_to_read, write_transaction
from edge.cases.storage.durable import make_folder, sync_file, sync_tree, write_durably
from edge.cases.storage.entries import (
    PURGED,
    append_entry,
    case_state,
    insert_event,
    last_entry,
    replace_with_tombstone,
)
from edge.cases.storage.journal import Journal, JournalFile
from edge.cases.storage.layout import JOURNAL, StateFolder
from edge.cases.storage.lock import is_locked, take_lock
from edge.cases.storage.signatures import rotate_signing_key
from edge.cases.storage.space import DiskSpace
from edge.cases.storage.writer import Writer

__all__ = [
    "JOURNAL",
    "PURGED",
    "DiskSpace",
    "Journal",
    "JournalFile",
    "StateFolder",
    "Writer",
    "append_entry",
    "case_state",
    "clock_state",
    "connect",
    "insert_event",
    "is_locked",
    "last_entry",
    "make_folder",
    "open_to_read",
    "replace_with_tombstone",
    "rotate_signing_key",
    "sync_file",
    "sync_tree",
    "take_lock",
    "write_durably",
    "write_transaction",
]
