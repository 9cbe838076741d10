"""The default behaviour of the libraries that the guards work around, pinned for the versions in use.

A test that fails here means that a library has changed its behaviour. Look at the guard that the test names: it may be
unnecessary now, or it may no longer work. Then read the private methods that edge.link overrides, and update the
versions.

Longer than 300 lines because one set of versions is checked by one file.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

import aiohttp
import engineio
import pytest
import socketio
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from engineio.async_drivers.aiohttp import translate_request
from socketio.packet import Packet

from edge.link.connection import MAX_BYTES
from edge.link.engineio import CarEngine
from edge.link.exchange import Exchange
from edge.link.http import CarProtocol
from tests.support.link import RawCar


class Stock:
    """python-socketio as its documentation builds it, with the handlers this unit would have."""

    def __init__(self, **options: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.server = socketio.AsyncServer(async_mode="aiohttp", **options)

        async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
            self.calls.append(("connect", environ))
            await self.server.emit("challenge", {"nonce": "n", "timestamp": 1}, to=sid)

        async def disconnect(sid: str, reason: Any = None) -> None:
            self.calls.append(("disconnect", reason))

        async def packet(sid: str, body: Any) -> str:
            self.calls.append(("packet", body))
            await asyncio.sleep(1.0)
            return "taken"

        for handler in (connect, disconnect, packet):
            self.server.on(handler.__name__, handler)

    @property
    def names(self) -> list[str]:
        return [call[0] for call in self.calls]


@asynccontextmanager
async def running(stock: Stock) -> AsyncIterator[int]:
    app = web.Application()
    stock.server.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site.port
    finally:
        await stock.server.shutdown()
        await runner.cleanup()
        leaked = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in leaked:  # pings of sessions that leaked
            task.cancel()
        await asyncio.gather(*leaked, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* is true; fail if it stays false."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def settled(seconds: float = 0.3) -> None:
    """Give the stock server time to do what it should do and does not."""
    await asyncio.sleep(seconds)


def test_the_versions_are_the_ones_the_guards_were_written_for() -> None:
    built_on = {"python-socketio": "5.18.1", "python-engineio": "4.15.1", "aiohttp": "3.14.5"}
    for package, exactly in built_on.items():
        assert version(package) == exactly, f"{package} moved on: go through this file"


@pytest.mark.parametrize(
    ("ours", "theirs", "names"),
    [
        (Exchange, socketio.AsyncServer, ["_engineio_server_class", "_handle_eio_message", "_handle_eio_disconnect"]),
        (Exchange, socketio.AsyncServer, ["_handle_event"]),
        (CarProtocol, RequestHandler, ["connection_made", "connection_lost", "data_received"]),
        (CarProtocol, RequestHandler, ["handle_error", "log_exception", "start"]),
    ],
)
def test_what_we_override_is_still_there(ours: type, theirs: type, names: list[str]) -> None:
    for name in names:
        assert name in vars(ours), name
        mine, base = (list(inspect.signature(getattr(kind, name)).parameters) for kind in (ours, theirs))
        assert len(mine) == len(base), f"{theirs.__name__}.{name} has other parameters now"


def test_what_we_call_is_still_there() -> None:
    for name in ("_handle_connect", "_send_packet", "_handle_eio_connect"):
        assert inspect.iscoroutinefunction(getattr(socketio.AsyncServer, name))
    source = inspect.getsource(engineio.AsyncServer.send_packet)
    assert "_get_socket" in source and "socket.send(pkt)" in source
    assert issubclass(CarEngine, engineio.AsyncServer)


async def test_an_emit_in_the_connect_handler_overtakes_the_connect_packet() -> None:
    """Guard: Exchange(always_connect=True)."""
    stock = Stock()
    async with running(stock) as port, RawCar(port) as car:
        await car.send("40")
        assert [(await car.receive())[:2] for _ in range(2)] == ["42", "40"]


async def test_a_client_can_run_the_connect_and_disconnect_handlers() -> None:
    """Guard: Exchange._handle_event compares the name of the only event."""
    stock = Stock(always_connect=True)
    async with running(stock) as port, RawCar(port) as car:
        await car.connect()
        await car.send('42["connect",{"REMOTE_ADDR":"forged"},null]')
        await car.receive()
        await car.send('42["disconnect","forged"]')
        await until(lambda: len(stock.names) == 3)
        assert stock.names == ["connect", "connect", "disconnect"]
        assert stock.calls[1][1] == {"REMOTE_ADDR": "forged"}


async def test_binary_attachments_are_unlimited() -> None:
    """Guard: CarPacket takes types 0 to 2 alone, CarSocket no binary message."""
    stock = Stock(always_connect=True, max_http_buffer_size=5000)
    async with running(stock) as port, RawCar(port) as car:
        await car.connect()
        await car.send('45100000-["packet",{"_placeholder":true,"num":0}]')
        for _ in range(200):
            await car.web_socket.send_bytes(b"\0" * 4096)
        await until(lambda: len(stock.server._binary_packet) == 1)
        (held,) = stock.server._binary_packet.values()
        await until(lambda: sum(map(len, held.attachments)) == 200 * 4096 > 5000)


async def test_a_malformed_frame_leaks_the_session() -> None:
    """Guard: CarEngine.serve frees everything in one finally."""
    stock = Stock(always_connect=True)
    async with running(stock) as port:
        async with RawCar(port) as car:
            await car.connect()
            await car.send("x")
            with suppress(EOFError):
                await car.receive(1)
        await settled()
        assert "disconnect" not in stock.names
        assert len(stock.server.eio.sockets) == len(stock.server.environ) == 1


def test_the_peers_address_is_invented() -> None:
    """Guard: Listener takes the address from accept()."""

    class Request:
        content = query_string = path_qs = path = method = ""
        version = (1, 1)
        headers: dict[str, str] = {}  # noqa: RUF012
        remote = "192.0.2.1"

    assert translate_request(Request())["REMOTE_ADDR"] == "127.0.0.1"


async def test_a_client_that_never_connects_is_never_closed() -> None:
    """Guard: every Connection has a deadline."""
    stock = Stock(ping_interval=1, ping_timeout=3)
    async with running(stock) as port, RawCar(port) as car:
        while car.pings < 5:  # longer than interval and timeout together
            with suppress(asyncio.TimeoutError):
                await car.receive(1)
        assert len(stock.server.eio.sockets) == 1
        assert not car.web_socket.closed


async def test_an_event_of_wrong_arity_gets_a_traceback_and_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    """Guard: Exchange._take_packet checks the arguments."""
    stock = Stock(always_connect=True, engineio_logger=logging.getLogger("stock"))
    async with running(stock) as port, RawCar(port) as car:
        await car.connect()
        await car.send('421["packet",1,2,3]')
        with pytest.raises(asyncio.TimeoutError):
            await car.receive(0.5)
    assert any(record.exc_info for record in caplog.records)


def test_not_a_number_duplicate_keys_and_empty_packets_are_accepted() -> None:
    """Guard: strict_json and CarPacket."""
    assert Packet(encoded_packet='2["packet",NaN]').data[1] != 0
    assert Packet(encoded_packet='2["packet",{"a":1,"a":2}]').data[1] == {"a": 2}
    assert Packet(encoded_packet="").data is None
    assert Packet(encoded_packet='212-["packet"]').packet_type == 2


def test_a_text_that_begins_with_b_is_a_binary_message() -> None:
    """Guard: CarSocket.messages reads the text itself; a message of another type than 4 closes the connection."""
    assert engineio.packet.Packet(encoded_packet="bAAAA").binary


async def test_connect_may_be_sent_again_and_again() -> None:
    """Guard: Exchange._handle_eio_message closes the connection at the second CONNECT."""
    stock = Stock(always_connect=True, namespaces=["/"])
    async with running(stock) as port, RawCar(port) as car:
        await car.connect()
        for _ in range(20):
            await car.send("40")
            assert (await car.receive()).startswith("44")
            await car.send("40/admin,")
            assert (await car.receive()).startswith("44/admin,")
        assert not car.web_socket.closed


async def test_every_event_is_a_task_of_its_own() -> None:
    """Guard: Exchange(async_handlers=False), one packet a connection, MAX_MESSAGES."""
    stock = Stock(always_connect=True)
    async with running(stock) as port, RawCar(port) as car:
        await car.connect()
        before = len(asyncio.all_tasks())
        for number in range(50):
            await car.send(f'42{number}["packet",1]')
        await until(lambda: len(asyncio.all_tasks()) >= before + 40)


async def test_polling_sessions_are_cheap_to_open_and_stay() -> None:
    """Guard: RequestFilter answers 400 to everything but transport=websocket."""
    stock = Stock()
    async with running(stock) as port, aiohttp.ClientSession() as session:
        for _ in range(20):
            async with session.get(f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling") as answer:
                assert answer.status == 200
        assert len(stock.server.eio.sockets) == 20


async def test_pongs_nobody_asked_for_are_taken_without_end() -> None:
    """Guard: Connection.take_pong."""
    stock = Stock(always_connect=True)
    async with running(stock) as port, RawCar(port) as car:
        await car.connect()
        for _ in range(500):
            await car.send("3")
        await car.send('421["packet",1]')
        assert await car.receive() == '431["taken"]'


async def test_packets_are_logged_with_their_contents(caplog: pytest.LogCaptureFixture) -> None:
    """Guard: silent_logger."""
    caplog.set_level(logging.INFO)
    stock = Stock(always_connect=True, engineio_logger=logging.getLogger("stock"))
    async with running(stock) as port, RawCar(port) as car:
        await car.connect()
        await car.send('421["packet",{"uid":"SECRET"}]')
        await car.receive()
    assert "SECRET" in caplog.text


async def test_pings_of_the_websocket_are_answered_unseen_and_without_end() -> None:
    """Guard: CarProtocol.data_received counts every byte against connection.MAX_BYTES."""
    stock = Stock(always_connect=True)
    async with running(stock) as port, RawCar(port) as car:
        await car.connect()
        for _ in range(MAX_BYTES // 100 + 1):
            await car.web_socket.ping(b"x" * 100)
        await car.send('421["packet",1]')
        assert await car.receive() == '431["taken"]'


async def test_an_empty_origin_list_switches_the_check_off() -> None:
    """Guard: RequestFilter compares the Origin itself."""
    stock = Stock(cors_allowed_origins=[])
    async with running(stock) as port, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        async with session.ws_connect(url, headers={"Origin": "https://evil.example"}) as web_socket:
            assert not web_socket.closed


def test_leaving_costs_as_much_as_there_are_connections() -> None:
    """Guard: Exchange._forget leaves the two rooms by name."""
    source = inspect.getsource(socketio.AsyncManager.basic_disconnect)
    assert "self.rooms[namespace].copy().items()" in source


async def send_to_stock_http(raw: bytes) -> None:
    async def hello(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="hello")

    server = web.Server(hello)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
    writer.write(raw)
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(reader.read(), 0.5)
    writer.close()
    listener.close()
    await server.shutdown(0.1)


async def test_malformed_requests_are_logged_with_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """Guard: CarProtocol.handle_error."""
    await send_to_stock_http(b"GET / HTTP/1.1\r\nHost: a\r\nbroken header\r\n\r\n")
    assert any(record.exc_info for record in caplog.records)


async def test_names_of_sub_protocols_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Guard: RequestFilter refuses Sec-WebSocket-Protocol."""
    stock = Stock()
    async with running(stock) as port, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        async with session.ws_connect(url, protocols=["SECRET"]):
            pass
    assert "SECRET" in caplog.text


