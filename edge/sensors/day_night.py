"""Day or night by the measured light, without switching back and forth at dusk."""

from __future__ import annotations

from typing import Literal

Profile = Literal["day", "night"]


class LightSwitch:
    """A switch with hysteresis: two thresholds, and a time for which the light must stay beyond one of them.

    Attributes:
        profile: the profile in use.
    """

    def __init__(self, *, night_below_lux: float, day_above_lux: float, hold_s: float) -> None:
        """Begin with the day profile.

        Args:
            night_below_lux: illuminance below which it is night.
            day_above_lux: illuminance above which it is day.
            hold_s: how long the light must stay beyond the threshold, in seconds.
        """
        self._night_below_lux = night_below_lux
        self._day_above_lux = day_above_lux
        self._hold_ns = round(hold_s * 1e9)
        self._beyond_since_ns: int | None = None
        self.profile: Profile = "day"

    def update(self, lux: float, monotonic_ns: int) -> bool:
        """Take the illuminance *lux* measured at *monotonic_ns*.

        Returns:
            Whether the profile changed.
        """
        beyond = lux < self._night_below_lux if self.profile == "day" else lux > self._day_above_lux
        if not beyond:
            self._beyond_since_ns = None
            return False
        if self._beyond_since_ns is None:
            self._beyond_since_ns = monotonic_ns
        if monotonic_ns - self._beyond_since_ns < self._hold_ns:
            return False
        self._beyond_since_ns = None
        self.profile = "night" if self.profile == "day" else "day"
        return True
