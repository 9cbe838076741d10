"""The link's server: listener, gate, HTTP, Engine.IO and Socket.IO put together, started and stopped."""

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
from edge.link.certificate import Certificate, end_problem, read_certificate
from edge.link.connection import Connection, Stage
from edge.link.deferred import Deferred
from edge.link.exchange import Exchange
from edge.link.gate import Gate, Limits
from edge.link.handshakes import Handshakes
from edge.link.http import CarProtocol, RequestFilter
from edge.link.identity import Identity
from edge.link.listener import Listener, raise_file_limit, refuse
from edge.link.mailbox import Mailbox
from edge.link.refusals import Refusals
from edge.link.secured import Secured
from edge.link.sources import source_of
from edge.link.tls import server_context

log = logging.getLogger(__name__)

EXPIRY_INTERVAL_S: Final = 1.0
"""How often packets whose time to live is over are deleted."""

DEFERRED_TICK_S: Final = 0.005
DEFERRED_LOOKS: Final = 16
"""How often a visit that waits may begin, and at how many addresses that wait one look is taken."""

QUIET_S: Final = 0.1
"""Without a visit for so long nobody is in the way of those who wait."""

HTTP_SHUTDOWN_S: Final = 1.0


class LinkServer:
    """Takes packets from cars and puts them, still sealed, into a mailbox.

    Attributes:
        counters: outcomes of connections: ``accepted`` and the refusals of the protocol (``malformed``, ``expired``,
            ``used``, ``busy``, ``version``); ``displaced`` (cut to make room) and ``full`` of the gate;
            ``bad_request``, ``bad_frame``, ``oversized``, ``too_many_messages``, ``no_answer``, ``ping_timeout``,
            ``no_handshake``, ``cut_at_stop`` and ``internal_error``.
        exchange: the Socket.IO server.
        gate: decides who has a place.
        handshakes: where TLS handshakes wait.
    """

    def __init__(self, settings: LinkSettings, mailbox: Mailbox, identity: Identity | None = None) -> None:
        """Put the parts together; needs a running event loop. Nothing listens before :meth:`start`.

        With an *identity* the unit speaks version 2, and version 1 as far as *settings* say so.
        """
        self._settings = settings
        self._mailbox = mailbox
        self.counters: Counter[str] = Counter()
        self.exchange = Exchange(mailbox.put, challenge_ttl_s=settings.challenge_ttl_s, identity=identity)
        self.gate: Gate[Connection] = Gate(
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
        self._beginning: set[asyncio.Task[None]] = set()
        self._deferred = Deferred()
        self._others_at_s = 0.0
        self.handshakes = Handshakes()
        self._ssl: ssl.SSLContext | None = None
        self._certificate: Certificate | None = None
        self._refusals = Refusals(self.counters)
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
        """Why cars do not get through now, or soon will not; None if they do."""
        if not self._listener.is_open:
            return "the link does not listen: see the log, then restart the unit"
        if self._listener.is_short:
            return "the link has no file descriptor left: raise LimitNOFILE, or lower connections in [link]"
        if self._certificate is not None:
            ending = end_problem(self._certificate, time.time())
            if ending is not None:
                return ": ".join(ending)
        if (identity := self.exchange.identity) is not None and (ending_soon := identity.problem()) is not None:
            return ending_soon
        return self._refusals.problem()

    @property
    def certificate_end_utc(self) -> float | None:
        """When the TLS certificate in use ends, in Unix seconds; None without one."""
        return self._certificate.end_utc if self._certificate is not None else None

    async def start(self) -> None:
        """Listen.

        Raises:
            LinkError: the address cannot be bound.
            SecretError: the TLS certificate or key cannot be used.
        """
        settings = self._settings
        self.reload_tls()
        self.gate.cap(raise_file_limit(settings.connections))
        self._listener.open(settings.host, settings.port)
        self._expire_packets()
        if self._ssl is None:
            log.warning("no TLS certificate is set: the link listens on loopback only")
        log.info("the link listens on %s port %d", settings.host, self.port)

    def reload_tls(self) -> bool:
        """Read certificate and key again; connections accepted from now on use them.

        Returns:
            Whether the unit has any.

        Raises:
            SecretError: they cannot be used; the certificate in use stays.
        """
        settings = self._settings
        if settings.tls_certificate is None or settings.tls_key is None:
            return False
        context = server_context(settings.tls_certificate, settings.tls_key)
        self._certificate = read_certificate(settings.tls_certificate)
        self._ssl = context
        return True

    def reload_identity(self) -> bool:
        """Read the unit's key and the authority's certificate again; challenges from now on have them.

        Returns:
            Whether the unit has any.

        Raises:
            SecretError: they cannot be used; those in use stay.
        """
        if (identity := self.exchange.identity) is None:
            return False
        self.exchange.identity = identity.renewed(self._settings)
        return True

    def seal_to(self, registry_key: bytes) -> bool:
        """Let cars of version 2 seal their uids to *registry_key* (32 bytes) from now on.

        Returns:
            Whether they sealed them to another key before.
        """
        identity = self.exchange.identity
        if identity is None or identity.signer.registry_key == registry_key:
            return False
        self.exchange.identity = identity.sealing_to(registry_key)
        return True

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
        await asyncio.gather(*self._beginning, return_exceptions=True)
        self.handshakes.close()
        await self._http.shutdown(timeout=HTTP_SHUTDOWN_S)

    def _expire_packets(self) -> None:
        self._mailbox.expire(time.monotonic_ns())
        self._refusals.sample()
        self._expiry = asyncio.get_running_loop().call_later(EXPIRY_INTERVAL_S, self._expire_packets)

    def _accept(self, accepted: socket.socket, host: str) -> None:
        source = source_of(host)
        connection = Connection(
            source,
            self.counters,
            self._release,
            connect_timeout_s=self._settings.connect_timeout_s,
            on_finished=self._finish,
            stage=Stage.CONNECTING if self._ssl is None else Stage.SECURING,
        )
        now_s = time.monotonic()
        displaced = self.gate.admit(connection, source, now_s)
        self._connections.add(connection)
        if displaced is connection:
            self.counters["full"] += 1
            refuse(accepted)
            connection.closed()
            return
        if displaced is not None:
            displaced.abort("displaced")
        accepted.setblocking(False)
        if self.gate.is_behind(source, now_s):
            self._defer(accepted, connection)
        else:
            self._others_at_s = now_s
            self._start(accepted, connection)

    def _defer(self, accepted: socket.socket, connection: Connection) -> None:
        """Let *connection* wait until its address has a token again, or nobody else comes."""
        connection.set_transport(lambda: self._drop(connection))
        self._deferred.put(connection, accepted)
        if len(self._deferred) == 1:
            asyncio.get_running_loop().call_later(DEFERRED_TICK_S, self._begin_deferred)

    def _drop(self, connection: Connection) -> None:
        """Cut *connection*, which has not begun."""
        refuse(self._deferred.pop(connection))
        connection.closed()

    def _begin_deferred(self) -> None:
        """Begin one visit that waits, if one may."""
        now_s = time.monotonic()
        is_quiet = self.gate.unfinished == len(self._deferred) and now_s - self._others_at_s > QUIET_S
        turn = self._deferred.next(lambda source: is_quiet or not self.gate.is_behind(source, now_s), DEFERRED_LOOKS)
        if turn is not None:
            connection, accepted = turn
            self._start(accepted, connection)
        if self._deferred:
            asyncio.get_running_loop().call_later(DEFERRED_TICK_S, self._begin_deferred)

    def _start(self, accepted: socket.socket, connection: Connection) -> None:
        task = asyncio.get_running_loop().create_task(self._begin(accepted, connection))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, accepted: socket.socket, connection: Connection) -> None:
        """Give *accepted* a transport, so that what arrives there reaches *connection*."""

        def inside() -> CarProtocol:
            return CarProtocol(self._http, connection)

        context = self._ssl
        if self._certificate is not None:
            connection.endpoint = self._certificate.sha256
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                inside if context is None else lambda: Secured(context, self.handshakes, connection, inside), accepted
            )
        except OSError:  # the peer is gone already
            accepted.close()
            connection.closed()

    def _finish(self, connection: Connection) -> None:
        self.gate.finish(connection, connection.source)

    def _release(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self.gate.release(connection)
        if not self._connections and self._drained is not None:
            self._drained.set()
