"""What officers of the centre see: cases of all units, each look in the centre's own chain first; and verification."""

from centre.records.journal import Officer, enter, read_journal
from centre.records.looking import export_case, show_case
from centre.records.searching import Search, Terms, list_cases, searched
from centre.records.verifying import Verified, verify_journal, verify_units

__all__ = [
    "Officer",
    "Search",
    "Terms",
    "Verified",
    "enter",
    "export_case",
    "list_cases",
    "read_journal",
    "searched",
    "show_case",
    "verify_journal",
    "verify_units",
]
