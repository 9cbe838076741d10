"""A whole unit of both versions, set up with the commands that an authority uses: who is named, and who is not."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from edge.cases import load_signer
from edge.cases.evidence.sentences import flag_sentence
from edge.cases.evidence.verify import verify_package
from edge.model import Flag
from tests.support.signed_link import RawSignedCar
from tests.support.station import PEOPLE, Station, copied
from tests.support.token import make_token, needs_token
from tests.system.test_unit_health import becomes

GIULIA, MARCO, _ = PEOPLE
ROUNDABOUT, SEAT = ("roundabout.mp4", 40, 71.0), ("seat.mp4", 12, 64.0)
LINK = 'versions = [1, 2]\nunit_key_file = "unit.key"\nunit_certificate = "unit.json"'
SITE = 'road = "SS13"\nlatitude = 46.0625\nlongitude = 13.2345'


def prepare(station: Station, token: str = "") -> None:
    """An authority certifies the unit, and Giulia's chip is replaced by one that signs: a file, or a *token*'s URI."""
    folder = station.folder
    station.configure(unit='serial = "AVX-TEST"', site=SITE)
    text = station.config.read_text(encoding="utf-8").replace('site = "test road"\n', "")
    station.config.write_text(text, encoding="utf-8")
    key, config = str(folder / "unit.key"), str(station.config)
    done(station, "authority", "init", "--key", str(folder / "authority.key"), "--out", str(folder / "authority.json"))
    done(station, "authority", "request", "--config", config, "--key", key, "--out", str(folder / "request.json"))
    certify = ("authority", "certify", str(folder / "request.json"), "--key", str(folder / "authority.key"))
    done(station, *certify, "--out", str(folder / "unit.json"))
    lines = f"[link]\n{LINK}\n"
    station.config.write_text(text.replace("[link]\n", lines), encoding="utf-8")
    signing = ("--token", token) if token else ("--signing-key", str(folder / "giulia.key"))
    done(station, "chip", "request", "--licence", GIULIA, *signing, "--out", str(folder / "giulia.request"))
    replace = ("registry", "replace", GIULIA, "--reason", "a chip that signs", "--config", config)
    done(station, *replace, "--chip", str(folder / "giulia.chip"), "--request", str(folder / "giulia.request"))
    word = ("authority", "certify-chip", str(folder / "giulia.request"), "--key", str(folder / "authority.key"))
    done(station, *word, "--out", str(folder / "giulia.json"))
    keep = ("registry", "certify", str(folder / "giulia.json"), "--authority", str(folder / "authority.json"))
    done(station, *keep, "--config", config)
    if token:
        done(station, "chip", "store", str(folder / "giulia.chip"), "--token", token)
        (folder / "giulia.chip").unlink()


def done(station: Station, *words: str) -> str:
    ran = station.command(*words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


async def drive_by(
    station: Station, plate: str, key: str = "giulia.key", where: str = "46.0626,13.2344", token: str = ""
) -> tuple[int, str]:
    """Giulia's car, as the command line has it; returns its exit code and what it said."""
    folder = station.folder
    chip = [token] if token else [str(folder / "giulia.chip"), "--signing-key", str(folder / key)]
    words = ["car", "--url", station.url, "--plate", plate, "--attempts", "1", "--chip", *chip]
    words += ["--authority", str(folder / "authority.json"), "--position", where]
    car = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(car.communicate(), 60)
    assert car.returncode is not None
    return car.returncode, output.decode()


