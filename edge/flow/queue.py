"""Pending cases: fresh ones are decided at once, a backlog oldest first, the others when recognition has time.

A case that cannot be decided is tried again for ever, with growing pauses: the registry may be away for a day.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from itertools import count
from typing import Protocol, TypeVar

from edge.errors import EdgeError
from edge.model import Case

log = logging.getLogger(__name__)
Result = TypeVar("Result")

RETRY_S = (1.0, 5.0, 15.0, 60.0, 300.0, 600.0)
"""Pauses before a case whose decision failed is tried again; the last one repeats."""
LATE_S = 900.0
"""A case that has no verdict after so long is a problem of the unit."""
AT_ONCE = 8
"""Cases in memory at once; when recognition falls behind, the others wait on the disk."""


class Flow(Protocol):
    """Decides cases: :class:`edge.flow.infringement.Infringements`."""

    async def decide_case(self, number: int) -> Case: ...  # noqa: D102


class CaseQueue:
    """The cases that wait for their decision, and those that are being decided."""

    def __init__(self, flow: Flow, decided: Callable[[Case], None]) -> None:
        """*decided* is called with each decided case; nothing runs before :meth:`begin` or :meth:`catch_up`."""
        self._flow = flow
        self._decided = decided
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._since_s: dict[int, float] = {}
        self._woken = asyncio.Event()

    def begin(self, number: int) -> None:
        """Decide the case that was just filed."""
        self._since_s[number] = time.monotonic()
        self._start(self._decide(number), f"case {number}")

    def catch_up(self, numbers: Sequence[int]) -> None:
        """Decide the cases *numbers*, which the last stop left pending, in their order."""
        if numbers:
            log.info("%d cases are pending from before the start", len(numbers))
            self._since_s.update(dict.fromkeys(numbers, time.monotonic()))
            self._start(self._decide_backlog(numbers), "backlog")

    def wake(self) -> None:
        """Try the cases that wait for their next attempt now: what they waited for may be there again."""
        self._woken.set()
        self._woken = asyncio.Event()

    @property
    def pending(self) -> int:
        """How many cases have no verdict yet."""
        return len(self._since_s)

    @property
    def oldest_s(self) -> float:
        """For how many seconds the oldest of them has waited since it was filed, or since the start; 0 without any."""
        now_s = time.monotonic()
        return now_s - min(self._since_s.values(), default=now_s)

    def problem(self) -> str | None:
        """One sentence while a case has waited too long for its verdict, else None."""
        if self.oldest_s < LATE_S:
            return None
        return (
            f"{self.pending} cases have no verdict yet, the oldest for {self.oldest_s / 60:.0f} min: they are tried "
            "again and again, look for the reason in the journal (`stays pending`)"
        )

    async def drain(self, timeout_s: float) -> None:
        """Wait so many seconds for what is being decided; what is not by then stays pending."""
        if self._tasks:
            log.info("waiting for %d cases being decided", len(self._tasks))
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _decide_backlog(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if not await self._decide_now(number):  # the others do not wait for it
                self._start(self._decide(number), f"case {number}")

    async def _decide(self, number: int) -> None:
        for failures in count():
            if await self._decide_now(number):
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S[min(failures, len(RETRY_S) - 1)]):
                    await self._woken.wait()

    async def _decide_now(self, number: int) -> bool:
        async with self._turns:
            case = await self._try(number, self._flow.decide_case(number))
        if case is None:
            return False
        self._since_s.pop(number, None)
        self._decided(case)
        return True

    async def _try(self, number: int, work: Awaitable[Result]) -> Result | None:
        try:
            return await work
        except EdgeError as error:
            log.error("case %d stays pending: %s", number, error)
        except Exception as error:
            # The message of an unforeseen error may hold anybody's data: only its type is safe to log.
            log.error("case %d stays pending: unforeseen %s", number, type(error).__name__)
        return None
