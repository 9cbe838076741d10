"""What the unit says of itself to those who run it: Prometheus metrics and an honest health check, on loopback.

Counts, sizes and times, never a word about a person. Format: Prometheus text exposition 0.0.4.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import nan
from typing import Final

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from edge.config import MetricsSettings
from edge.errors import ConfigError

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
SECONDS: Final = (0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
PACKETS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the values come from that are read when somebody asks."""

    visits: Callable[[], Mapping[str, int]]
    connections: Callable[[], int]
    mailbox: Callable[[], int]
    pool: Callable[[], int]
    radar: Callable[[], Mapping[str, int]] = dict
    board_c: Callable[[], float | None] = lambda: None


class Metrics:
    """The unit's metrics; the daemon tells of windows, recognitions and decisions as they happen."""

    def __init__(self, sources: Sources) -> None:
        """Values of *sources* are read at every scrape."""
        self.registry = registry = CollectorRegistry()
        registry.register(_Counts("autovelox_link_visits", "What became of connections.", "outcome", sources.visits))
        registry.register(_Counts("autovelox_radar", "Edges and speed reports, by their fate.", "fate", sources.radar))
        for name, text, read in (
            ("autovelox_link_connections", "Connections open now.", sources.connections),
            ("autovelox_mailbox_packets", "Sealed packets in memory now.", sources.mailbox),
            ("autovelox_pool_jobs", "Jobs given to the workers and not ended.", sources.pool),
        ):
            Gauge(name, text, registry=registry).set_function(read)
        board = Gauge("autovelox_board_celsius", "The processor's temperature; NaN if unknown.", registry=registry)
        board.set_function(lambda: nan if (celsius := sources.board_c()) is None else celsius)
        self._window = Histogram(
            "autovelox_window_packets", "Packets in a trigger's window.", buckets=PACKETS, registry=registry
        )
        self._rejected = Counter(
            "autovelox_packets_rejected", "Packets that spoke for nobody, by reason.", ["reason"], registry=registry
        )
        self._recognition = Histogram(
            "autovelox_recognition_seconds", "One photo found and read.", buckets=SECONDS, registry=registry
        )
        self._decision = Histogram(
            "autovelox_decision_seconds", "Trigger to decided case.", buckets=SECONDS, registry=registry
        )
        self._cases = Counter("autovelox_cases", "Cases decided, by verdict.", ["verdict"], registry=registry)

    def opened(self, packets: int, rejected: Mapping[str, int]) -> None:
        """A window of *packets* was opened; *rejected* counts those that spoke for nobody by reason."""
        self._window.observe(packets)
        for reason, count in rejected.items():
            self._rejected.labels(reason).inc(count)

    def recognised(self, seconds: float) -> None:
        """A photo was recognised in *seconds*."""
        self._recognition.observe(seconds)

    def decided(self, verdict: str, seconds: float) -> None:
        """A case got its *verdict*, *seconds* after its trigger."""
        self._decision.observe(seconds)
        self._cases.labels(verdict).inc()


class _Counts(Collector):
    """The parts count by themselves; here their counts get names."""

    def __init__(self, name: str, text: str, label: str, read: Callable[[], Mapping[str, int]]) -> None:
        self._name, self._text, self._label = name, text, label
        self._read = read

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._text, labels=[self._label])
        for value, count in self._read().items():
            family.add_metric([value], count)
        yield family


class MetricsServer:
    """``GET /metrics`` and ``GET /health`` on loopback; health is 200, or 503 with what is wrong."""

    def __init__(self, settings: MetricsSettings, metrics: Metrics, health: Callable[[], Mapping[str, str]]) -> None:
        """*health* gives what is wrong now by part; nothing listens before :meth:`start`."""
        self._settings = settings
        self._metrics = metrics
        self._health = health
        self._runner: web.ServerRunner | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen, unless the settings switch it off.

        Raises:
            ConfigError: the port is taken.
        """
        if not self._settings.enabled:
            return
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._settings.port)
        try:
            await site.start()
        except OSError as error:
            await self.stop()
            raise ConfigError(
                f"the metrics cannot listen on port {self._settings.port} ({error.strerror})", "set [metrics] port"
            ) from None
        self.port = site.port
        log.info("metrics and health are on %s port %d", HOST, self.port)

    async def stop(self) -> None:
        """Stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            return web.Response(status=405)
        if request.path == "/metrics":
            return web.Response(
                body=generate_latest(self._metrics.registry), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_PLAIN_0_0_4}
            )
        if request.path == "/health":
            problems = dict(self._health())
            body = {"status": "unhealthy", "problems": problems} if problems else {"status": "ok"}
            return web.Response(text=json.dumps(body), content_type="application/json", status=503 if problems else 200)
        return web.Response(status=404)
