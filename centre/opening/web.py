"""``POST /v1/openings``: the one address of the opening service."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from centre.database import showing
from centre.errors import Refused
from centre.opening.service import OpeningDesk
from centre.units import refusal, visitor_of
from centre.web import Limits, answer_problems, as_json
from centre.web.problems import malformed
from edge.delivery.openings import SIGNATURE

_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class Counter:
    """What the route works with."""

    desk: OpeningDesk
    limits: Limits
    request_s: float


COUNTER: Final = web.AppKey("counter", Counter)


async def openings(request: web.Request) -> web.StreamResponse:
    """Open the packets of a case for the unit that filed it; see :mod:`edge.delivery.openings`."""
    counter = request.app[COUNTER]
    desk = counter.desk
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise refusal()
    signature = request.headers.get(SIGNATURE, "")
    if not _SIGNATURE.fullmatch(signature) or request.content_type != "application/json":
        raise malformed(f"an opening is JSON with the header {SIGNATURE}")
    counter.limits.admit(request.remote, token)
    async with counter.limits.working():
        try:
            async with desk.pool.acquire() as connection:
                visitor = await visitor_of(connection, token)
        except Refused:
            counter.limits.forget(token)
            counter.limits.visit(request.remote)  # guesses, as at the centre's own door
            raise
        counter.limits.know(token)
        async with counter.limits.of_unit(visitor.unit):
            try:
                async with asyncio.timeout(counter.request_s):
                    body = await request.read()
            except TimeoutError:
                raise malformed("the body did not come in time") from None
            with showing(token):
                return as_json(await desk.open(visitor, body, bytes.fromhex(signature)))


def application(counter: Counter, body_bytes: int) -> web.Application:
    """The application that answers with *counter*; a body has at most *body_bytes*."""
    app = web.Application(middlewares=[answer_problems], client_max_size=body_bytes)
    app[COUNTER] = counter
    app.router.add_post("/v1/openings", openings)
    return app
