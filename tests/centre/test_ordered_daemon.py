"""A running unit takes a configuration that officers of the centre ordered: it begins anew, and the chain says so."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from centre.units import add_signer
from edge.cases import load_signer
from edge.delivery import join_centre
from edge.delivery.orders import OrderKind
from edge.demo.setting import Setting
from tests.support.centre import Centre, centre_at_work
from tests.support.orders import ADA, EVA, KEYS, order
from tests.support.station import Station, make_template, small_cast

CLIP = ("roundabout.mp4", 40, 71.0)


@pytest.mark.timeout(240)
async def test_a_running_unit_begins_anew_with_what_was_ordered(dsn: str, tmp_path: Path) -> None:
    async with centre_at_work(dsn, tmp_path / "centre", status_s=1.0) as centre:
        async with centre.pool.acquire() as connection:
            for key in KEYS:
                await add_signer(connection, key)
        make_template(tmp_path / "unit")
        station = Station(tmp_path / "unit", Setting(tmp_path / "unit").chips(small_cast()))
        station.write_feed(CLIP)
        await join_centre(
            centre.url,
            await centre.invite("AVX-TEST"),
            serial="AVX-TEST",
            signer=load_signer(station.folder / "signing.key"),
            authority_file=station.folder / "centre.pem",
            signers_file=station.folder / "signers.json",
        )
        way = f'url = "{centre.url}"\nauthority_file = "centre.pem"\nsigners_file = "signers.json"'
        station.configure(centre=way)
        async with station.unit() as unit:
            pid = unit.pid
            number = await order(centre, OrderKind.CONFIGURATION, ADA, EVA, settings={"speed.limit_kmh": 30.0})
            await unit.expect(f"the centre ordered configuration {number}")
            await unit.expect("stopped")
            await unit.expect("ready")
            assert unit.pid == pid and unit.running, "the same process, for the service manager"
            async with asyncio.timeout(60):
                while not await _is_done(centre):  # noqa: ASYNC110 - asked of PostgreSQL
                    await asyncio.sleep(0.2)
            unit.end()
        rows = await centre.pool.fetch("SELECT body FROM entries WHERE kind = 'configuration' ORDER BY seq")
        first, second = (json.loads(row["body"]) for row in rows)
        assert "order" not in first and second["order"]["number"] == number
        assert second["changed"] == ["speed.limit_kmh"]


async def _is_done(centre: Centre) -> bool:
    return bool(await centre.pool.fetchval("SELECT done_at IS NOT NULL AND refused IS NULL FROM orders"))
