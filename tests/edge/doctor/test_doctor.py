"""The doctor: every lack is found, has a remedy, and does not hide the others."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import serial
from gpiozero import Device

from edge.cli import main
from edge.config import RecognitionSettings, Settings, models_dir
from edge.crypto import Ed25519Key, UnitCertificate
from edge.doctor import machine, models, parts
from edge.doctor.finding import Grade, from_error
from edge.errors import CameraError, ModelError
from edge.sensors.board import Board
from edge.vision.checksums import write_list


@pytest.fixture(autouse=True)
def no_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "pin_factory", None)


def write_config(folder: Path, more: str = "") -> Path:
    path = folder / "unit.toml"
    path.write_text(f'[unit]\nstate_dir = "."\n[radar]\npin_factory = "mock"\n{more}', encoding="utf-8")
    return path


OVER_LIMIT = 'pin_means = "over_limit"\n'


def diagnose(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]]]:
    code = main(["doctor", "--json", "--config", str(config)])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return code, {each["subject"]: each for each in findings}


def test_every_lack_has_a_remedy_and_hides_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path, f'{OVER_LIMIT}[recognition]\nmodels_dir = "{tmp_path}"\n')
    code, found = diagnose(config, capsys)
    assert code == 1
    assert {"configuration", "python", "reader", "camera", "gpio", "master key", "registry", "clock"} <= found.keys()
    assert all(each["remedy"] for each in found.values() if each["health"] != "good")
    assert found["configuration"]["health"] == found["state folder"]["health"] == found["gpio"]["health"] == "good"
    assert found["reader"]["health"] == found["master key"]["health"] == found["registry"]["health"] == "missing"


def test_it_asks_what_the_radars_pin_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = diagnose(write_config(tmp_path), capsys)
    assert found["configuration"]["health"] == "missing"
    assert "what does the radar's pin mean?" in found["configuration"]["text"]


def test_thresholds_of_another_reader_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder)
    settings = Settings(recognition=RecognitionSettings(models_dir=folder))
    assert [finding.health for finding in models.reader(settings)] == [Grade.GOOD]
    verdict = json.loads((folder / "verdict.json").read_text())
    (folder / "verdict.json").write_text(json.dumps(verdict | {"reader_sha256": "5a"}))
    write_list(folder, ("verdict.json",))
    with pytest.raises(ModelError, match="made for another reader"):
        list(models.reader(settings))


def test_a_strip_network_that_is_named_and_gone_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder)
    (folder / "reader" / json.loads((folder / "reader" / "plate_reader.json").read_text())["strip"]).unlink()
    with pytest.raises(ModelError, match="install the models again"):
        list(models.reader(Settings(recognition=RecognitionSettings(models_dir=folder))))


def test_an_engine_that_cannot_run_the_reader_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder)
    litert = Settings(recognition=RecognitionSettings(models_dir=folder, engine="litert"))
    (finding,) = models.reader(litert)
    assert (finding.health, "litert runs it" in finding.text) == (Grade.GOOD, True)
    (folder / "reader" / "plate_reader_float32.tflite").unlink()
    with pytest.raises(ModelError, match="install the models again"):
        list(models.reader(litert))
    monkeypatch.setitem(sys.modules, "easyocr", None)
    with pytest.raises(ModelError, match=r"EasyOCR is not installed: install it .*, or set engine = \"litert\""):
        list(models.reader(Settings(recognition=RecognitionSettings(models_dir=folder))))


def test_a_wrong_configuration_is_the_first_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = diagnose(write_config(tmp_path, "[camra]\n"), capsys)
    assert code == 1
    assert "did you mean camera?" in next(iter(found.values()))["text"] + next(iter(found.values()))["remedy"]


def test_for_people_it_prints_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "available", lambda: ())
    assert main(["doctor", "--config", str(tmp_path / "none.toml")]) == 1
    out = capsys.readouterr().out
    assert "-> copy autovelox.example.toml there and edit it" in out
    assert "[green]" not in out


def test_a_recorded_feed_needs_its_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "feed.toml").write_text('[[clip]]\nfile = "gone.mp4"', encoding="utf-8")
    config = write_config(tmp_path, '[camera]\nkind = "recorded"\nmanifest = "feed.toml"\n')
    _, found = diagnose(config, capsys)
    assert "gone.mp4" in found["camera"]["text"] + found["camera"]["remedy"]
    (tmp_path / "gone.mp4").touch()
    _, found = diagnose(config, capsys)
    assert found["camera"]["text"] == "a recorded feed of 1 clips"


def test_a_radar_port_that_is_not_there_is_missing(tmp_path: Path) -> None:
    settings = Settings.model_validate({"radar": {"serial_port": str(tmp_path / "ttyACM0")}})
    (finding,) = parts.radar_port(settings)
    assert finding.health is Grade.MISSING
    assert "No such file" in finding.text
    assert "dialout" in finding.remedy


def test_a_radar_port_that_opens_is_good() -> None:
    master, slave = os.openpty()
    (finding,) = parts.radar_port(Settings.model_validate({"radar": {"serial_port": os.ttyname(slave)}}))
    assert finding.health is Grade.GOOD
    with serial.Serial(os.ttyname(slave), exclusive=True):
        (finding,) = parts.radar_port(Settings.model_validate({"radar": {"serial_port": os.ttyname(slave)}}))
    assert "in use, as by a running unit" in finding.text
    os.close(master)
    os.close(slave)


def test_the_officers_service_answers_or_it_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "o.sock"
    settings = Settings.model_validate({"officers": {"socket": path}})
    (finding,) = parts.officers(settings)
    assert (finding.health, "No such file" in finding.text) == (Grade.WARNING, True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        (finding,) = parts.officers(settings)
        assert finding.health is Grade.GOOD
    (finding,) = parts.officers(settings)
    assert (finding.health, "refused" in finding.text) == (Grade.WARNING, True)


def test_a_state_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    (finding,) = machine.state_folder(Settings.model_validate({"unit": {"state_dir": str(tmp_path / "none")}}))
    assert (finding.health, finding.remedy[:3]) == (Grade.MISSING, "run")


@pytest.mark.parametrize(
    ("answer", "health"),
    [("yes", Grade.GOOD), ("no", Grade.WARNING), ("", Grade.WARNING), ("Failed", Grade.WARNING)],
)
def test_the_clock(answer: str, health: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "timedatectl"
    command.write_text(f"#!/bin/sh\necho {answer}\n", encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (finding,) = machine.clock(Settings())
    assert finding.health is health


def test_without_a_runtime_the_detector_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "available", lambda: ())
    (finding,) = models.runtimes(Settings())
    assert finding.remedy == "pip install ai-edge-litert"


def test_a_slow_runtime_in_use_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "available", lambda: ("tflite_runtime", "ai_edge_litert"))
    monkeypatch.setattr(models, "detector_ms", lambda _settings, name: {"tflite_runtime": 94.0}.get(name, 4.4))
    monkeypatch.setattr(models, "version", lambda _name: "1")
    (finding,) = models.runtimes(Settings())
    assert finding.health is Grade.WARNING
    assert finding.remedy == "uninstall tflite_runtime: ai_edge_litert is faster"


def test_an_error_is_a_finding_with_its_remedy() -> None:
    finding = from_error("x", CameraError("/x: no camera", "plug one in"))
    assert (finding.text, finding.remedy) == ("/x: no camera", "plug one in")


@pytest.fixture
def sensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    monkeypatch.setenv("PATH", str(tmp_path))
    yield tmp_path / "temp", tmp_path / "throttled"


@pytest.mark.parametrize(
    ("temperature", "throttled", "problem"),
    [
        ("48250\n", "0\n", None),
        ("48250", "50000", None),  # it happened, but not now
        ("48250", "50005", "supply voltage is too low"),
        ("48250", "4", "throttled"),
        ("84100", "0", "at 84 °C"),
        ("hot", "", None),
        (None, None, None),
    ],
)
def test_the_board_tells_of_power_and_heat(
    sensors: tuple[Path, Path], temperature: str | None, throttled: str | None, problem: str | None
) -> None:
    for path, text in zip(sensors, (temperature, throttled), strict=True):
        if text is not None:
            path.write_text(text, encoding="ascii")
    board = Board(*sensors, hwmon=sensors[0].parent / "none")
    board.measure()
    assert (problem is None) == (board.problem() is None)
    assert problem is None or problem in (board.problem() or "")


@pytest.mark.parametrize(("answer", "throttled"), [("throttled=0x50005", 0x50005), ("VCHI failed", None)])
def test_an_older_kernel_leaves_it_to_vcgencmd(
    sensors: tuple[Path, Path], tmp_path: Path, answer: str, throttled: int | None
) -> None:
    command = tmp_path / "vcgencmd"
    command.write_text(f"#!/bin/sh\necho {answer}\n", encoding="utf-8")
    command.chmod(0o755)
    board = Board(*sensors, hwmon=tmp_path / "none")
    board.measure()
    assert board.throttled == throttled


@pytest.mark.parametrize(("alarm", "problem"), [("0\n", None), ("1\n", "supply voltage is too low")])
def test_where_there_is_no_vcgencmd_the_kernel_still_knows_the_voltage(
    sensors: tuple[Path, Path], tmp_path: Path, alarm: str, problem: str | None
) -> None:
    for number, name in enumerate(("cpu_thermal", "rpi_volt")):
        (tmp_path / f"hwmon{number}").mkdir()
        (tmp_path / f"hwmon{number}" / "name").write_text(f"{name}\n", encoding="ascii")
        (tmp_path / f"hwmon{number}" / "in0_lcrit_alarm").write_text(alarm, encoding="ascii")
    board = Board(*sensors, hwmon=tmp_path)
    board.measure()
    assert (problem is None) == (board.problem() is None)
    assert problem is None or problem in (board.problem() or "")
    assert board.throttled == int(alarm)


@pytest.mark.parametrize(
    ("lines", "days", "health", "said"),
    [
        ("", None, "good", "version 1 alone: no chip signs"),
        ("", 100, "warning", "although the authority certified the unit"),
        ("versions = [1, 2]", 100, "good", "version 1 and 2; the authority's certificate counts"),
        ("versions = [2]", 5.2, "warning", "ends in 5 days"),
        ("versions = [1, 2]", -2.2, "warning", "ended 2 days ago: cars of version 2 stay silent"),
    ],
    ids=["not certified", "certified, not spoken", "both", "ending", "ended"],
)
def test_it_says_which_versions_the_unit_speaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: str, days: float | None, health: str, said: str
) -> None:
    files = ""
    if days is not None:
        until = int(time.time() + days * 86_400)
        unit = UnitCertificate("AVX-1", Ed25519Key(bytes(32)).public_key, "Udine", None, until)
        (tmp_path / "unit.json").write_text(json.dumps(unit.signed_by(Ed25519Key(bytes(32))).record()))
        files = 'unit_key_file = "unit.key"\nunit_certificate = "unit.json"\n'
    _, found = diagnose(write_config(tmp_path, f"{OVER_LIMIT}[link]\n{files}{lines}\n"), capsys)
    assert found["protocol"]["health"] == health and said in found["protocol"]["text"]


@pytest.mark.parametrize(
    ("days", "health", "says"),
    [(90, "good", "counts until"), (9, "warning", "counts until"), (-1, "warning", "name nobody")],
)
def test_it_warns_before_a_certificate_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int, health: str, says: str
) -> None:
    end = date.today() + timedelta(days=days)
    certificate = f'certificate = "7"\nlaboratory = "LAT"\ncalibrated_on = 2020-01-01\nvalid_until = {end}\n'
    _, found = diagnose(write_config(tmp_path, f"[instrument.calibration]\n{certificate}"), capsys)
    assert found["instrument"]["health"] == health and says in found["instrument"]["text"]
