"""The centre's interface as the unit uses it: one request each, over HTTPS to the one authority that is trusted."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import aiohttp

from edge.delivery.ports import Signer
from edge.delivery.wire import LINES_TYPE, OFFSET, PART_BYTES, login_message
from edge.errors import DeliveryError

TIMEOUT: Final = aiohttp.ClientTimeout(total=120.0, sock_connect=15.0, sock_read=60.0)
MAX_ANSWER_BYTES: Final = 256 * 1024
MAX_WORDS: Final = 200
MAX_RETRY_S: Final = 3600.0


class Confirmed(NamedTuple):
    """The newest entry that the centre has: number and hash."""

    seq: int
    hash: str


class Unanswered(DeliveryError):
    """The centre could not be asked, or asks to come again; ``retry_s`` is what it said."""

    def __init__(self, cause: str, remedy: str, retry_s: float | None = None) -> None:
        """Keep *retry_s*, seconds."""
        super().__init__(cause, remedy)
        self.retry_s = retry_s


class Answered(DeliveryError):
    """The centre refuses; ``word`` names the problem, ``confirmed`` says what it has, if it said so."""

    def __init__(self, cause: str, remedy: str, word: str, confirmed: Confirmed | None) -> None:
        """Keep the *word* and what is *confirmed*."""
        super().__init__(cause, remedy)
        self.word = word
        self.confirmed = confirmed


def trusting(authority: Path) -> ssl.SSLContext:
    """What connects to a server that the certificate authority in the file (PEM) vouches for, and to no other.

    Raises:
        DeliveryError: the file cannot be read.
    """
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise DeliveryError(
            f"the centre's authority {authority} cannot be used ({reason})", "run autovelox centre join"
        ) from None
    return context


class Client:
    """Asks the centre at *url* in the name of the unit *serial*; logs in by itself. An async context manager."""

    def __init__(
        self, url: str, context: ssl.SSLContext, serial: str, signer: Signer, *, keepalive_s: float = 15.0
    ) -> None:
        """Nothing is asked yet. A connection that idles for *keepalive_s* is left: a mobile network forgets it soon."""
        self.url = url.rstrip("/")
        self._context = context
        self._serial = serial
        self._signer = signer
        self._keepalive_s = keepalive_s
        self.session: aiohttp.ClientSession | None = None
        self._token = ""
        self.sent_bytes = 0

    async def __aenter__(self) -> Self:
        # No proxy, cookie or password file of the environment: it is one server, and its authority is pinned.
        connector = aiohttp.TCPConnector(ssl=self._context, limit=2, keepalive_timeout=self._keepalive_s)
        self.session = aiohttp.ClientSession(
            connector=connector, timeout=TIMEOUT, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.session is not None:
            await self.session.close()

    @property
    def is_logged_in(self) -> bool:
        """Whether there is a token that the centre did not refuse."""
        return bool(self._token)

    @property
    def authorization(self) -> dict[str, str]:
        """The header that goes with a request of a unit that has logged in."""
        return {"Authorization": f"Bearer {self._token}"}

    async def log_in(self, key_lines: bytes) -> None:
        """Sign a challenge for a token; *key_lines* show how the chain came to its key.

        Raises:
            DeliveryError: the centre cannot be asked, or does not let the unit in.
        """
        asked = await self._post("/v1/challenges", {"unit": self._serial})
        centre, challenge = str(asked["centre"]), str(asked["challenge"])
        signature = self._signer.sign(login_message(centre, self._serial, challenge)).hex()
        body = {"unit": self._serial, "challenge": challenge, "signature": signature, "keys": key_lines.decode("utf-8")}
        self._token = str((await self._post("/v1/tokens", body))["token"])

    async def head(self) -> Confirmed:
        """What the centre has of the unit's chain.

        Raises:
            DeliveryError: it cannot be asked, or refuses.
        """
        return _confirmed(await self._ask("GET", "/v1/head"))

    async def entries(self, lines: bytes) -> Confirmed:
        """Deliver entries; they are durable at the centre when this returns.

        Raises:
            DeliveryError: the centre cannot be asked, or refuses.
        """
        return _confirmed(await self._ask("POST", "/v1/entries", data=lines, kind=LINES_TYPE))

    async def status(self, status: Mapping[str, object]) -> dict[str, Any]:
        """Say how the unit is; returns how far the centre is and what it wishes.

        Raises:
            DeliveryError: the centre cannot be asked, or refuses.
        """
        return await self._post("/v1/status", status, with_login=True)

    async def blob(self, digest: str, data: bytes, until: Callable[[], bool] = lambda: False) -> None:
        """Deliver a whole file with the SHA-256 *digest*, from where an earlier attempt was cut.

        It ends early, after a part, where *until* says so; the rest goes with the next attempt. What is one part is
        sent without asking first how much of it is there.

        Raises:
            DeliveryError: the centre cannot be asked, or refuses.
        """
        path = f"/v1/blobs/{digest}"
        is_asked = len(data) > PART_BYTES
        start = int((await self._ask("HEAD", path))[OFFSET]) if is_asked else 0
        while start < len(data) and not until():
            part = data[start : start + PART_BYTES]
            place = f"bytes {start}-{start + len(part) - 1}/{len(data)}"
            try:
                answer = await self._ask(
                    "PUT", path, data=part, kind="application/octet-stream", headers={"Content-Range": place}
                )
            except Answered as error:
                if is_asked or error.word != "offset":
                    raise
                is_asked = True  # an earlier attempt sent a smaller part of it
                answer = await self._ask("HEAD", path)
            reached = int(answer[OFFSET])
            if reached <= start:
                raise DeliveryError("the centre does not take a photo", "read the centre's log")
            start = reached

    async def opener(self) -> dict[str, Any]:
        """Where the opening service is, and its public keys.

        Raises:
            DeliveryError: the centre cannot be asked, or has none.
        """
        return await self._ask("GET", "/v1/opener")

    async def signers(self) -> dict[str, Any]:
        """The keys of the officers who sign orders.

        Raises:
            DeliveryError: the centre cannot be asked.
        """
        return await self._ask("GET", "/v1/signers")

    async def ask_at(
        self, url: str, path: str, body: bytes, headers: Mapping[str, str], *, most_bytes: int
    ) -> dict[str, Any]:
        """Post JSON to another service of the centre, at *url*; its answer has at most *most_bytes*.

        Raises:
            DeliveryError: it cannot be asked, or refuses.
        """
        return await self._ask(
            "POST", path, data=body, kind="application/json", headers=headers, url=url, most_bytes=most_bytes
        )

    async def _post(self, path: str, body: Mapping[str, object], *, with_login: bool = False) -> dict[str, Any]:
        data = json.dumps(body).encode()
        return await self._ask("POST", path, data=data, kind="application/json", with_login=with_login)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        data: bytes | None = None,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        with_login: bool = True,
        url: str | None = None,
        most_bytes: int = MAX_ANSWER_BYTES,
    ) -> dict[str, Any]:
        assert self.session is not None, "the client is used in a with statement"
        sent = {**(headers or {}), **({"Content-Type": kind} if kind else {})}
        if with_login:
            sent.update(self.authorization)
        self.sent_bytes += len(data or b"")
        body = io.BytesIO(data) if data is not None else None  # aiohttp sends large bytes at one go otherwise
        try:
            async with self.session.request(
                method, (url or self.url) + path, data=body, headers=sent, allow_redirects=False
            ) as response:
                text = await _read(response, most_bytes)
                if response.status == 204:
                    return {OFFSET: response.headers.get(OFFSET, "0")}
                answer = _json(text)
                if response.status == 200:
                    return answer
                if response.status == 401:
                    self._token = ""
                raise _problem(response.status, answer, response.headers.get("Retry-After"))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            if isinstance(error, DeliveryError):
                raise
            raise Unanswered(
                f"the centre cannot be reached ({_reason(error)})", "check the network and [centre] url"
            ) from None


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The answer's body, or its first *most_bytes*."""
    parts = bytearray()
    while len(parts) < most_bytes and (part := await response.content.read(most_bytes - len(parts))):
        parts += part
    return bytes(parts)


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not of the authority that this unit joined"
    return type(error).__name__


