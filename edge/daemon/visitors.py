"""HTTP for those on this machine who ask how the unit is: few of them at once, and none for long.

Any account may connect to the loopback interface, so connections must not take the unit's file descriptors. aiohttp
keeps an idle connection for a minute, and has no bound on their number.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

AT_ONCE: Final = 16
LONGEST_S: Final = 5.0
BACKLOG: Final = AT_ONCE
"""The system holds further ones back, without a descriptor of ours."""


def _silent() -> logging.Logger:
    """A logger that drops everything: who may connect may not write into the unit's log."""
    logger = logging.getLogger("edge.daemon.library")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger


class Visitors:
    """The open connections; of too many the oldest is cut."""

    def __init__(self, server: web.Server, at_once: int = AT_ONCE, longest_s: float = LONGEST_S) -> None:
        """Pass requests to *server*; keep *at_once* connections, each for *longest_s* seconds at the most."""
        self._server = server
        self._at_once = at_once
        self._longest_s = longest_s
        self._open: OrderedDict[_Visitor, None] = OrderedDict()

    def __call__(self) -> asyncio.Protocol:
        """The protocol of the next connection."""
        return _Visitor(self._server, self)

    def __len__(self) -> int:
        return len(self._open)

    def came(self, visitor: _Visitor) -> asyncio.TimerHandle:
        """Make room for *visitor*; returns the timer that ends its visit."""
        if len(self._open) >= self._at_once:
            oldest, _ = self._open.popitem(last=False)
            oldest.cut()
        self._open[visitor] = None
        return asyncio.get_running_loop().call_later(self._longest_s, visitor.cut)

    def left(self, visitor: _Visitor) -> None:
        """*visitor* is gone."""
        self._open.pop(visitor, None)


class _Visitor(RequestHandler):
    """One connection."""

    __slots__ = ("_end", "_visitors")

    def __init__(self, server: web.Server, visitors: Visitors) -> None:
        silent = _silent()
        super().__init__(server, loop=asyncio.get_running_loop(), access_log=silent, logger=silent, lingering_time=0)
        self._visitors = visitors
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._end = self._visitors.came(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._visitors.left(self)
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    async def start(self) -> None:
        """Serve, unless the connection is gone already, on which the library fails an assertion."""
        if self.transport is not None:
            await super().start()

    def cut(self) -> None:
        """End the visit at once."""
        if self.transport is not None:
            self.transport.abort()
