"""The Unix socket: whose each connection is, as the kernel noted it, and how many of an account are open."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from edge.officers.accounts import peer_uid
from edge.officers.http import Quiet

log = logging.getLogger(__name__)

CONNECTIONS_OF_AN_ACCOUNT = 48
"""Open at once. A viewer needs four, one for each of its threads."""


class OfficerConnection(RequestHandler):
    """One connection, which knows whose it is; one too many of an account is closed at once."""

    uid: int | None = None

    def __init__(self, manager: PeerServer, **options: Any) -> None:
        """Count it among the connections of *manager*."""
        super().__init__(manager, **options)
        self._open = manager.of_accounts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the kernel who connected."""
        super().connection_made(transport)
        uid = peer_uid(transport.get_extra_info("socket"))
        if self._open[uid] >= CONNECTIONS_OF_AN_ACCOUNT:
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
            return
        self._open[uid] += 1
        self.uid = uid

    def connection_lost(self, error: BaseException | None) -> None:
        """Count it no longer."""
        super().connection_lost(error)
        if self.uid is not None:
            self._open[self.uid] -= 1
            if not self._open[self.uid]:
                del self._open[self.uid]
            self.uid = None


class PeerServer(web.Server):
    """aiohttp's server, whose connections know whose they are; ``of_accounts`` counts them by account number."""

    def __init__(self, answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        """Let *answer* answer every request."""
        super().__init__(answer)
        self.of_accounts: Counter[int] = Counter()

    def __call__(self) -> OfficerConnection:
        """A connection that is to be made."""
        loop = asyncio.get_running_loop()
        return OfficerConnection(self, loop=loop, access_log=None, logger=Quiet(log), auto_decompress=False)


def uid_of(request: web.BaseRequest) -> int:
    """The account number of who made the *request*."""
    connection = request.protocol
    assert isinstance(connection, OfficerConnection) and connection.uid is not None
    return connection.uid
