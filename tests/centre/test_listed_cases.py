"""What a list at the centre says of a case: its speed in the unit in which its law counts."""

from __future__ import annotations

from pathlib import Path

from centre.commands.cases import case_line
from centre.records import Officer, Terms, list_cases
from centre.service import own_files
from tests.support.cases import SIGNER
from tests.support.centre import Centre, lines_of
from tests.support.miles import lone
from tests.support.papers import KINDS, paper_case

CONTI = Officer("conti", "appeal 12/2026")


async def listed(centre: Centre, terms: Terms = Terms()) -> list[str]:  # noqa: B008 - it is frozen
    signer = own_files(centre.settings)[2]
    async with centre.pool.acquire() as connection:
        found = await list_cases(connection, signer, CONTI, terms)
    return [case_line(row, found) for row in found.rows]


async def test_a_british_case_is_listed_in_miles_per_hour(centre: Centre, tmp_path: Path) -> None:
    for kind in ("british-nobody", "unidentified"):
        await paper_case(tmp_path / "unit", KINDS[kind])
    async with await centre.let_in("AVX-0042", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit"))
    british, italian = sorted(await listed(centre))
    assert "  44.9 mph " in british and lone(british) == []
    assert "  72.4 km/h " in italian and "mph" not in italian
    assert sorted(await listed(centre, Terms(plate="AB*"))) == [british, italian]
