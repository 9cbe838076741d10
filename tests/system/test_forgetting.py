"""What the unit's processes remember once a case is decided: a look into the memory of each of them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing

import pytest

from edge.crypto import strict_json
from edge.crypto.rsa_key import load_private_key
from edge.registry.rows import uid_hash
from edge.registry.vault import RegistryKeys, load_master_key, unseal_secret
from tests.support.memory import family, found_in_memory
from tests.support.station import PEOPLE, Station

PLATES = dict(zip(PEOPLE, ("LS15EBC", "XSNB23", "88BBTS"), strict=True))
ROUNDABOUT = ("roundabout.mp4", 40, 71.0)


def private_parts(station: Station) -> dict[str, bytes]:
    """Parts of every chip's private key, as DER has them and as the arithmetic holds them."""
    keys = RegistryKeys.of(load_master_key(station.folder / "master.key"))
    parts: dict[str, bytes] = {}
    with closing(sqlite3.connect(station.folder / "registry.sqlite")) as database:
        for number, chip in enumerate(station.chips.values()):
            hashed = uid_hash(chip.uid)
            (sealed,) = database.execute("SELECT sealed_key FROM chips WHERE uid_sha256 = ?", (hashed,)).fetchone()
            key = load_private_key(unseal_secret(keys.chip(hashed), sealed, hashed.hex()))
            for name, value in (("p", key.p), ("q", key.q)):
                octets = int(value).to_bytes(512, "big").lstrip(b"\0")
                parts[f"{name} of key {number}"] = octets[40:72]
                parts[f"{name} of key {number}, little-endian"] = octets[::-1][40:72]
    return parts


def opened_texts() -> dict[str, bytes]:
    """How the opened text of each car's packet begins."""
    texts = {}
    for licence, plate in PLATES.items():
        text = strict_json.dumps({"plate": plate, "licence": licence}).encode()
        texts[f"the packet of {plate}"] = text.rstrip(b"}")
    return texts


FORGOTTEN_S = 18.0
"""A packet lives for its window and five seconds, 15 s with these settings; then some rounds of housekeeping."""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root looks into a process that keeps to itself")
@pytest.mark.timeout(300)  # it reads gigabytes
async def test_nothing_of_who_only_drove_by_is_left_in_memory_once_the_case_is_decided(
    default_station: Station,
) -> None:
    """Before, each worker kept the last 1,024 private keys for ever, and the daemon what it had freed.

    Uid, licence number and plate of a bystander were in the daemon's memory some fifty times 20 s after the case: texts
    of the link, journals, jobs of the openers, pages of the registry.
    """
    station = default_station
    station.write_feed(ROUNDABOUT, gap_s=3.0)
    strangers = list(PLATES.items())[1:]
    wanted = private_parts(station) | opened_texts()
    told = {
        f"{name} of {plate}": secret
        for licence, plate in strangers
        for name, secret in (
            ("licence", licence.encode()),
            ("plate", plate.encode()),
            ("uid", station.chips[licence].uid.encode()),
        )
    }
    master = {"the master key": load_master_key(station.folder / "master.key")}
    async with station.unit() as unit:
        for licence, plate in PLATES.items():
            await station.drive_by(licence, plate)
        assert f"uid of {strangers[0][1]}" in found_in_memory(unit.pid, told), "the mailbox is seen"
        await unit.expect("case 1 decided: identified")
        await asyncio.sleep(2)
        assert "the master key" in found_in_memory(unit.pid, master), "nothing is seen in this process at all"
        held = {pid: found_in_memory(pid, wanted) for pid in family(unit.pid)}
        assert len(held) >= 1 + len(unit.workers())
        assert not any(held.values()), held
        others = {pid: found_in_memory(pid, told) for pid in held if pid != unit.pid}
        assert not any(others.values()), others
        await asyncio.sleep(FORGOTTEN_S)
        left = {pid: found_in_memory(pid, told) for pid in family(unit.pid)}
        assert unit.pid in left and not any(left.values()), left
        unit.end()
