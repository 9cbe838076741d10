"""The link's server: listener, limiter, HTTP, Engine.IO and Socket.IO put together, started and stopped."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections import Counter
from contextlib import suppress
from typing import Final

from aiohttp import web

from edge.config import LinkSettings
from edge.link.connection import Connection
from edge.link.exchange import Exchange
from edge.link.http import CarProtocol, RequestFilter
from edge.link.limiter import ConnectionLimiter, Limits, source_of
from edge.link.listener import Listener, raise_file_limit, refuse
from edge.link.mailbox import Mailbox
from edge.link.tls import server_context

log = logging.getLogger(__name__)

EXPIRY_INTERVAL_S: Final = 1.0
"""How often packets whose time to live is over are deleted."""

HTTP_SHUTDOWN_S: Final = 1.0


class LinkServer:
    """Takes packets from cars and puts them, still sealed, into a mailbox.

    Attributes:
        counters: outcomes of connections: ``accepted`` and the refusals of the protocol (``malformed``, ``expired``,
            ``used``, ``busy``); ``full``, ``address_full`` and ``address_rate`` of the limiter; ``bad_request``,
            ``bad_frame``, ``oversized``, ``too_many_messages``, ``no_answer``, ``ping_timeout``, ``no_handshake``,
            ``cut_at_stop`` and ``internal_error``.
        exchange: the Socket.IO server.
        limiter: decides who may connect.
    """

    def __init__(self, settings: LinkSettings, mailbox: Mailbox) -> None:
        """Put the parts together; needs a running event loop. Nothing listens before :meth:`start`."""
        self._settings = settings
        self._mailbox = mailbox
        self.counters: Counter[str] = Counter()
        self.exchange = Exchange(mailbox.put, challenge_ttl_s=settings.challenge_ttl_s)
        self.limiter = ConnectionLimiter(
            Limits(
                connections=settings.connections,
                connections_per_address=settings.address_connections,
                rate_per_s=settings.address_rate_per_s,
                burst=settings.address_burst,
            )
        )
        self._http = web.Server(RequestFilter(self.exchange.eio).handle)
        self._listener = Listener(self._accept)
        self._connections: set[Connection] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._ssl: ssl.SSLContext | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._drained: asyncio.Event | None = None

    @property
    def port(self) -> int:
        """The port that is bound, also where the settings say 0."""
        return self._listener.port

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def open_challenges(self) -> int:
        """How many open connections have a challenge."""
        return sum(connection.challenge is not None for connection in self._connections)

    def problem(self) -> str | None:
        """Why no car can connect now, or None."""
        return None if self._listener.is_open else "the link does not listen: see the log, then restart the unit"

    async def start(self) -> None:
        """Listen.

        Raises:
            LinkError: the address cannot be bound.
            SecretError: the TLS certificate or key cannot be used.
        """
        settings = self._settings
        self.reload_tls()
        self.limiter.cap(raise_file_limit(settings.connections))
        self._listener.open(settings.host, settings.port)
        self._expire_packets()
        if self._ssl is None:
            log.warning("no TLS certificate is set: the link listens on loopback only")
        log.info("the link listens on %s port %d", settings.host, self.port)

    def reload_tls(self) -> None:
        """Read certificate and key again; connections accepted from now on use them.

        Raises:
            SecretError: they cannot be used; the certificate in use stays.
        """
        settings = self._settings
        if settings.tls_certificate is not None and settings.tls_key is not None:
            self._ssl = server_context(settings.tls_certificate, settings.tls_key)

    async def stop(self) -> None:
        """Stop listening, let open connections finish for ``drain_timeout_s``, then cut the rest."""
        self._listener.close()
        if self._expiry is not None:
            self._expiry.cancel()
        self._drained = asyncio.Event()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), self._settings.drain_timeout_s)
        for connection in list(self._connections):
            connection.abort("cut_at_stop")
        for task in self._handshakes:
            task.cancel()
        await asyncio.gather(*self._handshakes, return_exceptions=True)
        await self._http.shutdown(timeout=HTTP_SHUTDOWN_S)

    def _expire_packets(self) -> None:
        self._mailbox.expire(time.monotonic_ns())
        self._expiry = asyncio.get_running_loop().call_later(EXPIRY_INTERVAL_S, self._expire_packets)

    def _accept(self, accepted: socket.socket, host: str) -> None:
        source = source_of(host)
        refusal = self.limiter.admit(source, time.monotonic())
        if refusal is not None:
            self.counters[refusal] += 1
            refuse(accepted)
            return
        accepted.setblocking(False)
        timeout_s = self._settings.connect_timeout_s
        connection = Connection(source, self.counters, self._release, connect_timeout_s=timeout_s)
        self._connections.add(connection)
        task = asyncio.get_running_loop().create_task(self._handshake(accepted, connection))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _handshake(self, accepted: socket.socket, connection: Connection) -> None:
        timeout_s = self._settings.connect_timeout_s if self._ssl is not None else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: CarProtocol(self._http, connection), accepted, ssl=self._ssl, ssl_handshake_timeout=timeout_s
            )
        except (OSError, asyncio.CancelledError):  # ssl.SSLError and TimeoutError are OSErrors
            self.counters["no_handshake"] += 1
            accepted.close()
            connection.closed()

    def _release(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self.limiter.release(connection.source)
        if not self._connections and self._drained is not None:
            self._drained.set()
