"""A trigger whose speed is missing or impossible says so, and so does the radar's health."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from gpiozero.pins.mock import MockPin

from edge.model import RadarReport, Trigger
from edge.sensors.gpio import GpioRadar
from edge.sensors.speed import Speed
from tests.support.pins import radar_settings

pytestmark = pytest.mark.usefixtures("mock_pins")


class ScriptedMeter:
    """A speed meter that says what it is told to say."""

    def __init__(self, *speeds: Speed | None) -> None:
        self.speeds = list(speeds)
        self.counters: Counter[str] = Counter()

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def reports(self, start_ns: int, end_ns: int) -> tuple[RadarReport, ...]:
        return ()

    async def speed_at(self, monotonic_ns: int) -> Speed | None:
        return self.speeds.pop(0)

    def problem(self) -> str | None:
        return None


async def fired(radar: GpioRadar, pin: MockPin, count: int) -> list[Trigger]:
    """The triggers of *count* edges, the radar still running."""
    triggers = radar.triggers()
    found = []
    for _ in range(count):
        pin.drive_high()
        pin.drive_low()
        found.append(await anext(triggers))
    return found


async def test_an_impossible_speed_is_no_speed_and_says_so(pin: MockPin) -> None:
    radar = GpioRadar(radar_settings(), ScriptedMeter(Speed(400.0, "inbound", possible=False)))
    await radar.start()
    (trigger,) = await fired(radar, pin, 1)
    assert (trigger.speed_kmh, trigger.direction, trigger.impossible) == (None, None, True)
    await radar.stop()


async def test_speeds_that_are_missing_are_a_problem_from_the_third_on_and_well_again_with_one(pin: MockPin) -> None:
    radar = GpioRadar(
        radar_settings(pin_means="motion"), ScriptedMeter(Speed(60.0), None, None, None, None, Speed(60.0))
    )
    await radar.start()
    (first, *_) = (await fired(radar, pin, 3))[1:]
    assert radar.problem() is None
    assert radar.speeds_missing_since_utc == first.at_utc
    await fired(radar, pin, 2)
    assert "the last 4 triggers" in (radar.problem() or "")
    assert radar.speeds_missing_since_utc == first.at_utc
    await fired(radar, pin, 1)
    assert radar.problem() is None and radar.speeds_missing_since_utc is None
    assert radar.counters["speedless"] == 4
    await radar.stop()


async def test_a_pin_that_means_too_fast_promises_no_speed(pin: MockPin) -> None:
    radar = GpioRadar(radar_settings(pin_means="over_limit"))
    await radar.start()
    await fired(radar, pin, 5)
    assert radar.problem() is None
    await radar.stop()


async def test_an_edge_is_told_at_once_before_its_speed_is_known(pin: MockPin) -> None:
    radar = GpioRadar(radar_settings(), ScriptedMeter(Speed(60.0)))
    edges: list[int] = []
    radar.on_edge = edges.append
    await radar.start()
    pin.drive_high()
    await asyncio.sleep(0)
    assert len(edges) == 1
    trigger = await anext(radar.triggers())
    assert edges == [trigger.at_monotonic_ns]
    await radar.stop()
