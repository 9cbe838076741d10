"""``GET /metrics`` (Prometheus text exposition 0.0.4) and ``GET /health``, on loopback or at a Unix socket."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import hdrs, web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from edge.config import MetricsSettings
from edge.daemon.metrics import Metrics
from edge.daemon.sockets import forget, listen
from edge.daemon.visitors import BACKLOG, Visitors

log = logging.getLogger(__name__)

SHUTDOWN_S: Final = 1.0


class Monitor:
    """``GET /metrics`` and ``GET /health``; health is 200, or 503 with what is wrong."""

    def __init__(
        self,
        settings: MetricsSettings,
        metrics: Metrics,
        health: Callable[[], Mapping[str, str]],
        facts: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        """*health* gives what is wrong now by part, *facts* what else the health page says.

        Nothing listens before :meth:`start`.
        """
        self._facts = facts
        self._settings = settings
        self._metrics = metrics
        self._health = health
        self._http = web.Server(self._answer)
        self._visitors = Visitors(self._http)
        self._listener: asyncio.Server | None = None
        self.port = 0

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._visitors)

    async def start(self) -> None:
        """Listen, unless the settings switch it off.

        Raises:
            ConfigError: the port or the socket cannot be had.
        """
        if not self._settings.enabled:
            return
        self._listener, where = await listen(self._visitors, self._settings, BACKLOG)
        self.port = 0 if self._settings.socket else self._listener.sockets[0].getsockname()[1]
        log.info("metrics and health are %s", where)

    async def stop(self) -> None:
        """Stop listening."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            forget(self._settings)
            await self._http.shutdown(SHUTDOWN_S)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            return web.Response(status=405)
        if request.path == "/metrics":
            return web.Response(
                body=generate_latest(self._metrics.registry), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_PLAIN_0_0_4}
            )
        if request.path == "/health":
            problems = dict(self._health())
            state = {"status": "unhealthy", "problems": problems} if problems else {"status": "ok"}
            body = {**state, **self._facts()}
            return web.Response(text=json.dumps(body), content_type="application/json", status=503 if problems else 200)
        return web.Response(status=404)
