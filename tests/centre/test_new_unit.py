"""A unit before its first start: it holds no store, and joins a centre that decides for it from the first case on."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from centre.opening.main import opening
from edge.cases import create_signing_key
from tests.support.centre import Centre
from tests.support.centre_registry import take_over

CONFIG = """\
[unit]
serial = "AVX-NEW"
site = "SP 1"
state_dir = "state"
[cases]
signing_key_file = "signing.key"
[centre]
url = "{url}"
authority_file = "authority.pem"
signers_file = "signers.json"
opener_file = "opener.json"
"""


async def unit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One of the unit's commands, in a process of its own."""
    command = [sys.executable, "-m", "edge", "centre", *words, "--config", str(folder / "unit.toml")]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120, check=False)


async def test_a_unit_that_was_never_started_finds_centre_officers_and_opening_service(
    centre: Centre, dsn: str, place: Path, tmp_path: Path
) -> None:
    await take_over(dsn, place)
    folder = tmp_path / "new"
    folder.mkdir()
    create_signing_key(folder / "signing.key")
    (folder / "unit.toml").write_text(CONFIG.format(url=centre.url), encoding="utf-8")
    async with opening(centre.settings):
        for words in (["join", centre.url, await centre.invite("AVX-NEW")], ["opener"], ["signers"], ["status"]):
            done = await unit(folder, *words)
            assert done.returncode == 0, done.stderr
    assert json.loads((folder / "opener.json").read_text())["url"].startswith("https://")
    assert "entries up to 0 of 0; 0 wait" in done.stdout
    assert not (folder / "state").exists(), "these commands make no store"


async def test_a_unit_whose_store_is_gone_is_told_so(centre: Centre, tmp_path: Path) -> None:
    """Its head is remembered, so it is no new one: without its chain it cannot show how it came to its key."""
    folder = tmp_path / "bereft"
    (folder / "state").mkdir(parents=True)
    create_signing_key(folder / "signing.key")
    (folder / "unit.toml").write_text(CONFIG.format(url=centre.url), encoding="utf-8")
    assert (await unit(folder, "join", centre.url, await centre.invite("AVX-NEW"))).returncode == 0
    head = {"format": 2, "seq": 7, "hash": "ab" * 32}
    (folder / "state" / "head.json").write_text(json.dumps(head), encoding="utf-8")
    done = await unit(folder, "status")
    assert done.returncode != 0
    assert "there is no case store" in done.stderr
