"""LED, buzzer and button on mock pins."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge.config import PanelSettings
from edge.errors import RadarError
from edge.sensors.panel import Panel
from tests.support.eventually import eventually

ALL = PanelSettings(led_pin=22, buzzer_pin=23, button_pin=24)


@pytest.fixture(autouse=True)
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    yield factory
    factory.reset()


async def test_the_led_is_steady_when_healthy_and_blinks_when_not(pins: MockFactory) -> None:
    panel = Panel(ALL, "mock", lambda: None)
    await panel.start()
    led = pins.pin(22)
    panel.show(healthy=True)
    assert led.state == 1
    panel.show(healthy=False)
    led.clear_states()
    await eventually(lambda: len(led.states) > 3)
    panel.show(healthy=True)
    assert led.state == 1
    await panel.stop()


async def test_a_case_beeps_once(pins: MockFactory) -> None:
    panel = Panel(ALL, "mock", lambda: None)
    await panel.start()
    buzzer = pins.pin(23)
    buzzer.clear_states()
    panel.beep()
    await eventually(lambda: [state.state for state in buzzer.states] == [0, 1, 0])
    await panel.stop()


async def test_the_button_counts_when_it_is_held(pins: MockFactory) -> None:
    pressed = asyncio.Event()
    panel = Panel(ALL, "mock", pressed.set)
    await panel.start()
    pins.pin(24).drive_low()
    pins.pin(24).drive_high()
    await asyncio.sleep(0)
    assert not pressed.is_set()
    pins.pin(24).drive_low()
    async with asyncio.timeout(20):
        await pressed.wait()
    await panel.stop()


async def test_without_pins_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "pin_factory", None)
    panel = Panel(PanelSettings(), "lgpio", lambda: None)
    await panel.start()
    panel.show(healthy=False)
    panel.beep()
    await panel.stop()


async def test_one_pin_for_two_things_is_refused_and_lets_go(pins: MockFactory) -> None:
    with pytest.raises(RadarError, match=r"a pin of \[panel\] cannot be used"):
        await Panel(PanelSettings(led_pin=22, buzzer_pin=22), "mock", lambda: None).start()
    panel = Panel(ALL, "mock", lambda: None)
    await panel.start()
    await panel.stop()
