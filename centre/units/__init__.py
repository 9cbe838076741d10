"""Who may deliver: enrolment by a one-time code, login by signature, suspension and revocation, alarms."""

from centre.units.alarms import AlarmKind, close_alarm, open_alarms, raise_alarm
from centre.units.enrolment import UnitState, add_unit, change_state, join, list_units
from centre.units.login import Visitor, challenge, forget_old, log_in, refusal, visitor_of
from centre.units.reported import Reported, reported
from centre.units.signers import add_signer, current_signers, end_signer, list_signers

__all__ = [
    "AlarmKind",
    "Reported",
    "UnitState",
    "Visitor",
    "add_signer",
    "add_unit",
    "challenge",
    "change_state",
    "close_alarm",
    "current_signers",
    "end_signer",
    "forget_old",
    "join",
    "list_signers",
    "list_units",
    "log_in",
    "open_alarms",
    "raise_alarm",
    "refusal",
    "reported",
    "visitor_of",
]
