"""Cases: filed at the trigger, decided once, reviewed, exported, and purged when their retention period is over.

    evidence    the rules: manifests, the chain of entries, signatures, verification
    storage     the files of a store, and the only code that writes them
    acts        what officers do beyond one case: requests for a second officer, lists and searches
    report      the PDF report, the letter to the keeper, redacted photos
    statistics  counts for publication

``audit``, ``backup`` and ``export`` are imported from their own modules: the first two have functions of the same name,
and the third loads ReportLab.
"""

from edge.cases.acts.agreement import Agreement
from edge.cases.acts.claims import write_claims
from edge.cases.acts.requests import JUDGEMENTS, LONGEST_DAYS, USUAL_DAYS, ActingOfficer, Action, Request, RequestState
from edge.cases.acts.searches import record_list, terms_of
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
from edge.cases.retention import RetentionPolicy, purge
from edge.cases.review import record
from edge.cases.statistics import BIN_KMH, WEEKDAYS, Statistics, statistics_of
from edge.cases.storage import (
    Carried,
    ChainSession,
    DiskSpace,
    Outbox,
    StateFolder,
    TimeStamps,
    be_prompt,
    carried_out,
    clock_state,
    examine,
    keep_order,
    kept_order,
)
from edge.cases.storage.trusted_time import believe_clock
from edge.cases.store import CaseStore
from edge.cases.views import (
    FOLLOW_UPS,
    HOLDS,
    MAY_WAIT,
    OF_REQUESTS,
    REVIEWS,
    CaseFilter,
    CaseSummary,
    Enclosure,
    Event,
    EventKind,
    Order,
    Progress,
    SelfCheck,
    Standing,
    UnitStatus,
    counting,
    unwatched,
    waiting,
)

__all__ = [
    "BIN_KMH",
    "FOLLOW_UPS",
    "HOLDS",
    "JUDGEMENTS",
    "LONGEST_DAYS",
    "MAY_WAIT",
    "OF_REQUESTS",
    "REVIEWS",
    "USUAL_DAYS",
    "WEEKDAYS",
    "ActingOfficer",
    "Action",
    "Agreement",
    "Archive",
    "Carried",
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
    "Progress",
    "Request",
    "RequestState",
    "RetentionPolicy",
    "SelfCheck",
    "Signer",
    "Standing",
    "StateFolder",
    "Statistics",
    "TimeStamps",
    "UnitStatus",
    "be_prompt",
    "believe_clock",
    "carried_out",
    "case_of",
    "check_package",
    "clock_state",
    "correction",
    "counting",
    "create_signing_key",
    "examine",
    "keep_order",
    "kept_order",
    "known_plate",
    "load_signer",
    "name_follows",
    "parse_checkpoint",
    "purge",
    "record",
    "record_list",
    "standing_words",
    "statistics_of",
    "terms_of",
    "to_basis",
    "to_case",
    "unwatched",
    "waiting",
    "write_claims",
]
