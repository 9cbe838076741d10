"""Pending cases: fresh ones are decided at once, a backlog oldest first, the others when recognition has time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Protocol, TypeVar

from edge.errors import EdgeError
from edge.model import Case

log = logging.getLogger(__name__)
Result = TypeVar("Result")

RETRY_S = (1.0, 10.0, 60.0)
"""Pauses before a case whose decision failed is tried again; after the last one it waits for the next start."""
AT_ONCE = 8
"""Cases in memory at once; when recognition falls behind, the others wait on the disk."""


class Flow(Protocol):
    """Decides cases: :class:`edge.flow.infringement.Infringements`."""

    async def decide(self, number: int) -> Case: ...  # noqa: D102


class CaseQueue:
    """The cases that wait for their decision, and those that are being decided."""

    def __init__(self, flow: Flow, decided: Callable[[Case], None]) -> None:
        """*decided* is called with each decided case; nothing runs before :meth:`begin` or :meth:`catch_up`."""
        self._flow = flow
        self._decided = decided
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, number: int) -> None:
        """Decide the case that was just filed."""
        self._start(self._decide(number), f"case {number}")

    def catch_up(self, numbers: Sequence[int]) -> None:
        """Decide the cases *numbers*, which the last stop left pending, in their order."""
        if numbers:
            log.info("%d cases are pending from before the start", len(numbers))
            self._start(self._decide_backlog(numbers), "backlog")

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
        for pause_s in (*RETRY_S, None):
            if await self._decide_now(number):
                return
            if pause_s is not None:
                await asyncio.sleep(pause_s)

    async def _decide_now(self, number: int) -> bool:
        async with self._turns:
            case = await self._try(number, self._flow.decide(number))
        if case is None:
            return False
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
