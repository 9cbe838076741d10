"""Values that describe cases to readers: rows of a list, filters, officers' events, the state of the unit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from edge.model import Basis, Outcome, SpeedUnit, State, is_infringement

Progress = Callable[[str, int, int], None]
"""Told of long work: what is done, how many of them are, and how many there are. What it raises ends the work."""
Item = TypeVar("Item")


def unwatched(_stage: str, _done: int, _total: int) -> None:
    """The progress that nobody watches."""


def watched(stage: str, items: Iterable[Item], total: int, progress: Progress) -> Iterator[Item]:
    """*items*, of which *progress* is told as *stage*, each when it is done."""
    progress(stage, 0, total)
    for done, item in enumerate(items, 1):
        yield item
        progress(stage, done, total)


class EventKind(StrEnum):
    """What officers can do with a case. Each event is a new entry of the chain; none changes an earlier one."""

    CONFIRM = "confirm"
    CONFIRM_VEHICLE = "confirm_vehicle"
    SET_NAME_ASIDE = "set_name_aside"
    DISMISS = "dismiss"
    CORRECT_PLATE = "correct_plate"
    VIEW = "view"
    EXPORT = "export"
    HOLD = "hold"
    RELEASE = "release"
    KEEPER_ASKED = "keeper_asked"
    DRIVER_NAMED = "driver_named_by_keeper"
    CLOSED = "closed"
    REQUEST = "request"
    AGREE = "agree"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


OF_THE_VEHICLE = frozenset({EventKind.CONFIRM_VEHICLE, EventKind.SET_NAME_ASIDE})
"""What confirms the infringement of the vehicle alone: its name fell with the plate, or it is set aside by that."""
CONFIRMS = frozenset({EventKind.CONFIRM}) | OF_THE_VEHICLE
"""What makes a case final: the verdict as it stands, or the infringement of the vehicle alone."""
REVIEWS = CONFIRMS | {EventKind.DISMISS, EventKind.CORRECT_PLATE}
"""The kinds that are an officer's judgement; the newest one that nobody withdrew is the case's ``review``."""
HOLDS = frozenset({EventKind.HOLD, EventKind.RELEASE})
"""An appeal or a trial: while the newest of these is a hold the case is not purged."""
OF_REQUESTS = frozenset({EventKind.REQUEST, EventKind.AGREE, EventKind.REFUSE})
"""What one officer asks for, and a second one's answer (:mod:`edge.cases.acts.requests`)."""
MAY_WAIT = REVIEWS | {EventKind.WITHDRAW}
"""Judgements, and the withdrawal of one: where two officers judge, these wait for the second one."""

FOLLOW_UPS = frozenset({EventKind.KEEPER_ASKED, EventKind.DRIVER_NAMED, EventKind.CLOSED})
"""What became of a case in which the unit names nobody, in the ordinary way: by the vehicle's registered keeper."""


class Standing(StrEnum):
    """What a case is besides its outcome: one list each."""

    NO_INFRINGEMENT = "no_infringement"
    TO_BE_CONFIRMED = "to_be_confirmed"
    TO_BE_CHECKED = "to_be_checked"


