"""What the flow has to know of the unit's settings, and the rules that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

from edge.identify import ANY_FORMAT, Formats, Thresholds
from edge.model import Packet, Trigger

NS = 1_000_000_000
FILING_GRACE_S = 1.0
"""A trigger is filed, with the packets of its window, at most this long after the radar's edge."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Times in seconds, speeds in km/h."""

    site: str
    limit_kmh: float
    tolerance_kmh: float
    window_before_s: float
    window_after_s: float
    frames_per_case: int
    pre_trigger_frames: int
    thresholds: Thresholds
    formats: Formats = ANY_FORMAT

    def is_infringement(self, trigger: Trigger) -> bool:
        """Whether the measured speed is above the limit and its tolerance; a trigger without a speed always counts."""
        return trigger.speed_kmh is None or trigger.speed_kmh > self.limit_kmh + self.tolerance_kmh

    def window_ns(self, trigger: Trigger) -> tuple[int, int]:
        """First and last monotonic nanosecond at which a packet counts for *trigger*."""
        at = trigger.at_monotonic_ns
        return at - round(self.window_before_s * NS), at + round(self.window_after_s * NS)

    def is_past(self, packet: Packet, now_ns: int) -> bool:
        """Whether no trigger from *now_ns* on, nor one that is being filed, can have *packet* in its window."""
        return packet.received_monotonic_ns < now_ns - round((self.window_before_s + FILING_GRACE_S) * NS)
