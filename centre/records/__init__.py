"""What officers of the centre see: cases of all units, each look in the centre's own chain first; and verification."""

from centre.records.journal import enter, read_journal
from centre.records.looking import Officer, export_case, list_cases, show_case
from centre.records.verifying import Verified, verify_journal, verify_units

__all__ = [
    "Officer",
    "Verified",
    "enter",
    "export_case",
    "list_cases",
    "read_journal",
    "show_case",
    "verify_journal",
    "verify_units",
]
