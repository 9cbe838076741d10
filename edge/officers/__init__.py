"""The officers' service: officers' programs ask it for cases, and it reads, checks, writes and signs for them.

    desk       what an officers' program can ask for, and the values it gets: the one interface
    accounts   who asks, as the operating system vouches for it
    office     the rules: what is recorded before anything is shown, and what is refused
    looks      how long a look lasts, and how much an account may record
    second     what needs a second officer
    wire       values as JSON, errors as problems; openapi.json describes the whole
    server     HTTP over a Unix socket: who connects, how much at once
    streams    answers that take long, and slow readers
    client     a desk at the other end of that socket
    own        a desk on a store of one's own account, without a socket
    choose     which of both a command line means
    language   which language is spoken, and the words of the commands

The viewer and the commands know :class:`Desk` and :func:`open_desk` alone. The service is a process of its own: a
stopped camera does not hide the cases, and officers' load does not delay the filing of one.
"""

from edge.cases import (
    CONFIRMS,
    OF_REQUESTS,
    REVIEWS,
    WITH,
    CaseFilter,
    CaseSummary,
    Enclosure,
    Event,
    EventKind,
    Order,
    Standing,
    UnitStatus,
    counting,
    known_plate,
    name_follows,
    waiting,
)
from edge.law import in_unit, limit_words, speed_words, spread_in_unit
from edge.officers.choose import add_where, open_desk
from edge.officers.desk import Desk, Judged, Listing, OpenCase
from edge.officers.language import locale_of

__all__ = [
    "CONFIRMS",
    "OF_REQUESTS",
    "REVIEWS",
    "WITH",
    "CaseFilter",
    "CaseSummary",
    "Desk",
    "Enclosure",
    "Event",
    "EventKind",
    "Judged",
    "Listing",
    "OpenCase",
    "Order",
    "Standing",
    "UnitStatus",
    "add_where",
    "counting",
    "in_unit",
    "known_plate",
    "limit_words",
    "locale_of",
    "name_follows",
    "open_desk",
    "speed_words",
    "spread_in_unit",
    "waiting",
]
