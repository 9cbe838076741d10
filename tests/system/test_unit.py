"""The real daemon on a recorded feed, with real cars, real workers and real models."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress

import pytest

from tests.support.station import PEOPLE, Station

GIULIA, MARCO, DAVIDE = PEOPLE
ROUNDABOUT = ("roundabout.mp4", 40, 71.0)
SEAT = ("seat.mp4", 12, 64.0)


def paused(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)


def resumed(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def refuses(station: Station, code: int, sentence: str) -> None:
    done = station.run("run", "--config", str(station.config))
    assert done.returncode == code, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("autovelox: ")
    assert sentence in last
    assert "Traceback" not in done.stderr


async def test_names_the_driver_and_nobody_else(default_station: Station) -> None:
    station = default_station
    station.write_feed(ROUNDABOUT)
    async with station.unit() as unit:
        await station.drive_by(GIULIA, "LS15EBC")
        await station.drive_by(MARCO, "XSNB23")
        assert await unit.outcome() == "identified"
        unit.end()
    case = station.case(1)
    assert case["driver"]["licence"] == GIULIA
    assert case["verdict"]["plate"] == "LS15EBC"
    assert case["trigger"]["speed_kmh"] == 71.0


async def test_names_nobody_when_the_car_is_silent(station: Station) -> None:
    station.write_feed(SEAT)
    async with station.unit() as unit:
        await station.drive_by(GIULIA, "LS15EBC")
        assert await unit.outcome() == "unidentified"
        unit.end()
    assert station.case(1)["driver"] is None


async def test_two_drivers_of_one_plate_are_ambiguous(station: Station) -> None:
    station.write_feed(ROUNDABOUT)
    async with station.unit() as unit:
        await station.drive_by(GIULIA, "LS15EBC")
        await station.drive_by(MARCO, "LS15EBC")
        assert await unit.outcome() == "ambiguous"
        unit.end()
    assert station.case(1)["driver"] is None


async def test_below_the_limit_is_no_infringement(station: Station) -> None:
    station.write_feed(("seat.mp4", 12, 54.0), ROUNDABOUT)
    async with station.unit() as unit:
        await unit.expect("below the limit")
        await unit.expect("case 1 decided")
        unit.end()
    assert station.case(1)["trigger"]["speed_kmh"] == 71.0


async def test_cars_are_acknowledged_while_every_worker_is_busy(default_station: Station) -> None:
    station = default_station
    station.write_feed(ROUNDABOUT, gap_s=3.0)
    async with station.unit() as unit:
        pids = unit.workers()
        await station.drive_by(GIULIA, "LS15EBC")
        paused(pids)
        try:
            await unit.expect("case 1 filed")
            for _ in range(5):
                await station.drive_by(MARCO, "XSNB23")
        finally:
            resumed(pids)
        assert await unit.outcome() == "identified"
        unit.end()


async def test_a_killed_worker_costs_nothing(default_station: Station) -> None:
    station = default_station
    station.write_feed(ROUNDABOUT, gap_s=3.0)
    async with station.unit() as unit:
        pids = unit.workers()
        await station.drive_by(GIULIA, "LS15EBC")
        paused(pids)
        await unit.expect("case 1 filed")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert await unit.outcome() == "identified"
        unit.end()


async def test_sigterm_during_recognition_loses_nothing(station: Station) -> None:
    station.configure(recognition="stop_timeout_s = 0.2")
    station.write_feed(ROUNDABOUT, gap_s=3.0)
    async with station.unit() as unit:
        pids = unit.workers()
        await station.drive_by(GIULIA, "LS15EBC")
        paused(pids)
        await unit.expect("case 1 filed")
        unit.end()  # fails unless the exit code is 0
    assert station.case(1)["state"] == "pending"

    station.write_feed(SEAT)
    async with station.unit() as unit:
        assert await unit.outcome() == "identified"
        unit.end()
    assert station.case(1)["driver"]["licence"] == GIULIA


async def test_a_killed_unit_decides_its_cases_after_the_restart(station: Station) -> None:
    station.write_feed(ROUNDABOUT, gap_s=3.0)
    async with station.unit() as unit:
        pids = unit.workers()
        await station.drive_by(GIULIA, "LS15EBC")
        paused(pids)
        await unit.expect("case 1 filed")
        unit.send(signal.SIGKILL)
        for pid in pids:  # a stopped process cannot notice that its daemon is gone
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    station.write_feed(SEAT)
    async with station.unit() as unit:
        assert await unit.outcome() == "identified"
        unit.end()


async def test_the_log_holds_no_personal_data_and_no_traceback(station: Station) -> None:
    station.write_feed(ROUNDABOUT)
    async with station.unit() as unit:
        await station.drive_by(GIULIA, "LS15EBC")
        await unit.expect("case 1 decided")
        unit.end()
    log = (station.folder / "unit.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert not re.search(r"LS15\s?EBC", log)
    for licence, chip in station.chips.items():
        assert licence not in log
        assert chip.uid not in log


@pytest.mark.parametrize(
    ("damage", "code", "sentence"),
    [
        ("registry.sqlite", 8, "registry"),
        ("master.key", 9, "master key"),
        ("signing.key", 9, "signing key"),
        ("feed.toml", 3, "manifest"),
    ],
)
def test_what_is_missing_is_one_sentence(station: Station, damage: str, code: int, sentence: str) -> None:
    station.write_feed(SEAT)
    (station.folder / damage).unlink()
    refuses(station, code, sentence)


def test_a_missing_certificate_is_one_sentence(station: Station) -> None:
    station.write_feed(SEAT)
    station.configure(link='tls_certificate = "tls.crt"\ntls_key = "tls.key"')
    refuses(station, 9, "TLS certificate")