async def test_replies_tell_the_versions_of_the_software() -> None:
    """Guard: http.SERVER_HEADER."""
    stock = Stock()
    async with (
        running(stock) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/") as answer,
    ):
        assert version("aiohttp") in answer.headers["Server"]


def test_a_tls_handshake_has_a_minute() -> None:
    """Guard: a Connection's deadline, and the Gate counts it before."""
    assert asyncio.constants.SSL_HANDSHAKE_TIMEOUT == 60.0


def test_slow_headers_have_an_hour() -> None:
    """Guard: the Connection's deadline begins at accept."""
    assert inspect.signature(RequestHandler.__init__).parameters["keepalive_timeout"].default > 3600


def test_unread_bodies_are_drained_for_seconds() -> None:
    """Guard: CarProtocol(lingering_time=0)."""
    assert inspect.signature(RequestHandler.__init__).parameters["lingering_time"].default == 10.0


def test_a_close_frame_is_waited_for_ten_seconds() -> None:
    """Guard: engineio.CLOSE_TIMEOUT_S."""
    assert inspect.signature(web.WebSocketResponse.__init__).parameters["timeout"].default == 10.0


def test_compression_is_offered() -> None:
    """Guard: WebSocketResponse(compress=False)."""
    assert inspect.signature(web.WebSocketResponse.__init__).parameters["compress"].default is True


