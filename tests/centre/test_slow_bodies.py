"""Bodies that come slowly: they take nobody's place, and all of them together only so much memory."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from centre.errors import Refused
from centre.web import Limits
from centre.web.bodies import read_body
from edge.delivery import trusting
from edge.delivery.openings import SIGNATURE
from edge.delivery.wire import LINES_TYPE
from tests.support.cases import SIGNER
from tests.support.centre import Centre, centre_at_work
from tests.support.openings import enrol, roadside


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], asyncio.Event]:
    """Gives what is set when so many bytes of one body have come."""
    wanted: list[tuple[int, asyncio.Event]] = []

    async def read(request: Any, request_s: float, most: int, kind: str, came: Callable[[int], None]) -> bytes:
        so_far = 0

        def count(size: int) -> None:
            nonlocal so_far
            came(size)
            so_far += size
            for least, event in wanted:
                if so_far >= least:
                    event.set()

        return await read_body(request, request_s, most, kind, count)

    def until(size: int) -> asyncio.Event:
        wanted.append((size, asyncio.Event()))
        return wanted[-1][1]

    monkeypatch.setattr("centre.web.routes.read_body", read)
    monkeypatch.setattr("centre.opening.web.read_body", read)
    return until


async def token_of(centre: Centre, folder: Path) -> str:
    async with await centre.let_in("A1", SIGNER, folder) as client:
        await client.log_in(b"")
        return client.authorization["Authorization"]


async def ask(centre: Centre, method: str, path: str, token: str, data: bytes | None = None) -> int:
    """The status of the answer."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(centre.authority))) as session,
        session.request(
            method, centre.url + path, data=data, headers={"Authorization": token, "Content-Type": LINES_TYPE}
        ) as found,
    ):
        return found.status


async def begin(centre: Centre, token: str, size: int, sent: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Entries of *size* bytes, of which the first *sent* are sent."""
    head = f"POST /v1/entries HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: {LINES_TYPE}\r\n"
    return await begin_at(centre.port, trusting(centre.authority), head, size, sent)


async def begin_at(
    port: int, tls: ssl.SSLContext, head: str, size: int, sent: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request with a body of *size* bytes, of which the first *sent* are sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(f"{head}Content-Length: {size}\r\n\r\n".encode() + b"x" * sent)
    await writer.drain()
    return reader, writer


async def test_a_slow_body_takes_nobodys_place(
    dsn: str, tmp_path: Path, reading: Callable[[int], asyncio.Event]
) -> None:
    async with centre_at_work(dsn, tmp_path / "centre", requests=1, request_s=600.0) as centre:
        token = await token_of(centre, tmp_path)
        came = reading(1)
        reader, writer = await begin(centre, token, 1000, 1)
        await came.wait()
        assert await ask(centre, "GET", "/v1/head", token) == 200
        writer.write(b"x" * 999)
        assert b" 400 " in await reader.readline(), "whole, and no entries"
        writer.close()


async def test_a_slow_opening_takes_nobodys_place(
    dsn: str, place: Path, reading: Callable[[int], asyncio.Event]
) -> None:
    enrol(place)
    async with (
        centre_at_work(dsn, place / "centre", requests=1) as centre,
        roadside(centre, place) as unit,
    ):
        await unit.client.log_in(b"")
        token = unit.client.authorization["Authorization"]
        tls, port = trusting(centre.authority), int(unit.service.url.rpartition(":")[2])
        head = f"POST /v1/openings HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        head += f"Content-Type: application/json\r\n{SIGNATURE}: {'0' * 128}\r\n"
        came = reading(1)
        slow, slow_writer = await begin_at(port, tls, head, 1000, 1)
        await came.wait()
        whole, whole_writer = await begin_at(port, tls, head, 10, 10)
        assert b" 403 " in await whole.readline(), "the unit's key did not sign it, and a place was free"
        slow_writer.write(b"x" * 999)
        assert b" 403 " in await slow.readline()
        for writer in (slow_writer, whole_writer):
            writer.close()


async def test_a_body_is_cut_after_its_time(dsn: str, tmp_path: Path) -> None:
    async with centre_at_work(dsn, tmp_path / "centre", requests=1, request_s=1.0) as centre:
        token = await token_of(centre, tmp_path)
        reader, writer = await begin(centre, token, 1000, 1)
        assert b" 400 " in await reader.readline()
        writer.close()
        assert await ask(centre, "GET", "/v1/head", token) == 200


async def test_bodies_on_the_way_take_so_much_memory_together(
    dsn: str, tmp_path: Path, reading: Callable[[int], asyncio.Event]
) -> None:
    sizes = {"requests": 1, "entries_bytes": 65_536, "blob_bytes": 65_536}
    async with centre_at_work(dsn, tmp_path / "centre", request_s=600.0, **sizes) as centre:
        token = await token_of(centre, tmp_path)
        came = reading(60_000)
        _, writer = await begin(centre, token, 60_001, 60_000)
        await came.wait()
        assert await ask(centre, "POST", "/v1/entries", token, b"x" * 60_000) == 503
        assert await ask(centre, "POST", "/v1/entries", token, b"x" * 100) == 400, "none are entries"
        writer.close()


async def test_who_has_handed_over_a_body_gets_the_next_place() -> None:
    limits = Limits(1, 60)
    at_work, go = asyncio.Event(), asyncio.Event()

    async def waiting() -> None:
        async with limits.working(wait_s=600.0):
            at_work.set()
            await go.wait()

    async with limits.working():
        task = asyncio.create_task(waiting())
        await asyncio.sleep(0)
        assert not at_work.is_set()
    with pytest.raises(Refused) as refused:
        async with limits.working():
            pass
    assert refused.value.status == 503, "nobody overtakes who waits"
    await at_work.wait()
    with pytest.raises(Refused):
        async with limits.working(wait_s=0.001):
            pass
    go.set()
    await task
    async with limits.working():
        pass
    assert limits.turned_away == 2


def test_bytes_of_bodies_come_free_with_the_end_of_their_request() -> None:
    limits = Limits(1, 60, body_bytes=100)
    with limits.receiving() as first:
        first(60)
        for _ in range(3):
            with pytest.raises(Refused) as refused, limits.receiving() as second:
                second(60)
            assert refused.value.status == 503
        first(40)
    with limits.receiving() as third:
        third(100)
