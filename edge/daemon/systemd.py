"""What the service manager is told: ready, stopping, and that the unit is alive (sd_notify(3))."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Collection, Mapping

FEEDS_PER_PERIOD = 3
"""systemd asks for at least two."""


class Notifier:
    """Datagrams to ``$NOTIFY_SOCKET``; without one, as on a developer's machine, nothing is sent."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Take the socket and the watchdog's period from *environment*, as systemd sets it."""
        address = environment.get("NOTIFY_SOCKET", "")
        # A name that starts with @ is in the abstract namespace, where the first byte is zero.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        period_us = environment.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(period_us) / 1e6 if ours and period_us.isdecimal() and int(period_us) > 0 else None
        """systemd kills the unit after this time without a feed, in seconds; None without a watchdog."""

    def ready(self) -> None:
        """The unit has started."""
        self._send("READY=1", "STATUS=ready")

    def stopping(self) -> None:
        """The unit begins to stop."""
        self._send("STOPPING=1", "STATUS=stopping")

    async def feed(self, problems: Callable[[], Mapping[str, str]], vital: Collection[str]) -> None:
        """Feed the watchdog for as long as no *vital* part has a problem; runs until cancelled.

        It feeds from the event loop, so a loop that is stuck starves the watchdog, too. *problems* maps a part to a
        sentence; the sentences of all parts go into the unit's status.
        """
        if self.watchdog_s is None:
            return
        while True:
            found = problems()
            status = "; ".join(f"{part}: {problem}" for part, problem in sorted(found.items())) or "ready"
            alive = [] if any(part in vital for part in found) else ["WATCHDOG=1"]
            self._send(*alive, f"STATUS={status.replace(chr(10), ' ')}")
            await asyncio.sleep(self.watchdog_s / FEEDS_PER_PERIOD)

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # A service manager that is restarting must not stop the unit.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto("\n".join(lines).encode("utf-8"), self._address)
