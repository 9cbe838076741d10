"""One connection, from accept to close: where it came from, how far it got, and when it has to be over."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from edge.link.challenge import Challenge

PING_INTERVAL_S: Final = 25.0
PING_TIMEOUT_S: Final = 20.0

MAX_BYTES: Final = 16 * 1024
"""What a connection may send in all, from HTTP's first byte on; an honest visit is about 2 kB."""

MAX_MESSAGES: Final = 8
"""Messages a connection may send besides the answers to our pings; an honest visit has four."""


class Stage(Enum):
    """How far a visit got."""

    CONNECTING = auto()
    CHALLENGED = auto()
    ANSWERED = auto()
    OVER = auto()


class Visit:
    """The budget, the deadline and the challenge of one connection.

    A single timer serves both the deadline and the pings of the rare visit that lasts longer than a ping interval.
    """

    __slots__ = (
        "_deadline",
        "_end",
        "_left",
        "_loop",
        "_ping",
        "_ping_due",
        "_pinged",
        "_timer",
        "bytes_left",
        "challenge",
        "count",
        "messages_left",
        "source",
        "stage",
    )

    def __init__(
        self, source: str, count: Counter[str], left: Callable[[Visit], None], *, connect_timeout_s: float
    ) -> None:
        """A connection from *source* was accepted; *left* is called once, when it is gone."""
        self.source = source
        self.count = count
        self.stage = Stage.CONNECTING
        self.challenge: Challenge | None = None
        self.bytes_left = MAX_BYTES
        self.messages_left = MAX_MESSAGES
        self._left = left
        self._end: Callable[[], None] | None = None
        self._ping: Callable[[], None] | None = None
        self._ping_due = math.inf
        self._pinged = False
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + connect_timeout_s
        self._timer = self._loop.call_at(self._deadline, self._on_timer)

    def on_end(self, end: Callable[[], None]) -> None:
        """*end* cuts the connection at once; it replaces the one given before."""
        self._end = end

    def on_ping(self, ping: Callable[[], None]) -> None:
        """*ping* sends a ping; pings begin one interval from now."""
        self._ping = ping
        self._ping_due = self._loop.time() + PING_INTERVAL_S
        self._arm()

    def extend(self, stage: Stage, seconds: float) -> None:
        """The visit reached *stage* and has *seconds* more."""
        self.stage = stage
        self._deadline = self._loop.time() + seconds
        self._arm()

    def pong(self) -> bool:
        """The other side answered a ping; False if there was none to answer."""
        if not self._pinged:
            return False
        self._pinged = False
        self._ping_due = self._loop.time() + PING_INTERVAL_S
        self._arm()
        return True

    def end(self, outcome: str | None = None) -> None:
        """Cut the connection now and count *outcome*."""
        if self.stage is Stage.OVER:
            return
        if outcome is not None:
            self.count[outcome] += 1
        if self._end is not None:
            self._end()

    def over(self) -> None:
        """The connection is gone, whatever way it went: give its place back."""
        if self.stage is Stage.OVER:
            return
        self.stage = Stage.OVER
        self._timer.cancel()
        self._end = self._ping = self.challenge = None
        self._left(self)

    def _arm(self) -> None:
        when = min(self._deadline, self._ping_due)
        # A timer that is early only looks and arms itself again: cheaper than a new one at every step.
        if when < self._timer.when():
            self._timer.cancel()
            self._timer = self._loop.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        now = self._loop.time()
        if now >= self._deadline:
            self.end("no_answer" if self.stage is not Stage.ANSWERED else None)
            return
        if now >= self._ping_due and self._ping is not None:
            if self._pinged:
                self.end("ping_timeout")
                return
            self._pinged = True
            self._ping_due = now + PING_TIMEOUT_S
            self._ping()
        self._timer = self._loop.call_at(min(self._deadline, self._ping_due), self._on_timer)
