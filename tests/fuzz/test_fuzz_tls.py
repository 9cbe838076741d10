"""TLS: damaged handshakes, damaged records and rubbish, against the protocol that does TLS for the link."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from fuzzing import share
from hypothesis import given
from hypothesis import strategies as st

from edge.link.connection import Connection, Stage
from edge.link.handshakes import Handshake, Handshakes
from edge.link.secured import Secured
from edge.link.tls import server_context


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


class Wire(asyncio.Transport):
    """The raw connection beneath TLS, which only remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        assert not self.closed, "written to a closed connection"
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close


class AtOnce(Handshakes):
    """A queue in which everybody's turn comes at once, without a thread."""

    def put(self, handshake: Handshake) -> None:
        handshake.compute()
        handshake.computed()


class Inside(asyncio.Protocol):
    """What would be HTTP."""

    def __init__(self) -> None:
        self.got = b""

    def data_received(self, data: bytes) -> None:
        self.got += data


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    leaf = trustme.CA().issue_cert("unit.example")
    folder = tmp_path_factory.mktemp("tls")
    leaf.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))
    return server_context(folder / "certificate.pem", folder / "key.pem")


def tls_client() -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return trusting.wrap_bio(incoming, outgoing), incoming, outgoing


async def secured(context: ssl.SSLContext, message: bytes, harm: tuple[int, bytes] | None, after: int) -> bytes:
    """Shake hands and send *message*; *harm* replaces bytes of the client's message number *after*."""
    count: Counter[str] = Counter()
    connection = Connection("127.0.0.1", count, lambda _: None, connect_timeout_s=10, stage=Stage.SECURING)
    inside = Inside()
    protocol = Secured(context, AtOnce(), connection, lambda: inside)
    wire = Wire()
    protocol.connection_made(wire)
    client, incoming, outgoing = tls_client()
    shaken = False
    try:
        for number in range(6):
            if not shaken:
                try:
                    client.do_handshake()
                    shaken = True
                except ssl.SSLWantReadError:
                    pass
            if shaken and message:
                client.write(message)
                message = b""
            said = bytearray(outgoing.read())
            if harm is not None and number == after and said:
                position = harm[0] % len(said)
                said[position : position + len(harm[1])] = harm[1]
            if said and not wire.closed:
                protocol.data_received(bytes(said))
            incoming.write(bytes(wire.sent))
            wire.sent.clear()
    except ssl.SSLError:  # the client takes offence first
        pass
    protocol.connection_lost(None)
    connection.closed()
    assert sum(count.values()) <= 1
    return inside.got


@share(0.03)
@given(harm=st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=40)), after=st.integers(0, 3))
def test_damaged_tls_says_nothing_that_was_not_sent(
    runner: asyncio.Runner, context: ssl.SSLContext, harm: tuple[int, bytes], after: int
) -> None:
    assert runner.run(secured(context, b"hello", harm, after)) in (b"", b"hello")


def test_undamaged_tls_says_what_was_sent(runner: asyncio.Runner, context: ssl.SSLContext) -> None:
    assert runner.run(secured(context, b"hello", None, 0)) == b"hello"


async def tls_rubbish(context: ssl.SSLContext, pieces: list[bytes]) -> None:
    count: Counter[str] = Counter()
    connection = Connection("127.0.0.1", count, lambda _: None, connect_timeout_s=10, stage=Stage.SECURING)
    protocol = Secured(context, AtOnce(), connection, Inside)
    wire = Wire()
    protocol.connection_made(wire)
    for piece in pieces:
        if not wire.closed:
            protocol.data_received(piece)
    protocol.connection_lost(None)
    assert count.total() == 1


@share(0.03)
@given(pieces=st.lists(st.binary(max_size=60) | st.just(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), max_size=20))
def test_rubbish_is_no_handshake(runner: asyncio.Runner, context: ssl.SSLContext, pieces: list[bytes]) -> None:
    runner.run(tls_rubbish(context, pieces))
