"""Somebody else's car of version 2: node's own cryptography, and HPKE by hand, from docs/protocol.md."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import trustme

from edge.crypto.chip import save_chip
from tests.interop.test_javascript import FOLDER, client, node
from tests.support.link import ANNA
from tests.support.signed_link import FAR, HERE, Certified, certified

__all__ = ["client", "node"]


@pytest.fixture
def unit(tmp_path: Path) -> Certified:
    save_chip(ANNA.chip, tmp_path / "chip.json")
    return certified(tmp_path)


async def drive_by(node: str, url: str, unit: Certified, here: str = "", ca: str = "") -> tuple[int | None, Any]:
    files = [str(unit.folder / "chip.json"), ANNA.plate, str(unit.folder / "anna.key")]
    words = [url, *files, str(unit.folder / "authority.json"), here, ca]
    car = await asyncio.create_subprocess_exec(
        node, "car2.mjs", *words, cwd=FOLDER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, complaint = await asyncio.wait_for(car.communicate(), 60)
    assert output, complaint.decode()
    return car.returncode, json.loads(output)


async def test_the_whole_exchange(client: str, unit: Certified) -> None:
    async with unit.unit() as (server, mailbox):
        url = f"http://127.0.0.1:{server.port}"
        for number in (1, 2):
            assert await drive_by(client, url, unit, f"{HERE[0]},{HERE[1]}") == (
                0,
                {"status": "accepted", "counts_s": 10},
            )
            claims, rejected = await unit.opened(mailbox.window(0, 2**62))
            assert not rejected and (claims[-1].licence, claims[-1].plate) == (ANNA.licence, ANNA.plate)
            assert claims[-1].packet.counter == number


async def test_over_tls(client: str, unit: Certified, tmp_path: Path) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "tls.crt"))
    leaf.private_key_pem.write_to_path(str(tmp_path / "tls.key"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with unit.unit(tls_certificate=tmp_path / "tls.crt", tls_key=tmp_path / "tls.key") as (server, mailbox):
        url = f"https://localhost:{server.port}"
        assert (await drive_by(client, url, unit, ca=str(tmp_path / "ca.pem")))[0] == 0
        claims, rejected = await unit.opened(mailbox.window(0, 2**62))
        assert not rejected and len(claims[0].packet.endpoint) == 64


async def test_it_says_nothing_to_a_unit_far_away(client: str, unit: Certified) -> None:
    async with unit.unit() as (server, mailbox):
        code, said = await drive_by(client, f"http://127.0.0.1:{server.port}", unit, f"{FAR[0]},{FAR[1]}")
        assert (code, said) == (3, {"silent": "position"}) and len(mailbox) == 0
