"""Pins of the pin library's mock factory, instead of a board's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory


@pytest.fixture
def mock_pins() -> Iterator[MockFactory]:
    """Every device made while a test runs is on these pins."""
    before, Device.pin_factory = Device.pin_factory, (factory := MockFactory())
    yield factory
    factory.reset()
    Device.pin_factory = before
