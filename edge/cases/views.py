"""What is said about cases beyond :mod:`edge.model`: rows of a list, filters, events, the state of the unit."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from edge.model import Outcome, State


class EventKind(StrEnum):
    """What can happen to a case after its verdict. Every one is a chained entry, none edits anything."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"
    CORRECT_PLATE = "correct_plate"
    VIEW = "view"
    EXPORT = "export"


REVIEWS = frozenset({EventKind.CONFIRM, EventKind.DISMISS, EventKind.CORRECT_PLATE})
"""The kinds that are an officer's judgement; the last one is the case's ``review``."""


class Order(StrEnum):
    """How a list of cases is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    FASTEST = "fastest"
    PLATE = "plate"
    DRIVER = "driver"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to list; the default is all that were not purged.

    ``text`` is looked for in plate, corrected plate and driver's name, or is a case number; ``review`` is a kind of
    :data:`REVIEWS` or ``"open"`` for cases nobody has judged; ``since_utc`` and ``until_utc`` bound the trigger's
    time in seconds since the epoch (the end excluded).
    """

    text: str = ""
    state: State | None = None
    outcome: Outcome | None = None
    review: str | None = None
    since_utc: float | None = None
    until_utc: float | None = None


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One row of a list; speeds in km/h, ``at_utc`` in seconds since the epoch; ``review`` is the last judgement."""

    number: int
    state: State
    at_utc: float
    site: str
    speed_kmh: float | None
    limit_kmh: float
    plate_text: str = field(repr=False)
    corrected_plate: str | None = field(repr=False)
    outcome: Outcome | None
    driver_name: str = field(repr=False)
    review: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something an officer did with a case; ``signed`` says whether the unit has countersigned it."""

    seq: int
    kind: EventKind
    at_utc: float
    officer: str
    reason: str
    plate: str | None = field(repr=False)
    signed: bool


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """How the unit fares, as far as the state folder tells.

    ``daemon_alive``: a daemon holds the store. ``chain``: one sentence on the chain's head. ``chain_ok``: the head is
    what its hash says. ``unsigned``: entries that wait for the unit's signature.
    """

    daemon_alive: bool
    chain: str
    chain_ok: bool
    unsigned: int
    cases: int
    pending: int
    free_bytes: int
    total_bytes: int
