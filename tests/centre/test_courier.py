"""The unit's courier against a real centre: everything arrives, in whatever way the centre and the way to it behave."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from pathlib import Path

import pytest

from centre.records import verify_units
from edge.cases import RetentionPolicy
from edge.cases.retention import due
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.outbox import Outbox, read_delivered
from edge.cases.store import CaseStore
from edge.delivery import Client, Courier, DailyBudget
from edge.delivery.courier import LONGEST_PAUSE_S
from tests.support.cases import SIGNER, UNIT, filled, identified, packet, photo, trigger
from tests.support.centre import Centre, centre_at_work
from tests.support.courier import SERIAL, at_work, courier_of, joined, missing, settled, until


async def test_everything_of_a_store_arrives(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path)
    courier = courier_of(centre, state_dir)
    async with at_work(courier):
        await until(lambda: courier.confirmed == 7)
        await until(lambda: settled(state_dir) == 3)
    assert await missing(centre) == 0
    async with centre.pool.acquire() as connection:
        (found,) = await verify_units(connection)
    assert (found.fault, found.entries, found.cases, found.photos) == (None, 7, 3, 4)  # three photos and a portrait
    delivered = read_delivered(StateFolder(state_dir))
    assert delivered is not None and delivered.confirmed.seq == 7
    assert courier.problem() is None and courier.waiting == 0
    assert await centre.alarms() == []


async def test_what_a_running_unit_files_arrives(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 1)
    courier = courier_of(centre, state_dir)
    store = await CaseStore.open(state_dir, SIGNER, UNIT)
    try:
        async with at_work(courier):
            for number in (2, 3):
                own = packet()
                found = await store.file_case(trigger(), [photo(number)], [own], limit_kmh=50.0, site="SP 1")
                await store.enter_verdict(found, identified(own))
                await store.housekeep()
                await until(lambda number=number: courier.confirmed == 1 + 2 * number)  # type: ignore[misc]
    finally:
        await store.close()
    assert await centre.pool.fetchval("SELECT count(*) FROM cases WHERE state = 'decided'") == 3


async def test_entries_wait_while_the_centre_is_away_and_arrive_after(dsn: str, tmp_path: Path) -> None:
    async with centre_at_work(dsn, tmp_path / "centre") as centre:
        state_dir = await joined(centre, tmp_path, 1)
        port = centre.port
    courier = courier_of(centre, state_dir)
    async with at_work(courier):
        await asyncio.sleep(0.3)
        assert courier.confirmed == 0
        async with centre_at_work(dsn, tmp_path / "centre", port=port) as again:
            await until(lambda: courier.confirmed == 3)
            assert await again.pool.fetchval("SELECT count(*) FROM entries") == 3


async def test_a_restored_unit_finds_out_that_it_forked(centre: Centre, tmp_path: Path) -> None:
    """A copy of the store, as a backup or a cloned card, goes on after the original had gone on."""
    state_dir = await joined(centre, tmp_path, 1)
    copy = tmp_path / "copy"
    shutil.copytree(state_dir, copy)
    await filled(state_dir, 1)
    courier = courier_of(centre, state_dir)
    async with at_work(courier):
        await until(lambda: courier.confirmed == 5)
    await filled(copy, 1)
    clone = courier_of(centre, copy)
    async with at_work(clone):
        await until(lambda: clone.problem() is not None)
        await until(centre.alarms)
    assert "another chain of this unit" in (clone.problem() or "")
    assert ("fork", 5) in await centre.alarms()
    assert await centre.pool.fetchval("SELECT count(*) FROM forks") == 1, "both are kept"
    async with centre.pool.acquire() as connection:
        (found,) = await verify_units(connection)
    assert found.fault is None and found.entries == 5


async def test_a_rolled_back_unit_is_an_alarm_before_it_writes_anything(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 1)
    copy = tmp_path / "copy"
    shutil.copytree(state_dir, copy)
    await filled(state_dir, 1)
    courier = courier_of(centre, state_dir)
    async with at_work(courier):
        await until(lambda: courier.confirmed == 5)
    clone = courier_of(centre, copy)
    async with at_work(clone):
        await until(lambda: clone.problem() is not None)
        await until(centre.alarms)
    assert await centre.alarms() == [("rolled_back", 3)]


async def test_nothing_is_purged_before_the_centre_has_it_whole(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 2)
    policy = RetentionPolicy(1, 1, 1, only_delivered=True)
    assert due(state_dir, RetentionPolicy(1, 1, 1)) == (1, 2), "they are due without a centre"
    assert due(state_dir, policy) == ()
    courier = courier_of(centre, state_dir, budget=0)
    async with at_work(courier):
        await until(lambda: courier.confirmed == 5)
        await until(lambda: read_delivered(StateFolder(state_dir)))
        assert due(state_dir, policy) == (), "its photos are not there yet"
    courier = courier_of(centre, state_dir)
    async with at_work(courier):
        await until(lambda: due(state_dir, policy) == (1, 2))
    assert await missing(centre) == 0


async def test_photos_wait_for_the_next_day_and_entries_do_not(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path)
    courier = courier_of(centre, state_dir, budget=100)
    async with at_work(courier):
        await until(lambda: courier.confirmed == 7)
        await asyncio.sleep(0.5)
        assert await missing(centre) == 4


async def test_a_photo_that_is_gone_is_told_and_not_asked_for_again(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 2)
    (state_dir / "frames" / "00000001" / "0.jpg").unlink()
    courier = courier_of(centre, state_dir)
    async with at_work(courier):
        await until(lambda: settled(state_dir) == 2)
    assert await centre.alarms() == [("photo", None)]
    assert await centre.pool.fetchval("SELECT count(*) FROM blobs WHERE lost_at IS NOT NULL") == 1


async def test_no_error_ends_the_courier_and_its_pauses_grow(tmp_path: Path) -> None:
    """The store cannot be read, nobody answers, something nobody foresaw: the camera's work does not depend on it."""
    await filled(tmp_path / "unit", 1)

    class Odd(Client):
        async def log_in(self, key_lines: bytes) -> None:
            raise ZeroDivisionError

    (tmp_path / "pem").write_text("")
    context = ssl.create_default_context()
    for client in (
        Odd("https://127.0.0.1:9", context, SERIAL, SIGNER),
        Client("https://127.0.0.1:9", context, SERIAL, SIGNER),
    ):
        courier = Courier(client, Outbox(tmp_path / "unit"), budget=DailyBudget(1))
        async with client:
            pauses = [await courier.attempt() for _ in range(14)]
        doubled = [min(LONGEST_PAUSE_S, 2.0**number) for number in range(14)]
        assert all(most / 2 <= pause <= most for pause, most in zip(pauses, doubled, strict=True))
    courier = Courier(client, Outbox(tmp_path / "none"), budget=DailyBudget(1))
    async with client:
        assert await courier.attempt() > 0


@pytest.mark.parametrize("answer", ["7", "999999", "soon", "-3"])
async def test_the_courier_comes_again_when_it_is_told_to(tmp_path: Path, answer: str) -> None:
    from aiohttp import web

    from edge.delivery.client import MAX_RETRY_S, Unanswered

    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": answer})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", busy)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    client = Client(f"http://127.0.0.1:{runner.addresses[0][1]}", ssl.create_default_context(), SERIAL, SIGNER)
    try:
        async with client:
            with pytest.raises(Unanswered) as told:
                await client.head()
    finally:
        await runner.cleanup()
    wanted = {"7": 7.0, "999999": MAX_RETRY_S}
    assert told.value.retry_s == wanted.get(answer)
