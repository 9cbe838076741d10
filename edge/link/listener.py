"""Accepting sockets ourselves: the gate decides before a TLS handshake or an HTTP byte costs anything.

``asyncio``'s own accept loop would start the handshake for everybody and give a stalled one 60 s; what it refuses
cannot be known by address before the handshake is done.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import struct
from collections.abc import Callable
from typing import Final

from edge.errors import LinkError

log = logging.getLogger(__name__)

BACKLOG: Final = 1024
ACCEPTS_PER_TURN: Final = 8
"""Connections accepted before the event loop's other work gets its turn: a flood must not keep the others waiting."""

PAUSE_S: Final = 0.2
"""How long to leave the backlog alone when the system has no descriptor left."""

RESERVED_FILES: Final = 256
"""Descriptors the rest of the unit needs."""

_RESET: Final = struct.pack("ii", 1, 0)


class Listener:
    """A listening socket whose connections go to *adopt* one by one, each with the peer's host."""

    def __init__(self, adopt: Callable[[socket.socket, str], None]) -> None:
        """Nothing listens yet."""
        self._adopt = adopt
        self._socket: socket.socket | None = None
        self._resume: asyncio.TimerHandle | None = None
        self.port = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody can come in."""
        return self._socket is not None

    def open(self, host: str, port: int) -> None:
        """Listen on *host* and *port* (0: a free one, see :attr:`port`).

        Raises:
            LinkError: the address is not ours or not free.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise LinkError(
                f"the unit cannot listen on {host} port {port} ({error.strerror})", "is another one running?"
            ) from None
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._ready)

    def close(self) -> None:
        """Stop listening; connections that were adopted live on."""
        if self._resume is not None:
            self._resume.cancel()
            self._resume = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _ready(self) -> None:
        assert self._socket is not None
        for _ in range(ACCEPTS_PER_TURN):
            try:
                connection, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.error("no connection can be accepted for a moment: %s", error.strerror)
                self._pause()
                return
            self._adopt(connection, address[0])

    def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._socket is not None
        descriptor = self._socket.fileno()
        # The socket stays readable while its backlog waits: without the pause the loop would spin on it.
        loop.remove_reader(descriptor)
        self._resume = loop.call_later(PAUSE_S, loop.add_reader, descriptor, self._ready)


def refuse(connection: socket.socket) -> None:
    """Close *connection* with a reset, so that nothing of it is left in the system's tables."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()


def room_for(connections: int) -> int:
    """Raise the limit of open files for *connections*; how many of them it allows in the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    allowed = max(1, soft - RESERVED_FILES)
    log.warning("the limit of open files allows %d connections, not %d: raise LimitNOFILE", allowed, connections)
    return allowed
