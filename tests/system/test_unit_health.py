"""Metrics and health of the real daemon: 503 while a part is gone, 200 once it is back."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal

from edge.config import models_dir
from edge.demo.cast import FOLDER
from tests.support.station import Station

SEAT = ("seat.mp4", 12, 64.0)
FAR = 1e6
"""A pause before the first clip that no test outlasts: the feed waits, and a waiting feed is no stalled one."""


async def becomes(station: Station, status: int) -> dict[str, str]:
    """Wait for health to say *status*; returns the problems by part."""
    for _ in range(600):
        said, text = await station.ask("/health")
        if said == status:
            problems: dict[str, str] = json.loads(text).get("problems", {})
            return problems
        await asyncio.sleep(0.1)
    raise AssertionError(f"health never said {status}, but {text}")


async def test_while_the_camera_is_gone(station: Station) -> None:
    spare = station.folder / "spare.mp4"
    shutil.copy(FOLDER / "feed" / "seat.mp4", spare)
    station.write_feed((str(spare), 12, 64.0), gap_s=5.0)
    async with station.unit() as unit:
        await unit.expect(": ready")
        assert (await station.ask("/health"))[0] == 200
        spare.write_bytes(b"")
        assert list(await becomes(station, 503)) == ["camera"]
        unit.end()


async def test_while_the_workers_have_no_models(station: Station) -> None:
    models = station.folder / "models"
    shutil.copytree(models_dir(), models)
    station.configure(recognition='models_dir = "models"')
    station.write_feed(SEAT, gap_s=FAR)
    async with station.unit() as unit:
        await unit.expect(": ready")
        assert await becomes(station, 200) == {}
        shutil.rmtree(models)
        for pid in unit.workers():
            os.kill(pid, signal.SIGKILL)
        for _ in range(60):  # first the pool is down, then it is up again, without models
            if "install the models again" in (problems := await becomes(station, 503)).get("workers", ""):
                break
            await asyncio.sleep(0.1)
        assert list(problems) == ["workers"]
        assert "install the models again" in problems["workers"]
        unit.end()


async def test_a_registry_that_is_rotated_while_the_unit_runs_delays_its_cases_and_no_more(station: Station) -> None:
    """Every case was stuck until the next start, and health said nothing of it."""
    station.write_feed(("roundabout.mp4", 40, 71.0), gap_s=5.0)
    registry = station.folder / "registry.sqlite"
    async with station.unit() as unit:
        await unit.expect(": ready")
        assert station.command("registry", "rotate", "--config", str(station.config)).returncode == 0
        key = station.folder / "master.key"
        new = key.read_bytes()
        key.write_bytes(bytes(32))  # as where systemd handed the old one over
        assert "registry" in await becomes(station, 503)
        await station.drive_by(next(iter(station.chips)), "LS15EBC")
        await unit.expect("case 1 stays pending")
        _, metrics = await station.ask("/metrics")
        assert "autovelox_cases_pending 1.0" in metrics and "autovelox_registry_usable 0.0" in metrics
        key.write_bytes(new)
        assert await unit.outcome() == "identified"
        assert await becomes(station, 200) == {}
        _, metrics = await station.ask("/metrics")
        assert "autovelox_cases_pending 0.0" in metrics and "autovelox_registry_usable 1.0" in metrics
        unit.end()
    assert registry.exists() and station.case(1)["driver"] is not None


async def test_while_the_disk_is_gone(station: Station) -> None:
    station.write_feed(SEAT, gap_s=FAR)
    state, elsewhere = station.folder / "state", station.folder / "elsewhere"
    async with station.unit() as unit:
        await unit.expect(": ready")
        assert await becomes(station, 200) == {}
        state.rename(elsewhere)
        assert "check the disk" in (await becomes(station, 503))["room"]
        elsewhere.rename(state)
        assert await becomes(station, 200) == {}
        unit.end()


async def test_the_metrics_that_the_unit_has(station: Station) -> None:
    station.write_feed(("roundabout.mp4", 40, 71.0), gap_s=3.0)
    async with station.unit() as unit:
        await station.drive_by(*next((licence, "LS15EBC") for licence in station.chips))
        verdict = await unit.outcome()
        async with asyncio.timeout(60):  # a photo too many may still be read, and a car on its way out
            while True:
                status, text = await station.ask("/metrics")
                assert status == 200
                values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
                if values["autovelox_pool_jobs"] == values["autovelox_link_connections"] == "0.0":
                    break
                await asyncio.sleep(0.02)
        unit.end()
    assert values['autovelox_link_visits_total{outcome="accepted"}'] == "1.0"
    assert values["autovelox_mailbox_packets"] == "1.0", "a later trigger may still need the packet"
    assert values['autovelox_flow_total{kind="missed_photos"}'] == "0.0"
    assert values["autovelox_store_housekeeping_failures"] == "0.0"
    assert float(values["autovelox_store_checkpoint_age_seconds"]) < 60
    assert values["autovelox_window_packets_sum"] == "1.0"
    assert values["autovelox_decision_seconds_count"] == "1.0"
    assert float(values["autovelox_recognition_seconds_count"]) >= 1
    assert values[f'autovelox_cases_total{{verdict="{verdict}"}}'] == "1.0"
    secrets = [*station.chips, "LS15EBC", *(chip.uid for chip in station.chips.values())]
    assert [secret for secret in secrets if secret in text] == []
