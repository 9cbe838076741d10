"""The link's server: gate, HTTP, Engine.IO and Socket.IO put together, started and stopped."""

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
from edge.link.connection import Visit
from edge.link.exchange import Exchange
from edge.link.http import CarProtocol, Door
from edge.link.limiter import Gate, Limits, source_of
from edge.link.listener import Listener, refuse, room_for
from edge.link.mailbox import Mailbox
from edge.link.tls import server_context

log = logging.getLogger(__name__)

SWEEP_S: Final = 1.0


class LinkServer:
    """Takes packets from cars and puts them, still sealed, into a mailbox.

    ``counters`` counts what became of connections: ``accepted`` and the refusals of the protocol, ``full``,
    ``address_full`` and ``address_rate`` at the gate, ``bad_request``, ``bad_frame``, ``oversized``,
    ``too_many_messages``, ``no_answer``, ``ping_timeout``, ``no_handshake`` and ``internal_error``.
    """

    def __init__(self, settings: LinkSettings, mailbox: Mailbox) -> None:
        """Nothing listens before :meth:`start`."""
        self._settings = settings
        self._mailbox = mailbox
        self.counters: Counter[str] = Counter()
        self._visits: set[Visit] = set()
        self._adoptions: set[asyncio.Task[None]] = set()
        self._ssl: ssl.SSLContext | None = None
        self._listener = Listener(self._adopt)
        self._sweep: asyncio.TimerHandle | None = None
        self._drained: asyncio.Event | None = None

    @property
    def port(self) -> int:
        """The port that is bound, also where the settings say 0."""
        return self._listener.port

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._visits)

    def problem(self) -> str | None:
        """Why no car can come in now, or None."""
        return None if self._listener.is_open else "the link does not listen"

    async def start(self) -> None:
        """Listen.

        Raises:
            LinkError: the address cannot be bound.
            SecretError: the TLS certificate or key cannot be used.
        """
        settings = self._settings
        self.reload_tls()
        self._gate = Gate(
            Limits(
                connections=room_for(settings.connections),
                connections_per_address=settings.address_connections,
                rate_per_s=settings.address_rate_per_s,
                burst=settings.address_burst,
            )
        )
        self.exchange = Exchange(self._mailbox.put, challenge_ttl_s=settings.challenge_ttl_s)
        self._http = web.Server(Door(self.exchange.eio).handle)
        self._listener.open(settings.host, settings.port)
        self._tidy()
        if self._ssl is None:
            log.warning("no TLS certificate is set: the link listens on loopback only")
        log.info("the link listens on %s port %d", settings.host, self.port)

    def reload_tls(self) -> None:
        """Read certificate and key again, for the connections from now on.

        Raises:
            SecretError: they cannot be used; the ones in use stay.
        """
        settings = self._settings
        if settings.tls_certificate is not None and settings.tls_key is not None:
            self._ssl = server_context(settings.tls_certificate, settings.tls_key)

    async def stop(self) -> None:
        """Stop listening, let the visits finish for ``drain_timeout_s``, cut the rest."""
        self._listener.close()
        if self._sweep is not None:
            self._sweep.cancel()
        self._drained = asyncio.Event()
        if self._visits:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), self._settings.drain_timeout_s)
        for visit in list(self._visits):
            visit.end("cut_at_stop")
        for task in self._adoptions:
            task.cancel()
        await asyncio.gather(*self._adoptions, return_exceptions=True)
        await self._http.shutdown(timeout=1.0)

    def _tidy(self) -> None:
        self._mailbox.expire(time.monotonic_ns())
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self._tidy)

    def _adopt(self, connection: socket.socket, host: str) -> None:
        source = source_of(host)
        refusal = self._gate.enter(source, time.monotonic())
        if refusal is not None:
            self.counters[refusal] += 1
            refuse(connection)
            return
        connection.setblocking(False)
        visit = Visit(source, self.counters, self._left, connect_timeout_s=self._settings.connect_timeout_s)
        self._visits.add(visit)
        task = asyncio.get_running_loop().create_task(self._shake_hands(connection, visit))
        self._adoptions.add(task)
        task.add_done_callback(self._adoptions.discard)

    async def _shake_hands(self, connection: socket.socket, visit: Visit) -> None:
        timeout = self._settings.connect_timeout_s if self._ssl is not None else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: CarProtocol(self._http, visit), connection, ssl=self._ssl, ssl_handshake_timeout=timeout
            )
        except (OSError, asyncio.CancelledError):  # ssl.SSLError and TimeoutError are OSErrors
            self.counters["no_handshake"] += 1
            connection.close()
            visit.over()

    def _left(self, visit: Visit) -> None:
        self._visits.discard(visit)
        self._gate.leave(visit.source)
        if not self._visits and self._drained is not None:
            self._drained.set()
