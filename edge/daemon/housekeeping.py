"""The periodic rounds: mailbox, workers, disk, sensors; and the store's own, which may have to wait for others."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TYPE_CHECKING

from edge.errors import EdgeError, RegistryError

if TYPE_CHECKING:
    from edge.daemon.wiring import Parts

log = logging.getLogger(__name__)

ROUND_S = 1.0
LATE_S = 60.0
"""Without the store's housekeeping for so long reviews stay unsigned and packets of decided cases on the disk."""
CHECK_ROUNDS = 5
"""In every fifth round the disk and the workers are tried, and the board's sensors are read."""


async def run_housekeeping(parts: Parts) -> None:
    """Do the periodic work until cancelled."""
    for number in count():
        await asyncio.sleep(ROUND_S)
        thorough = number % CHECK_ROUNDS == 0
        if thorough:
            parts.disk.write()
            parts.workers.probe()
        if thorough:
            await asyncio.to_thread(parts.board.measure)
        parts.workers.mend()
        parts.openers.mend()
        parts.panel.show(healthy=parts.health.log_changes())


async def keep_store(parts: Parts) -> None:
    """Keep the case store's house until cancelled. Another program may hold its database for a while."""
    while True:
        await asyncio.sleep(ROUND_S)
        await parts.upkeep.round()


async def keep_diary(parts: Parts) -> None:
    """Look at the test photo when that is due, and enter what the unit says of itself, until cancelled."""
    while True:
        await asyncio.sleep(ROUND_S)
        if (step := parts.clock_steps.step()) is not None:
            log.warning("the clock was set by %.3f s", step["step_s"])
            parts.diary.add("clock", step)
        await parts.selfchecks.round()
        await parts.diary.write()


async def keep_registry(parts: Parts) -> None:
    """Try the registry now and then until cancelled."""
    while True:
        await asyncio.sleep(ROUND_S * CHECK_ROUNDS)
        await try_registry(parts)


async def try_registry(parts: Parts) -> None:
    """Open the registry again where its file was replaced, and let cars seal their uids to the key that it has.

    Cases that waited for it are decided once it answers again.
    """
    registry = parts.registry
    if registry is None:
        return
    if await registry.probe():
        log.info("the registry answers again")
        parts.queue.wake()
    if registry.problem() is not None:
        return
    try:
        key = await registry.uid_key()
    except RegistryError:
        return  # it says so itself, as a problem of the unit
    if key is not None and parts.link.seal_to(key.public):
        log.info("the registry has another key: cars seal their uids to it from now on")


class Upkeep:
    """The store's housekeeping, and whether it works.

    Attributes:
        failures: rounds that failed since the start.
    """

    def __init__(self, housekeep: Callable[[], Awaitable[None]]) -> None:
        """*housekeep* is one round; it raises an EdgeError where it cannot be done."""
        self._housekeep = housekeep
        self._done_s = time.monotonic()
        self._error = ""
        self.failures = 0

    async def round(self) -> None:
        """Do one round. A failure is logged where it begins, and counted."""
        try:
            await self._housekeep()
        except EdgeError as error:
            self.failures += 1
            if not self._error:
                log.error("housekeeping: %s", error)
            self._error = str(error)
        else:
            self._error, self._done_s = "", time.monotonic()

    @property
    def age_s(self) -> float:
        """Seconds since the last round that worked."""
        return time.monotonic() - self._done_s

    def problem(self) -> str | None:
        """One sentence while no round worked for a minute, else None."""
        if self.age_s < LATE_S:
            return None
        return f"the store's housekeeping has not worked for {self.age_s:.0f} s" + (
            f": {self._error}" if self._error else ": another program holds the case database, find out which"
        )
