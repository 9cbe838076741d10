"""Engine.IO for cars: one WebSocket, text only, and every way it can end ends in one place.

Guards against python-engineio 4.15.1, each with its test in tests/attacks:

- stock ``AsyncSocket`` decodes a frame outside its ``try``: a malformed one ends the task without the disconnect
  handler, and the session leaks until the ping timeout. Here the state goes in one ``finally``.
- a handler's exception is logged with its traceback, and at INFO every packet is logged with its data. Here the
  library's loggers are silent, and what is worth counting is counted.
- a binary message is handed on, and so is a text one that starts with ``b`` (base64). Here both end the visit.
- a client that answers pings and never sends CONNECT stays for ever. Here every visit has a deadline.
- PONGs nobody asked for are taken without end. Here the first one ends the visit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import engineio
from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web
from engineio import packet

from edge.link.connection import PING_INTERVAL_S, PING_TIMEOUT_S, Visit
from edge.link.frames import MAX_FRAME_BYTES, FrameError

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S: Final = 0.5
"""How long a peer may take to answer our WebSocket close frame; aiohttp's own 10 s keep its state that long."""


def silent_logger() -> logging.Logger:
    """A logger for the library: its messages carry what cars sent, so none of them may reach a log."""
    logger = logging.getLogger("edge.link.library")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger


class CarSocket:
    """What the Engine.IO server needs of a socket: sends at once, under the peer's back-pressure, without a queue."""

    __slots__ = ("_web_socket", "closed", "sid", "visit")

    def __init__(self, sid: str, web_socket: web.WebSocketResponse, visit: Visit) -> None:
        """*web_socket* is prepared already."""
        self.sid = sid
        self.visit = visit
        self.closed = False
        self._web_socket = web_socket

    async def send(self, pkt: Any) -> None:
        """Send the Engine.IO packet *pkt*; a peer that is gone is nothing to worry about."""
        try:
            await self._web_socket.send_str(pkt.encode())
        except (ClientConnectionResetError, ConnectionError):
            self.visit.end()

    async def messages(self, handle: Callable[[str, str], Awaitable[None]]) -> None:
        """Read until the other side closes; each Socket.IO message goes to *handle* with the session's id.

        Raises:
            FrameError: the other side does not speak the protocol.
        """
        while True:
            message = await self._web_socket.receive()
            if message.type is not WSMsgType.TEXT:
                break
            text: str = message.data
            if text == "3":
                if not self.visit.pong():
                    raise FrameError("bad_frame")
                continue
            self.visit.messages_left -= 1
            if self.visit.messages_left < 0:
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
    """An Engine.IO server whose only door is :meth:`serve`: no polling, no upgrades, no environ."""

    sockets: dict[str, CarSocket]

    def __init__(self, **options: Any) -> None:
        """*options* are the library's; those that matter are set here."""
        fixed = {
            "async_mode": "aiohttp",
            "transports": ["websocket"],
            "allow_upgrades": False,
            "http_compression": False,
            "monitor_clients": False,  # the visits' own timers do it
            "ping_interval": PING_INTERVAL_S,
            "ping_timeout": PING_TIMEOUT_S,
            "max_http_buffer_size": MAX_FRAME_BYTES,
            "logger": silent_logger(),
        }
        super().__init__(**{**options, **fixed})

    async def serve(self, request: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        """Take the WebSocket that *request* asks for and stay with it until it is closed.

        Raises:
            web.HTTPException: the request is not a WebSocket handshake.
        """
        # compress=False: a deflate bomb would be inflated before any limit of ours sees it.
        web_socket = web.WebSocketResponse(timeout=CLOSE_TIMEOUT_S, max_msg_size=MAX_FRAME_BYTES, compress=False)
        await web_socket.prepare(request)
        socket = CarSocket(self.generate_id(), web_socket, visit)
        self.sockets[socket.sid] = socket
        loop = asyncio.get_running_loop()
        visit.on_ping(lambda: _background(loop.create_task(socket.send(packet.Packet(packet.PING)))))
        try:
            await self.handlers["connect"](socket.sid, {"visit": visit})
            await socket.send(packet.Packet(packet.OPEN, self._handshake(socket.sid)))
            await socket.messages(self.handlers["message"])
        except FrameError as error:
            visit.end(error.outcome)
        except Exception as error:
            # Its text may hold what the car sent, its class does not.
            log.error("a visit failed inside the unit: %s", type(error).__name__)
            visit.end("internal_error")
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


def _background(task: asyncio.Task[None]) -> None:
    """Keep *task* referenced until it is done; the event loop itself holds tasks weakly."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
