"""A car: the reference client of the link, version 1."""

from __future__ import annotations

import asyncio
import base64
import random
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from edge.crypto.chip import Chip
from edge.crypto.packet import load_public_key, seal
from edge.errors import LinkError

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 8.0

Body = dict[str, str]
"""The ``packet`` event's body: ``uid`` and the base64 ``payload``."""


class Rejected(Exception):
    """The unit answered and refused; ``reason`` is its word."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the unit refused the packet ({reason})")
        self.reason = reason


async def deliver(
    url: str, chip: Chip, plate: str, *, attempts: int = 5, timeout_s: float = 10.0, ca_file: Path | None = None
) -> None:
    """Tell the unit at *url* that the driver whose *chip* this is drives *plate*; returns once the unit acknowledged.

    An attempt that fails is repeated after a pause that doubles and has jitter. *ca_file* is the PEM certificate to
    trust instead of the system's.

    Raises:
        LinkError: no attempt was acknowledged, or the unit says that the packet is malformed.
        SecretError: the chip's key cannot be used.
    """
    if not url.startswith(("http://", "https://")):
        raise LinkError(
            "the unit's address has no scheme", "write it like http://127.0.0.1:8443 or https://unit.example"
        )
    key = load_public_key(chip.public_key)

    def answer(nonce: str, timestamp: int) -> Body:
        payload = seal(key, plate=plate, licence=chip.licence, nonce=nonce, timestamp=timestamp)
        return {"uid": chip.uid, "payload": base64.b64encode(payload).decode("ascii")}

    trust = _trust(ca_file)
    reason = ""
    for attempt in range(attempts):
        if attempt:
            wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1))
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret
        try:
            await asyncio.wait_for(visit(url, answer, timeout_s=timeout_s, trust=trust), timeout_s)
            return
        except Rejected as error:
            if error.reason == "malformed":
                raise LinkError("the unit does not understand the packet", "update the car's software") from None
            reason = str(error)
        except TimeoutError:
            reason = f"it did not answer within {timeout_s:g} s"
        except (SocketIOError, aiohttp.ClientError, OSError) as error:
            reason = _sentence(error)
    raise LinkError(
        f"the unit at {url} took no packet in {attempts} attempts ({reason})",
        "check the address, and that the unit runs",
    )


async def visit(
    url: str, answer: Callable[[str, int], Body], *, timeout_s: float = 10.0, trust: ssl.SSLContext | None = None
) -> None:
    """Connect once, send what *answer* makes of the challenge's nonce and timestamp, and wait for the ack.

    Raises:
        Rejected: the unit refused.
        SocketIOError, aiohttp.ClientError, OSError, TimeoutError: the connection failed.
    """
    challenge: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def challenged(body: object) -> None:
        if not challenge.done():
            challenge.set_result(body)

    async with _client(trust) as client:
        client.on("challenge", challenged)
        client.on("disconnect", lambda *_: challenged(None))
        await client.connect(url, transports=["websocket"], wait_timeout=timeout_s)
        reply = await client.call("packet", answer(*_read(await challenge)), timeout=timeout_s)
    if not isinstance(reply, dict) or reply.get("status") != "accepted":
        raise Rejected(str(reply.get("reason", "?")) if isinstance(reply, dict) else "?")


@asynccontextmanager
async def _client(trust: ssl.SSLContext | None) -> AsyncIterator[socketio.AsyncClient]:
    connector = aiohttp.TCPConnector(ssl=trust if trust is not None else True)
    async with aiohttp.ClientSession(connector=connector) as session:
        client = socketio.AsyncClient(reconnection=False, http_session=session, handle_sigint=False)
        try:
            yield client
        finally:
            await client.disconnect()


def _read(challenge: object) -> tuple[str, int]:
    if challenge is None:
        raise ConnectionError("the unit closed the connection")
    if isinstance(challenge, dict):
        nonce, timestamp = challenge.get("nonce"), challenge.get("timestamp")
        if isinstance(nonce, str) and type(timestamp) is int:
            return nonce, timestamp
    raise ConnectionError("the unit's challenge is not one of protocol version 1")


def _trust(ca_file: Path | None) -> ssl.SSLContext | None:
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise LinkError(f"the certificate file {ca_file} cannot be read", "it must be PEM") from None


def _sentence(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text[0].lower() + text[1:].rstrip(".")
