"""``GET /metrics`` (Prometheus) and ``GET /health``, on loopback: nothing in them is about a case."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from centre.database import BUSY, GONE, Pool, Row, as_house, taken
from centre.units import reported
from centre.web import as_json

_UNITS = """
SELECT serial, state, head_seq, status, extract(epoch FROM status_at) AS status_utc,
    extract(epoch FROM now() - greatest(status_at, delivered_at)) AS silent_s,
    (SELECT count(*) FROM blobs WHERE unit_id = units.id AND complete_at IS NULL AND lost_at IS NULL) AS photos
FROM units WHERE state IN ('active', 'suspended') ORDER BY serial
"""
_ALARMS = "SELECT kind, count(*) AS number FROM alarms WHERE closed_at IS NULL GROUP BY kind ORDER BY kind"


@dataclass(frozen=True, slots=True)
class Counted:
    """What one process of the centre counted since its start."""

    turned_away: int = 0
    notices_sent: int = 0
    notices_failed: int = 0


class Figures:
    """What the database says of the units, for Prometheus and for /health."""

    def __init__(
        self,
        pool: Pool,
        *,
        silent_after_s: float,
        certificate_end: datetime,
        state_dir: Path = Path("/"),
        counted: Callable[[], Counted] = Counted,
    ) -> None:
        """Ask *pool*; a unit is silent after *silent_after_s*. *counted* is what this process counted."""
        self._pool = pool
        self._state_dir = state_dir
        self._counted = counted
        self._silent_after_s = silent_after_s
        self._certificate_end = certificate_end

    async def problems(self) -> dict[str, str]:
        """What is wrong, by part; empty if nothing is."""
        found: dict[str, str] = {}
        left_days = (self._certificate_end - datetime.now(UTC)).days
        if left_days < 30:
            found["certificate"] = f"it ends in {left_days} days: renew it"
        try:
            units, alarms = await self._asked(2.0)
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
        units, alarms = await self._asked(5.0)
        registry = CollectorRegistry()
        families = [*_of_units(units), *_of_centre(alarms, self._certificate_end, self._state_dir, self._counted())]
        registry.register(_Collected(families))
        return generate_latest(registry)

    async def _asked(self, timeout_s: float) -> tuple[list[Row], list[Row]]:
        with as_house():
            async with taken(self._pool, 2.0) as connection:
                return (
                    await connection.fetch(_UNITS, timeout=timeout_s),
                    await connection.fetch(_ALARMS, timeout=timeout_s),
                )

    def _is_silent(self, row: Row) -> bool:
        return row["silent_s"] is not None and float(row["silent_s"]) > self._silent_after_s


class _Collected:
    """A collector of what was gathered already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _of_units(units: list[Row]) -> list[Metric]:
    state = GaugeMetricFamily("autovelox_centre_units", "Units that joined.", labels=["state"])
    confirmed = GaugeMetricFamily("autovelox_centre_confirmed_entries", "Entries that are here.", labels=["unit"])
    lag = GaugeMetricFamily("autovelox_centre_lag_entries", "Entries that the unit has beyond.", labels=["unit"])
    silent = GaugeMetricFamily("autovelox_centre_silent_seconds", "Since the unit was heard of.", labels=["unit"])
    photos = GaugeMetricFamily("autovelox_centre_photos_missing", "Photos that are still to come.", labels=["unit"])
    clock = GaugeMetricFamily("autovelox_centre_unit_clock_seconds", "How far its clock is off.", labels=["unit"])
    free = GaugeMetricFamily("autovelox_centre_unit_free_bytes", "Free on its disk.", labels=["unit"])
    for row in units:
        unit, said = [row["serial"]], reported(row["status"], row["status_utc"])
        confirmed.add_metric(unit, row["head_seq"])
        lag.add_metric(unit, max(0, said.own_seq - row["head_seq"]))
        photos.add_metric(unit, row["photos"])
        for family, value in ((silent, row["silent_s"]), (clock, said.clock_s), (free, said.free_bytes)):
            if value is not None:
                family.add_metric(unit, float(value))
    for name in ("active", "suspended"):
        state.add_metric([name], sum(row["state"] == name for row in units))
    return [state, confirmed, lag, silent, photos, clock, free]


def _of_centre(alarms: list[Row], certificate_end: datetime, state_dir: Path, counted: Counted) -> list[Metric]:
    open_alarms = GaugeMetricFamily("autovelox_centre_alarms_open", "Alarms nobody closed.", labels=["kind"])
    for row in alarms:
        open_alarms.add_metric([row["kind"]], row["number"])
    ends = GaugeMetricFamily("autovelox_centre_certificate_seconds", "Until the certificate ends.")
    ends.add_metric([], certificate_end.timestamp() - time.time())
    usage = shutil.disk_usage(state_dir)
    free = GaugeMetricFamily("autovelox_centre_disk_free_bytes", "Free on the disk of the centre's state.")
    free.add_metric([], usage.free)
    size = GaugeMetricFamily("autovelox_centre_disk_bytes", "Size of the disk of the centre's state.")
    size.add_metric([], usage.total)
    away = CounterMetricFamily("autovelox_centre_turned_away", "Requests that were told to come again.")
    away.add_metric([], counted.turned_away)
    notices = CounterMetricFamily("autovelox_centre_notices", "Notices by e-mail and webhook.", labels=["result"])
    notices.add_metric(["sent"], counted.notices_sent)
    notices.add_metric(["failed"], counted.notices_failed)
    return [open_alarms, ends, free, size, away, notices]


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
