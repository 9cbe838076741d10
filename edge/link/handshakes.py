"""TLS handshakes in a bounded queue, computed beside the event loop.

A handshake costs the unit a signature: with an RSA-4096 key five to thirty milliseconds, for which a stranger pays with
one small message. asyncio computes it in the event loop, where nobody else is served meanwhile. Here a thread computes
(OpenSSL lets Python's other threads run), networks take turns, and of too many that wait the oldest of the widest share
is cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, Protocol

from edge.link.shares import GUARANTEED_SHARE, Shares

WAITING: Final = 128
"""Handshakes that may wait. Beyond it waiting would be longer than a car's patience, on a slow board with RSA."""


class Handshake(Protocol):
    """What waits for its turn."""

    source: str

    def __hash__(self) -> int: ...

    def compute(self) -> None:
        """Go on as far as possible; runs in a thread and raises nothing."""

    def computed(self) -> None:
        """Runs in the event loop after :meth:`compute`."""

    def cut(self) -> None:
        """Its place in the queue is lost."""


class Handshakes:
    """Lets one handshake at a time compute, in turns by network."""

    def __init__(self, waiting: int = WAITING) -> None:
        """At most *waiting* handshakes wait; the thread starts with the first one."""
        self._most = waiting
        self._waiting: Shares[Handshake] = Shares()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tls")
        self._busy = False

    @property
    def waiting(self) -> int:
        """How many handshakes wait for their turn."""
        return len(self._waiting)

    def put(self, handshake: Handshake) -> None:
        """Let *handshake* compute when its turn comes; another one may be cut for it."""
        self._waiting.add(handshake, handshake.source)
        if len(self._waiting) > self._most:
            oldest = self._waiting.oldest(int(self._most * GUARANTEED_SHARE))
            self._waiting.discard(oldest)
            oldest.cut()
        self._next()

    def discard(self, handshake: Handshake) -> None:
        """Forget *handshake*, whose connection is gone."""
        self._waiting.discard(handshake)

    def close(self) -> None:
        """End the thread when it has computed what it computes now."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        handshake = self._waiting.take()
        loop = asyncio.get_running_loop()
        future = self._thread.submit(handshake.compute)
        future.add_done_callback(lambda _: _tell(loop, lambda: self._computed(handshake)))

    def _computed(self, handshake: Handshake) -> None:
        self._busy = False
        handshake.computed()
        self._next()


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    """Call *what* in *loop*, unless the loop has ended meanwhile."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(what)
