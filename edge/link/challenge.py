"""Challenges: a fresh nonce for every connection, to be answered once and in time."""

from __future__ import annotations

import secrets
import time
from typing import Final, Literal

NONCE_BYTES: Final = 16

Refusal = Literal["used", "expired"]


class Challenge:
    """What the unit asks of one connection.

    A challenge belongs to its connection and is forgotten with it. So a nonce cannot be answered from another
    connection, and there are never more challenges than connections.

    Attributes:
        nonce: 32 hexadecimal characters.
        timestamp: when it was made, in Unix seconds.
        version: the protocol version that it is of.
    """

    __slots__ = ("_issued_ns", "_spent", "nonce", "timestamp", "version")

    def __init__(self, version: int = 1) -> None:
        """Draw the nonce and note the time."""
        self.version = version
        self.nonce = secrets.token_hex(NONCE_BYTES)
        self.timestamp = int(time.time())
        self._issued_ns = time.monotonic_ns()
        self._spent = False

    def spend(self, now_ns: int, ttl_s: float) -> Refusal | None:
        """Use the challenge up.

        Args:
            now_ns: the present, in nanoseconds of the monotonic clock.
            ttl_s: how long the challenge is valid, in seconds.

        Returns:
            None if the answer counts, else the reason why it does not.
        """
        if self._spent:
            return "used"
        self._spent = True
        # By the monotonic clock: a step of the wall clock neither ends nor prolongs a challenge.
        return "expired" if now_ns - self._issued_ns > ttl_s * 1e9 else None
