"""Cases: filed at the trigger, decided once, reviewed, exported, and purged when their retention period is over.

    evidence  the rules: manifests, the chain of entries, signatures, verification
    storage   the files of a store, and the only code that writes them
    report    the PDF report

``audit``, ``backup`` and ``export`` are imported from their own modules: the first two have functions of the same name,
and the third loads ReportLab.
"""

from edge.cases.archive import Archive
from edge.cases.evidence import (
    Checkpoint,
    Correction,
    KeyFileError,
    Manifest,
    Mismatch,
    Signer,
    case_of,
    check_package,
    correction,
    create_signing_key,
    known_plate,
    load_signer,
    name_follows,
    parse_checkpoint,
    standing_words,
    to_basis,
    to_case,
)
from edge.cases.retention import RetentionPolicy
from edge.cases.review import record
from edge.cases.storage import ChainSession, DiskSpace, Outbox, StateFolder, clock_state
from edge.cases.store import CaseStore
from edge.cases.views import (
    FOLLOW_UPS,
    HOLDS,
    REVIEWS,
    CaseFilter,
    CaseSummary,
    Enclosure,
    Event,
    EventKind,
    Order,
    SelfCheck,
    Standing,
    UnitStatus,
)

__all__ = [
    "FOLLOW_UPS",
    "HOLDS",
    "REVIEWS",
    "Archive",
    "CaseFilter",
    "CaseStore",
    "CaseSummary",
    "ChainSession",
    "Checkpoint",
    "Correction",
    "DiskSpace",
    "Enclosure",
    "Event",
    "EventKind",
    "KeyFileError",
    "Manifest",
    "Mismatch",
    "Order",
    "Outbox",
    "RetentionPolicy",
    "SelfCheck",
    "Signer",
    "Standing",
    "StateFolder",
    "UnitStatus",
    "case_of",
    "check_package",
    "clock_state",
    "correction",
    "create_signing_key",
    "known_plate",
    "load_signer",
    "name_follows",
    "parse_checkpoint",
    "record",
    "standing_words",
    "to_basis",
    "to_case",
]