def _json(text: bytes) -> dict[str, Any]:
    """The JSON object in *text*; empty for what is none, such as a proxy's page or an answer without a body."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _confirmed(body: Mapping[str, Any]) -> Confirmed:
    try:
        seq, digest = body["confirmed"]["seq"], body["confirmed"]["hash"]
        if type(seq) is not int or seq < 0 or not isinstance(digest, str) or len(digest) != 64:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise Unanswered("what answers is no centre", "check [centre] url") from None
    return Confirmed(seq, digest)


def confirmed_in(body: Mapping[str, Any]) -> Confirmed:
    """What an answer to a status says is confirmed.

    Raises:
        DeliveryError: it does not say.
    """
    return _confirmed(body)


def _problem(status: int, body: Mapping[str, Any], retry_after: str | None) -> DeliveryError:
    word = str(body.get("type", "")).rpartition(":")[2][:40]
    cause = f"the centre refuses: {str(body.get('title', f'HTTP {status}'))[:MAX_WORDS]}"
    remedy = str(body.get("detail", "read the centre's log"))[:MAX_WORDS]
    if status in (429, 502, 503, 504):
        digits = (retry_after or "").strip()
        known = digits.isascii() and digits.isdigit()
        return Unanswered(cause, remedy, min(float(digits), MAX_RETRY_S) if known else None)
    confirmed = _confirmed(body) if "confirmed" in body else None
    return Answered(cause, remedy, word, confirmed)
