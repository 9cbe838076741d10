"""The periodic round: retention, workers, disk, sensors."""

from __future__ import annotations

import asyncio
import logging
import time
from itertools import count

from edge.daemon.wiring import Parts
from edge.errors import EdgeError

log = logging.getLogger(__name__)

ROUND_S = 1.0
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
        parts.mailbox.expire(time.monotonic_ns())
        try:
            await parts.cases.housekeep()
        except EdgeError as error:
            log.error("housekeeping: %s", error)
        if thorough:
            await asyncio.to_thread(parts.board.measure)
        parts.workers.mend()
        parts.openers.mend()
        parts.panel.show(healthy=parts.health.log_changes())
