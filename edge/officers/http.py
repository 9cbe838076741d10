"""Requests and answers of the officers' service: bodies read and checked, values, files and problems sent."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from edge.officers import wire

BLOCK = 1 << 18
BODY_TEXTS = frozenset({"kind", "reason", "plate", "key", "head", "checkpoint", "action"})
MOST_DAYS = 10**6


class Malformed(Exception):
    """The request is none of this interface; the text says why."""


async def read_body(request: web.BaseRequest) -> dict[str, Any]:
    """The body of a request: an object of texts, {} if there is none.

    ``cases`` is a list of numbers, ``full_chain`` a truth, ``days`` a number.

    Raises:
        Malformed: it is none.
    """
    try:
        data = await request.read()
    except web.RequestPayloadError:
        request.content.feed_eof()  # else aiohttp reads on, and fails, after the answer
        request.protocol.close()
        raise Malformed("the request's body is not what its headers say") from None
    try:
        body = json.loads(data) if data else {}
        if not isinstance(body, dict):
            raise ValueError
        for name, value in body.items():
            if name == "cases":
                fine = isinstance(value, list) and all(type(each) is int and 0 < each < 10**9 for each in value)
            elif name == "full_chain":
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


async def send_file(request: web.BaseRequest, file: Path, kind: str, says: str) -> web.StreamResponse:
    """Send the content of *file* with its SHA-256 (RFC 9530), and what the service *says* of it."""
    with file.open("rb") as opened:
        digest = await asyncio.to_thread(lambda: hashlib.file_digest(opened, "sha256").digest())
        size = opened.tell()
        response = web.StreamResponse()
        response.content_type = kind
        response.content_length = size
        response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(digest).decode('ascii')}:"
        if says:
            response.headers["Autovelox-Says"] = quote(says)
        await response.prepare(request)
        opened.seek(0)
        while block := await asyncio.to_thread(opened.read, BLOCK):
            await response.write(block)
    await response.write_eof()
    return response


def as_json(body: wire.Json, status: int = 200, kind: str = "application/json") -> web.Response:
    """An answer in JSON."""
    return web.Response(text=json.dumps(body, ensure_ascii=False), status=status, content_type=kind)


def as_problem(word: str, status: int, cause: str, remedy: str) -> web.Response:
    """An answer that says what is wrong (RFC 9457)."""
    return as_json(wire.problem_body(word, status, cause, remedy), status, "application/problem+json")
