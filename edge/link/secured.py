"""TLS on an accepted connection: the handshake waits in a queue of ours, then a transport hides the encryption.

asyncio's own TLS computes handshakes in the event loop and has no place for a queue.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, cast

from edge.link.connection import MAX_BYTES, Connection
from edge.link.handshakes import Handshakes

MAX_ENCRYPTED_BYTES: Final = 2 * MAX_BYTES
"""Bytes a connection may send in all, the handshake and TLS's own messages included, which nobody inside sees."""

READ_BYTES: Final = 16 * 1024
MAX_STEPS: Final = 16
"""Computations of a handshake; an honest one takes two or three, one that arrives in crumbs would take any number."""


class SecuredTransport(asyncio.Transport):
    """What the protocol inside sees: a transport like any other, whose bytes go out encrypted."""

    def __init__(self, raw: asyncio.Transport, tls: ssl.SSLObject, outgoing: ssl.MemoryBIO) -> None:
        """Encrypt with *tls*, which writes into *outgoing*, and send through *raw*."""
        super().__init__({"sslcontext": tls.context, "ssl_object": tls})
        self._raw = raw
        self._tls = tls
        self._outgoing = outgoing
        self._protocol: asyncio.BaseProtocol | None = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As of the transport beneath, with what TLS adds."""
        own = super().get_extra_info(name)
        return own if own is not None else self._raw.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Remember *protocol*; bytes reach it through :class:`Secured`."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol inside."""
        assert self._protocol is not None
        return self._protocol

    def is_closing(self) -> bool:
        """Whether nothing more will be sent."""
        return self._raw.is_closing()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Encrypt and send *data*."""
        if not data or self._raw.is_closing():
            return
        self._tls.write(data)
        self.flush()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        """Encrypt and send *list_of_data* as one."""
        self.write(b"".join(list_of_data))

    def flush(self) -> None:
        """Send what TLS has written."""
        if self._outgoing.pending and not self._raw.is_closing():
            self._raw.write(self._outgoing.read())

    def close(self) -> None:
        """Say goodbye (close_notify), send what is left, and close."""
        if self._raw.is_closing():
            return
        with suppress(ssl.SSLError):  # the peer's goodbye is not waited for
            self._tls.unwrap()
        self.flush()
        self._raw.close()

    def abort(self) -> None:
        """Close at once; what is left is lost."""
        self._raw.abort()

    def can_write_eof(self) -> bool:
        """TLS cannot close one direction."""
        return False

    def is_reading(self) -> bool:
        """Whether bytes are taken from the peer."""
        return self._raw.is_reading()

    def pause_reading(self) -> None:
        """Take no bytes from the peer; at most what was read before still arrives."""
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        self._raw.resume_reading()

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return self._raw.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """As of the transport beneath."""
        self._raw.set_write_buffer_limits(high, low)


class Secured(asyncio.Protocol):
    """The protocol on the raw connection: handshake, then decrypted bytes for the protocol inside.

    Attributes:
        source: what counts as the peer's address.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        handshakes: Handshakes,
        connection: Connection,
        inside: Callable[[], asyncio.Protocol],
    ) -> None:
        """Speak TLS with *context*; *inside* makes the protocol that gets the decrypted bytes."""
        self.source = connection.source
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._handshakes = handshakes
        self._connection = connection
        self._make_inside = inside
        self._inside: asyncio.Protocol | None = None
        self._raw: asyncio.Transport | None = None
        self._secured: SecuredTransport | None = None
        self._bytes_left = MAX_ENCRYPTED_BYTES
        self._steps_left = MAX_STEPS
        self._computing = False
        self._arrived: list[bytes] = []
        self._outcome: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the peer's first message; until then the connection costs hardly anything."""
        # uvloop's transport has the interface of asyncio.Transport without inheriting from it.
        self._raw = cast(asyncio.Transport, transport)
        self._connection.set_transport(self._raw.abort)

    def data_received(self, data: bytes) -> None:
        """Take encrypted bytes."""
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self._connection.abort("oversized")
            return
        if self._inside is not None:
            self._incoming.write(data)
            self._decrypt()
            return
        self._arrived.append(data)
        if not self._computing:
            self._ask()

    def _ask(self) -> None:
        """Wait for a turn to compute with what has arrived."""
        self._steps_left -= 1
        if self._steps_left < 0:
            self._fail()
            return
        for data in self._arrived:
            self._incoming.write(data)
        self._arrived.clear()
        self._computing = True
        self._handshakes.put(self)

    def compute(self) -> None:
        """Go on with the handshake; runs in a thread, where nobody else touches what it uses."""
        try:
            self._tls.do_handshake()
            self._outcome = None
        except Exception as error:  # of whatever kind: what is no success must not look like one
            self._outcome = error

    def computed(self) -> None:
        """Send what the handshake has written, and begin inside when it is done."""
        self._computing = False
        if self._raw is None or self._raw.is_closing():
            return
        if self._outgoing.pending:
            self._raw.write(self._outgoing.read())
        if isinstance(self._outcome, ssl.SSLWantReadError):
            if self._arrived:
                self._ask()
        elif self._outcome is not None:
            self._fail()
        else:
            self._begin()

    def cut(self) -> None:
        """Too many wait, and this one has to go."""
        self._connection.abort("displaced")

    def _begin(self) -> None:
        assert self._raw is not None
        self._connection.secured()
        self._secured = SecuredTransport(self._raw, self._tls, self._outgoing)
        self._inside = self._make_inside()
        self._secured.set_protocol(self._inside)
        self._inside.connection_made(self._secured)
        for data in self._arrived:
            self._incoming.write(data)
        self._arrived.clear()
        self._decrypt()

    def _decrypt(self) -> None:
        assert self._inside is not None and self._secured is not None and self._raw is not None
        try:
            while not self._raw.is_closing() and (data := self._tls.read(READ_BYTES)):
                self._inside.data_received(data)
            if not self._raw.is_closing():  # an empty read: the peer says goodbye
                self._secured.close()
        except ssl.SSLWantReadError:
            self._secured.flush()
        except ssl.SSLError:
            self._connection.abort("bad_frame")

    def _fail(self) -> None:
        self._connection.abort("no_handshake")

    def eof_received(self) -> bool:
        """Close: half-open connections have no use here."""
        if self._inside is not None:
            self._inside.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Release everything."""
        self._handshakes.discard(self)
        if self._inside is not None:
            self._inside.connection_lost(exc)
            return
        if not self._connection.aborted:
            self._connection.counters["no_handshake"] += 1
        self._connection.closed()

    def pause_writing(self) -> None:
        """The peer reads too slowly."""
        if self._inside is not None:
            self._inside.pause_writing()

    def resume_writing(self) -> None:
        """The peer reads again."""
        if self._inside is not None:
            self._inside.resume_writing()
