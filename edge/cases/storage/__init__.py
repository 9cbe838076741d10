"""The files of a store, and all code that writes them: photos, journal, database, lock (edge.cases.storage.writer)."""

from edge.cases.storage.checked import CheckedCase, CheckedEntry, read_checked, read_checked_entries, read_notes_before
from edge.cases.storage.clock import clock_state
from edge.cases.storage.continuation import newest_key
from edge.cases.storage.database import connect, open_to_read, write_transaction
from edge.cases.storage.durable import GROUP_READS, erase, make_folder, sync_file, sync_tree, write_durably
from edge.cases.storage.entries import (
    PURGED,
    append_entry,
    case_state,
    insert_event,
    last_entry,
    read_links,
    replace_with_tombstone,
)
from edge.cases.storage.examine import examine, is_signed
from edge.cases.storage.head import Head, read_head
from edge.cases.storage.journal import Journal, JournalFile
from edge.cases.storage.layout import CLAIMS, JOURNAL, StateFolder
from edge.cases.storage.leaving import LeavingCase, bring_back, let_leave, may_leave, photos_left, remove_left
from edge.cases.storage.lock import is_locked, take_lock
from edge.cases.storage.ordered import Carried, CarriedOrder, carried_out, is_held_by_centre, keep_order, kept_order
from edge.cases.storage.outbox import Outbox, delivered_whole
from edge.cases.storage.package import PackageWriter
from edge.cases.storage.promptness import be_first, be_prompt
from edge.cases.storage.proofs import chain_file, entries_for
from edge.cases.storage.right_of_way import RightOfWay, give_way, giving_way, pauses
from edge.cases.storage.signatures import rotate_signing_key
from edge.cases.storage.space import DiskSpace
from edge.cases.storage.standing import FOLLOW_UP, HELD, NAME_SET_ASIDE, WAITING, follow_up_of, is_held
from edge.cases.storage.timestamp import TimeStamps
from edge.cases.storage.tree import ChainTree
from edge.cases.storage.trusted_time import believe_clock, trust_clock
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.storage.withdrawals import counting_judgement, insert_withdrawal, judged_by_two
from edge.cases.storage.witness import Witness, newest_checkpoint
from edge.cases.storage.writer import Writer

__all__ = [
    "CLAIMS",
    "FOLLOW_UP",
    "GROUP_READS",
    "HELD",
    "JOURNAL",
    "NAME_SET_ASIDE",
    "PURGED",
    "WAITING",
    "Carried",
    "CarriedOrder",
    "ChainSession",
    "ChainTree",
    "CheckedCase",
    "CheckedEntry",
    "DiskSpace",
    "Head",
    "Journal",
    "JournalFile",
    "LeavingCase",
    "Outbox",
    "PackageWriter",
    "RightOfWay",
    "StateFolder",
    "TimeStamps",
    "Witness",
    "Writer",
    "append_entry",
    "be_first",
    "be_prompt",
    "believe_clock",
    "bring_back",
    "carried_out",
    "case_state",
    "chain_file",
    "clock_state",
    "connect",
    "counting_judgement",
    "delivered_whole",
    "entries_for",
    "erase",
    "examine",
    "follow_up_of",
    "give_way",
    "giving_way",
    "insert_event",
    "insert_withdrawal",
    "is_held",
    "is_held_by_centre",
    "is_locked",
    "is_signed",
    "judged_by_two",
    "keep_order",
    "kept_order",
    "last_entry",
    "let_leave",
    "make_folder",
    "may_leave",
    "newest_checkpoint",
    "newest_key",
    "open_to_read",
    "pauses",
    "photos_left",
    "read_checked",
    "read_checked_entries",
    "read_head",
    "read_links",
    "read_notes_before",
    "remove_left",
    "replace_with_tombstone",
    "rotate_signing_key",
    "sync_file",
    "sync_tree",
    "take_lock",
    "trust_clock",
    "write_durably",
    "write_transaction",
]
