"""The hardware-in-the-loop suite on mock pins: what it measures on a board, it proves here without times."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace

import hilservice
import pytest
from hilbench import measure, table
from hilfeed import number_of, record, scene, stamped
from hilservice import Service, report, serve

from edge.config import RadarSettings
from edge.errors import RadarError
from edge.sensors.ring import Exposure
from tests.support.needs import needs_root

SIZE = (640, 360)

MOCK = RadarSettings(pin_factory="mock", debounce_s=0.0, hold_off_s=0.0)


pytestmark = pytest.mark.usefixtures("mock_pins")


@pytest.mark.parametrize("number", [0, 1, 1000, 65535])
def test_a_frame_shows_its_number_after_jpeg(number: int) -> None:
    assert number_of(Exposure(stamped(next(scene(SIZE)), number), 0.0, 0).encode(80).jpeg) == number


async def test_pins_that_cannot_be_opened_leave_no_thread_that_keeps_the_process(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(RadarError):
        await measure(tmp_path, tmp_path / "none.toml", radar_settings=MOCK, pin_out=MOCK.pin)
    await asyncio.get_running_loop().shutdown_default_executor()
    assert [each for each in threading.enumerate() if not each.daemon and each not in before] == []


@pytest.mark.slow
async def test_no_trigger_is_lost_and_each_gets_its_own_frame(tmp_path: Path) -> None:
    results = await measure(tmp_path, record(tmp_path, 150, 30.0, SIZE), radar_settings=MOCK)
    assert (results.fired, results.lost, results.wrong) == (150, 0, 0)
    assert len(results.numbers) > 0, "a busy machine may come too late for some frames, not for all"
    assert min(results.stamp_error) >= 0, "an edge was stamped before it happened"
    assert min(results.exposed) >= 0, "a frame began before its trigger"
    assert results.counters == {"triggers": 150, "speedless": 150}
    assert "150 pulls, 0 lost, 0 with another photo" in table(results)


async def test_triggers_the_radar_holds_off_are_seen_as_lost(tmp_path: Path) -> None:
    held = MOCK.model_copy(update={"hold_off_s": 60.0})
    results = await measure(tmp_path, record(tmp_path, 4, 60.0, SIZE), radar_settings=held)
    assert (results.fired, results.lost) == (4, 3)
    assert results.counters == {"triggers": 1, "hold_off": 3, "speedless": 1}


@pytest.mark.slow
@needs_root
async def test_the_service_loses_no_trigger_and_keeps_to_its_memory(tmp_path: Path) -> None:
    manifest = record(tmp_path, 12, 15.0)
    unit = tmp_path / "unit"
    unit.mkdir()
    service = await serve(unit, manifest, 12, pin=17)
    assert (service.lost, service.wrong) == (0, 0)
    assert service.plates > 0, "the networks saw no plate"
    assert 0 < service.shared_once_mb < min(1000, sum(service.resident_mb.values())), report(service)
    assert service.start_s > 0 < service.workers_s
    assert "12 triggers, 0 lost, 0 with another photo" in report(service)


def test_lost_triggers_and_foreign_frames_are_counted() -> None:
    service = Service(4, numbers=[5, 5, 9])
    assert (service.lost, service.wrong) == (1, 2)


@pytest.mark.parametrize(("installed", "fits"), [("torch", False), ("nvidia-cublas", True)])
def test_a_unit_with_cudas_libraries_may_take_more(installed: str, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = SimpleNamespace(name=installed)
    monkeypatch.setattr(hilservice.metadata, "distributions", lambda: [found])
    service = Service(triggers=1)
    service.shared_once_mb = 1200.0
    assert service.fits is fits
    assert f"at most {1500 if fits else 1000}." in report(service)
