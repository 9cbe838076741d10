"""The unit's clock: whether the kernel holds it for right, which a case's time rests on; and when somebody set it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import nan
from pathlib import Path

LEAST_STEP_S = 0.25
"""From so much on the clock was set. Network time slews what is less, and the monotonic clock is slewed with it."""
SOURCES = {"systemd-timesyncd": "/run/systemd/timesync", "chrony": "/run/chrony", "ntpd": "/run/ntpd.pid"}
"""What may set a unit's clock, and where it shows that it runs."""
GRACE_S = 600.0
"""Network time needs some minutes after a start, or after the network was away."""


class Clock:
    """Asks the kernel, and remembers since when its clock is not synchronised."""

    def __init__(self, state: Callable[[], Mapping[str, object]]) -> None:
        """*state* asks: ``synchronised`` and ``max_error_s``, each None where the kernel does not tell."""
        self._state = state
        self._synchronised_s = time.monotonic()

    def error_s(self) -> float:
        """The kernel's bound on the clock's error in seconds; NaN while it is not synchronised, or does not tell."""
        state = self._state()
        error_s = state["max_error_s"]
        if state["synchronised"] is False or not isinstance(error_s, float):
            return nan
        return error_s

    def problem(self) -> str | None:
        """One sentence while the clock has not been synchronised for ten minutes, else None."""
        if self._state()["synchronised"] is not False:
            self._synchronised_s = time.monotonic()
            return None
        since_s = time.monotonic() - self._synchronised_s
        if since_s < GRACE_S:
            return None
        return (
            f"the clock has not been synchronised for {since_s / 60:.0f} min, which every case says: "
            "check the network and systemd-timesyncd"
        )


class ClockSteps:
    """Notices that the wall clock was set: it went another way than the monotonic clock, which nobody sets."""

    def __init__(self, state: Callable[[], Mapping[str, object]], clocks: Callable[[], tuple[float, float]]) -> None:
        """*state* is as for :class:`Clock`; *clocks* reads wall and monotonic clock at one instant, in seconds."""
        self._state = state
        self._clocks = clocks
        self._last = clocks()

    def step(self) -> dict[str, object] | None:
        """What there is to say of a step since the last call; None if there was none.

        ``step_s`` is positive if the clock was set ahead; ``from_utc`` and ``to_utc`` are what it showed without and
        with the step; ``source`` is the program that sets clocks on this machine, if one is known.
        """
        (wall_s, steady_s), (before_wall_s, before_steady_s) = self._clocks(), self._last
        expected_s = before_wall_s + steady_s - before_steady_s
        self._last = wall_s, steady_s
        if abs(wall_s - expected_s) < LEAST_STEP_S:
            return None
        source = next((name for name, sign in SOURCES.items() if Path(sign).exists()), "not known")
        state = self._state()
        known = {name: state[name] for name in ("synchronised", "max_error_s", "boot_id") if name in state}
        return {"step_s": wall_s - expected_s, "from_utc": expected_s, "to_utc": wall_s, "source": source, **known}


def read_clocks() -> tuple[float, float]:
    """Wall and monotonic clock in seconds, read as near to each other as three tries allow."""
    tries = []
    for _ in range(3):
        before_s = time.monotonic()
        wall_s = time.time()
        after_s = time.monotonic()
        tries.append((after_s - before_s, wall_s, (before_s + after_s) / 2))
    _, wall_s, steady_s = min(tries)
    return wall_s, steady_s
