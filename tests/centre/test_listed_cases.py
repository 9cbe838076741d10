"""What a list at the centre says of a case: its speed as its law counts it, and no name that officers took away."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from centre.commands.cases import case_line
from centre.records import Officer, Terms, list_cases, read_journal, show_case, verify_units
from centre.service import own_files
from edge.cases.review import record
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


async def test_a_name_that_officers_took_away_is_not_listed(centre: Centre, tmp_path: Path) -> None:
    state = tmp_path / "unit"
    for _ in range(3):
        await paper_case(state, KINDS["draft"])
    judge = partial(record, state, officer="Conti", reason="looked at it", signer=SIGNER)
    judge(1, kind="set_name_aside")
    judge(2, kind="correct_plate", plate="A8123CD")

    async def named() -> list[bool]:
        rows = sorted(await listed(centre), key=lambda line: int(line.split()[1]))
        return ["Ferrante" in row for row in rows]

    async with await centre.let_in("AVX-0042", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(state))
        assert await named() == [False, False, True]
        judge(1, kind="dismiss")
        await client.entries(lines_of(state))
        assert await named() == [False, False, True]
        judge(1, kind="withdraw")
        judge(1, kind="withdraw")
        await client.entries(lines_of(state))
        assert await named() == [True, False, True]
    async with centre.pool.acquire() as connection:
        (checked,) = await verify_units(connection, "AVX-0042")
    assert checked.fault is None


async def test_a_name_that_officers_took_away_is_not_shown(centre: Centre, tmp_path: Path) -> None:
    """Only who asks for the manifest as it was signed sees it, and that is in the centre's chain."""
    state, signer = tmp_path / "unit", own_files(centre.settings)[2]
    for _ in range(3):
        await paper_case(state, KINDS["draft"])
    judge = partial(record, state, officer="Conti", reason="looked at it", signer=SIGNER)
    judge(1, kind="set_name_aside")
    judge(2, kind="correct_plate", plate="A8123CD")
    async with await centre.let_in("AVX-0042", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(state))

    async def shown(number: int, *, signed: bool = False) -> dict[str, Any]:
        async with centre.pool.acquire() as connection:
            return await show_case(connection, signer, CONTI, "AVX-0042", number, signed=signed)

    whole = await shown(3)
    assert whole["driver"]["last_name"] == "Ferrante" and "note" not in whole
    for number in (1, 2):
        case = await shown(number)
        assert next(iter(case)) == "note" and "took the name" in case["note"]
        assert not {"driver", "packet", "opening"} & set(case)
        assert not [
            name for name in ("first_name", "last_name", "licence") if whole["driver"][name] in json.dumps(case)
        ]
        signed = await shown(number, signed=True)
        assert next(iter(signed)) == "note" and signed["driver"] == whole["driver"]
    async with centre.pool.acquire() as connection:
        looks = [json.loads(link.body or b"") for link in (await read_journal(connection))[1:]]
    assert [(look["case"], look.get("signed", False)) for look in looks] == [
        *[(3, False), (1, False), (1, True), (2, False), (2, True)]
    ]
