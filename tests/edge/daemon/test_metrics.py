from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from edge.config import MetricsSettings
from edge.daemon.metrics import Metrics, Sources
from edge.daemon.monitor import Monitor
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
