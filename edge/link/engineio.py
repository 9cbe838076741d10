"""Engine.IO for cars: WebSocket only, text only, and one place where every session ends.

Guards against python-engineio 4.15.1, each with its test in tests/attacks:

- The library's ``AsyncSocket`` decodes a frame outside its ``try``: a malformed frame ends the task without calling
  the disconnect handler, and the session leaks until the ping timeout. Here one ``finally`` frees everything.
- The library logs an exception of a handler with its traceback, and at INFO every packet with its data. Here the
  library's loggers are silent, and outcomes are counted.
- The library hands on binary messages, and text messages that begin with ``b`` (base64). Here both close the
  connection.
- The library keeps a client that answers pings and never sends CONNECT. Here every connection has a deadline.
- aiohttp answers WebSocket pings while it reads and raises when the peer is gone meanwhile. Here that is no fault.
- The library accepts any number of pongs without a ping. Here the first one closes the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import engineio
from aiohttp import WSCloseCode, WSMsgType, web
from engineio import packet

from edge.link.connection import PING_INTERVAL_S, PING_TIMEOUT_S, Connection
from edge.link.frames import MAX_FRAME_BYTES, FrameError
from edge.link.strangers import tell

CLOSE_TIMEOUT_S: Final = 0.5
"""How long a peer may take to answer our WebSocket close frame; aiohttp would keep the connection for 10 s."""


def silent_logger() -> logging.Logger:
    """Return a logger that drops everything: the library's messages contain what cars sent."""
    logger = logging.getLogger("edge.link.library")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger


class CarSocket:
    """The socket that the Engine.IO server sends through: no queue, so the peer's back-pressure applies.

    Attributes:
        sid: the session's id.
        connection: the connection it belongs to.
        closed: whether the session has ended.
    """

    __slots__ = ("_web_socket", "closed", "connection", "sid")

    def __init__(self, sid: str, web_socket: web.WebSocketResponse, connection: Connection) -> None:
        """Send and receive through *web_socket*, whose handshake is done."""
        self.sid = sid
        self.connection = connection
        self.closed = False
        self._web_socket = web_socket

    async def send(self, pkt: Any) -> None:
        """Send the Engine.IO packet *pkt*; a peer that is gone is no error."""
        try:
            await self._web_socket.send_str(pkt.encode())
        except ConnectionError:
            self.connection.abort()

    async def messages(self, handle: Callable[[str, str], Awaitable[None]]) -> None:
        """Read until the peer closes; pass the session's id and each Socket.IO message to *handle*.

        Raises:
            FrameError: the peer does not speak the protocol.
        """
        while True:
            message = await self._web_socket.receive()
            if message.type is not WSMsgType.TEXT:
                break
            text: str = message.data
            if text == "3":
                if not self.connection.take_pong():
                    raise FrameError("bad_frame")
                continue
            self.connection.messages_left -= 1
            if self.connection.messages_left < 0:
                raise FrameError("too_many_messages")
            if text == "1":
                return
            if text[:1] != "4":
                raise FrameError("bad_frame")
            await handle(self.sid, text[1:])
        if message.type is WSMsgType.BINARY:
            raise FrameError("bad_frame")
        if message.type is WSMsgType.ERROR:
            too_big = getattr(message.data, "code", None) is WSCloseCode.MESSAGE_TOO_BIG
            raise FrameError("oversized" if too_big else "bad_frame")


class CarEngine(engineio.AsyncServer):  # type: ignore[misc]
    """An Engine.IO server whose only entry point is :meth:`serve`: no polling, no upgrades, no WSGI environ."""

    sockets: dict[str, CarSocket]

    def __init__(self, **options: Any) -> None:
        """Pass *options* to the library; the options that the guards depend on are fixed here."""
        fixed = {
            "async_mode": "aiohttp",
            "transports": ["websocket"],
            "allow_upgrades": False,
            "http_compression": False,
            "monitor_clients": False,  # each connection has a timer of its own
            "ping_interval": PING_INTERVAL_S,
            "ping_timeout": PING_TIMEOUT_S,
            "max_http_buffer_size": MAX_FRAME_BYTES,
            "logger": silent_logger(),
        }
        super().__init__(**{**options, **fixed})

    async def serve(self, request: web.BaseRequest, connection: Connection) -> web.StreamResponse:
        """Do the WebSocket handshake that *request* asks for and serve the session until it is closed.

        Raises:
            web.HTTPException: the request is not a WebSocket handshake.
        """
        # compress=False: the library would inflate a deflate bomb before our limits see it.
        web_socket = web.WebSocketResponse(timeout=CLOSE_TIMEOUT_S, max_msg_size=MAX_FRAME_BYTES, compress=False)
        await web_socket.prepare(request)
        socket = CarSocket(self.generate_id(), web_socket, connection)
        self.sockets[socket.sid] = socket
        loop = asyncio.get_running_loop()
        connection.start_pings(lambda: _keep(loop.create_task(socket.send(packet.Packet(packet.PING)))))
        try:
            await self.handlers["connect"](socket.sid, {"connection": connection})
            await socket.send(packet.Packet(packet.OPEN, self._handshake(socket.sid)))
            await socket.messages(self.handlers["message"])
        except FrameError as error:
            connection.abort(error.outcome)
        except ConnectionError:  # the peer is gone, and the library was answering one of its pings
            connection.abort()
        except Exception as error:
            # The text of the error may contain what the car sent; its class does not.
            tell("a connection failed inside the unit: %s", type(error).__name__)
            connection.abort("internal_error")
        finally:
            socket.closed = True
            del self.sockets[socket.sid]
            await self.handlers["disconnect"](socket.sid, self.reason.TRANSPORT_CLOSE)
        return web_socket

    def _handshake(self, sid: str) -> dict[str, Any]:
        return {
            "sid": sid,
            "upgrades": [],
            "pingTimeout": int(PING_TIMEOUT_S * 1000),
            "pingInterval": int(PING_INTERVAL_S * 1000),
            "maxPayload": MAX_FRAME_BYTES,
        }


_tasks: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """Hold a reference to *task* until it is done: the event loop keeps weak references only."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
