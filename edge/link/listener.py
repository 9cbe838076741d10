"""The listening socket: the unit accepts connections itself and can refuse one before TLS or HTTP cost anything.

asyncio's own accept loop starts the TLS handshake for every connection and gives a stalled handshake 60 s; the address
could be checked only after the handshake.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import struct
import time
from collections.abc import Callable
from typing import Final

from edge.errors import LinkError
from edge.link.strangers import tell

log = logging.getLogger(__name__)

BACKLOG: Final = 1024
ACCEPTS_PER_TURN: Final = 8
"""Connections accepted before the event loop's other work gets its turn: a flood must not delay open connections."""

ACCEPT_PAUSE_S: Final = 0.2
"""How long to leave the backlog alone when the system has no file descriptor left."""

SHORT_S: Final = 10.0
"""How long after the last connection that could not be accepted this is a problem."""

RESERVED_FILES: Final = 256
"""File descriptors that the rest of the unit needs."""

_RESET: Final = struct.pack("ii", 1, 0)


class Listener:
    """A listening socket; passes each accepted socket and the peer's host to a callback.

    Attributes:
        port: the port that is bound, 0 before :meth:`open`.
    """

    def __init__(self, on_accept: Callable[[socket.socket, str], None]) -> None:
        """Do not listen yet; *on_accept* gets each accepted socket and the peer's host."""
        self._on_accept = on_accept
        self._socket: socket.socket | None = None
        self._resume: asyncio.TimerHandle | None = None
        self._short_until = 0.0
        self.port = 0

    @property
    def is_short(self) -> bool:
        """Whether the system lately had nothing left for another connection."""
        return time.monotonic() < self._short_until

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._socket is not None

    def open(self, host: str, port: int) -> None:
        """Listen on *host* and *port* (0: a free one, see :attr:`port`).

        Raises:
            LinkError: the address is not one of this machine, or it is in use.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise LinkError(
                f"the unit cannot listen on {host} port {port} ({error.strerror})",
                "stop the program that uses the port, or set another host and port in [link]",
            ) from None
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept_some)

    def close(self) -> None:
        """Stop listening; connections that were accepted stay open."""
        if self._resume is not None:
            self._resume.cancel()
            self._resume = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _accept_some(self) -> None:
        assert self._socket is not None
        for _ in range(ACCEPTS_PER_TURN):
            try:
                accepted, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                tell("no connection can be accepted for a moment: %s", error.strerror)
                self._short_until = time.monotonic() + SHORT_S
                self._pause()
                return
            self._on_accept(accepted, address[0])

    def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._socket is not None
        descriptor = self._socket.fileno()
        # The socket stays readable while its backlog is not empty: without the pause the loop would spin on it.
        loop.remove_reader(descriptor)
        self._resume = loop.call_later(ACCEPT_PAUSE_S, loop.add_reader, descriptor, self._accept_some)


def refuse(accepted: socket.socket) -> None:
    """Close the socket *accepted* with a reset, which leaves nothing in the system's tables."""
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    accepted.close()


def raise_file_limit(connections: int) -> int:
    """Raise the process's limit of open files for *connections*.

    Returns:
        How many connections the limit allows, at most *connections* and at least 1.
    """
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
