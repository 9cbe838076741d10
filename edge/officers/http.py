"""Requests and answers of the officers' service: bodies read and checked, values, files and problems sent."""

from __future__ import annotations

import base64
import json
import logging
import sys
import traceback
from typing import Any
from urllib.parse import quote

from aiohttp import web

from edge.officers import wire

log = logging.getLogger(__name__)

BLOCK = 1 << 18
BODY_TEXTS = frozenset({"kind", "reason", "plate", "key", "head", "checkpoint", "action", "language"})
BODY_TRUTHS = frozenset({"full_chain", "redacted"})
MOST_DAYS = 10**6


class Malformed(Exception):
    """The request is none of this interface; the text says why."""


class Quiet(logging.LoggerAdapter[logging.Logger]):
    """aiohttp's own log of the service: where something failed, never with a message or a traceback.

    What broken bytes aiohttp meets is the client's choice, and may hold anything.
    """

    def log(self, level: int, msg: object, *args: object, exc_info: Any = None, **kwargs: Any) -> None:
        """Log where the error that is handled just now came up, if there is one."""
        error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1]
        if level >= logging.ERROR and error is not None:
            log_failure(error)


async def read_body(request: web.BaseRequest) -> dict[str, Any]:
    """The body of a request: an object of texts, {} if there is none.

    ``cases`` is a list of numbers, ``judgement`` one, each of :data:`BODY_TRUTHS` a truth, ``days`` a number.

    Raises:
        Malformed: it is none.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        _drop_body(request)
        raise Malformed("the request's body is encoded")
    try:
        data = await request.read()
    except web.RequestPayloadError:
        _drop_body(request)
        raise Malformed("the request's body is not what its headers say") from None
    try:
        body = json.loads(data) if data else {}
        if not isinstance(body, dict):
            raise ValueError
        for name, value in body.items():
            if name == "cases":
                fine = isinstance(value, list) and all(type(each) is int and 0 < each < 10**9 for each in value)
            elif name == "judgement":
                fine = type(value) is int and 0 < value < 1 << 53
            elif name in BODY_TRUTHS:
                fine = isinstance(value, bool)
            elif name == "days":
                fine = type(value) in (int, float) and 0 < value < MOST_DAYS
            else:
                fine = name in BODY_TEXTS and isinstance(value, str)
            if not fine:
                raise Malformed(f"the request's {name[:40]!a} is none that can be")
    except (ValueError, RecursionError):
        raise Malformed("the request is no JSON object") from None
    return body


def _drop_body(request: web.BaseRequest) -> None:
    """Read no more of a body that cannot be read: aiohttp would go on after the answer, and fail."""
    request.content.feed_eof()
    request.protocol.close()


def file_head(size: int, digest: bytes, kind: str, says: str) -> web.StreamResponse:
    """The head of an answer that is a file, with its SHA-256 (RFC 9530), and what the service *says* of it."""
    response = web.StreamResponse()
    response.content_type = kind
    response.content_length = size
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(digest).decode('ascii')}:"
    if says:
        response.headers["Autovelox-Says"] = quote(says)
    return response


def log_failure(error: BaseException) -> None:
    """Log where a request failed. The message of a foreign error may hold anything of a case: it is not logged."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{place[0].filename}, line {place[0].lineno}" if place else "another place"
    log.error("a request failed: %s in %s", type(error).__name__, where)


def as_json(body: wire.Json, status: int = 200, kind: str = "application/json") -> web.Response:
    """An answer in JSON."""
    return web.Response(text=json.dumps(body, ensure_ascii=False), status=status, content_type=kind)


def as_problem(word: str, status: int, cause: str, remedy: str) -> web.Response:
    """An answer that says what is wrong (RFC 9457)."""
    return as_json(wire.problem_body(word, status, cause, remedy), status, "application/problem+json")
