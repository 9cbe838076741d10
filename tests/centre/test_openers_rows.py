"""The opening service's role sees the rows of the unit whose token it shows, and of no other."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from centre.database import open_as, showing
from edge.cases.evidence import Signer
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of
from tests.support.centre_registry import as_role

OTHER = Signer(bytes(range(1, 33)))
SEES = "SELECT (SELECT array_agg(id) FROM units), (SELECT array_agg(DISTINCT unit_id) FROM openings)"
ENTRIES = "SELECT DISTINCT unit_id, kind FROM entries"
COUNTED = "INSERT INTO openings (unit_id, case_number, request_sha256, packets) VALUES ($1, 7, '', 0)"


async def test_the_openers_role_sees_the_unit_whose_token_it_shows(centre: Centre, dsn: str, tmp_path: Path) -> None:
    tokens = []
    for serial, signer in (("A1", SIGNER), ("B2", OTHER)):
        await filled(tmp_path / serial, 1, signer=signer)
        async with await centre.let_in(serial, signer, tmp_path) as client:
            await client.log_in(b"")
            await client.entries(lines_of(tmp_path / serial))
            tokens.append(client.authorization["Authorization"].split()[1])
    await centre.pool.execute(
        "INSERT INTO openings (unit_id, case_number, request_sha256, packets) SELECT id, 1, '', 0 FROM units"
    )
    opener = await open_as(as_role(dsn, "autovelox_opener"), connections=1, statement_timeout_s=10, name="test")
    try:
        for token in ("", "x" * 43, tokens[0][:-1], f"{tokens[0]}' OR '1'='1"):
            with showing(token):
                assert tuple(await opener.fetchrow(SEES)) == (None, None), "whoever shows no token sees nobody"
                assert await opener.fetch(ENTRIES) == []
        for unit, token in enumerate(tokens, 1):
            with showing(token):
                assert tuple(await opener.fetchrow(SEES)) == ([unit], [unit])
                assert [tuple(row) for row in await opener.fetch(ENTRIES)] == [(unit, "filed")], (
                    "and of it what is filed"
                )
                await opener.execute(COUNTED, unit)
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                    await opener.execute(COUNTED, 3 - unit)
                changed = await opener.execute("UPDATE openings SET packets = 9 WHERE unit_id = $1", 3 - unit)
                assert changed == "UPDATE 0"
        assert tuple(await opener.fetchrow(SEES)) == (None, None), "the connection is nobody's again"
        await centre.pool.execute("UPDATE units SET state = 'suspended' WHERE id = 1")
        with showing(tokens[0]):
            assert tuple(await opener.fetchrow(SEES)) == (None, None), "nor has a suspended unit rows"
        for table in ("tokens", "officers", "cases", "centre_entries", "visit_secret", "unit_keys"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await opener.fetch(f"SELECT * FROM {table}")
    finally:
        await opener.close()
