"""A store that an earlier version filled is delivered whole: reviews, exports, purged cases and all."""

from __future__ import annotations

import json
from pathlib import Path

from centre.records import verify_units
from edge.cases.evidence import load_signer
from edge.cases.storage.outbox import Outbox
from edge.cases.store import CaseStore
from tests.support.archives import unpack
from tests.support.cases import UNIT
from tests.support.centre import Centre, lines_of

ARCHIVE = Path(__file__).resolve().parents[1] / "edge" / "cases" / "last_commit" / "f42d16c.tar.xz"


async def test_the_store_of_an_earlier_version_is_delivered(centre: Centre, tmp_path: Path) -> None:
    unpack(ARCHIVE, tmp_path)
    state_dir, signer = tmp_path / "state", load_signer(tmp_path / "signing.key")
    await (await CaseStore.open(state_dir, signer, UNIT)).close()
    outbox = Outbox(state_dir)
    head = outbox.head()
    assert head is not None
    async with await centre.let_in("AVX-TEST", signer, tmp_path) as client:
        await client.log_in(b"")
        assert await client.entries(lines_of(state_dir)) == (head.seq, head.hash)
        for row in await centre.pool.fetch("SELECT case_number, place, sha256 FROM files"):
            data = outbox.file(*row)
            assert data is not None
            await client.blob(row["sha256"], data)
    async with centre.pool.acquire() as connection:
        (found,) = await verify_units(connection)
    assert found.fault is None and found.photos > 0
    rows = await centre.pool.fetch("SELECT number, plate, driver_name FROM cases WHERE state <> 'purged'")
    here = {row["number"]: (row["plate"], row["driver_name"]) for row in rows}
    then = json.loads((tmp_path / "expected.json").read_text())["summaries"]
    read_then = {row["number"]: (row["plate_text"], row["driver_name"]) for row in then}
    assert here == {**read_then, 8: ("", "")}, "case 8 stood in the journal alone"