@pytest.fixture(scope="module")
def certified(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Station:
    """Prepared once: Giulia's new key takes seconds."""
    station = copied(template, tmp_path_factory.mktemp("certified") / "unit")
    prepare(station)
    return station


@pytest.fixture
def certified_station(certified: Station, tmp_path: Path) -> Station:
    shutil.copytree(certified.folder, tmp_path / "unit")
    return Station(tmp_path / "unit", certified.chips)


async def test_a_driver_whose_chip_signs_is_named_and_the_case_proves_it(certified_station: Station) -> None:
    station = certified_station
    station.write_feed(ROUNDABOUT, gap_s=8.0)
    async with station.unit() as unit:
        assert await drive_by(station, "LS15EBC") == (0, "accepted, and counts for the next 10 s\n")
        code, said = await drive_by(station, "LS15EBC", where="45.0,9.0")
        assert code != 0 and "within 500 m" in said
        assert await unit.outcome() == "identified"
        unit.end()
    package = str(station.folder / "case.zip")
    export = ("cases", "export", "1", "--to", package, "--config")
    done(station, *export, str(station.config))
    facts = verify_package(Path(package), load_signer(station.folder / "signing.key").public_key).facts
    assert any("the driver's chip signed the answer" in line for line in facts)
    said = done(station, "cases", "verify", package, "--authority", str(station.folder / "authority.json"))
    assert "the authority you trust certified it for this driver" in said
    another = ("--key", str(station.folder / "another.key"), "--out", str(station.folder / "another.json"))
    done(station, "authority", "init", *another)
    refused = station.command("cases", "verify", package, "--authority", str(station.folder / "another.json"))
    assert refused.returncode != 0 and "did not certify the chip" in refused.stderr
    manifest = station.folder / "manifest.json"
    with zipfile.ZipFile(package) as archive:
        manifest.write_bytes(archive.read("cases/00000001/manifest.json"))
    said = done(station, "registry", "reopen", str(manifest), "--config", str(station.config))
    assert "The driver's chip signed it" in said
    record = json.loads(manifest.read_bytes())["packet"]
    assert (record["version"], record["counter"], record["unit"]) == (2, 1, "AVX-TEST")


async def test_a_renewed_certificate_is_taken_without_a_stop(certified_station: Station) -> None:
    """Near its end it is a problem of the unit; SIGHUP takes the renewed one, and not one that is none."""
    station = certified_station
    certify(station, days=5)
    station.write_feed(SEAT, gap_s=1e6)
    async with station.unit() as unit:
        await unit.expect(": ready")
        problems = await becomes(station, 503)
        assert "authority's certificate for the unit ends in 5 days" in problems["link"]
        before = (await challenge(station))["certificate"]["valid_until"]
        certify(station, days=100)
        assert (await challenge(station))["certificate"]["valid_until"] == before
        unit.send(signal.SIGHUP)
        await unit.expect("the authority's certificate for the unit was read again")
        assert await becomes(station, 200) == {}
        assert (await challenge(station))["certificate"]["valid_until"] > before + 90 * 86_400
        assert await drive_by(station, "XSNB23") == (0, "accepted, and counts for the next 10 s\n")
        (station.folder / "unit.json").write_text("{}")
        unit.send(signal.SIGHUP)
        await unit.expect("the authority's certificate for the unit in use stays")
        assert await drive_by(station, "XSNB23") == (0, "accepted, and counts for the next 10 s\n")
        unit.end()


def certify(station: Station, *, days: int) -> None:
    """The authority certifies the unit anew, in place of its certificate."""
    fresh = station.folder / "fresh.json"
    words = ("--key", str(station.folder / "authority.key"), "--days", str(days), "--out", str(fresh))
    done(station, "authority", "certify", str(station.folder / "request.json"), *words)
    fresh.replace(station.folder / "unit.json")


async def challenge(station: Station) -> dict[str, Any]:
    async with RawSignedCar(int(station.url.rpartition(":")[2])) as car:
        return await car.connect()


@needs_token
async def test_a_driver_whose_chip_is_a_token_is_named(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token alone is in the car: key, counter, uid and licence; the file that the registry wrote is gone."""
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "hsm" / "softhsm2.conf"))
    token = make_token(tmp_path / "hsm").uri(object="giulia")
    prepare(station, token)
    station.write_feed(ROUNDABOUT, gap_s=8.0)
    async with station.unit() as unit:
        assert await drive_by(station, "LS15EBC", token=token) == (0, "accepted, and counts for the next 10 s\n")
        assert await unit.outcome() == "identified"
        unit.end()
    record = station.case(1)
    assert record["driver"]["licence"] == GIULIA and "COPIED" not in json.dumps(record)


async def test_a_copied_chip_names_nobody_and_the_case_says_so(certified_station: Station) -> None:
    station = certified_station
    station.write_feed(ROUNDABOUT, SEAT, gap_s=8.0)
    shutil.copy(station.folder / "giulia.key", station.folder / "copy.key")
    async with station.unit() as unit:
        both = await asyncio.gather(drive_by(station, "LS15EBC"), drive_by(station, "LS15EBC", key="copy.key"))
        assert [code for code, _ in both] == [0, 0]
        await station.drive_by(MARCO, "XSNB23")  # version 1, with a chip that does not sign
        await unit.expect(r"case 1 decided: unidentified")
        unit.end()
    assert flag_sentence(Flag.COPIED_CHIP) in json.dumps(station.case(1))
    assert await asyncio.to_thread((station.folder / "registry.sqlite.counters").is_file)
