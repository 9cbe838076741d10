"""The interface for units: one function a route. ``openapi.json`` describes it, and a test compares both."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from centre.database import Pool, as_login, as_unit, at_the_door
from centre.delivery import BlobState, Head, Memory, accept_entries, blob_state, head_of, put_part, take_status
from centre.errors import Refused
from centre.units import Visitor, challenge, current_signers, join, log_in, refusal, visitor_of
from centre.web.limits import Limits, network_of
from centre.web.problems import as_json, malformed
from edge.cases.evidence import Link, Mismatch, read_lines
from edge.delivery.openings import OpeningService
from edge.delivery.orders import signers_record
from edge.delivery.wire import LINES_TYPE, OFFSET

MAX_SMALL_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")


@dataclass(frozen=True, slots=True)
class Office:
    """What the routes work with."""

    name: str
    pool: Pool
    limits: Limits
    authority_pem: str
    entries_bytes: int
    blob_bytes: int
    token_s: float
    request_s: float
    status_s: float
    token_of_one_address: bool = True
    memory: Memory = field(default_factory=Memory)

    def network_of(self, request: web.Request) -> str | None:
        """The network that a token of *request* is bound to; None for none."""
        return network_of(request.remote) if self.token_of_one_address else None


OFFICE: Final = web.AppKey("office", Office)


async def authority(request: web.Request) -> web.StreamResponse:
    """``GET /v1/authority``: the certificate authority, for a unit that joins and knows its hash."""
    office = _visit(request)
    return web.Response(text=office.authority_pem, content_type="application/x-pem-file")


async def join_unit(request: web.Request) -> web.StreamResponse:
    """``POST /v1/join``: a unit shows its one-time code and its key."""
    office = _visit(request)
    body = await _small(request, office)
    serial, public_key, signature = _text(body, "unit"), _bytes(body, "public_key", 32), _bytes(body, "signature", 64)
    secret = _bytes(body, "code_secret", 10)
    async with office.limits.working(), office.pool.acquire() as connection:  # nobody's: it calls one function
        await join(
            connection,
            centre=office.name,
            serial=serial,
            secret=secret,
            public_key=public_key,
            signature=signature,
        )
        keys = await current_signers(connection)
    return as_json({"centre": office.name, "unit": serial, **signers_record(keys)})


async def new_challenge(request: web.Request) -> web.StreamResponse:
    """``POST /v1/challenges``: something to sign, for a minute."""
    office = _visit(request)
    serial = _text(await _small(request, office), "unit")
    async with office.limits.working():
        with as_login(serial):
            async with office.pool.acquire() as connection:
                text = await challenge(connection, serial)
    return as_json({"centre": office.name, "challenge": text})


async def new_token(request: web.Request) -> web.StreamResponse:
    """``POST /v1/tokens``: a signed challenge for a token."""
    office = _visit(request)
    body = await _small(request, office)
    serial, asked, signature = _text(body, "unit"), _text(body, "challenge"), _bytes(body, "signature", 64)
    keys = _lines(_text(body, "keys", MAX_SMALL_BYTES).encode()) if body.get("keys") else []
    async with office.limits.working():
        with as_login(serial):
            async with office.pool.acquire() as connection, connection.transaction():
                token = await log_in(
                    connection,
                    centre=office.name,
                    serial=serial,
                    challenge=asked,
                    signature=signature,
                    keys=keys,
                    life_s=office.token_s,
                    network=office.network_of(request),
                )
    return as_json({"token": token, "life_s": office.token_s})


async def head(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``GET /v1/head``: what is confirmed of the visitor's chain."""
    async with office.pool.acquire() as connection:
        return as_json({"confirmed": _head(await head_of(connection, visitor))})


