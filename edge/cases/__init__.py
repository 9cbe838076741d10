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
    KeyFileError,
    Manifest,
    Mismatch,
    Signer,
    check_package,
    create_signing_key,
    load_signer,
    parse_checkpoint,
    to_basis,
    to_case,
    verdict_words,
)
from edge.cases.retention import RetentionPolicy
from edge.cases.review import record
from edge.cases.storage import ChainSession, DiskSpace, StateFolder, clock_state
from edge.cases.store import CaseStore
from edge.cases.views import (
    HOLDS,
    REVIEWS,
    CaseFilter,
    CaseSummary,
    Enclosure,
    Event,
    EventKind,
    Order,
    SelfCheck,
    UnitStatus,
)

__all__ = [
    "HOLDS",
    "REVIEWS",
    "Archive",
    "CaseFilter",
    "CaseStore",
    "CaseSummary",
    "ChainSession",
    "Checkpoint",
    "DiskSpace",
    "Enclosure",
    "Event",
    "EventKind",
    "KeyFileError",
    "Manifest",
    "Mismatch",
    "Order",
    "RetentionPolicy",
    "SelfCheck",
    "Signer",
    "StateFolder",
    "UnitStatus",
    "check_package",
    "clock_state",
    "create_signing_key",
    "load_signer",
    "parse_checkpoint",
    "record",
    "to_basis",
    "to_case",
    "verdict_words",
]
