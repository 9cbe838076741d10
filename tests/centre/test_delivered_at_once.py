"""What is filed is on its way at once: nobody looks for it now and then, and a centre that is down is left alone."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases.storage.database import connect, open_to_read
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.outbox import Outbox
from edge.cases.storage.writer import Writer
from edge.cases.store import CaseStore
from edge.delivery import Client, Courier, DailyBudget, OpeningService, Progress, RemoteOpener, trusting
from edge.delivery.client import Confirmed, Unanswered
from edge.delivery.wire import PART_BYTES
from tests.support.cases import SIGNER, UNIT, filled, identified, packet, photo, trigger
from tests.support.centre import Centre
from tests.support.courier import SERIAL, at_work, courier_of, joined, missing, settled, until
from tests.support.eventually import in_database


async def test_a_case_that_is_filed_is_delivered_at_once(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks: neither the courier, nor the store's housekeeping, nor whoever waits for the case."""
    monkeypatch.setattr("edge.delivery.courier.LOOK_S", 1e6)
    monkeypatch.setattr("edge.delivery.courier.LOOK_TOLD_S", 1e6)
    monkeypatch.setattr("edge.delivery.remote.BETWEEN_TRIES_S", 1e6)
    state_dir = await joined(centre, tmp_path, 1)
    progress = Progress()
    courier = courier_of(centre, state_dir, progress=progress)
    opener = opener_of(state_dir, progress)
    store = await CaseStore.open(state_dir, SIGNER, UNIT, on_head=progress.more, head_at_once=True)
    try:
        async with at_work(courier):
            await until(lambda: courier.confirmed == 3)
            for number in (2, 3):
                found = await store.file_case(trigger(), [photo(number)], [packet()], limit_kmh=50.0, site="SP 1")
                filed = await asyncio.wait_for(opener.filed(found), 30)
                assert progress.confirmed == filed.seq == 2 + number
    finally:
        await store.close()


async def test_whoever_reads_keeps_no_case_from_being_delivered(tmp_path: Path) -> None:
    """The head moves while the log cannot be emptied: a copy of the log is enough, and nobody keeps house."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT, head_at_once=True)
    try:
        with closing(open_to_read(StateFolder(tmp_path))) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entries").fetchone()
            for number in (1, 2):
                await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 1")
                await until(lambda number=number: Outbox(tmp_path).filed(number) is not None)  # type: ignore[misc]
    finally:
        await store.close()


async def test_a_case_is_delivered_soon_after_a_writer_that_was_in_the_way(tmp_path: Path) -> None:
    """The head is tried again, without any housekeeping."""
    moved = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(moved.set)

    store = await CaseStore.open(tmp_path, SIGNER, UNIT, on_head=tell, head_at_once=True)
    writer = connect(StateFolder(tmp_path).database, for_threads=True)
    real = Writer.remember

    def meet_a_writer(self: Writer) -> bool:
        if not tries:
            writer.execute("BEGIN IMMEDIATE")
        tries.append(done := real(self))
        return done

    tries: list[bool] = []
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Writer, "remember", meet_a_writer)
            moved.clear()
            await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 1")
            await until(lambda: bool(tries))
            assert tries[0] is False and Outbox(tmp_path).filed(1) is None
            writer.execute("ROLLBACK")
            await asyncio.wait_for(moved.wait(), 30)
        assert Outbox(tmp_path).filed(1) is not None
    finally:
        writer.close()
        await store.close()


def opener_of(state_dir: Path, progress: Progress) -> RemoteOpener:
    service = OpeningService("https://127.0.0.1:9", bytes(32), bytes(32), None)
    client = Client(service.url, ssl.create_default_context(), SERIAL, SIGNER)
    return RemoteOpener(
        client, Outbox(state_dir), service, serial=SERIAL, signer=SIGNER, reader="0" * 64, progress=progress
    )


async def test_the_head_moves_with_housekeeping_alone_where_nobody_waits_for_it(tmp_path: Path) -> None:
    moved = 0

    def count() -> None:
        nonlocal moved
        moved += 1

    store = await CaseStore.open(tmp_path, SIGNER, UNIT, on_head=count)
    try:
        first, begun = Outbox(tmp_path).head(), moved
        await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 1")
        await in_database(tmp_path, 1)
        assert (Outbox(tmp_path).head(), moved) == (first, begun)
        await store.housekeep()
        assert Outbox(tmp_path).head() != first and moved == begun + 1
        await store.housekeep()
        assert moved == begun + 1, "told once"
    finally:
        await store.close()


async def test_news_do_not_shorten_the_pause_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand units with much to tell do not call at once a centre that is down."""
    await filled(tmp_path / "unit", 1)
    monkeypatch.setattr("edge.delivery.courier.FIRST_PAUSE_S", 1e6)
    monkeypatch.setattr("edge.delivery.courier.LONGEST_PAUSE_S", 1e6)
    progress, tries = Progress(), 0

    class Away(Client):
        async def log_in(self, key_lines: bytes) -> None:
            nonlocal tries
            tries += 1
            raise Unanswered("the centre cannot be reached (test)", "wait")

    client = Away("https://127.0.0.1:9", ssl.create_default_context(), SERIAL, SIGNER)
    courier = Courier(client, Outbox(tmp_path / "unit"), budget=DailyBudget(1), progress=progress)
    async with at_work(courier):
        await until(lambda: not progress.is_answered)
        for _ in range(20):
            progress.more()
            await asyncio.sleep(0.01)
    assert tries == 1


