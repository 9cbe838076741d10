"""Challenges: a fresh nonce for every connection, answered once and in time."""

from __future__ import annotations

import secrets
import time
from typing import Final, Literal

NONCE_BYTES: Final = 16

Refusal = Literal["used", "expired"]


class Challenge:
    """What one connection is asked: ``nonce`` is 32 hex characters, ``timestamp`` is Unix seconds.

    It belongs to its connection and dies with it, so a nonce cannot be answered from another one, and there are never
    more of them than connections.
    """

    __slots__ = ("_answered", "_issued_ns", "nonce", "timestamp")

    def __init__(self) -> None:
        self.nonce = secrets.token_hex(NONCE_BYTES)
        self.timestamp = int(time.time())
        self._issued_ns = time.monotonic_ns()
        self._answered = False

    def spend(self, now_ns: int, ttl_s: float) -> Refusal | None:
        """Use the challenge up at *now_ns* (monotonic nanoseconds); the reason if it cannot be used, else None."""
        if self._answered:
            return "used"
        self._answered = True
        # By the monotonic clock: a step of the wall clock neither ends nor lengthens a challenge.
        return "expired" if now_ns - self._issued_ns > ttl_s * 1e9 else None
