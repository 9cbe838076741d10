"""However a chain is cut into requests, the same rows come of it."""

from __future__ import annotations

from pathlib import Path

from centre.delivery.writing import FEW_ENTRIES, FEW_ROWS
from edge.cases.evidence import Signer
from tests.support.cases import filled
from tests.support.centre import Centre, lines_of

CASES = 5
SIZES = (1, 2, FEW_ENTRIES, FEW_ENTRIES + 1, 2 * CASES + 1)
"""Entries a request: few are parameters of their own, more are arrays."""
ROWS = {
    "entries": "SELECT seq, kind, case_number, month, body IS NULL, length(signature) FROM entries",
    "cases": "SELECT number, state, filed_seq, decided_seq, site, speed_kmh, limit_kmh, plate, outcome, driver_name,"
    " month FROM cases",
    "files": "SELECT case_number, place, month FROM files",
    "blobs": "SELECT month, count(*), count(size) FROM blobs",
}


async def rows(centre: Centre, serial: str) -> dict[str, list[tuple[object, ...]]]:
    """What the lists have of a unit, without what differs between two units."""
    found = {}
    for name, sql in ROWS.items():
        ending = " GROUP BY month ORDER BY 1" if name == "blobs" else " ORDER BY 1, 2"
        sql += " WHERE unit_id = (SELECT id FROM units WHERE serial = $1)" + ending
        found[name] = [tuple(row) for row in await centre.pool.fetch(sql, serial)]
    return found


async def test_however_a_chain_is_cut_the_same_rows_come_of_it(centre: Centre, tmp_path: Path) -> None:
    found = []
    for size in SIZES:
        serial, signer = f"AVX-{size}", Signer(bytes([size] * 32))
        await filled(tmp_path / serial, CASES, signer=signer)
        lines = lines_of(tmp_path / serial).splitlines(keepends=True)
        async with await centre.let_in(serial, signer, tmp_path) as client:
            await client.log_in(b"")
            for start in range(0, len(lines), size):
                await client.entries(b"".join(lines[start : start + size]))
        found.append(await rows(centre, serial))
    assert [len(found[0][name]) for name in ("entries", "cases")] == [2 * CASES + 1, CASES]
    assert len(found[0]["files"]) * 2 > FEW_ROWS, "also more files than are parameters of their own"
    for size, each in zip(SIZES, found, strict=True):
        assert each == found[0], f"{size} entries a request"
