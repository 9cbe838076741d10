from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from edge.config import MetricsSettings
from edge.daemon.metrics import Metrics, Sources
from edge.daemon.monitor import Monitor
from edge.daemon.visitors import AT_ONCE, Visitors
from edge.errors import ConfigError

OUTCOMES = {"accepted": 7, "bad_frame": 2}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(
        Sources(
            connection_outcomes=lambda: OUTCOMES,
            connections=lambda: 3,
            mailbox=lambda: 5,
            pool=lambda: 1,
            radar=lambda: {"triggers": 4, "speed_garbage": 1},
            board_c=lambda: 51.5,
        )
    )


@pytest.fixture
def problems() -> dict[str, str]:
    return {}


@pytest.fixture
async def server(metrics: Metrics, problems: dict[str, str]) -> AsyncIterator[Monitor]:
    server = Monitor(MetricsSettings(port=0), metrics, lambda: problems)
    await server.start()
    yield server
    await server.stop()


async def get(server: Monitor, path: str, method: str = "GET") -> tuple[int, str]:
    url = f"http://127.0.0.1:{server.port}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return answer.status, await answer.text()


async def test_metrics_tell_what_happened(server: Monitor, metrics: Metrics) -> None:
    metrics.opened(12, {"nonce": 2})
    metrics.recognised(0.3)
    metrics.decided("identified", 0.8)
    status, text = await get(server, "/metrics")
    assert status == 200
    for line in (
        'autovelox_link_visits_total{outcome="accepted"} 7.0',
        'autovelox_link_visits_total{outcome="bad_frame"} 2.0',
        "autovelox_link_connections 3.0",
        "autovelox_mailbox_packets 5.0",
        "autovelox_pool_jobs 1.0",
        'autovelox_radar_total{fate="triggers"} 4.0',
        'autovelox_radar_total{fate="speed_garbage"} 1.0',
        "autovelox_board_celsius 51.5",
        'autovelox_window_packets_bucket{le="20.0"} 1.0',
        'autovelox_packets_rejected_total{reason="nonce"} 2.0',
        'autovelox_recognition_seconds_bucket{le="0.35"} 1.0',
        'autovelox_decision_seconds_bucket{le="0.75"} 0.0',
        'autovelox_cases_total{verdict="identified"} 1.0',
    ):
        assert line in text.splitlines()


async def test_health_is_honest(server: Monitor, problems: dict[str, str]) -> None:
    assert await get(server, "/health") == (200, '{"status": "ok"}')
    problems["camera"] = "no frame for 3 s"
    assert await get(server, "/health") == (
        503,
        '{"status": "unhealthy", "problems": {"camera": "no frame for 3 s"}}',
    )
    problems.clear()
    assert (await get(server, "/health"))[0] == 200


async def test_there_is_nothing_else(server: Monitor) -> None:
    assert (await get(server, "/"))[0] == 404
    assert (await get(server, "/metrics", "POST"))[0] == 405


async def test_a_port_that_is_taken(server: Monitor, metrics: Metrics) -> None:
    second = Monitor(MetricsSettings(port=server.port), metrics, dict)
    with pytest.raises(ConfigError, match="set another port"):
        await second.start()


async def test_it_can_be_switched_off(metrics: Metrics) -> None:
    server = Monitor(MetricsSettings(enabled=False), metrics, dict)
    await server.start()
    assert server.port == 0
    await server.stop()


async def test_connections_do_not_take_the_units_descriptors(server: Monitor) -> None:
    """Any account of the machine may connect."""
    with ExitStack() as stack:
        for number in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            if number % 5 == 0:
                await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0.01)
            if server.connections == AT_ONCE:
                break
        assert server.connections == AT_ONCE
        assert (await get(server, "/health"))[0] == 200, "the oldest idle one makes room"


async def test_nobody_stays_for_long() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="well")

    http = web.Server(answer)
    visitors = Visitors(http, longest_s=0.2)
    listener = await asyncio.get_running_loop().create_server(visitors, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    idle = await asyncio.open_connection("127.0.0.1", port)
    chatty = await asyncio.open_connection("127.0.0.1", port)
    chatty[1].write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"200 OK" in await chatty[0].readuntil(b"\r\n\r\n")
    for reader, writer in (idle, chatty):
        with suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert not visitors
    listener.close()
    await http.shutdown(1)


async def test_who_connects_writes_nothing_into_the_log(server: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    head = b"GET / HTTP/1.1\r\n"
    for rubbish in (b"rubbish\r\n\r\n", head + b"broken header\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 99, b""):
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(rubbish)
            if not rubbish:
                writer.transport.abort()
                continue
            await reader.read()
            writer.close()
    await asyncio.sleep(0.1)
    assert caplog.records == []


async def at_socket(path: Path, what: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
        session.get(f"http://unit{what}") as answer,
    ):
        return answer.status, await answer.text()


async def test_metrics_may_be_at_a_unix_socket_of_the_group_and_at_no_port(
    metrics: Metrics, problems: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    where = MetricsSettings(socket=tmp_path / "metrics.sock")
    server = Monitor(where, metrics, lambda: problems)
    await server.start()
    assert await at_socket(where.socket, "/health") == (200, '{"status": "ok"}')
    assert (await at_socket(where.socket, "/metrics"))[0] == 200
    assert stat.S_IMODE(where.socket.stat().st_mode) == 0o660 and server.port == 0
    assert f"metrics and health are at {where.socket}" in caplog.text
    with pytest.raises(ConfigError, match="another program answers there"):
        await Monitor(where, metrics, lambda: problems).start()
    await server.stop()
    assert not where.socket.exists()


async def test_a_socket_that_a_crash_left_is_taken_over_and_a_file_is_not(
    metrics: Metrics, problems: dict[str, str], tmp_path: Path
) -> None:
    where = MetricsSettings(socket=tmp_path / "metrics.sock")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(where.socket))
    server = Monitor(where, metrics, lambda: problems)
    await server.start()
    assert (await at_socket(where.socket, "/health"))[0] == 200
    await server.stop()
    where.socket.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="there is a file of that name"):
        await server.start()
    assert where.socket.read_text(encoding="utf-8") == "mine"
