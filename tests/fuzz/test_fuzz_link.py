"""Frames, whole conversations, raw HTTP and sealed texts: whatever comes, nothing but the errors that are foreseen."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import WSMessage, WSMsgType, web
from fuzzing import damaged, dumped, json_values, share
from hypothesis import given
from hypothesis import strategies as st

from edge.crypto import strict_json
from edge.crypto.packet import Opened, open_packet, plaintext, read_plaintext
from edge.crypto.rsa_key import load_private_key
from edge.errors import PacketError, SecretError
from edge.link.connection import Connection
from edge.link.engineio import CarSocket
from edge.link.exchange import Exchange
from edge.link.frames import CarPacket, FrameError
from edge.link.http import CarProtocol, RequestFilter
from tests.support.link import ANNA, sealed

NONCE, TIMESTAMP = "0" * 32, 1767225600
HONEST_BODY = {"uid": "a" * 32, "payload": "A" * 683 + "="}

events = st.one_of(
    st.just(["packet", HONEST_BODY]),
    st.lists(json_values, max_size=4),
    st.tuples(st.sampled_from(["packet", "connect", "disconnect", "hello"]), json_values).map(list),
    st.dictionaries(st.sampled_from(["uid", "payload", "x"]), json_values, max_size=3).map(
        lambda body: ["packet", body]
    ),
)
frames = damaged(
    st.one_of(
        st.tuples(st.sampled_from("0123456789"), st.sampled_from(["", "/", "/admin,", "1-", "12"]), dumped(events)).map(
            "".join
        ),
        st.sampled_from(["0", "0{}", "1", "2", '21["packet"]', "0/admin,"]),
        st.text(max_size=60),
    )
)
messages = damaged(
    st.one_of(frames.map("4".__add__), st.sampled_from(["1", "2", "3", "5", "6", "40", ""]), st.text(max_size=20))
)


@share(0.3)
@given(frames)
def test_a_frame_is_a_packet_or_a_frame_error(text: str) -> None:
    try:
        packet = CarPacket(encoded_packet=text)
    except FrameError:
        return
    assert packet.packet_type in (0, 1, 2)
    assert not packet.attachments


@share(0.1)
@given(damaged(st.one_of(dumped(json_values), st.text(max_size=60))))
def test_strict_json_says_value_error_or_means_what_it_says(text: str) -> None:
    try:
        value = strict_json.loads(text)
    except ValueError:
        return
    assert strict_json.loads(strict_json.dumps(value)) == value


class Line:
    """The WebSocket of a conversation that is all known beforehand."""

    def __init__(self, incoming: list[str | bytes]) -> None:
        self._incoming = iter(incoming)
        self.sent: list[str] = []

    async def send_str(self, text: str) -> None:
        self.sent.append(text)

    async def receive(self) -> WSMessage:
        for item in self._incoming:
            return WSMessage(WSMsgType.TEXT if isinstance(item, str) else WSMsgType.BINARY, item, None)
        return WSMessage(WSMsgType.CLOSED, None, None)


async def converse(incoming: list[str | bytes]) -> Counter[str]:
    """One connection on which the car sends *incoming*; returns what the unit counted."""
    count: Counter[str] = Counter()
    exchange = Exchange(lambda packet, source: True, challenge_ttl_s=10)
    engine = exchange.eio
    connection = Connection("127.0.0.1", count, lambda _: None, connect_timeout_s=10)
    line: Any = Line(incoming)
    engine.sockets["sid"] = car = CarSocket("sid", line, connection)
    await engine.handlers["connect"]("sid", {"connection": connection})
    try:
        await car.messages(engine.handlers["message"])
    except FrameError as error:
        count[error.outcome] += 1
    finally:
        await engine.handlers["disconnect"]("sid", "")
        connection.closed()
    assert exchange.environ == {} and exchange.manager.rooms == {} and not exchange.manager.pending_connect
    assert len(line.sent) <= 2 * len(incoming)
    return count


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@share(0.2)
@given(incoming=st.lists(st.one_of(messages, st.just("40"), st.binary(max_size=20)), max_size=12))
def test_a_conversation_leaves_nothing_behind(runner: asyncio.Runner, incoming: list[str | bytes]) -> None:
    count = runner.run(converse(incoming))
    assert count["accepted"] <= 1


def test_the_honest_conversation_is_among_them(runner: asyncio.Runner) -> None:
    honest = f'421["packet",{strict_json.dumps(HONEST_BODY)}]'
    assert runner.run(converse(["40", honest, "41", "1"])) == {"accepted": 1}


heads = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n",
                b"Host: a\r\n",
                b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
                b"Content-Length: 5\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Origin: http://[::1\r\n",
                b"\r\n",
                b"\x81\x82\0\0\0\x0040",
                b"\x88\x80\0\0\0\0",
            ]
        ),
        st.binary(max_size=40),
    ),
    max_size=10,
).map(b"".join)


async def knock(raw: bytes) -> Counter[str]:
    """Send *raw* and hang up; returns what the unit counted."""
    count: Counter[str] = Counter()
    gone = asyncio.Event()
    exchange = Exchange(lambda packet, source: True, challenge_ttl_s=10)
    connection = Connection("127.0.0.1", count, lambda _: gone.set(), connect_timeout_s=10)
    server = web.Server(RequestFilter(exchange.eio).handle)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    await asyncio.get_running_loop().connect_accepted_socket(lambda: CarProtocol(server, connection), ours)
    theirs.sendall(raw)
    theirs.close()
    await asyncio.wait_for(gone.wait(), 10)
    await server.shutdown(1)
    assert not exchange.eio.sockets
    return count


@share(0.1)
@given(raw=heads)
def test_raw_http_fails_inside_nobody(runner: asyncio.Runner, caplog: pytest.LogCaptureFixture, raw: bytes) -> None:
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert runner.run(knock(raw))["internal_error"] == 0
    assert not caplog.records


bodies = st.one_of(
    st.fixed_dictionaries(
        {
            name: json_values | st.just(honest)
            for name, honest in strict_json.loads(
                plaintext(plate="AB123CD", licence="X1", nonce=NONCE, timestamp=TIMESTAMP).decode()
            ).items()
        }
    ),
    json_values,
)


@share(0.15)
@given(st.one_of(st.binary(max_size=60), damaged(dumped(bodies)).map(lambda text: text.encode("utf-8", "replace"))))
def test_a_sealed_text_opens_or_is_a_packet_error(text: bytes) -> None:
    packet = sealed(payload=b"", nonce=NONCE, timestamp=TIMESTAMP)
    try:
        opened = read_plaintext(text, packet)
    except PacketError as error:
        assert error.reason.isalpha()
        return
    assert opened == Opened("AB123CD", "X1")


@share(0.002)
@given(st.binary(max_size=600) | st.binary(min_size=512, max_size=512))
def test_a_payload_opens_or_is_a_packet_error(payload: bytes) -> None:
    with pytest.raises(PacketError):
        open_packet(ANNA.key, sealed(payload=payload))


@share(0.05)
@given(st.binary(max_size=80), st.integers(0, len(ANNA.der)))
def test_a_key_loads_or_is_a_secret_error(inserted: bytes, position: int) -> None:
    try:
        key = load_private_key(ANNA.der[:position] + inserted + ANNA.der[position + len(inserted) :])
    except SecretError:
        return
    assert key.n == ANNA.key.n
