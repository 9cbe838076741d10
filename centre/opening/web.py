"""``POST /v1/openings``: the one address of the opening service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from centre.database import showing, taken
from centre.errors import Refused
from centre.opening.service import OpeningDesk
from centre.units import Visitor, refusal, visitor_of
from centre.web import PLACE_S, Limits, answer_problems, as_json
from centre.web.bodies import JSON_TYPE, read_body
from centre.web.problems import malformed
from edge.delivery.openings import SIGNATURE

_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class Counter:
    """What the route works with; a body has at most ``body_bytes``, and comes within ``request_s`` seconds."""

    desk: OpeningDesk
    limits: Limits
    request_s: float
    body_bytes: int


COUNTER: Final = web.AppKey("counter", Counter)


async def openings(request: web.Request) -> web.StreamResponse:
    """Open the packets of a case for the unit that filed it; see :mod:`edge.delivery.openings`."""
    counter = request.app[COUNTER]
    desk = counter.desk
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise refusal()
    signature = request.headers.get(SIGNATURE, "")
    if not _SIGNATURE.fullmatch(signature) or request.content_type != JSON_TYPE:
        raise malformed(f"an opening is JSON with the header {SIGNATURE}")
    counter.limits.admit(request.remote, token)
    async with counter.limits.working():
        visitor = await _known(request, counter, token)
    async with counter.limits.of_unit(visitor.unit):
        with counter.limits.receiving() as came:
            # Outside any place: a body that comes slowly takes nobody's.
            body = await read_body(request, counter.request_s, counter.body_bytes, JSON_TYPE, came)
            async with counter.limits.working(wait_s=PLACE_S):
                with showing(token):
                    return as_json(await desk.open(visitor, body, bytes.fromhex(signature)))


async def _known(request: web.Request, counter: Counter, token: str) -> Visitor:
    """The unit of *token*; who guesses has no more tries than at the centre's own door."""
    try:
        async with taken(counter.desk.pool) as connection:
            visitor = await visitor_of(connection, token)
    except Refused:
        counter.limits.forget(token)
        counter.limits.visit(request.remote)
        raise
    counter.limits.know(token)
    return visitor


def application(counter: Counter) -> web.Application:
    """The application that answers with *counter*."""
    app = web.Application(middlewares=[answer_problems])
    app[COUNTER] = counter
    app.router.add_post("/v1/openings", openings)
    return app
