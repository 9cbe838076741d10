"""HTTP as far as a car needs it: one request, and it asks for the WebSocket.

Guards against aiohttp 3.14.5, each with its test in tests/attacks:

- a malformed request is logged with a traceback, so a stranger writes into the log. Here errors are counted;
- a request that is not read to its end is drained for 10 s. Here every answer but the upgrade closes at once;
- how much an upgraded connection may send is nobody's business. Here it is :data:`~edge.link.connection.MAX_BYTES`;
- WebSocket pings are answered inside the library and never seen by a handler: the same budget bounds them.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from edge.link.connection import Visit
from edge.link.engineio import CarEngine, silent_logger

PATH: Final = "/socket.io/"

SERVER: Final = "autovelox"
"""Instead of aiohttp's header, which tells everybody its version and Python's."""

MAX_LINE_BYTES: Final = 1024
MAX_FIELD_BYTES: Final = 2048
MAX_HEADERS: Final = 48


class CarProtocol(RequestHandler):
    """HTTP on one accepted connection; the byte budget stands before the parsers."""

    __slots__ = ("visit",)

    def __init__(self, server: web.Server, visit: Visit) -> None:
        """*server* hands requests on, *visit* is told when the connection is gone."""
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
        self.visit = visit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands, TLS included."""
        self.visit.on_end(cast(asyncio.Transport, transport).abort)  # uvloop's is a Transport by duck type alone
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Count *data* against the budget before anything looks at it."""
        self.visit.bytes_left -= len(data)
        if self.visit.bytes_left < 0:
            self.visit.end("oversized")
            return
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone; the place is free at once."""
        self.visit.over()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be handled with its status alone, without a word of what was sent."""
        self.visit.count["bad_request" if status < 500 else "internal_error"] += 1
        return _closing(web.Response(status=status))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Count instead: the library's message and traceback carry what was sent."""
        self.visit.count["internal_error"] += 1


class Door:
    """Lets through what asks for Socket.IO over WebSocket, and nothing else."""

    def __init__(self, engine: CarEngine) -> None:
        """Requests that are right go to *engine*."""
        self._engine = engine

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer *request*."""
        assert isinstance(request.protocol, CarProtocol)
        visit = request.protocol.visit
        status = _refusal(request)
        if status is not None:
            visit.count["bad_request"] += 1
            return _closing(web.Response(status=status, headers={hdrs.ALLOW: "GET"} if status == 405 else None))
        try:
            return await self._engine.serve(request, visit)
        except web.HTTPException as error:  # the WebSocket handshake's own headers are wrong
            visit.count["bad_request"] += 1
            return _closing(web.Response(status=error.status))


def _refusal(request: web.BaseRequest) -> int | None:
    """The HTTP status that refuses *request*, or None when it is what a car sends."""
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
    if hdrs.SEC_WEBSOCKET_PROTOCOL in headers:  # aiohttp logs the names it does not know
        return 400
    origin = headers.get(hdrs.ORIGIN)
    # A browser names the page that makes it call; no page of another host has business with a unit.
    if origin is not None and urlsplit(origin).netloc != headers.get(hdrs.HOST):
        return 403
    return None


def _closing(response: web.Response) -> web.Response:
    response.headers[hdrs.SERVER] = SERVER
    response.force_close()
    return response
