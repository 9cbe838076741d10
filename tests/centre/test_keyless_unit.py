"""A real unit that holds no registry and no private key, its centre, and an opening service in a process of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from centre.registry import load_root_key
from edge.cases import create_signing_key, load_signer
from edge.crypto import load_private_key, strict_json, unseal_secret
from edge.delivery import fetch_service
from edge.demo.setting import Setting
from edge.registry import load_master_key, uid_hash
from edge.registry.vault import RegistryKeys
from tests.support.centre import Centre
from tests.support.centre_registry import take_over
from tests.support.daemon import Daemon
from tests.support.memory import family, found_in_memory
from tests.support.station import PEOPLE, Station, make_template, small_cast

PLATES = dict(zip(PEOPLE, ("LS15EBC", "XSNB23", "88BBTS"), strict=True))
STRANGERS = dict(list(PLATES.items())[1:])
ROUNDABOUT = ("roundabout.mp4", 40, 71.0)
FORGOTTEN_S = 18.0
"""A packet lives for its window and five seconds, 15 s with these settings; then some rounds of housekeeping."""
CONFIG = """\
[centre]
name = "test"
state_dir = "{centre}"
[database]
url = "{dsn}"
[registry]
root_key_file = "{root}"
[opening]
port = 0
database_url = "{opener}"
state_dir = "opener"
workers = 1
[verdict]
plate_countries = []
plate_pattern = "[A-Z0-9]{{4,10}}"
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root looks into a process that keeps to itself")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry") / "unit"
    make_template(folder)
    return folder


@pytest.fixture
def registry(template: Path, tmp_path: Path) -> Path:
    """The registry's holder: a folder that the unit never has."""
    shutil.copytree(template, tmp_path / "holder")
    return tmp_path / "holder"


@pytest.fixture
def station(registry: Path, tmp_path: Path) -> Iterator[Station]:
    """The unit's folder, without anything of the registry and the cars."""
    folder = tmp_path / "unit"
    folder.mkdir()
    create_signing_key(folder / "signing.key")
    yield Station(folder, Setting(registry).chips(small_cast()))


