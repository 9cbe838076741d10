"""Somebody else's client: npm's socket.io-client, with node's own cryptography, does the whole exchange."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
import trustme

from edge.crypto.chip import save_chip
from tests.support.link import ANNA
from tests.support.link_unit import StartUnit, Unit

FOLDER = Path(__file__).parent
INSTALL_TIMEOUT_S = 120


@pytest.fixture(scope="session")
def node() -> str:
    """Node with the client installed."""
    found = shutil.which("node"), shutil.which("npm")
    if None in found:
        pytest.skip("node and npm are not installed: the JavaScript client is not tested here")
    return str(found[0])


@pytest.fixture
async def client(node: str) -> str:
    if not (FOLDER / "node_modules" / "socket.io-client").is_dir():
        npm = await asyncio.create_subprocess_exec(
            "npm", "ci", "--no-audit", "--no-fund", cwd=FOLDER, stdout=asyncio.subprocess.PIPE, stderr=-2
        )
        output, _ = await asyncio.wait_for(npm.communicate(), INSTALL_TIMEOUT_S)
        assert npm.returncode == 0, output.decode()
    return node


async def drive_by(node: str, url: str, chip: Path, plate: str, *ca: str) -> tuple[int | None, dict[str, str]]:
    """Run the JavaScript car; returns its exit code and what the unit said."""
    car = await asyncio.create_subprocess_exec(
        node,
        "car.mjs",
        url,
        str(chip),
        plate,
        *ca,
        cwd=FOLDER,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaint = await asyncio.wait_for(car.communicate(), 60)
    assert output, complaint.decode()
    return car.returncode, json.loads(output)


@pytest.fixture
def chip(tmp_path: Path) -> Path:
    path = tmp_path / "chip.json"
    save_chip(ANNA.chip, path)
    return path


async def test_the_whole_exchange(client: str, unit: Unit, chip: Path) -> None:
    url = f"http://127.0.0.1:{unit.port}"
    assert await drive_by(client, url, chip, ANNA.plate) == (0, {"status": "accepted"})
    assert unit.opened() == ([[ANNA.licence, ANNA.plate]], {})
    await unit.empty()
    assert unit.state()["counters"] == {"accepted": 1}


async def test_over_tls(client: str, start_unit: StartUnit, chip: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    certificate, key, ca = (tmp_path / name for name in ("certificate.pem", "key.pem", "ca.pem"))
    leaf.cert_chain_pems[0].write_to_path(str(certificate))
    leaf.private_key_pem.write_to_path(str(key))
    authority.cert_pem.write_to_path(str(ca))
    unit = start_unit(tls_certificate=str(certificate), tls_key=str(key))
    url = f"https://localhost:{unit.port}"
    assert await drive_by(client, url, chip, ANNA.plate, str(ca)) == (0, {"status": "accepted"})
    assert unit.opened()[0] == [[ANNA.licence, ANNA.plate]]


async def test_a_busy_unit_is_told_as_such(client: str, start_unit: StartUnit, chip: Path) -> None:
    unit = start_unit(mailbox_packets=1)
    url = f"http://127.0.0.1:{unit.port}"
    assert (await drive_by(client, url, chip, ANNA.plate))[0] == 0
    code, answer = await drive_by(client, url, chip, ANNA.plate)
    assert (code, answer) == (1, {"status": "rejected", "reason": "busy"})


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (FOLDER / "package-lock.json").read_text()
