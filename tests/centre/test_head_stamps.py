"""Time stamps of a day's heads, from an authority made with ``openssl ts`` that answers on loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from centre.records import export_stamp, stamp_heads, stamped_days
from edge.cases import TimeStamps
from edge.errors import CaseError
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of
from tests.support.tsa import OPENSSL, Authority, answering

pytestmark = pytest.mark.skipif(not OPENSSL, reason="no openssl")
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


async def test_the_heads_of_a_day_are_stamped_once_and_anybody_can_check(centre: Centre, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tsa")
    await filled(tmp_path / "unit", 2)
    async with await centre.let_in("AVX-TEST", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit"))
    does: dict[str, Callable[[bytes], bytes]] = {"answer": lambda _query: b"rubbish"}
    with answering(does) as url:
        stamp = TimeStamps(url, authority.root).stamp
        with pytest.raises(CaseError, match="gives no time stamp"):
            await stamp_heads(centre.pool, "test", stamp, now=NOW)
        does["answer"] = authority.answer
        assert await stamp_heads(centre.pool, "test", stamp, now=NOW)
        assert not await stamp_heads(centre.pool, "test", stamp, now=NOW), "once a day"
        assert await stamp_heads(centre.pool, "test", stamp, now=NOW + timedelta(days=1))
    async with centre.pool.acquire() as connection:
        days = await stamped_days(connection)
        assert [(day.day.day, day.holds, day.wrong) for day in days] == [(29, 1, ()), (30, 1, ())]
        heads, stamped = await export_stamp(connection, NOW.date(), tmp_path)
        assert authority.verifies(heads, stamped)
        heads.write_bytes(heads.read_bytes().replace(b'"seq":5', b'"seq":4'))
        assert not authority.verifies(heads, stamped)
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("UPDATE entries SET hash = repeat('0', 64) WHERE seq = 5")
        await connection.execute("SET session_replication_role = DEFAULT")
        assert [day.wrong for day in await stamped_days(connection)] == [("AVX-TEST",), ("AVX-TEST",)]
