"""The unit's clock: whether the kernel holds it for right, which a case's time rests on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import nan

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
