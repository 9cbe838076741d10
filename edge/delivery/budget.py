"""Bytes for a day: a mobile contract ends somewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

DAY_S = 86_400.0


class DailyBudget:
    """So many *bytes* in any day that begins with the first byte; *clock* gives seconds that never run backwards."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is spent yet."""
        self._most = most
        self._clock = clock
        self._since_s = clock()
        self._spent = 0

    @property
    def spent(self) -> int:
        """Bytes since the day began."""
        self._turn()
        return self._spent

    @property
    def left(self) -> int:
        """Bytes that may still be sent today; 0 where more was sent."""
        self._turn()
        return max(0, self._most - self._spent)

    def spend(self, count: int) -> None:
        """Count *count* bytes that were sent."""
        self._turn()
        self._spent += count

    def _turn(self) -> None:
        if self._clock() - self._since_s >= DAY_S:
            self._since_s, self._spent = self._clock(), 0