async def opener(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``GET /v1/opener``: where the opening service is, and its public keys."""
    async with office.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT url, signing_key, sealing_key, uid_key FROM opener")
    if row is None:
        raise Refused("no_opener", 404, "this centre opens no packets", "start its opening service")
    return as_json(OpeningService(*row).record())


async def signers(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``GET /v1/signers``: the keys of the officers who sign orders."""
    async with office.pool.acquire() as connection:
        return as_json(signers_record(await current_signers(connection)))


async def entries(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``POST /v1/entries``: entries after the confirmed one; they are durable when the answer is written."""
    data = await _body(request, office, office.entries_bytes, LINES_TYPE)
    links = await asyncio.to_thread(_lines, data)
    return as_json({"confirmed": _head(await accept_entries(office.pool, visitor, links, office.memory))})


async def blob_head(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``HEAD /v1/blobs/{sha256}``: how much of it is here."""
    async with office.pool.acquire() as connection:
        return _of_blob(await blob_state(connection, visitor, request.match_info["sha256"]))


async def blob_put(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``PUT /v1/blobs/{sha256}``: one part of it, which ``Content-Range`` places."""
    found = _RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if found is None:
        raise malformed("a part of a blob needs Content-Range: bytes FIRST-LAST/SIZE")
    first, last, total = map(int, found.groups())
    data = await _body(request, office, office.blob_bytes, "application/octet-stream")
    if not data or last - first + 1 != len(data) or last >= total:
        raise malformed("Content-Range does not fit the body")
    return _of_blob(
        await put_part(office.pool, visitor, request.match_info["sha256"], start=first, total=total, data=data)
    )


async def status(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``POST /v1/status``: how the unit is; the answer says how far the centre is, and what it wishes."""
    body = await _small(request, office)
    return as_json({**await take_status(office.pool, visitor, body), "next_s": office.status_s})


Open = Callable[[web.Request], Awaitable[web.StreamResponse]]
OfUnit = Callable[[web.Request, Office, Visitor], Awaitable[web.StreamResponse]]


def with_login(handler: OfUnit) -> Open:
    """A route for units that have logged in; the unit is the token's, never the request's word."""

    async def handle(request: web.Request) -> web.StreamResponse:
        office = request.app[OFFICE]
        async with office.limits.working():
            try:
                visitor = await _visitor(request, office)
            except Refused:
                office.limits.visit(request.remote)  # who guesses tokens has no more tries than who guesses keys
                raise
            async with office.limits.of_unit(visitor.unit):
                with as_unit(visitor.unit):
                    return await handler(request, office, visitor)

    return handle


ROUTES: Final[tuple[tuple[str, str, Open], ...]] = (
    ("GET", "/v1/authority", authority),
    ("POST", "/v1/join", join_unit),
    ("POST", "/v1/challenges", new_challenge),
    ("POST", "/v1/tokens", new_token),
    ("GET", "/v1/head", with_login(head)),
    ("GET", "/v1/opener", with_login(opener)),
    ("GET", "/v1/signers", with_login(signers)),
    ("POST", "/v1/entries", with_login(entries)),
    ("HEAD", "/v1/blobs/{sha256}", with_login(blob_head)),
    ("PUT", "/v1/blobs/{sha256}", with_login(blob_put)),
    ("POST", "/v1/status", with_login(status)),
)


async def _visitor(request: web.Request, office: Office) -> Visitor:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise refusal()
    with at_the_door():
        async with office.pool.acquire() as connection:
            return await visitor_of(connection, token, office.network_of(request))


def _visit(request: web.Request) -> Office:
    office = request.app[OFFICE]
    office.limits.visit(request.remote)
    return office


async def _body(request: web.Request, office: Office, most: int, kind: str) -> bytes:
    """The whole body, of the media type *kind*, within the time there is for a request."""
    if request.content_type != kind:
        raise malformed(f"the body is not {kind}")
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=request.content_length or 0)
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(office.request_s):
            async for part in request.content.iter_any():
                parts.append(part)
                size += len(part)
                if size > most:
                    raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=size)
    except TimeoutError:
        raise malformed("the body did not come in time") from None
    return b"".join(parts)


async def _small(request: web.Request, office: Office) -> dict[str, Any]:
    """A small JSON object."""
    data = await _body(request, office, MAX_SMALL_BYTES, "application/json")
    try:
        body = json.loads(data)
        if not isinstance(body, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise malformed("the body is no JSON object") from None
    return body


def _lines(data: bytes) -> list[Link]:
    try:
        return list(read_lines(data))
    except Mismatch as error:
        raise malformed(str(error)) from None


def _text(body: dict[str, Any], name: str, most: int = 200) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most or "\0" in value or not value.isascii():
        raise malformed(f"{name} is missing, or none that can be")
    return value


def _bytes(body: dict[str, Any], name: str, size: int) -> bytes:
    try:
        value = bytes.fromhex(_text(body, name))
    except ValueError:
        value = b""
    if len(value) != size:
        raise malformed(f"{name} is not {size} bytes in hex")
    return value


def _head(found: Head) -> dict[str, object]:
    return {"seq": found.seq, "hash": found.hash}


def _of_blob(state: BlobState) -> web.StreamResponse:
    headers = {OFFSET: str(state.received), "Cache-Control": "no-store"}
    if state.size is not None:
        headers["Upload-Length"] = str(state.size)
    return web.Response(status=204, headers=headers)
