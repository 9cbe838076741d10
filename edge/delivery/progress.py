"""How far the chain is on its way to the centre: whoever waits for the next step is woken, and does not look for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

GATHER_S = 5.0
"""Where nobody waits for the centre, entries are gathered for so long: a request costs as much as the case it tells of.
A case and its verdict then go together."""


class Progress:
    """What the unit has for the centre, and what the centre confirmed. For the tasks of the loop that makes it.

    Attributes:
        confirmed: the number of the newest entry that the centre has; 0 while that is not known.
        is_answered: whether the centre answered when it was last asked.
    """

    def __init__(self, gather_s: float = 0.0) -> None:
        """Nothing is known of the centre yet. What is new is told *gather_s* seconds later, once for all of it."""
        self._loop = asyncio.get_running_loop()
        self._gather_s = gather_s
        self._told: asyncio.TimerHandle | None = None
        self._more = asyncio.Event()
        self._moved = asyncio.Event()
        self.confirmed = 0
        self.is_answered = True

    def more(self) -> None:
        """There are entries that were not there before. May be called from any thread."""
        with suppress(RuntimeError):  # the loop has ended: there is nobody to be woken
            self._loop.call_soon_threadsafe(self._tell_later if self._gather_s else self._more.set)

    def _tell_later(self) -> None:
        if self._told is None:
            self._told = self._loop.call_later(self._gather_s, self._tell)

    def _tell(self) -> None:
        self._told = None
        self._more.set()

    @property
    def has_more(self) -> bool:
        """Whether there are entries that :meth:`wait_for_more` did not tell of yet."""
        return self._more.is_set()

    async def wait_for_more(self, seconds: float) -> None:
        """Wait until there is more, for so many *seconds* at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._more.wait()
        self._more.clear()

    def move(self, confirmed: int, *, is_answered: bool) -> None:
        """The centre has entries up to *confirmed*, or does not answer."""
        if (confirmed, is_answered) != (self.confirmed, self.is_answered):
            self.confirmed, self.is_answered = confirmed, is_answered
            self._moved.set()
            self._moved = asyncio.Event()

    async def wait_until_moved(self, seconds: float) -> None:
        """Wait until the centre has other entries, or answers otherwise, than now; for so many *seconds* at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()
