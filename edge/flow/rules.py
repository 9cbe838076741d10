"""What the flow has to know of the unit's settings, and the rules that follow from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from edge.identify import ANY_FORMAT, Formats, Lens, Thresholds
from edge.law import NO_DEDUCTION, Profile, assess
from edge.model import Assessment, Basis, Packet, Trigger, is_infringement

B = TypeVar("B", bound=str)
NS = 1_000_000_000
OPENINGS_PER_UID = 16
"""Packets of one uid and window that are filed and opened, each some milliseconds of a processor."""
SEALED_OPENINGS = 256
"""The same for packets whose uid is sealed, of all cars: more than pass a unit in a window. Finding out which chip each
is of, and that its signature is none, takes 0.5 ms of a processor."""
CASE_SEALED_OPENINGS = 2 * SEALED_OPENINGS
"""The same for a whole case: those that were there at the edge, and as many that come after it."""
REPORTS_S = 2.0
"""The radar's own lines this near to the edge are kept with the case."""
FILING_GRACE_S = 1.0
"""A trigger is filed, with the packets of its window, at most this long after the radar's edge."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Times in seconds, speeds in km/h.

    ``site`` goes into each case, a line or a table. ``promises_speed``: an infringement needs a measured speed;
    otherwise the radar's pin alone says that there is one. A speed above ``max_speed_kmh`` is none. ``profile`` says
    what the law deducts from a measured speed, ``tolerance_kmh`` what the authority leaves beyond that.
    ``names_drivers`` is False for a unit that only observes. ``certified_utc`` is from when until when the instrument's
    certificate counts, in seconds since the epoch. With a ``lens`` the photos have to bear out the radar.
    """

    site: str | Mapping[str, object]
    limit_kmh: float
    tolerance_kmh: float
    window_before_s: float
    window_after_s: float
    frames_per_case: int
    pre_trigger_frames: int
    thresholds: Thresholds
    formats: Formats = ANY_FORMAT
    promises_speed: bool = True
    max_speed_kmh: float = math.inf
    names_drivers: bool = True
    profile: Profile = NO_DEDUCTION
    lens: Lens | None = None
    certified_utc: tuple[float, float] = (-math.inf, math.inf)

    def assessment(self, trigger: Trigger) -> Assessment | None:
        """What the law makes of the speed of *trigger*; None where no possible speed was measured."""
        speed_kmh = trigger.speed_kmh
        if (
            trigger.source == "test"
            or trigger.impossible
            or speed_kmh is None
            or not 0 <= speed_kmh <= self.max_speed_kmh
        ):
            return None
        return assess(speed_kmh, self.limit_kmh, self.profile)

    def basis(self, trigger: Trigger) -> Basis | None:
        """What *trigger* is; None, and no case, if what remains of its speed is within limit and tolerance."""
        basis = self._measured(trigger)
        return None if basis is None else self.restrained(basis, trigger.at_utc)

    def restrained(self, basis: B, at_utc: float) -> B | Basis:
        """*basis*, or why an infringement of that time names nobody: the unit observes, or has no valid certificate."""
        if not is_infringement(basis):
            return basis
        if not self.names_drivers:
            return Basis.OBSERVED
        return basis if self.certified_utc[0] <= at_utc < self.certified_utc[1] else Basis.NO_CERTIFICATE

    def _measured(self, trigger: Trigger) -> Basis | None:
        if trigger.source == "test":
            return Basis.TEST
        if (assessment := self.assessment(trigger)) is not None:
            return Basis.MEASURED if assessment.excess_kmh > self.tolerance_kmh else None
        if trigger.impossible or trigger.speed_kmh is not None:
            return Basis.IMPOSSIBLE_SPEED  # a NaN as well
        return Basis.NO_SPEED if self.promises_speed else Basis.SIGNALLED

    def window_ns(self, trigger: Trigger) -> tuple[int, int]:
        """First and last monotonic nanosecond at which a packet counts for *trigger*."""
        at = trigger.at_monotonic_ns
        return at - round(self.window_before_s * NS), at + round(self.window_after_s * NS)

    def is_past(self, packet: Packet, now_ns: int) -> bool:
        """Whether no trigger from *now_ns* on, nor one that is being filed, can have *packet* in its window."""
        return packet.received_monotonic_ns < now_ns - round((self.window_before_s + FILING_GRACE_S) * NS)
