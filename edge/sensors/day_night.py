"""Day or night by the measured light, without flicker at dusk."""

from __future__ import annotations

from typing import Literal

Profile = Literal["day", "night"]


class LightSwitch:
    """A switch with two thresholds, which the light must pass for some time before the profile changes."""

    def __init__(self, *, night_below_lux: float, day_above_lux: float, hold_s: float) -> None:
        self._night_below_lux = night_below_lux
        self._day_above_lux = day_above_lux
        self._hold_ns = round(hold_s * 1e9)
        self._passed_ns: int | None = None
        self.profile: Profile = "day"

    def update(self, lux: float, monotonic_ns: int) -> bool:
        """The light measured at that instant; True when the profile changed with it."""
        passed = lux < self._night_below_lux if self.profile == "day" else lux > self._day_above_lux
        if not passed:
            self._passed_ns = None
            return False
        if self._passed_ns is None:
            self._passed_ns = monotonic_ns
        if monotonic_ns - self._passed_ns < self._hold_ns:
            return False
        self._passed_ns = None
        self.profile = "night" if self.profile == "day" else "day"
        return True
