"""Open connections, so many in all and of one address: a crowd that says nothing leaves room for the others.

Whoever has too many is cut off before anything is read. A TLS handshake has its own time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Final

from centre.web import network_of

HANDSHAKE_S: Final = 15.0


class Connections:
    """Counts what is open."""

    def __init__(self, most: int, most_of_one_address: int) -> None:
        """*most* in all; an IPv6 /64 is one address."""
        self._most = most
        self._most_of_one = most_of_one_address
        self._of = Counter[str]()
        self.open = 0
        self.turned_away = 0

    def enter(self, address: str) -> bool:
        """One more from the network *address*, if it may be."""
        if self.open >= self._most or self._of[address] >= self._most_of_one:
            self.turned_away += 1
            return False
        self._of[address] += 1
        self.open += 1
        return True

    def leave(self, address: str) -> None:
        """One less."""
        self.open -= 1
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]

    async def listen(
        self, factory: Callable[[], asyncio.Protocol], host: str, port: int, tls: ssl.SSLContext | None
    ) -> asyncio.Server:
        """Listen at *host* and *port*; *factory* makes what answers each connection.

        Raises:
            OSError: it cannot.
        """
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: _Guarded(factory(), self),
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=HANDSHAKE_S if tls is not None else None,
            backlog=512,
        )


class _Guarded(asyncio.Protocol):
    """Passes a connection on to *inner*, once it has entered."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections) -> None:
        self._inner = inner
        self._connections = connections
        self._address: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        address = network_of(peer[0] if peer else None)
        if self._connections.enter(address):
            self._address = address
            self._inner.connection_made(transport)
        elif isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._address is not None:
            self._connections.leave(self._address)
            self._address = None
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._address is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._address is not None else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
