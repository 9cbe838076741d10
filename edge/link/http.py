"""The HTTP that a car needs: one request, which asks for the WebSocket.

Guards against aiohttp 3.14.5, each with its test in tests/attacks:

- aiohttp logs a malformed request with a traceback, so a stranger writes into the log. Here errors are counted.
- aiohttp reads the rest of an unread request for 10 s. Here every reply except the upgrade closes at once.
- aiohttp does not limit how much an upgraded connection may send. Here the limit is
  :data:`~edge.link.connection.MAX_BYTES`.
- aiohttp answers WebSocket pings itself, and no handler sees them. Here the same byte budget bounds them.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from edge.link.connection import Connection
from edge.link.engineio import CarEngine, silent_logger

PATH: Final = "/socket.io/"

SERVER_HEADER: Final = "autovelox"
"""Replaces aiohttp's header, which tells the versions of aiohttp and Python."""

MAX_LINE_BYTES: Final = 1024
MAX_FIELD_BYTES: Final = 2048
MAX_HEADERS: Final = 48


class CarProtocol(RequestHandler):
    """HTTP on one accepted connection; the byte budget is checked before the parsers run."""

    __slots__ = ("connection",)

    def __init__(self, server: web.Server, connection: Connection) -> None:
        """Pass requests to *server* and tell *connection* when the transport is gone."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            logger=silent_logger(),
            access_log=silent_logger(),
            lingering_time=0,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_FIELD_BYTES,
            max_headers=MAX_HEADERS,
        )
        self.connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the *transport*; TLS, where configured, is established."""
        # uvloop's transport has the interface of asyncio.Transport without inheriting from it.
        self.connection.set_transport(cast(asyncio.Transport, transport).abort)
        super().connection_made(transport)

    async def start(self) -> None:
        """Serve the connection, unless it is lost already: the library's assertion would be logged with a traceback."""
        if self.transport is not None:
            await super().start()

    def data_received(self, data: bytes) -> None:
        """Count *data* against the budget before anything parses it."""
        self.connection.bytes_left -= len(data)
        if self.connection.bytes_left < 0:
            self.connection.abort("oversized")
            return
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Release the connection; the gate can give its place to another one at once."""
        self.connection.closed()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that failed with *status* alone, without repeating anything that was sent."""
        if not isinstance(exc, ConnectionError):  # a peer that is gone before it was answered is nobody's fault
            self.connection.counters["bad_request" if status < 500 else "internal_error"] += 1
        return _closing(web.Response(status=status))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Count the error; the library's message and traceback would contain what was sent."""
        self.connection.counters["internal_error"] += 1


class RequestFilter:
    """Admits requests for Socket.IO over WebSocket and refuses all others."""

    def __init__(self, engine: CarEngine) -> None:
        """Pass admitted requests to *engine*."""
        self._engine = engine

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer *request*."""
        assert isinstance(request.protocol, CarProtocol)
        connection = request.protocol.connection
        status = _refusal_status(request)
        if status is not None:
            connection.counters["bad_request"] += 1
            return _closing(web.Response(status=status, headers={hdrs.ALLOW: "GET"} if status == 405 else None))
        try:
            return await self._engine.serve(request, connection)
        except web.HTTPException as error:  # the headers of the WebSocket handshake are wrong
            connection.counters["bad_request"] += 1
            return _closing(web.Response(status=error.status))


def _refusal_status(request: web.BaseRequest) -> int | None:
    """Return the HTTP status that refuses *request*, or None if it is what a car sends."""
    headers, query = request.headers, request.query
    if request.path != PATH or "%" in request.raw_path.partition("?")[0]:
        return 404
    if request.method != hdrs.METH_GET:
        return 405
    if headers.getall(hdrs.CONTENT_LENGTH, []) or headers.getall(hdrs.TRANSFER_ENCODING, []):
        return 400
    if query.getall("EIO", []) != ["4"] or query.getall("transport", []) != ["websocket"] or "sid" in query:
        return 400
    if headers.get(hdrs.UPGRADE, "").lower() != "websocket":
        return 426
    if hdrs.SEC_WEBSOCKET_PROTOCOL in headers:  # aiohttp logs the names that it does not know
        return 400
    origin = headers.get(hdrs.ORIGIN)
    # A browser names the page that makes it connect; no page of another host may reach a unit.
    if origin is not None and urlsplit(origin).netloc != headers.get(hdrs.HOST):
        return 403
    return None


def _closing(response: web.Response) -> web.Response:
    response.headers[hdrs.SERVER] = SERVER_HEADER
    response.force_close()
    return response
