"""Attack 22: HTTP that no car sends."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from edge.config import LinkSettings
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from tests.support.link_unit import StartUnit, Unit

STOCK_LINGERING_TIME_S = 10.0
TARGET = "/socket.io/?EIO=4&transport=websocket"
HEADERS = {
    "Host": "unit",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def request(target: str = TARGET, method: str = "GET", body: str = "", **headers: str | None) -> bytes:
    """A request as a car sends it, but for what is given; a header that is None is left out."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in {**HEADERS, **given}.items() if value is not None]
    return f"{method} {target} HTTP/1.1\r\n{chr(13) + chr(10) if not lines else ''}".encode("latin-1") + (
        "\r\n".join([*lines, "", body]).encode("latin-1")
    )


async def send(unit: Unit, raw: bytes) -> bytes:
    """Everything the unit answers to *raw* until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", unit.port)
    answer = b""
    try:
        writer.write(raw)
        with contextlib.suppress(ConnectionError):
            while data := await asyncio.wait_for(reader.read(65536), 30):
                answer += data
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


async def test_22_a_cars_own_request_is_let_in(unit: Unit) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", unit.port)
    writer.write(request())
    assert b"101 Switching Protocols" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("wanted", "raw"),
    [
        (404, request("/")),
        (404, request("/socket.io")),
        (404, request("/socket.io/../../etc/passwd" + TARGET[11:])),
        (404, request("/socket.io/%2e%2e/" + TARGET[11:])),
        (404, request("/socket%2eio/" + TARGET[11:])),
        (404, request("//socket.io/" + TARGET[11:])),
        (404, request("/admin/" + TARGET[11:])),
        (405, request(method="POST")),
        (405, request(method="OPTIONS")),
        (405, request(method="PUT")),
        (405, request(method="DELETE")),
        (400, request(method="BREW_")),
        (400, request("/socket.io/?EIO=4&transport=polling")),
        (400, request("/socket.io/?EIO=3&transport=websocket")),
        (400, request("/socket.io/?EIO=4")),
        (400, request("/socket.io/?EIO=4&EIO=4&transport=websocket")),
        (400, request("/socket.io/?EIO=4&transport=websocket&sid=AAAA")),
        (426, request(Upgrade=None)),
        (426, request(Upgrade="h2c")),
        (400, request(Connection="close")),
        (400, request(Sec_WebSocket_Key=None)),
        (400, request(Sec_WebSocket_Key="short")),
        (400, request(Sec_WebSocket_Version="1")),
        (400, request(Sec_WebSocket_Protocol="evil, names")),
        (403, request(Origin="https://evil.example")),
        (403, request(Origin="null")),
        (400, request(Content_Length="5", body="hello")),
        (400, request(Content_Length="5")),
        (400, request(Transfer_Encoding="chunked", body="0\r\n\r\n")),
        (400, request(Content_Length="3", Transfer_Encoding="chunked", body="0\r\n\r\n")),
        (400, request(Content_Length="-1")),
        (400, request(Content_Length="1, 2")),
        (400, request(X="a\r\n b")),
        (400, request(X="a" * 4000)),
        (400, request("/socket.io/?" + "a" * 4000)),
        (400, request(**{f"X{number}": "1" for number in range(100)})),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64),
        (400, b"GET / HTTP/9.9\r\n\r\n"),
        (400, b"\r\n\0\0\0\r\n\r\n"),
        (400, b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    ],
)
async def test_22_other_requests_are_refused_and_closed(unit: Unit, wanted: int, raw: bytes) -> None:
    answer = await send(unit, raw)
    assert status(answer) == wanted, answer
    assert answer.count(b"HTTP/1.") == 1
    await unit.empty()
    assert unit.count("bad_request") == 1
    assert b"aiohttp" not in answer.lower()
    assert b"python" not in answer.lower()


async def test_22_a_same_origin_page_is_a_client_like_any(unit: Unit) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", unit.port)
    writer.write(request(Origin="http://unit"))
    assert b"101 Switching Protocols" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()


async def test_22_a_second_request_behind_the_first_is_not_answered(unit: Unit) -> None:
    for first in (request("/"), request(method="POST", Content_Length="0"), request(Content_Length="60")):
        answer = await send(unit, first + request() * 2)
        assert answer.count(b"HTTP/1.") == 1
        assert status(answer) >= 400
    await unit.empty()


async def test_22_a_body_that_never_comes_is_not_waited_for(start_unit: StartUnit) -> None:
    unit = start_unit(connect_timeout_s=60)
    async with asyncio.timeout(STOCK_LINGERING_TIME_S / 2):
        assert status(await send(unit, request(Content_Length="5"))) == 400
    await unit.empty()


async def test_22_slow_headers_are_cut(start_unit: StartUnit) -> None:
    unit = start_unit(connect_timeout_s=0.5)
    reader, writer = await asyncio.open_connection("127.0.0.1", unit.port)
    writer.write(request()[: request().index(b"\r\n") + 2])

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"X: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 10) == b""
    dripping.cancel()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    await unit.empty()


async def test_22_headers_without_end_are_cut(unit: Unit) -> None:
    answer = await send(unit, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000)
    assert status(answer) in (0, 400)
    await unit.empty()
    assert unit.count("oversized") + unit.count("bad_request") == 1


async def test_22_a_fault_of_our_own_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgetful(*_: object) -> None:
        """Answers nothing, which no handler may."""

    server = LinkServer(LinkSettings(port=0), Mailbox(10, 60, 4))
    await server.start()
    try:
        monkeypatch.setattr(server.exchange.eio, "serve", forgetful)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request())
        assert b" 500 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        assert server.counters == {"internal_error": 1}
    finally:
        await server.stop()
