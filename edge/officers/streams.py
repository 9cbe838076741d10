"""Answers of the officers' service that take long: lines that say how far the work is, and the file at their end.

Who accepts ``application/x-ndjson`` gets a line of JSON a second while the work lasts: ``{"stage", "done", "total"}``.
The last line is what the service says of it, with ``size`` and ``sha256`` of the bytes that follow where a file does;
or a problem (RFC 9457). Everybody else gets the answer alone, at the end.

A file on its way to a slow reader takes room on the disk of the cases, so a reader must keep up.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from edge.errors import EdgeError
from edge.officers import wire
from edge.officers.http import BLOCK, as_json, file_head, log_failure

LINE_S = 1.0
"""How often a line is sent."""
STALL_S = 30.0
LEAST_BYTES_PER_S = 1 << 18
"""How long a reader may take nothing, and how fast it has to read on the whole."""

Progress = Callable[[str, int, int], None]


class Gone(Exception):
    """Whoever asked is not there any more, or reads too slowly."""


class Made(NamedTuple):
    """A file that the work made, and its media type."""

    path: Path
    kind: str


class _Told:
    """How far the work is; told by its thread, read by the loop."""

    def __init__(self) -> None:
        self.state = ("waiting", 0, 0)
        self.is_gone = False

    def tell(self, stage: str, done: int, total: int) -> None:
        """Keep it.

        Raises:
            Gone: nobody waits for the work any more, so that it can end.
        """
        if self.is_gone:
            raise Gone
        self.state = (stage, done, total)


async def answer_long(
    request: web.BaseRequest,
    work: Callable[[Progress], Awaitable[str]],
    made: Made | None = None,
    *,
    give_way: Callable[[], Awaitable[None]],
) -> web.StreamResponse:
    """Answer *request* with what *work* says, and with the file that it makes, if it makes one.

    *give_way* waits while the unit files a case; it is awaited before each block of a file, so that its reader, who
    may write it to the same disk, gets none meanwhile.

    *work* has ended when this returns, or raises.

    Raises:
        EdgeError: what *work* raises, where no line was sent before.
        Gone: the reader does not read.
    """
    told = _Told()
    if wire.LINES not in request.headers.get("Accept", ""):
        says = await work(told.tell)
        return as_json({"says": says}) if made is None else await _send_alone(request, made, says, give_way)
    response = web.StreamResponse()
    response.content_type = wire.LINES
    task = asyncio.ensure_future(work(told.tell))
    try:
        await response.prepare(request)
        while not (await asyncio.wait({task}, timeout=LINE_S))[0]:
            stage, done, total = told.state
            await _write(request, response, _line({"stage": stage, "done": done, "total": total}))
        await _send_last(request, response, task, made, give_way)
    except (Gone, OSError):
        told.is_gone = True
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # it was told to nobody
        raise Gone from None
    return response


async def _send_last(
    request: web.BaseRequest,
    response: web.StreamResponse,
    task: asyncio.Future[str],
    made: Made | None,
    give_way: Callable[[], Awaitable[None]],
) -> None:
    try:
        said: wire.Json = {"says": task.result()}
    except EdgeError as error:
        said, made = wire.problem(error)[1], None
    except Exception as error:
        log_failure(error)
        said = wire.problem_body("case", 500, "the officers' service failed", "let the operator read its journal")
        made = None
    if made is None:
        await _write(request, response, _line(said))
    else:
        size, digest = await asyncio.to_thread(_measured, made.path)
        await _write(request, response, _line({**said, "size": size, "sha256": digest}))
        await _send(request, response, made.path, size, give_way)
    await response.write_eof()


async def _send_alone(
    request: web.BaseRequest, made: Made, says: str, give_way: Callable[[], Awaitable[None]]
) -> web.StreamResponse:
    size, digest = await asyncio.to_thread(_measured, made.path)
    response = file_head(size, bytes.fromhex(digest), made.kind, says)
    try:
        await response.prepare(request)
        await _send(request, response, made.path, size, give_way)
        await response.write_eof()
    except OSError:
        raise Gone from None
    return response


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


async def _send(
    request: web.BaseRequest,
    response: web.StreamResponse,
    path: Path,
    size: int,
    give_way: Callable[[], Awaitable[None]],
) -> None:
    """Send the file at *path*, unless its reader is too slow."""
    try:
        async with asyncio.timeout(STALL_S + size / LEAST_BYTES_PER_S):
            with path.open("rb") as file:
                while block := await asyncio.to_thread(file.read, BLOCK):
                    await give_way()
                    await _write(request, response, block)
    except TimeoutError:
        _cut(request)
        raise Gone from None


async def _write(request: web.BaseRequest, response: web.StreamResponse, data: bytes) -> None:
    try:
        async with asyncio.timeout(STALL_S):
            await response.write(data)
    except TimeoutError:
        _cut(request)
        raise Gone from None


def _cut(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8") + b"\n"
