"""The lines of the log that strangers can cause: at INFO, and not more than one a second in all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

PAUSE_S: Final = 1.0


class Seldom(logging.Filter):
    """Lets a record through every :data:`PAUSE_S`, which says how many did not come through before it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the seconds from *clock*."""
        super().__init__()
        self._clock = clock
        self._next = float("-inf")
        self._dropped = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether *record* is logged."""
        now = self._clock()
        if now < self._next:
            self._dropped += 1
            return False
        self._next = now + PAUSE_S
        if self._dropped:
            record.msg = f"{record.getMessage()} ({self._dropped} more lines of this kind were left out)"
            record.args = None
            self._dropped = 0
        return True


_log: Final = logging.getLogger(__name__)
_log.addFilter(Seldom())


def tell(message: str, *arguments: object) -> None:
    """Log *message*, if nothing of the kind was logged within the last second.

    A stranger decides how often this is called: what must not be missed is counted as well.
    """
    _log.info(message, *arguments)
