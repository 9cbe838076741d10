from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from linkunit import StartUnit, Unit


@pytest.fixture
def start_unit(tmp_path: Path) -> Iterator[StartUnit]:
    """Start units with settings of [link]; at the end each must stop cleanly, with a clean log."""
    units: list[Unit] = []

    def start(**settings: Any) -> Unit:
        units.append(Unit(tmp_path / f"unit{len(units)}.log", **settings))
        return units[-1]

    yield start
    assert [unit.stop() for unit in units] == [0] * len(units)
    for unit in units:
        unit.new_log()


@pytest.fixture(scope="session")
def shared_unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    unit = Unit(tmp_path_factory.mktemp("unit") / "unit.log")
    yield unit
    assert unit.stop() == 0
    unit.new_log()


@pytest.fixture
def unit(shared_unit: Unit) -> Iterator[Unit]:
    """A unit with the default settings, empty."""
    shared_unit.ask("reset")
    yield shared_unit
    shared_unit.new_log()
