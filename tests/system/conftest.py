from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge.demo.setting import Setting
from tests.support.station import Station, make_template, small_cast


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry") / "unit"
    make_template(folder)
    return folder


@pytest.fixture
def station(template: Path, tmp_path: Path) -> Station:
    folder = tmp_path / "unit"
    shutil.copytree(template, folder)
    station = Station(folder, Setting(folder).chips(small_cast()))
    station.configure()
    return station
