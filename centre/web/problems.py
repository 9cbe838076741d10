"""Answers: values in JSON, and problems (RFC 9457) that say what is wrong and what to do about it."""

from __future__ import annotations

import json
import logging
import math
import secrets
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from aiohttp import web

from centre.database import BUSY, GONE, why_not
from centre.delivery import NotConfirmed, WrongOffset
from centre.errors import Refused
from edge.delivery.wire import OFFSET
from edge.errors import EdgeError

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIX = "urn:autovelox:problem:"
RETRY_S = 5.0
"""How long whoever comes while PostgreSQL is away is asked to wait, at least; up to twice as long."""
WORDS = (
    *("broken", "fork", "gap", "login", "not_invited", "not_named", "blob", "offset", "status", "malformed"),
    *("no_opener", "not_signed", "not_filed", "too_late", "window", "quota", "named", "reader"),
    *("busy", "away", "failed", "no_such_address", "method"),
)
"""The words of all problems there are."""


def as_json(value: Any, status: int = 200) -> web.Response:
    """A value in JSON; nothing on the way keeps it."""
    return web.json_response(value, status=status, headers={"Cache-Control": "no-store"})


def as_problem(error: Refused) -> web.Response:
    """A refusal as its answer."""
    body: dict[str, Any] = {
        "type": PREFIX + error.word,
        "title": error.cause,
        "status": error.status,
        "detail": error.remedy,
    }
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, NotConfirmed):
        body["confirmed"] = {"seq": error.head.seq, "hash": error.head.hash}
    if isinstance(error, WrongOffset):
        headers[OFFSET] = str(error.received)
    if error.retry_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_s))
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="autovelox"'
    text = json.dumps(body)
    return web.Response(text=text, status=error.status, content_type="application/problem+json", headers=headers)


def busy(status: int = 503, word: str = "busy") -> Refused:
    """Too much at once, or PostgreSQL is away: come again."""
    retry_s = RETRY_S * (1 + secrets.randbelow(1000) / 1000)
    return Refused(word, status, "the centre has too much to do", "come again later", retry_s=retry_s)


def malformed(cause: str) -> Refused:
    """The request is none of this interface."""
    return Refused("malformed", 400, cause, "openapi.json says what there is")


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What goes wrong becomes a problem; what nobody foresaw is logged without anything of what was sent."""
    try:
        return await handler(request)
    except Refused as error:
        return as_problem(error)
    except BUSY:
        return as_problem(busy())
    except GONE as error:
        log.warning("%s", why_not(error))
        return as_problem(busy(word="away"))
    except web.HTTPRequestEntityTooLarge:
        return as_problem(Refused("malformed", 413, "the request is too large", "send it in parts"))
    except web.HTTPNotFound:
        return as_problem(
            Refused("no_such_address", 404, "there is no such address", "openapi.json says which there are")
        )
    except web.HTTPMethodNotAllowed as error:
        response = as_problem(Refused("method", 405, "that cannot be done with it", "openapi.json says what can"))
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response
    except web.HTTPException as error:
        return as_problem(
            Refused("malformed", error.status, "the request is none of this interface", "read openapi.json")
        )
    except web.RequestPayloadError:
        return as_problem(malformed("the body was cut off"))
    except asyncpg.PostgresError as error:
        # Its message may repeat values: the state (SQLSTATE) is all that is logged.
        log.error("PostgreSQL refused a statement: %s", error.sqlstate)
        return as_problem(Refused("failed", 500, "the centre failed", "let its operator read the log", retry_s=60.0))
    except EdgeError as error:
        log.error("a request cannot be answered: %s", error)
        return as_problem(Refused("failed", 500, "the centre failed", "let its operator read the log", retry_s=60.0))
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("a request failed: %s in %s, line %d", type(error).__name__, place.filename, place.lineno)
        return as_problem(Refused("failed", 500, "the centre failed", "let its operator read the log", retry_s=60.0))
