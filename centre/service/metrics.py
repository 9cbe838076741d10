"""``GET /metrics`` (Prometheus) and ``GET /health``, on loopback: nothing in them is about a case."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from centre.database import BUSY, GONE, Pool, Row
from centre.web import as_json

_UNITS = """
SELECT serial, state, head_seq, (status #>> '{head,seq}')::bigint AS own_seq,
    extract(epoch FROM now() - greatest(status_at, delivered_at)) AS silent_s,
    (SELECT count(*) FROM blobs WHERE unit_id = units.id AND complete_at IS NULL AND lost_at IS NULL) AS photos
FROM units WHERE state IN ('active', 'suspended') ORDER BY serial
"""
_ALARMS = "SELECT kind, count(*) AS number FROM alarms WHERE closed_at IS NULL GROUP BY kind ORDER BY kind"


class Figures:
    """What the database says of the units, for Prometheus and for /health."""

    def __init__(self, pool: Pool, *, silent_after_s: float, certificate_end: datetime) -> None:
        """Ask *pool*; a unit is silent after *silent_after_s*."""
        self._pool = pool
        self._silent_after_s = silent_after_s
        self._certificate_end = certificate_end

    async def problems(self) -> dict[str, str]:
        """What is wrong, by part; empty if nothing is."""
        found: dict[str, str] = {}
        left_days = (self._certificate_end - datetime.now(UTC)).days
        if left_days < 30:
            found["certificate"] = f"it ends in {left_days} days: renew it"
        try:
            async with self._pool.acquire(timeout=2.0) as connection:
                units = await connection.fetch(_UNITS, timeout=2.0)
                alarms = await connection.fetch(_ALARMS, timeout=2.0)
        except (*BUSY, *GONE):
            return {**found, "database": "PostgreSQL does not answer: read its log"}
        silent = [row["serial"] for row in units if row["state"] == "active" and self._is_silent(row)]
        if silent:
            found["units"] = f"nothing is heard of {', '.join(silent[:10])}: look at them"
        if alarms:
            kinds = ", ".join(f"{row['number']} {row['kind']}" for row in alarms)
            found["alarms"] = f"open are {kinds}: autovelox-centre alarms list"
        return found

    async def exposition(self) -> bytes:
        """The metrics as Prometheus reads them."""
        async with self._pool.acquire(timeout=2.0) as connection:
            units = await connection.fetch(_UNITS, timeout=5.0)
            alarms = await connection.fetch(_ALARMS, timeout=5.0)
        registry = CollectorRegistry()
        registry.register(_Collected(_families(units, alarms, self._certificate_end)))
        return generate_latest(registry)

    def _is_silent(self, row: Row) -> bool:
        return row["silent_s"] is not None and float(row["silent_s"]) > self._silent_after_s


class _Collected:
    """A collector of what was gathered already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _families(units: list[Row], alarms: list[Row], certificate_end: datetime) -> list[Metric]:
    confirmed = GaugeMetricFamily("autovelox_centre_confirmed_entries", "Entries that are here.", labels=["unit"])
    lag = GaugeMetricFamily("autovelox_centre_lag_entries", "Entries that the unit has beyond.", labels=["unit"])
    silent = GaugeMetricFamily("autovelox_centre_silent_seconds", "Since the unit was heard of.", labels=["unit"])
    photos = GaugeMetricFamily("autovelox_centre_photos_missing", "Photos that are still to come.", labels=["unit"])
    open_alarms = GaugeMetricFamily("autovelox_centre_alarms_open", "Alarms nobody closed.", labels=["kind"])
    ends = GaugeMetricFamily("autovelox_centre_certificate_seconds", "Until the certificate ends.")
    ends.add_metric([], certificate_end.timestamp() - time.time())
    for row in units:
        confirmed.add_metric([row["serial"]], row["head_seq"])
        lag.add_metric([row["serial"]], max(0, (row["own_seq"] or row["head_seq"]) - row["head_seq"]))
        photos.add_metric([row["serial"]], row["photos"])
        if row["silent_s"] is not None:
            silent.add_metric([row["serial"]], float(row["silent_s"]))
    for row in alarms:
        open_alarms.add_metric([row["kind"]], row["number"])
    return [confirmed, lag, silent, photos, open_alarms, ends]


FIGURES: web.AppKey[Figures] = web.AppKey("figures", Figures)


async def _health(request: web.Request) -> web.StreamResponse:
    problems = await request.app[FIGURES].problems()
    return as_json({"healthy": not problems, "problems": problems}, 503 if problems else 200)


async def _metrics(request: web.Request) -> web.StreamResponse:
    try:
        text = await request.app[FIGURES].exposition()
    except (*BUSY, *GONE):
        return as_json({"healthy": False, "problems": {"database": "PostgreSQL does not answer: read its log"}}, 503)
    return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def monitoring(figures: Figures) -> web.Application:
    """The application on loopback."""
    app = web.Application()
    app[FIGURES] = figures
    app.router.add_get("/health", _health)
    app.router.add_get("/metrics", _metrics)
    return app
