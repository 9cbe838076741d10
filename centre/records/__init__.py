"""What officers of the centre see: cases of all units, each look in the centre's own chain first; and verification."""

from centre.records.journal import Officer, enter, read_journal
from centre.records.looking import export_case, show_case
from centre.records.ordering import draft_order, purge_of_month, sign_order, withdraw_order
from centre.records.searching import Search, Terms, list_cases, searched
from centre.records.stamping import Stamp, StampedDay, export_stamp, stamp_heads, stamped_days
from centre.records.verifying import Verified, verify_journal, verify_units

__all__ = [
    "Officer",
    "Search",
    "Stamp",
    "StampedDay",
    "Terms",
    "Verified",
    "draft_order",
    "enter",
    "export_case",
    "export_stamp",
    "list_cases",
    "purge_of_month",
    "read_journal",
    "searched",
    "show_case",
    "sign_order",
    "stamp_heads",
    "stamped_days",
    "verify_journal",
    "verify_units",
    "withdraw_order",
]
