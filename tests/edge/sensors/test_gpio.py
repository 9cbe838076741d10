"""GpioRadar on the pin library's mock pins: the code above the pin is the real one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from edge.errors import RadarError
from edge.model import RadarReport, Trigger
from edge.sensors.gpio import QUEUE_TRIGGERS, GpioRadar
from edge.sensors.speed import Speed, SpeedLog
from tests.support.pins import RADAR_PIN, radar_settings

pytestmark = pytest.mark.usefixtures("mock_pins")


@pytest.fixture
async def radar() -> AsyncIterator[GpioRadar]:
    made = GpioRadar(radar_settings())
    await made.start()
    yield made
    await made.stop()


async def collect(radar: GpioRadar) -> list[Trigger]:
    """What the radar reported until it was stopped."""
    await asyncio.sleep(0)
    await radar.stop()
    return [trigger async for trigger in radar.triggers()]


async def test_an_edge_becomes_a_trigger_stamped_with_the_edges_own_time(radar: GpioRadar, pin: MockPin) -> None:
    before = time.monotonic_ns()
    pin.drive_high()
    after = time.monotonic_ns()
    await asyncio.sleep(0.05)  # the loop is late; the stamp is not
    (trigger,) = await collect(radar)
    assert before <= trigger.at_monotonic_ns <= after
    assert trigger.source == "gpio"
    assert trigger.speed_kmh is None


async def test_both_clocks_tell_the_same_instant(radar: GpioRadar, pin: MockPin) -> None:
    pin.drive_high()
    (trigger,) = await collect(radar)
    offset_s = time.time() - time.monotonic()
    assert trigger.at_utc == pytest.approx(trigger.at_monotonic_ns / 1e9 + offset_s, abs=0.05)


async def test_a_pulse_shorter_than_the_debounce_time_still_triggers(pin: MockPin) -> None:
    radar = GpioRadar(radar_settings(debounce_s=5.0))
    await radar.start()
    pin.drive_high()
    pin.drive_low()
    assert len(await collect(radar)) == 1


async def test_contact_bounce_is_one_trigger(pin: MockPin) -> None:
    radar = GpioRadar(radar_settings(debounce_s=5.0))
    await radar.start()
    for _ in range(6):
        pin.drive_high()
        pin.drive_low()
    assert len(await collect(radar)) == 1
    assert radar.counters["bounce"] == 5


async def test_edges_within_the_hold_off_belong_to_the_same_vehicle(pin: MockPin) -> None:
    radar = GpioRadar(radar_settings(hold_off_s=60.0))
    await radar.start()
    for _ in range(3):
        pin.drive_high()
        pin.drive_low()
    assert len(await collect(radar)) == 1
    assert radar.counters["hold_off"] == 2


async def test_an_active_low_line_fires_on_its_falling_edge(pin: MockPin) -> None:
    radar = GpioRadar(radar_settings(active_high=False))
    await radar.start()
    assert pin.pull == "up"
    pin.drive_low()
    pin.drive_high()
    assert radar.counters["triggers"] == 0  # nothing is decided in the pin library's thread
    assert len(await collect(radar)) == 1


class HeldPin(MockPin):
    """Something outside holds the line: the pull resistor does not move it."""

    def _set_pull(self, value: str) -> None:
        self._pull = value


async def test_a_line_that_is_active_from_the_start_is_no_trigger_before_it_was_idle(mock_pins: MockFactory) -> None:
    pin = mock_pins.pin(RADAR_PIN, pin_class=HeldPin)
    pin.drive_high()
    radar = GpioRadar(radar_settings())
    await radar.start()
    await asyncio.sleep(0)
    assert radar.counters["triggers"] == 0
    pin.drive_low()
    pin.drive_high()
    assert len(await collect(radar)) == 1


async def test_a_line_that_stays_active_is_reported(pin: MockPin) -> None:
    radar = GpioRadar(radar_settings(stuck_after_s=0.001))
    await radar.start()
    assert radar.problem() is None
    pin.drive_high()
    await asyncio.sleep(0.01)
    assert "check the wiring of GPIO 17" in (radar.problem() or "")
    pin.drive_low()
    assert radar.problem() is None
    await radar.stop()


async def test_the_handler_never_raises_into_the_pin_library(
    radar: GpioRadar, pin: MockPin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("Event loop is closed")

    with monkeypatch.context() as patch:
        patch.setattr(asyncio.get_running_loop(), "call_soon_threadsafe", refuse)
        pin.drive_high()
        pin.drive_low()
    assert caplog.text.count("could not be handed on") == 2
    pin.drive_high()
    assert len(await collect(radar)) == 1


async def test_a_flood_nobody_takes_is_bounded_and_reported(radar: GpioRadar, pin: MockPin) -> None:
    for _ in range(QUEUE_TRIGGERS + 10):
        pin.drive_high()
        pin.drive_low()
    await asyncio.sleep(0)
    assert "raise hold_off_s" in (radar.problem() or "")
    assert len(await collect(radar)) == QUEUE_TRIGGERS
    assert radar.counters["missed"] == 10


class Meter:
    """A speed meter that already knows."""

    def __init__(self, log: SpeedLog) -> None:
        self.log = log
        self.counters = Counter(garbage=2)
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def reports(self, start_ns: int, end_ns: int) -> tuple[RadarReport, ...]:
        return ()

    async def speed_at(self, monotonic_ns: int) -> Speed | None:
        return await self.log.speed_at(monotonic_ns)

    def problem(self) -> str | None:
        return "the speed meter is unplugged"


async def test_a_trigger_carries_the_speed_measured_at_its_edge(pin: MockPin) -> None:
    meter = Meter(SpeedLog(join_s=0.5, wait_s=0.0))
    radar = GpioRadar(radar_settings(), meter)
    await radar.start()
    assert meter.running
    meter.log.add(time.monotonic_ns(), Speed(71.26, "inbound"))
    pin.drive_high()
    (trigger,) = await collect(radar)
    assert (trigger.speed_kmh, trigger.direction) == (71.3, "inbound")
    assert radar.counts() == {"triggers": 1, "speed_garbage": 2}
    assert not meter.running


async def test_a_test_trigger_has_no_speed_and_says_what_it_is() -> None:
    meter = Meter(SpeedLog(join_s=60, wait_s=0.0))
    meter.log.add(time.monotonic_ns(), Speed(99.0))
    radar = GpioRadar(radar_settings(), meter)
    await radar.start()
    radar.test_trigger()
    (trigger,) = await collect(radar)
    assert (trigger.source, trigger.speed_kmh) == ("test", None)


async def test_problems_of_the_speed_meter_are_the_radars() -> None:
    radar = GpioRadar(radar_settings(), Meter(SpeedLog(join_s=1, wait_s=0)))
    assert radar.problem() == "the radar's pin is not open: see the log, then restart the unit"
    await radar.start()
    assert radar.problem() == "the speed meter is unplugged"
    await radar.stop()


async def test_a_pin_that_is_taken_says_what_to_do(radar: GpioRadar) -> None:
    with pytest.raises(RadarError, match=r"GPIO 17 cannot be used .*check pin in \[radar\]"):
        await GpioRadar(radar_settings()).start()


async def test_without_gpio_lines_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LG_WD", str(tmp_path))
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.chdir(tmp_path)  # importing lgpio changes the working folder
    lgpio = pytest.importorskip("lgpio")

    def refuse(_chip: int) -> int:
        raise lgpio.error("can not open gpiochip")

    monkeypatch.setattr(lgpio, "gpiochip_open", refuse)
    with pytest.raises(RadarError, match='set pin_factory = "mock"'):
        await GpioRadar(radar_settings(pin_factory="lgpio")).start()


def test_what_another_account_left_in_the_temporary_folder_does_not_matter(tmp_path: Path) -> None:
    pytest.importorskip("lgpio")
    (tmp_path / ".lgd-nfy0").mkdir()  # what root's doctor leaves in /tmp is a pipe; like this, root is in its way, too
    environment = {name: value for name, value in os.environ.items() if name != "LG_WD"} | {"TMPDIR": str(tmp_path)}
    code = "from edge.sensors.pins import pin_factory; pin_factory('lgpio')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "cannot be loaded" not in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [".lgd-nfy0"]


def test_the_pin_library_leaves_the_working_folder_alone(tmp_path: Path) -> None:
    """A relative path of the configuration means the same before and after."""
    pytest.importorskip("lgpio")
    environment = os.environ | {"LG_WD": str(tmp_path)}
    code = (
        "import os; from edge.errors import RadarError; from edge.sensors.pins import pin_factory\n"
        "before = os.getcwd()\n"
        "try: pin_factory('lgpio')\n"
        "except RadarError: pass\n"
        "print(before == os.getcwd())"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], None),
        ([(-0.4, 50.0)], None),  # another vehicle's
        ([(-0.2, 50.0), (0.1, 60.0)], 60.0),
        ([(0.25, 80.0)], 80.0),
        ([(-0.05, 50.0), (0.25, 80.0)], 50.0),
    ],
)
async def test_the_nearest_report_in_time_is_joined(reports: list[tuple[float, float]], expected: float | None) -> None:
    log = SpeedLog(join_s=0.3, wait_s=0.0)
    edge = time.monotonic_ns()
    for offset_s, kmh in reports:
        log.add(edge + round(offset_s * 1e9), Speed(kmh))
    speed = await log.speed_at(edge)
    assert (speed.kmh if speed else None) == expected


async def test_a_report_that_comes_after_the_edge_is_waited_for() -> None:
    log = SpeedLog(join_s=10, wait_s=0.2)
    edge = time.monotonic_ns()
    asked = asyncio.create_task(log.speed_at(edge))
    await asyncio.sleep(0)
    log.add(time.monotonic_ns(), Speed(64.0))
    assert await asked == Speed(64.0)