async def test_a_connection_that_is_lost_at_once_fails_an_assertion() -> None:
    """Guard: CarProtocol.start."""

    class Line(asyncio.Transport):
        def close(self) -> None: ...

    class Lost(RequestHandler):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.connection_lost(None)

    before = asyncio.all_tasks()
    server = web.Server(lambda _: None)  # type: ignore[arg-type,return-value]  # it is never asked
    Lost(server, loop=asyncio.get_running_loop()).connection_made(Line())
    (task,) = asyncio.all_tasks() - before
    # From Python 3.12 on aiohttp begins the task at once: there it is cancelled like any other, without an assertion.
    with pytest.raises(AssertionError if sys.version_info < (3, 12) else asyncio.CancelledError):
        await task


async def test_the_answer_to_a_ping_raises_when_the_peer_is_gone() -> None:
    """Guard: CarEngine.serve takes it for an end like any other."""
    raised: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        web_socket = web.WebSocketResponse()
        await web_socket.prepare(request)
        await asyncio.sleep(0.2)  # the pings lie there, unread
        assert request.transport is not None
        request.transport.abort()
        try:
            await web_socket.receive()
        except Exception as error:
            raised.set_result(error)
        return web_socket

    listener = await asyncio.get_running_loop().create_server(web.Server(handle), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/") as web_socket:
        for _ in range(3):
            await web_socket.ping()
        assert isinstance(await asyncio.wait_for(raised, 10), ConnectionError)
    listener.close()
