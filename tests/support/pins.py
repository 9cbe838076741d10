"""Pins of the pin library's mock factory, instead of a board's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from edge.config import RadarSettings

RADAR_PIN = 17


@pytest.fixture
def mock_pins() -> Iterator[MockFactory]:
    """Every device made while a test runs is on these pins."""
    before, Device.pin_factory = Device.pin_factory, (factory := MockFactory())
    yield factory
    factory.reset()
    Device.pin_factory = before


@pytest.fixture
def pin(mock_pins: MockFactory) -> MockPin:
    """The radar's pin."""
    return mock_pins.pin(RADAR_PIN)


def radar_settings(**changes: object) -> RadarSettings:
    """A radar at that pin, whose edges count at once."""
    values = {"pin": RADAR_PIN, "pin_factory": "mock", "debounce_s": 0.0, "hold_off_s": 0.0} | changes
    return RadarSettings.model_validate(values)