async def test_a_case_that_waits_is_not_held_up_while_the_centre_does_not_answer(tmp_path: Path) -> None:
    """It asks, fails and is tried again later: other cases have their turn meanwhile."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    number = await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 1")
    await store.close()
    progress = Progress()
    waiting = asyncio.create_task(opener_of(tmp_path, progress).filed(number))
    await asyncio.sleep(0.1)
    assert not waiting.done(), "the courier has not told yet"
    progress.move(0, is_answered=False)
    assert (await asyncio.wait_for(waiting, 30)).seq == 2


async def test_a_photo_on_its_way_makes_room_for_an_entry(centre: Centre, tmp_path: Path) -> None:
    """The part that goes is the last one before it; the rest follows, and the photo is whole at the end."""
    state_dir = tmp_path / "unit"
    large = replace(photo(1), jpeg=bytes(PART_BYTES * 4))
    store = await CaseStore.open(state_dir, SIGNER, UNIT)
    own = packet()
    number = await store.file_case(trigger(), [large], [own], limit_kmh=50.0, site="SP 1")
    await store.enter_verdict(number, identified(own))
    await store.close()
    sent: list[str] = []
    progress = Progress()

    class Watched(Client):
        async def entries(self, lines: bytes) -> Confirmed:
            sent.append("entries")
            return await super().entries(lines)

        async def blob(self, digest: str, data: bytes, until: Callable[[], bool] = lambda: False) -> None:
            def watched() -> bool:
                if not until():
                    sent.append("part")
                    if sent == ["entries", "part"]:
                        file_one_more(state_dir)
                        progress.more()
                return until()

            await super().blob(digest, data, watched if len(data) > PART_BYTES else until)

    await centre.let_in(SERIAL, SIGNER, tmp_path)
    client = Watched(centre.url, trusting(centre.authority), SERIAL, SIGNER)
    courier = Courier(client, Outbox(state_dir), budget=DailyBudget(1 << 40), progress=progress)
    async with at_work(courier):
        await until(lambda: settled(state_dir) == 2)
    assert sent == ["entries", "part", "entries", "part", "part", "part"]
    assert await missing(centre) == 0


def file_one_more(state_dir: Path) -> None:
    """As another process would, while the courier waits for the network."""
    thread = threading.Thread(target=lambda: asyncio.run(filled(state_dir, 1)))
    thread.start()
    thread.join()
