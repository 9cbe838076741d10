"""The watch: looks once a minute, tells each channel what is new, what is over, and daily what is still there.

What was told is remembered in the database, so that a restart tells nothing twice; it is noted after the channel took
the message, so that a channel that fails gets it with the next round.
"""

from __future__ import annotations

import asyncio
import logging
import smtplib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import aiohttp

from centre.database import BUSY, GONE, Connection, Pool, as_house, taken, why_not
from centre.notices.channels import Channel, Message
from centre.notices.problems import Bounds, Problem, find_problems

log = logging.getLogger(__name__)

LOCK: Final = 0x41565833
"""The advisory lock that lets one process at a time tell."""
UNSENT: Final = (OSError, smtplib.SMTPException, aiohttp.ClientError, TimeoutError)
AWAY: Final = Problem("database", "", "PostgreSQL does not answer: nothing is confirmed to any unit")
ROUNDS_AWAY: Final = 3
"""So many rounds PostgreSQL may be away: it restarts."""
_NOTE: Final = """
INSERT INTO notices (channel, problem, said) VALUES ($1, $2, $3)
ON CONFLICT (channel, problem) DO UPDATE SET told_at = now(), said = $3
"""


class Watch:
    """Tells *channels* what :func:`find_problems` finds."""

    def __init__(
        self,
        centre: str,
        pool: Pool,
        channels: Sequence[Channel],
        bounds: Bounds,
        *,
        certificate_end: Callable[[], datetime],
        state_dir: Path,
        every_s: float,
        repeat_after: timedelta,
    ) -> None:
        """Nothing is looked at before :meth:`run`."""
        self._centre = centre
        self._pool = pool
        self._channels = tuple(channels)
        self._bounds = bounds
        self._certificate_end = certificate_end
        self._state_dir = state_dir
        self._every_s = every_s
        self._repeat_after = repeat_after
        self._rounds_away = 0
        self._told_away: set[str] = set()
        self.sent = self.failed = 0

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._every_s)

    async def look(self) -> None:
        """One round."""
        try:
            with as_house():
                for channel in self._channels:
                    async with taken(self._pool, 5.0) as connection, connection.transaction():
                        if await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
                            await self._tell(connection, channel)
            self._rounds_away = 0
            self._told_away.clear()
        except (*BUSY, *GONE) as error:
            log.warning("%s", why_not(error))
            self._rounds_away += 1
            if self._rounds_away >= ROUNDS_AWAY:
                await self._tell_away()

    async def _tell(self, connection: Connection, channel: Channel) -> None:
        """Tell *channel* what it does not know, and note what it was told."""
        found = {
            problem.key: problem
            for problem in await find_problems(
                connection, self._bounds, certificate_end=self._certificate_end(), state_dir=self._state_dir
            )
        }
        rows = await connection.fetch("SELECT problem, said, told_at FROM notices WHERE channel = $1", channel.name)
        told = {row["problem"]: row for row in rows}
        due = datetime.now(UTC) - self._repeat_after
        message = Message(
            self._centre,
            _moment(),
            new=[problem for key, problem in found.items() if key not in told],
            still=[problem for key, problem in found.items() if key in told and told[key]["told_at"] < due],
            over=[_over(key, row["said"]) for key, row in told.items() if key not in found],
        )
        if not (message.new or message.still or message.over) or not await self._send(channel, message):
            return
        notes = [
            (channel.name, problem.key, f"{problem.unit}\n{problem.text}") for problem in (*message.new, *message.still)
        ]
        await connection.executemany(_NOTE, notes)
        await connection.execute(
            "DELETE FROM notices WHERE channel = $1 AND problem = ANY($2)",
            channel.name,
            [problem.key for problem in message.over],
        )

    async def _tell_away(self) -> None:
        """PostgreSQL is away, and with it what was told: each channel is told once until it is back."""
        for channel in self._channels:
            if channel.name not in self._told_away:
                message = Message(self._centre, _moment(), new=[AWAY])
                if await self._send(channel, message):
                    self._told_away.add(channel.name)

    async def _send(self, channel: Channel, message: Message) -> bool:
        try:
            await channel.send(message)
        except UNSENT as error:  # its text may repeat an address or a password
            self.failed += 1
            log.warning("a notice cannot be sent by %s: %s", channel.name, type(error).__name__)
            return False
        self.sent += 1
        return True


def _over(key: str, said: str) -> Problem:
    unit, _, text = said.partition("\n")
    return Problem(key, unit, text)


def _moment() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
