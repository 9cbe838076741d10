"""Attack 24: what all the attacks left in the daemon's log. The file's name puts it behind the other attacks."""

from __future__ import annotations

import asyncio

from tests.support.link import ANNA, RawCar
from tests.support.link_unit import SECRETS, TRACES, Unit, leaks

REQUESTS = {
    f"GET /{ANNA.plate}?{ANNA.licence} HTTP/1.1\r\nHost: unit\r\nUser-Agent: {ANNA.uid}\r\n\r\n": b" 404 ",
    f"GET / HTTP/1.1\r\nHost: unit\r\n{ANNA.plate}\r\n\r\n": b" 400 ",
}


async def test_24_the_whole_log_says_nothing_of_anybody(shared_unit: Unit) -> None:
    async with RawCar(shared_unit.port) as car:
        assert await car.exchange() == {"status": "accepted"}
    for request, status in REQUESTS.items():
        reader, writer = await asyncio.open_connection("127.0.0.1", shared_unit.port)
        writer.write(request.encode())
        assert status in await reader.read()
        writer.close()
        await writer.wait_closed()
    assert shared_unit.opened()[0]
    log = shared_unit.whole_log()
    assert "the link listens on" in log
    assert leaks(log) == []


def test_24_the_scan_finds_what_it_looks_for() -> None:
    for planted in (*TRACES, *SECRETS):
        assert len(planted) > 4
        assert leaks(f"INFO:edge.link:a car said {planted!r} just now") == [planted]
