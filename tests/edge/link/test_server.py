from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from edge.config import LinkSettings
from edge.errors import LinkError, SecretError
from edge.link import connection
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from tests.support.link import ANNA, RawCar

Start = Callable[..., Awaitable[LinkServer]]
ACCEPTED = {"status": "accepted"}


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start servers on a free port; asyncio's own event loop, since the attacks run on uvloop."""
    servers: list[LinkServer] = []

    async def start(mailbox: Mailbox | None = None, **settings: Any) -> LinkServer:
        server = LinkServer(LinkSettings(port=0, **settings), Mailbox(100, 60, 4) if mailbox is None else mailbox)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()
        assert server.connections == 0


async def test_a_packet_reaches_the_mailbox_sealed(start: Start) -> None:
    mailbox = Mailbox(100, 60, 4)
    server = await start(mailbox)
    async with RawCar(server.port) as car:
        challenge = await car.connect()
        payload = car.seal()
        assert await car.packet(payload) == ACCEPTED
    (packet,) = mailbox.window(0, 2**62)
    assert packet.payload == payload
    assert (packet.uid, packet.nonce, packet.challenged_at) == (ANNA.uid, challenge["nonce"], challenge["timestamp"])


async def test_a_port_that_is_taken(start: Start) -> None:
    server = await start()
    second = LinkServer(LinkSettings(port=server.port), Mailbox(1, 1, 1))
    with pytest.raises(LinkError, match="stop the program that uses the port"):
        await second.start()


async def test_a_certificate_that_is_missing(tmp_path: Any) -> None:
    paths = {"tls_certificate": tmp_path / "c.pem", "tls_key": tmp_path / "k.pem"}
    with pytest.raises(SecretError, match="missing"):
        await LinkServer(LinkSettings(port=0, **paths), Mailbox(1, 1, 1)).start()


async def test_a_stop_lets_open_connections_finish(start: Start) -> None:
    server = await start(drain_timeout_s=10)
    async with RawCar(server.port) as car:
        await car.connect()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.05)
        assert server.problem() == "the link does not listen: see the log, then restart the unit"
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            async with RawCar(server.port):
                pass
        assert await car.packet(car.seal()) == ACCEPTED
    await stopping
    assert server.counters["accepted"] == 1


async def test_a_stop_cuts_who_does_not_finish(start: Start) -> None:
    server = await start(drain_timeout_s=0.1)
    async with RawCar(server.port) as car:
        await car.connect()
        await server.stop()
        await car.closed(10)
    assert server.counters["cut_at_stop"] == 1


async def test_a_long_connection_is_pinged(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PING_INTERVAL_S", 0.05)
    server = await start()
    async with RawCar(server.port) as car:
        await car.connect()
        for _ in range(50):
            with pytest.raises(asyncio.TimeoutError):
                await car.receive(0.05)
            if car.pings >= 3:
                break
        assert car.pings >= 3
        assert await car.packet(car.seal()) == ACCEPTED


async def test_a_connection_that_answers_no_ping_is_cut(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PING_INTERVAL_S", 0.05)
    monkeypatch.setattr(connection, "PING_TIMEOUT_S", 0.05)
    server = await start()
    async with RawCar(server.port) as car:
        await car.send("40")
        while (await asyncio.wait_for(car.web_socket.receive(), 10)).type is aiohttp.WSMsgType.TEXT:
            pass
    assert server.counters["ping_timeout"] == 1


async def test_no_descriptors_left_is_a_pause_and_not_an_end(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await start()
    accepts = iter([OSError(24, "Too many open files")])
    accept = socket.socket.accept

    def exhausted(listening: socket.socket) -> tuple[socket.socket, Any]:
        """Fail the first time, as without a free descriptor."""
        for error in accepts:
            raise error
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", exhausted)
    async with RawCar(server.port) as car:
        assert await car.exchange() == ACCEPTED
    assert list(accepts) == [], "the first accept did not fail"
    assert "no file descriptor left" in (server.problem() or "")


async def test_another_host_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="loopback only"):
        LinkSettings(host="0.0.0.0")


async def test_ipv6(start: Start) -> None:
    server = await start(host="::1")
    reader, writer = await asyncio.open_connection("::1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: unit\r\n\r\n")
    assert b"404" in await reader.read()
    writer.close()
    await writer.wait_closed()
