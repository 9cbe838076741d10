"""Connections that wait to begin: their address has had more visits than its rate, and others go first."""

from __future__ import annotations

import socket
from collections import OrderedDict
from collections.abc import Callable

from edge.link.connection import Connection

Waiting = tuple[Connection, socket.socket]


class Deferred:
    """Accepted sockets that nobody reads yet; addresses take turns, and of each the oldest comes first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._addresses: OrderedDict[str, OrderedDict[Connection, socket.socket]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, connection: Connection, accepted: socket.socket) -> None:
        """Let *connection* on the socket *accepted* wait."""
        self._addresses.setdefault(connection.source, OrderedDict())[connection] = accepted
        self._count += 1

    def pop(self, connection: Connection) -> socket.socket:
        """Take *connection* out, whosever turn it is; returns its socket."""
        waiting = self._addresses[connection.source]
        accepted = waiting.pop(connection)
        if not waiting:
            del self._addresses[connection.source]
        self._count -= 1
        return accepted

    def next(self, may_begin: Callable[[str], bool], looks: int) -> Waiting | None:
        """Take out whose turn it is among the addresses that *may_begin*; looks at *looks* addresses at the most."""
        for _ in range(min(looks, len(self._addresses))):
            source, waiting = next(iter(self._addresses.items()))
            self._addresses.move_to_end(source)
            if may_begin(source):
                connection = next(iter(waiting))
                return connection, self.pop(connection)
        return None
