"""What officers of the centre see: cases of all units, each look in the centre's own chain first; and verification."""

from centre.records.finding import MOST_ROWS, Found, Terms
from centre.records.journal import Officer, enter, read_journal
from centre.records.licences import (
    CERTIFIED,
    ENROLLED,
    LISTED,
    REMOVED,
    REPLACED,
    REVOKED,
    Act,
    acts_on,
    enter_act,
)
from centre.records.looking import Exported, export_case, show_case
from centre.records.ordering import draft_order, purge_of_month, sign_order, withdraw_order
from centre.records.rights import Account, Right, add_officer, end_officer, list_officers, refuse, rights_of
from centre.records.searching import Search, list_cases, searched
from centre.records.stamping import Stamp, StampedDay, export_stamp, stamp_heads, stamped_days
from centre.records.verifying import Verified, verify_journal, verify_units

__all__ = [
    "CERTIFIED",
    "ENROLLED",
    "LISTED",
    "MOST_ROWS",
    "REMOVED",
    "REPLACED",
    "REVOKED",
    "Account",
    "Act",
    "Exported",
    "Found",
    "Officer",
    "Right",
    "Search",
    "Stamp",
    "StampedDay",
    "Terms",
    "Verified",
    "acts_on",
    "add_officer",
    "draft_order",
    "end_officer",
    "enter",
    "enter_act",
    "export_case",
    "export_stamp",
    "list_cases",
    "list_officers",
    "purge_of_month",
    "read_journal",
    "refuse",
    "rights_of",
    "searched",
    "show_case",
    "sign_order",
    "stamp_heads",
    "stamped_days",
    "verify_journal",
    "verify_units",
    "withdraw_order",
]
