"""One connection, from accept to close: its source address, its progress, its budgets and its deadline."""

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
"""Bytes a connection may send in all, from the first byte of HTTP on; an honest exchange takes about 2 kB."""

MAX_MESSAGES: Final = 8
"""Messages a connection may send besides pongs; an honest exchange has four."""


class Stage(Enum):
    """How far a connection has come."""

    SECURING = auto()
    CONNECTING = auto()
    CHALLENGED = auto()
    ANSWERED = auto()
    CLOSED = auto()


_TOO_LATE: Final = {
    Stage.SECURING: "no_handshake",
    Stage.CONNECTING: "no_answer",
    Stage.CHALLENGED: "no_answer",
}
"""What is counted for a connection that is cut at its deadline, by the stage in which it was."""


class Connection:
    """The budgets, the deadline and the challenge of one accepted connection.

    A single timer serves both the deadline and the pings, because few connections last longer than a ping interval.

    Attributes:
        source: what counts as the peer's address, see :func:`edge.link.sources.source_of`.
        counters: outcomes of all connections, shared with the server.
        stage: how far the connection has come.
        aborted: whether the unit has cut it.
        challenge: the challenge that was sent, or None before CONNECT and after DISCONNECT.
        bytes_left: bytes that the peer may still send.
        messages_left: messages that the peer may still send.
        endpoint: SHA-256 of the TLS certificate that it was accepted with, hexadecimal; empty without TLS.
        version: the protocol version that car and unit agreed on.
    """

    __slots__ = (
        "_abort",
        "_awaiting_pong",
        "_deadline",
        "_loop",
        "_next_ping",
        "_on_closed",
        "_on_finished",
        "_send_ping",
        "_timer",
        "aborted",
        "bytes_left",
        "challenge",
        "counters",
        "endpoint",
        "messages_left",
        "source",
        "stage",
        "version",
    )

    def __init__(
        self,
        source: str,
        counters: Counter[str],
        on_closed: Callable[[Connection], None],
        *,
        connect_timeout_s: float,
        on_finished: Callable[[Connection], None] | None = None,
        stage: Stage = Stage.CONNECTING,
    ) -> None:
        """Start the deadline of a connection from *source*.

        *on_closed* is called once, when the connection is gone; *on_finished* once, if the car gets an answer to a
        packet. *stage* is where it begins.
        """
        self.source = source
        self.counters = counters
        self.stage = stage
        self.aborted = False
        self.challenge: Challenge | None = None
        self.bytes_left = MAX_BYTES
        self.messages_left = MAX_MESSAGES
        self.endpoint = ""
        self.version = 1
        self._on_closed = on_closed
        self._on_finished = on_finished
        self._abort: Callable[[], None] | None = None
        self._send_ping: Callable[[], None] | None = None
        self._next_ping = math.inf
        self._awaiting_pong = False
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + connect_timeout_s
        self._timer = self._loop.call_at(self._deadline, self._on_timer)

    def set_transport(self, abort: Callable[[], None]) -> None:
        """Use *abort* to cut the connection at once; it replaces the callable given before."""
        self._abort = abort
        if self.aborted:
            abort()

    def start_pings(self, send_ping: Callable[[], None]) -> None:
        """Call *send_ping* at every ping interval; the first interval begins now."""
        self._send_ping = send_ping
        self._next_ping = self._loop.time() + PING_INTERVAL_S
        self._arm()

    def advance(self, stage: Stage, seconds: float) -> None:
        """Enter *stage* and move the deadline to *seconds* from now."""
        self.stage = stage
        self._deadline = self._loop.time() + seconds
        self._arm()

    def secured(self) -> None:
        """TLS is established; the deadline stays."""
        if self.stage is Stage.SECURING:
            self.stage = Stage.CONNECTING

    def finish(self) -> None:
        """The car has done what it came for: it got an answer to a packet that could be one."""
        if self._on_finished is not None:
            self._on_finished(self)
            self._on_finished = None

    def take_pong(self) -> bool:
        """Accept the answer to a ping.

        Returns:
            False if no ping was open.
        """
        if not self._awaiting_pong:
            return False
        self._awaiting_pong = False
        self._next_ping = self._loop.time() + PING_INTERVAL_S
        self._arm()
        return True

    def abort(self, outcome: str | None = None) -> None:
        """Cut the connection at once and count *outcome*; only the first call does anything."""
        if self.stage is Stage.CLOSED or self.aborted:
            return
        self.aborted = True
        if outcome is not None:
            self.counters[outcome] += 1
        if self._abort is not None:
            self._abort()

    def closed(self) -> None:
        """Release everything the connection holds; the transport calls this however the connection ended."""
        if self.stage is Stage.CLOSED:
            return
        self.stage = Stage.CLOSED
        self._timer.cancel()
        self._abort = self._send_ping = self._on_finished = self.challenge = None
        self._on_closed(self)

    def _arm(self) -> None:
        due = min(self._deadline, self._next_ping)
        # A timer that fires too early finds nothing due and is armed again: cheaper than a new timer at every step.
        if due < self._timer.when():
            self._timer.cancel()
            self._timer = self._loop.call_at(due, self._on_timer)

    def _on_timer(self) -> None:
        now = self._loop.time()
        if now >= self._deadline:
            self.abort(_TOO_LATE.get(self.stage))
            return
        if now >= self._next_ping and self._send_ping is not None:
            if self._awaiting_pong:
                self.abort("ping_timeout")
                return
            self._awaiting_pong = True
            self._next_ping = now + PING_TIMEOUT_S
            self._send_ping()
        self._timer = self._loop.call_at(min(self._deadline, self._next_ping), self._on_timer)