def write(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")


@asynccontextmanager
async def opener(centre: Centre, folder: Path) -> AsyncIterator[Daemon]:
    """The opening service in a process of its own."""
    settings = centre.settings
    config = folder / "opener.toml"
    words = {
        "centre": settings.centre.state_dir,
        "dsn": settings.database.url,
        "opener": settings.opening.database_url,
        "root": settings.registry.root_key_file,
    }
    write(config, CONFIG.format(**words))
    with Daemon(["-m", "centre", "--config", str(config), "opening"], folder / "opener.log") as process:
        await process.expect("the opening service of test listens")
        yield process
        process.end()


async def joined(station: Station, centre: Centre, **sections: str) -> None:
    """Let the unit join, and write its configuration."""
    signer = load_signer(station.folder / "signing.key")
    async with await centre.let_in("AVX-TEST", signer, station.folder) as client:
        await fetch_service(client, b"", station.folder / "opener.json")
    words = [
        f'url = "{centre.url}"',
        'authority_file = "AVX-TEST.pem"',
        "decides = true",
        'opener_file = "opener.json"',
    ]
    station.configure(centre="\n".join(words), **sections)


def private_parts(registry: Path, station: Station) -> dict[str, bytes]:
    """Parts of every chip's private key, as DER has them and as the arithmetic holds them."""
    keys = RegistryKeys.of(load_master_key(registry / "master.key"))
    parts: dict[str, bytes] = {}
    with closing(sqlite3.connect(registry / "registry.sqlite")) as database:
        for number, chip in enumerate(station.chips.values()):
            hashed = uid_hash(chip.uid)
            (sealed,) = database.execute("SELECT sealed_key FROM chips WHERE uid_sha256 = ?", (hashed,)).fetchone()
            parts[f"sealed key {number}"] = sealed[40:80]
            key = load_private_key(unseal_secret(keys.chip(hashed), sealed, hashed.hex()))
            for name, value in (("p", key.p), ("q", key.q)):
                octets = int(value).to_bytes(512, "big").lstrip(b"\0")
                parts[f"{name} of key {number}"] = octets[40:72]
                parts[f"{name} of key {number}, little-endian"] = octets[::-1][40:72]
    return parts


def told_of_strangers(station: Station) -> dict[str, bytes]:
    """What would tell who else drove by."""
    return {
        f"{name} of {plate}": secret
        for licence, plate in STRANGERS.items()
        for name, secret in (
            ("licence", licence.encode()),
            ("plate", plate.encode()),
            ("uid", station.chips[licence].uid.encode()),
            ("text", strict_json.dumps({"plate": plate, "licence": licence}).encode().rstrip(b"}")),
        )
    }


def on_disk(folder: Path, wanted: dict[str, bytes]) -> set[str]:
    """The names of those of *wanted* that a file below *folder* holds."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found |= {name for name, secret in wanted.items() if secret in data}
    return found


@pytest.mark.timeout(300)  # it reads gigabytes
async def test_neither_unit_nor_opener_remembers_who_only_drove_by_and_the_unit_has_no_key(
    centre: Centre, dsn: str, registry: Path, station: Station, tmp_path: Path
) -> None:
    shutil.copy(registry / "registry.sqlite", tmp_path)
    shutil.copy(registry / "master.key", tmp_path)
    await take_over(dsn, tmp_path)
    keys = private_parts(registry, station)
    keys["the master key"] = load_master_key(registry / "master.key")
    keys["the root key"] = load_root_key(tmp_path / "root.key")
    told = told_of_strangers(station)
    async with opener(centre, tmp_path / "opener-process") as service:
        await joined(station, centre)
        station.write_feed(ROUNDABOUT, gap_s=3.0)
        async with station.unit() as unit:
            for licence, plate in PLATES.items():
                await station.drive_by(licence, plate)
            assert "uid of XSNB23" in found_in_memory(unit.pid, told), "the mailbox is seen"
            await unit.expect("case 1 decided: identified")
            shown = station.case(1)
            assert shown["driver"]["licence"] == PEOPLE[0]  # type: ignore[index]
            assert on_disk(station.folder, keys | told) == set()
            assert found_in_memory(service.pid, {"root": keys["the root key"]}) == {"root"}, "the opener is seen"
            left = {pid: found_in_memory(pid, told) for pid in family(service.pid)}
            assert service.pid in left and not any(left.values()), left
            opened = {name: part for name, part in keys.items() if " of key " in name}
            held = {pid: found_in_memory(pid, opened) for pid in family(service.pid)}
            assert not any(held.values()), held
            held = {pid: found_in_memory(pid, keys) for pid in family(unit.pid)}
            assert unit.pid in held and not any(held.values()), held
            await asyncio.sleep(FORGOTTEN_S)
            left = {pid: found_in_memory(pid, told) for pid in family(unit.pid)}
            assert unit.pid in left and not any(left.values()), left
            unit.end()
        assert on_disk(station.folder, keys | told) == set()
        assert on_disk(tmp_path / "opener-process", keys | told) == set()


async def test_a_unit_that_still_has_a_registry_does_not_start(
    centre: Centre, dsn: str, registry: Path, station: Station, tmp_path: Path
) -> None:
    shutil.copy(registry / "registry.sqlite", tmp_path)
    shutil.copy(registry / "master.key", tmp_path)
    await take_over(dsn, tmp_path)
    async with opener(centre, tmp_path / "opener-process"):
        await joined(station, centre)
    station.write_feed(ROUNDABOUT)
    for name in ("registry.sqlite", "master.key"):
        shutil.copy(registry / name, station.folder)
        done = station.run("run", "--config", str(station.config))
        assert done.returncode != 0 and f"{name} is still on this unit" in done.stderr
        (station.folder / name).unlink()
