from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.station import Station, copied, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry") / "unit"
    make_template(folder)
    return folder


@pytest.fixture
def station(template: Path, tmp_path: Path) -> Station:
    return copied(template, tmp_path / "unit")


@pytest.fixture
def default_station(station: Station) -> Station:
    """One with the default engine, EasyOCR, and a worker for each core."""
    station.small = False
    station.configure()
    return station