class Order(StrEnum):
    """How a list of cases is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    FASTEST = "fastest"
    PLATE = "plate"
    DRIVER = "driver"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to list; the default is all cases that were not purged.

    ``text`` is searched in plate, corrected plate and the driver's name where it stands, or is a case number;
    ``review`` is a kind of :data:`REVIEWS`, ``"open"`` for cases without a judgement, or ``"waiting"`` for those with
    one that waits for a second officer; ``since_utc`` and ``until_utc`` bound the trigger's time in seconds since the
    epoch (``until_utc`` excluded). ``standing`` selects cases that are no infringement, or that an officer has
    to confirm or to check.
    ``follow_up`` is a kind of :data:`FOLLOW_UPS`, the newest of the case, or ``"open"`` for infringements of which
    nobody is named and that are not closed.
    """

    text: str = ""
    state: State | None = None
    outcome: Outcome | None = None
    review: str | None = None
    since_utc: float | None = None
    until_utc: float | None = None
    standing: Standing | None = None
    follow_up: str | None = None


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One row of a list; speeds in km/h, ``at_utc`` in seconds since the epoch; ``review`` is the newest judgement.

    ``remaining_kmh`` is what the law leaves of the measured speed. ``basis`` is as in :class:`edge.model.Case`;
    ``is_to_be_confirmed``: the driver is not the registered keeper; ``is_held``: it is kept for an appeal;
    ``is_to_be_checked``: the photos do not bear out the radar. ``follow_up`` is the newest kind of
    :data:`FOLLOW_UPS`, if there is one; ``waiting``: the judgement that waits for a second officer, if one does.
    ``speed_unit`` is what the law counts in. ``name_set_aside``: an officer did not believe that the named driver
    drove.
    """

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
    basis: Basis | str | None = None
    is_to_be_confirmed: bool = False
    remaining_kmh: float | None = None
    is_held: bool = False
    is_to_be_checked: bool = False
    follow_up: str | None = None
    waiting: str | None = None
    speed_unit: SpeedUnit = SpeedUnit.KMH
    name_set_aside: bool = False

    @property
    def is_infringement(self) -> bool:
        """Whether the trigger was an infringement."""
        return is_infringement(self.basis)


WITH = ", with "
"""Between the names of two officers who did something together."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that an officer did with a case; ``signed`` says whether the unit has signed its entry.

    ``officer`` names both, with :data:`WITH` between them, where two were needed. ``action`` is what a request asks
    for, until ``until_utc`` (seconds since the epoch); ``request`` is the entry of the request that was answered or
    fulfilled; ``judgement`` is the entry of the judgement that is withdrawn.
    """

    seq: int
    kind: EventKind
    at_utc: float
    officer: str
    reason: str
    plate: str | None = field(repr=False)
    signed: bool
    action: str = ""
    request: int = 0
    until_utc: float = 0.0
    judgement: int = 0


def counting(events: Iterable[Event]) -> tuple[Event, ...]:
    """The judgements among the *events* of a case that nobody withdrew, the oldest first: the last one counts."""
    events = tuple(events)
    withdrawn = {event.judgement for event in events if event.kind is EventKind.WITHDRAW}
    return tuple(event for event in events if event.kind in REVIEWS and event.seq not in withdrawn)


def set_aside(events: Iterable[Event]) -> Event | None:
    """The newest judgement among *events* that set the name aside and that nobody withdrew; None if there is none."""
    found = [event for event in counting(events) if event.kind is EventKind.SET_NAME_ASIDE]
    return found[-1] if found else None


def waiting(events: Sequence[Event]) -> str | None:
    """The judgement that waits for a second officer after *events* of a case, the oldest first; None if none does."""
    answered = {event.request for event in events if event.kind in (EventKind.AGREE, EventKind.REFUSE)}
    asked = [event for event in events if event.kind is EventKind.REQUEST and event.action in MAY_WAIT]
    left = [event for event in asked if event.seq not in answered and event.until_utc > time.time()]
    return left[-1].action if left else None


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """One look of the unit at its test photo: the number of its entry, its time, and whether all was read as it is."""

    seq: int
    at_utc: float
    good: bool


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The unit's self-checks around a case: the last one before it was filed, the first one after it was decided."""

    before: SelfCheck | None = None
    after: SelfCheck | None = None

    @property
    def holds(self) -> bool:
        """Whether the case lies between two good ones."""
        return self.before is not None and self.before.good and self.after is not None and self.after.good

    @property
    def says(self) -> str:
        """The state of both, an English sentence part."""
        before = "none before" if self.before is None else f"{'good' if self.before.good else 'failed'} before"
        after = "not yet after" if self.after is None else f"{'good' if self.after.good else 'failed'} after"
        return f"{before}, {after}"


@dataclass(frozen=True, slots=True)
class UnitNote:
    """The newest thing of its kind that the unit said of itself before a case: start, settings, software, clock.

    ``changed`` names what differs from the entry of that kind before; None where there was none. ``step_s`` is by how
    many seconds the clock was set.
    """

    kind: str
    at_utc: float
    changed: tuple[str, ...] | None = None
    step_s: float = 0.0


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """The state of the unit, as its state folder shows it.

    ``daemon_alive``: a daemon uses the store. ``chain``: one sentence on the chain. ``chain_ok``: the newest entry has
    the hash that it should have. ``unsigned``: entries that wait for the unit's signature.
    """

    daemon_alive: bool
    chain: str
    chain_ok: bool
    unsigned: int
    cases: int
    pending: int
    free_bytes: int
    total_bytes: int
