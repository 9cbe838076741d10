"""The interface for units: one function a route. ``openapi.json`` describes it, and a test compares both."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from centre.database import Pool, as_login, as_unit, at_the_door, taken
from centre.delivery import BlobState, Head, Memory, accept_entries, blob_state, head_of, put_part, take_status
from centre.errors import Refused
from centre.units import Visitor, challenge, current_signers, join, log_in, refusal, visitor_of
from centre.web.bodies import (
    JSON_TYPE,
    MAX_SMALL_BYTES,
    bytes_of,
    read_body,
    read_entries,
    read_small,
    text_of,
    to_small,
)
from centre.web.limits import Limits, network_of
from centre.web.problems import as_json, malformed
from edge.delivery.openings import OpeningService
from edge.delivery.orders import signers_record
from edge.delivery.wire import LINES_TYPE, OFFSET

MOST_BYTES_AT_ONCE = 64 * 1024
"""More is read in a thread, so that other units' requests go on meanwhile."""
PLACE_S = 10.0
"""So long a request whose body is here waits for its place: a refusal would cost its way once more."""
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
    body = await read_small(request, office.request_s)
    serial, public_key = text_of(body, "unit"), bytes_of(body, "public_key", 32)
    signature, secret = bytes_of(body, "signature", 64), bytes_of(body, "code_secret", 10)
    async with office.limits.working(), taken(office.pool) as connection:  # nobody's: it calls one function
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
    serial = text_of(await read_small(request, office.request_s), "unit")
    async with office.limits.working():
        with as_login(serial):
            async with taken(office.pool) as connection:
                text = await challenge(connection, serial)
    return as_json({"centre": office.name, "challenge": text})


async def new_token(request: web.Request) -> web.StreamResponse:
    """``POST /v1/tokens``: a signed challenge for a token."""
    office = _visit(request)
    body = await read_small(request, office.request_s)
    serial, asked, signature = text_of(body, "unit"), text_of(body, "challenge"), bytes_of(body, "signature", 64)
    keys = read_entries(text_of(body, "keys", MAX_SMALL_BYTES).encode()) if body.get("keys") else []
    async with office.limits.working():
        with as_login(serial):
            async with taken(office.pool) as connection, connection.transaction():
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
    office.limits.know(token)
    return as_json({"token": token, "life_s": office.token_s})


