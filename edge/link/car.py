"""A car: the reference client of the link, versions 1 and 2 (docs/protocol.md)."""

from __future__ import annotations

import asyncio
import hashlib
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

from edge.crypto import Chip
from edge.errors import LinkError
from edge.link.answering import Answering, Body, Signing, make_answer, read_challenge_1

FIRST_RETRY_S: Final = 0.5
MAX_RETRY_S: Final = 8.0


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
    url: str,
    chip: Chip,
    plate: str,
    *,
    signing: Signing | None = None,
    attempts: int = 5,
    timeout_s: float = 10.0,
    ca_file: Path | None = None,
) -> int | None:
    """Tell a unit who drives which car; return when the unit has acknowledged.

    A car whose chip signs speaks version 2 alone, and answers no unit that does not prove itself: it would say who
    drives to whoever asks.

    Args:
        url: the unit's address, with its scheme.
        chip: the chip of the driver's licence.
        plate: the car's plate.
        signing: what version 2 needs; without it the car speaks version 1.
        attempts: how often to try.
        timeout_s: how long one attempt may take, in seconds.
        ca_file: PEM certificate to trust instead of the system's.

    Returns:
        For how many seconds from now the packet counts for a trigger; None where the unit does not say (version 1).

    Raises:
        LinkError: as :func:`deliver_answer`.
        SecretError: the chip's key cannot be used.
    """
    versions = (1,) if signing is None else (2,)
    answer = make_answer(chip, plate, signing)
    return await deliver_answer(url, answer, versions=versions, attempts=attempts, timeout_s=timeout_s, ca_file=ca_file)


async def deliver_answer(
    url: str,
    answer: Answering,
    *,
    versions: tuple[int, ...] = (1,),
    attempts: int = 5,
    timeout_s: float = 10.0,
    ca_file: Path | None = None,
) -> int | None:
    """Send a unit what *answer* makes of its challenge; return when the unit has acknowledged.

    A failed attempt is repeated after a pause that doubles each time and has jitter.

    Args:
        url: the unit's address, with its scheme.
        answer: makes the body of the ``packet`` event.
        versions: what the car says that it speaks; it says nothing if that is version 1 alone.
        attempts: how often to try.
        timeout_s: how long one attempt may take, in seconds.
        ca_file: PEM certificate to trust instead of the system's.

    Returns:
        For how many seconds from now the packet counts for a trigger; None where the unit does not say (version 1).

    Raises:
        LinkError: no attempt was acknowledged, the unit says that the packet is malformed, it does not prove itself,
            or the address is one where others could read the chip's uid on the way.
    """
    _check_address(url)
    trust = _tls_context(ca_file)
    reason = ""
    for attempt in range(attempts):
        if attempt:
            wait = min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** (attempt - 1))
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret
        try:
            visit = exchange_once(url, answer, versions=versions, timeout_s=timeout_s, trust=trust)
            return await asyncio.wait_for(visit, timeout_s)
        except Rejected as error:
            if error.reason in ("malformed", "version"):
                raise LinkError("the unit does not understand the packet", "update the car's software") from None
            reason = str(error)
        except TimeoutError:
            reason = f"it did not answer within {timeout_s:g} s"
        except (SocketIOError, aiohttp.ClientError, OSError) as error:
            reason = _sentence(error)
    raise LinkError(
        f"the unit at {url} took no packet in {attempts} attempt{'' if attempts == 1 else 's'} ({reason})",
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
        _ = parts.port  # raises where it is none
    except ValueError:
        raise LinkError("the unit's address is not a URL", "write it like https://unit.example:8443") from None
    if parts.scheme not in ("http", "https") or not host:
        raise LinkError(
            "the unit's address begins with neither http:// nor https://",
            "write it like http://127.0.0.1:8443 or https://unit.example",
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
    """Connect, answer a challenge of version 1 and wait for the acknowledgement.

    Args:
        url: the unit's address.
        answer: makes the body of the ``packet`` event from the challenge's nonce and timestamp.
        timeout_s: how long each step may take, in seconds.
        trust: TLS settings instead of the system's.

    Raises:
        Rejected: the unit refused the packet.
        SocketIOError, aiohttp.ClientError, OSError, TimeoutError: the connection failed.
    """
    await exchange_once(url, lambda body, _: answer(*read_challenge_1(body)), timeout_s=timeout_s, trust=trust)


async def exchange_once(
    url: str,
    answer: Answering,
    *,
    versions: tuple[int, ...] = (1,),
    timeout_s: float = 10.0,
    trust: ssl.SSLContext | None = None,
) -> int | None:
    """Connect, answer the challenge and wait for the acknowledgement.

    Args:
        url: the unit's address.
        answer: makes the body of the ``packet`` event.
        versions: what the car says that it speaks; it says nothing if that is version 1 alone.
        timeout_s: how long each step may take, in seconds.
        trust: TLS settings instead of the system's.

    Returns:
        For how many seconds the packet counts; None where the unit does not say.

    Raises:
        Rejected: the unit refused the packet.
        SocketIOError, aiohttp.ClientError, OSError, TimeoutError: the connection failed.
        LinkError: *answer* does not answer this challenge.
    """
    challenge: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def on_challenge(body: object) -> None:
        if not challenge.done():
            challenge.set_result(body)

    async with _client(trust) as client:
        client.on("challenge", on_challenge)
        client.on("disconnect", lambda *_: on_challenge(None))
        auth = None if versions == (1,) else {"versions": list(versions)}
        await client.connect(url, auth=auth, transports=["websocket"], wait_timeout=timeout_s)
        body = await challenge
        reply = await client.call("packet", answer(body, _endpoint(client)), timeout=timeout_s)
    if not isinstance(reply, dict) or reply.get("status") != "accepted":
        raise Rejected(str(reply.get("reason", "?")) if isinstance(reply, dict) else "?")
    counts_s = reply.get("counts_s")
    return counts_s if type(counts_s) is int else None


def _endpoint(client: socketio.AsyncClient) -> str:
    """The SHA-256 of the unit's TLS certificate as this connection saw it; empty without TLS."""
    tls = client.eio.ws.get_extra_info("ssl_object")
    return "" if tls is None else hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


@asynccontextmanager
async def _client(trust: ssl.SSLContext | None) -> AsyncIterator[socketio.AsyncClient]:
    connector = aiohttp.TCPConnector(ssl=trust if trust is not None else True)
    async with aiohttp.ClientSession(connector=connector) as session:
        client = socketio.AsyncClient(reconnection=False, http_session=session, handle_sigint=False)
        try:
            yield client
        finally:
            await client.disconnect()


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
