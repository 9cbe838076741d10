"""Bodies of requests: read within a time and a size, and taken apart with every part checked for what it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import islice
from typing import Any

from aiohttp import web

from centre.delivery import MOST_ENTRIES
from centre.web.problems import malformed
from edge.cases.evidence import Link, Mismatch, read_lines

MAX_SMALL_BYTES = 64 * 1024
JSON_TYPE = "application/json"


async def read_body(
    request: web.Request, request_s: float, most: int, kind: str, came: Callable[[int], None] | None = None
) -> bytes:
    """The whole body, of the media type *kind*, at most *most* bytes, within *request_s* seconds.

    *came* is told how many bytes came each time, and may raise.

    Raises:
        Refused: it is another, or did not come in time (400).
        HTTPRequestEntityTooLarge: it is larger.
    """
    if request.content_type != kind:
        raise malformed(f"the body is not {kind}")
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=request.content_length or 0)
    found = bytearray()  # a body that comes byte by byte takes no more room than another
    try:
        async with asyncio.timeout(request_s):
            async for part in request.content.iter_any():
                found += part
                if len(found) > most:
                    raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(found))
                if came is not None:
                    came(len(part))
    except TimeoutError:
        raise malformed("the body did not come in time") from None
    return bytes(found)


async def read_small(request: web.Request, request_s: float) -> dict[str, Any]:
    """A small JSON object, within *request_s* seconds; raises :class:`Refused` (400)."""
    return to_small(await read_body(request, request_s, MAX_SMALL_BYTES, JSON_TYPE))


def to_small(data: bytes) -> dict[str, Any]:
    """The JSON object that *data* are; raises :class:`Refused` (400)."""
    try:
        body = json.loads(data)
        if not isinstance(body, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise malformed("the body is no JSON object") from None
    return body


def read_entries(data: bytes) -> list[Link]:
    """The entries in *data*, JSON lines; of too many only so many that it shows. Raises :class:`Refused` (400)."""
    try:
        return list(islice(read_lines(data), MOST_ENTRIES + 1))
    except Mismatch as error:
        raise malformed(str(error)) from None


def text_of(body: dict[str, Any], name: str, most: int = 200) -> str:
    """The text *name* of *body*, ASCII and not empty; raises :class:`Refused` (400)."""
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most or "\0" in value or not value.isascii():
        raise malformed(f"{name} is missing, or none that can be")
    return value


def bytes_of(body: dict[str, Any], name: str, size: int) -> bytes:
    """The *size* bytes that stand in hex as *name* in *body*; raises :class:`Refused` (400)."""
    try:
        value = bytes.fromhex(text_of(body, name))
    except ValueError:
        value = b""
    if len(value) != size:
        raise malformed(f"{name} is not {size} bytes in hex")
    return value
