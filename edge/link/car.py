"""A car: the reference client of the link, version 1 (docs/protocol.md)."""

from __future__ import annotations

import asyncio
import base64
import random
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from edge.crypto import Chip, load_public_key, seal
from edge.errors import LinkError

FIRST_RETRY_S: Final = 0.5
MAX_RETRY_S: Final = 8.0

Body = dict[str, str]
"""The ``packet`` event's body: ``uid`` and the base64 ``payload``."""


class Rejected(Exception):
    """The unit answered and refused the packet.

    Attributes:
        reason: the unit's word for why, see docs/protocol.md.
    """

    def __init__(self, reason: str) -> None:
        """Keep the unit's *reason*."""
        super().__init__(f"the unit refused the packet ({reason})")
        self.reason = reason


async def deliver(
    url: str, chip: Chip, plate: str, *, attempts: int = 5, timeout_s: float = 10.0, ca_file: Path | None = None
) -> None:
    """Tell a unit who drives which car; return when the unit has acknowledged.

    A failed attempt is repeated after a pause that doubles each time and has jitter.

    Args:
        url: the unit's address, with its scheme.
        chip: the chip of the driver's licence.
        plate: the car's plate.
        attempts: how often to try.
        timeout_s: how long one attempt may take, in seconds.
        ca_file: PEM certificate to trust instead of the system's.

    Raises:
        LinkError: no attempt was acknowledged, the unit says that the packet is malformed, or the address is one
            where others could read the chip's uid on the way.
        SecretError: the chip's key cannot be used.
    """
    _check_address(url)
    key = load_public_key(chip.public_key)

    def answer(nonce: str, timestamp: int) -> Body:
        payload = seal(key, plate=plate, licence=chip.licence, nonce=nonce, timestamp=timestamp)
        return {"uid": chip.uid, "payload": base64.b64encode(payload).decode("ascii")}

    trust = _tls_context(ca_file)
    reason = ""
    for attempt in range(attempts):
        if attempt:
            wait = min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** (attempt - 1))
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret
        try:
            await asyncio.wait_for(deliver_once(url, answer, timeout_s=timeout_s, trust=trust), timeout_s)
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


def _check_address(url: str) -> None:
    """Refuse what is no address of a unit, and ``http://`` to another machine: the uid would travel in clear.

    Raises:
        LinkError: it is refused.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise LinkError("the unit's address is not a URL", "write it like https://unit.example:8443") from None
    if parts.scheme not in ("http", "https") or not host:
        raise LinkError(
            "the unit's address has no scheme", "write it like http://127.0.0.1:8443 or https://unit.example"
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise LinkError("http:// would show the chip's uid to everybody on the way", "write https://")


def _is_loopback(host: str) -> bool:
    """Whether *host* is this machine, whatever a name server says."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def deliver_once(
    url: str, answer: Callable[[str, int], Body], *, timeout_s: float = 10.0, trust: ssl.SSLContext | None = None
) -> None:
    """Connect, answer the challenge and wait for the acknowledgement.

    Args:
        url: the unit's address.
        answer: makes the body of the ``packet`` event from the challenge's nonce and timestamp.
        timeout_s: how long each step may take, in seconds.
        trust: TLS settings instead of the system's.

    Raises:
        Rejected: the unit refused the packet.
        SocketIOError, aiohttp.ClientError, OSError, TimeoutError: the connection failed.
    """
    challenge: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def on_challenge(body: object) -> None:
        if not challenge.done():
            challenge.set_result(body)

    async with _client(trust) as client:
        client.on("challenge", on_challenge)
        client.on("disconnect", lambda *_: on_challenge(None))
        await client.connect(url, transports=["websocket"], wait_timeout=timeout_s)
        reply = await client.call("packet", answer(*_parse(await challenge)), timeout=timeout_s)
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


def _parse(challenge: object) -> tuple[str, int]:
    if challenge is None:
        raise ConnectionError("the unit closed the connection")
    if isinstance(challenge, dict):
        nonce, timestamp = challenge.get("nonce"), challenge.get("timestamp")
        if isinstance(nonce, str) and type(timestamp) is int:
            return nonce, timestamp
    raise ConnectionError("the unit's challenge is not one of protocol version 1")


def _tls_context(ca_file: Path | None) -> ssl.SSLContext | None:
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise LinkError(f"the certificate file {ca_file} cannot be read", "give a readable PEM file") from None


def _sentence(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text[0].lower() + text[1:].rstrip(".")