async def head(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``GET /v1/head``: what is confirmed of the visitor's chain."""
    async with taken(office.pool) as connection:
        return as_json({"confirmed": _head(await head_of(connection, visitor))})


async def opener(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``GET /v1/opener``: where the opening service is, and its public keys."""
    async with taken(office.pool) as connection:
        row = await connection.fetchrow("SELECT url, signing_key, sealing_key, uid_key FROM opener")
    if row is None:
        raise Refused("no_opener", 404, "this centre opens no packets", "start its opening service")
    return as_json(OpeningService(*row).record())


async def signers(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``GET /v1/signers``: the keys of the officers who sign orders."""
    async with taken(office.pool) as connection:
        return as_json(signers_record(await current_signers(connection)))


async def entries(request: web.Request, office: Office, visitor: Visitor, data: bytes) -> web.StreamResponse:
    """``POST /v1/entries``: entries after the confirmed one; they are durable when the answer is written."""
    links = read_entries(data) if len(data) < MOST_BYTES_AT_ONCE else await asyncio.to_thread(read_entries, data)
    return as_json({"confirmed": _head(await accept_entries(office.pool, visitor, links, office.memory))})


async def blob_head(request: web.Request, office: Office, visitor: Visitor) -> web.StreamResponse:
    """``HEAD /v1/blobs/{sha256}``: how much of it is here."""
    async with taken(office.pool) as connection:
        return _of_blob(await blob_state(connection, visitor, request.match_info["sha256"]))


async def blob_put(request: web.Request, office: Office, visitor: Visitor, data: bytes) -> web.StreamResponse:
    """``PUT /v1/blobs/{sha256}``: one part of it, which ``Content-Range`` places."""
    found = _RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if found is None:
        raise malformed("a part of a blob needs Content-Range: bytes FIRST-LAST/SIZE")
    first, last, total = map(int, found.groups())
    if not data or last - first + 1 != len(data) or last >= total:
        raise malformed("Content-Range does not fit the body")
    return _of_blob(
        await put_part(office.pool, visitor, request.match_info["sha256"], start=first, total=total, data=data)
    )


async def status(request: web.Request, office: Office, visitor: Visitor, data: bytes) -> web.StreamResponse:
    """``POST /v1/status``: how the unit is; the answer says how far the centre is, and what it wishes."""
    return as_json({**await take_status(office.pool, visitor, to_small(data)), "next_s": office.status_s})


Open = Callable[[web.Request], Awaitable[web.StreamResponse]]
OfUnit = Callable[[web.Request, Office, Visitor], Awaitable[web.StreamResponse]]
WithBody = Callable[[web.Request, Office, Visitor, bytes], Awaitable[web.StreamResponse]]
Came = Callable[[int], None]
Read = Callable[[web.Request, Office, Visitor, Came], Awaitable[bytes]]


def with_login(handler: OfUnit) -> Open:
    """A route for units that have logged in; the unit is the token's, never the request's word."""

    async def handle(request: web.Request) -> web.StreamResponse:
        office, token = _admitted(request)
        async with office.limits.working():
            visitor = await _known(request, office, token)
            async with office.limits.of_unit(visitor.unit):
                with as_unit(visitor.unit):
                    return await handler(request, office, visitor)

    return handle


def with_body(read: Read, handler: WithBody) -> Open:
    """A route as :func:`with_login` makes it, with a body that *read* reads: a slow one takes nobody's place."""

    async def handle(request: web.Request) -> web.StreamResponse:
        office, token = _admitted(request)
        async with office.limits.working():
            visitor = await _known(request, office, token)
        async with office.limits.of_unit(visitor.unit):
            with office.limits.receiving() as came:
                data = await read(request, office, visitor, came)
                async with office.limits.working(wait_s=PLACE_S):
                    with as_unit(visitor.unit):
                        return await handler(request, office, visitor, data)

    return handle


async def small(request: web.Request, office: Office, visitor: Visitor, came: Came) -> bytes:
    """The body of a small request."""
    return await read_body(request, office.request_s, MAX_SMALL_BYTES, JSON_TYPE, came)


async def lines(request: web.Request, office: Office, visitor: Visitor, came: Came) -> bytes:
    """Entries."""
    return await _large(request, office, visitor, office.entries_bytes, LINES_TYPE, came)


async def part(request: web.Request, office: Office, visitor: Visitor, came: Came) -> bytes:
    """A part of a photo."""
    return await _large(request, office, visitor, office.blob_bytes, "application/octet-stream", came)


ROUTES: Final[tuple[tuple[str, str, Open], ...]] = (
    ("GET", "/v1/authority", authority),
    ("POST", "/v1/join", join_unit),
    ("POST", "/v1/challenges", new_challenge),
    ("POST", "/v1/tokens", new_token),
    ("GET", "/v1/head", with_login(head)),
    ("GET", "/v1/opener", with_login(opener)),
    ("GET", "/v1/signers", with_login(signers)),
    ("POST", "/v1/entries", with_body(lines, entries)),
    ("HEAD", "/v1/blobs/{sha256}", with_login(blob_head)),
    ("PUT", "/v1/blobs/{sha256}", with_body(part, blob_put)),
    ("POST", "/v1/status", with_body(small, status)),
)


def _token(request: web.Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise refusal()
    return token


def _admitted(request: web.Request) -> tuple[Office, str]:
    office, token = request.app[OFFICE], _token(request)
    office.limits.admit(request.remote, token)
    return office, token


async def _known(request: web.Request, office: Office, token: str) -> Visitor:
    """The unit of *token*; who guesses tokens has no more tries than who guesses keys."""
    try:
        visitor = await _visitor(request, office, token)
    except Refused:
        office.limits.forget(token)
        office.limits.visit(request.remote)
        raise
    office.limits.know(token, visitor.unit)
    return visitor


async def _large(request: web.Request, office: Office, visitor: Visitor, most: int, kind: str, came: Came) -> bytes:
    """A body of entries or of a photo, which counts among the unit's bytes of the day, whatever becomes of it."""
    office.limits.afford(visitor.unit)
    data = await read_body(request, office.request_s, most, kind, came)
    office.limits.spend(visitor.unit, len(data))
    return data


async def _visitor(request: web.Request, office: Office, token: str) -> Visitor:
    with at_the_door(office.limits.unit_of(token)) as door:
        async with taken(office.pool) as connection:
            return await visitor_of(connection, token, office.network_of(request), door)


def _visit(request: web.Request) -> Office:
    office = request.app[OFFICE]
    office.limits.visit(request.remote)
    return office


def _head(found: Head) -> dict[str, object]:
    return {"seq": found.seq, "hash": found.hash}


def _of_blob(state: BlobState) -> web.StreamResponse:
    headers = {OFFSET: str(state.received), "Cache-Control": "no-store"}
    if state.size is not None:
        headers["Upload-Length"] = str(state.size)
    return web.Response(status=204, headers=headers)
