"""What the tests of the link share: two drivers with keys, and a car that can misbehave."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
from Crypto.PublicKey import RSA
from Crypto.PublicKey.RSA import RsaKey
from Crypto.Util.asn1 import DerSequence

from edge.crypto.chip import Chip
from edge.crypto.opener import SealedKey
from edge.crypto.packet import seal
from edge.crypto.sealing import seal_secret
from edge.model import Packet

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "protocol-vectors.json").read_text()
)["vectors"]


@dataclass(frozen=True)
class TestDriver:
    """One of the drivers of the test vectors."""

    __test__ = False

    uid: str
    licence: str
    plate: str
    key: RsaKey

    @property
    def chip(self) -> Chip:
        return Chip(self.uid, self.licence, self.key.public_key().export_key().decode())

    @property
    def der(self) -> bytes:
        return self.key.export_key("DER")

    @property
    def private(self) -> SealedKey:
        """The private key as an opener gets it."""
        return sealed_key(self.der)


def sealed_key(der: bytes) -> SealedKey:
    """*der*, sealed under a key of the tests."""
    return SealedKey(seal_secret(bytes(32), der, "test"), bytes(32), "test")


ANNA, BRUNO = (
    TestDriver(vector["uid"], vector["licence"], vector["plate"], RSA.import_key(vector["private_key"]))
    for vector in VECTORS
)

_NUMBERS = list(DerSequence().decode(ANNA.der))


def notation(number: int) -> bytes:
    """Anna's private key in DER, different for each *number*: to a cache, as many keys as one likes.

    The exponent modulo p - 1, which the unit computes itself, is replaced.
    """
    return bytes(DerSequence([*_NUMBERS[:6], number, *_NUMBERS[7:]]).encode())


STRANGER_UID = "00000000000000000000000000000000"


def sealed(
    driver: TestDriver = ANNA,
    *,
    nonce: str = "0" * 32,
    timestamp: int = 1767225600,
    received_ns: int = 0,
    payload: bytes | None = None,
    uid: str | None = None,
) -> Packet:
    """A packet as the mailbox holds it."""
    if payload is None:
        payload = seal(
            driver.key.public_key(), plate=driver.plate, licence=driver.licence, nonce=nonce, timestamp=timestamp
        )
    return Packet(uid or driver.uid, payload, nonce, timestamp, 0.0, received_ns)


class RawCar:
    """A car that speaks Engine.IO by hand: honest by default, answers pings, and sends whatever it is told to."""

    def __init__(self, port: int, *, source: str | None = None, scheme: str = "http", ssl: Any = None) -> None:
        self._url = f"{scheme}://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        self._source = source
        self._ssl = ssl
        self.challenge: dict[str, Any] = {}
        self.pings = 0
        self._ack = 0

    async def __aenter__(self) -> RawCar:
        connector = aiohttp.TCPConnector(
            local_addr=(self._source, 0) if self._source else None, ssl=True if self._ssl is None else self._ssl
        )
        self._session = aiohttp.ClientSession(connector=connector)
        self._session._retry_connection = False  # one attempt is one attempt
        try:
            self.web_socket = await self._session.ws_connect(self._url, max_msg_size=0, autoping=True)
            self.open = json.loads((await self.receive())[1:])
        except BaseException:
            await self._session.close()
            raise
        return self

    @property
    def transport(self) -> asyncio.Transport:
        """The connection beneath the WebSocket, for bytes that are no frame of a client, and for sudden ends."""
        transport = self.web_socket._response.connection.transport
        assert isinstance(transport, asyncio.Transport)
        return transport

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.web_socket.close()
        await self._session.close()

    async def send(self, text: str) -> None:
        await self.web_socket.send_str(text)

    async def receive(self, timeout_s: float = 10.0) -> str:
        """The next message; pings are answered. Raises EOFError when the unit closed the connection."""
        while True:
            message = await asyncio.wait_for(self.web_socket.receive(), timeout_s)
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise EOFError(f"closed: {message.type.name}")
            if message.data != "2":
                return str(message.data)
            self.pings += 1
            await self.send("3")

    async def connect(self) -> dict[str, Any]:
        """CONNECT, and the challenge that comes for it."""
        await self.send("40")
        assert (await self.receive()).startswith("40{")
        name, self.challenge = json.loads((await self.receive())[2:])
        assert name == "challenge"
        return self.challenge

    def seal(self, driver: TestDriver = ANNA, *, plate: str | None = None, licence: str | None = None) -> bytes:
        """The honest answer to this connection's challenge."""
        return seal(
            driver.key.public_key(),
            plate=plate or driver.plate,
            licence=licence or driver.licence,
            nonce=self.challenge["nonce"],
            timestamp=self.challenge["timestamp"],
        )

    async def ask(self, *arguments: Any) -> Any:
        """Send an event with *arguments* (its name first) and return what the acknowledgement says."""
        self._ack += 1
        await self.send(f"42{self._ack}{json.dumps(list(arguments))}")
        reply = await self.receive()
        head = f"43{self._ack}"
        assert reply.startswith(head), reply
        return json.loads(reply[len(head) :])[0]

    async def packet(self, payload: bytes, uid: str = ANNA.uid) -> Any:
        """Send a packet event; returns the acknowledgement's body."""
        return await self.ask("packet", {"uid": uid, "payload": base64.b64encode(payload).decode()})

    async def exchange(self, driver: TestDriver = ANNA, **claims: Any) -> Any:
        """The whole honest exchange; returns the acknowledgement's body."""
        await self.connect()
        return await self.packet(self.seal(driver, **claims), driver.uid)

    async def closed(self, within_s: float = 1.0) -> None:
        """Wait until the unit closes the connection; fails if it does not within *within_s*."""
        deadline = time.monotonic() + within_s
        try:
            while True:
                await self.receive(max(0.01, deadline - time.monotonic()))
        except EOFError:
            return
