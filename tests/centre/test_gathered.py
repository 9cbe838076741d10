"""Where nobody waits for the centre, entries are gathered for some seconds, and go in one request."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from edge.cases.store import CaseStore
from edge.delivery import Client, Progress
from edge.delivery.client import Confirmed
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger
from tests.support.centre import Centre
from tests.support.courier import at_work, courier_of, joined, until

TURNS = 20
"""Of the loop: more than it takes from a call of another thread to its effect."""


async def turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


def in_a_thread(progress: Progress, times: int) -> None:
    """Tell of news as the store does."""

    def work() -> None:
        for _ in range(times):
            progress.more()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


async def test_news_are_told_later_and_once() -> None:
    gathering, at_once = Progress(1e6), Progress()
    for progress in (gathering, at_once):
        in_a_thread(progress, 100)
    await turns()
    assert (gathering.has_more, at_once.has_more) == (False, True)
    soon = Progress(0.01)
    in_a_thread(soon, 100)
    await asyncio.wait_for(soon.wait_for_more(1e6), 30)
    assert not soon.has_more, "told once"
    in_a_thread(soon, 1)
    await asyncio.wait_for(soon.wait_for_more(1e6), 30)


async def test_what_was_gathered_goes_in_fewer_requests_and_all_of_it(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks meanwhile: what is delivered was told."""
    for name in ("LOOK_S", "LOOK_TOLD_S"):
        monkeypatch.setattr(f"edge.delivery.courier.{name}", 1e6)
    state_dir = await joined(centre, tmp_path, 1)
    sent: list[int] = []
    real = Client.entries

    async def counted(self: Client, lines: bytes) -> Confirmed:
        sent.append(lines.count(b"\n"))
        return await real(self, lines)

    monkeypatch.setattr(Client, "entries", counted)
    progress = Progress(0.5)
    courier = courier_of(centre, state_dir, progress=progress)
    store = await CaseStore.open(state_dir, SIGNER, UNIT, on_head=progress.more)
    try:
        async with at_work(courier):
            await until(lambda: courier.confirmed == 3, 90.0)
            del sent[:]
            for number in range(5):
                own = packet()
                found = await store.file_case(trigger(), [photo(number)], [own], limit_kmh=50.0, site="SP 1")
                await store.housekeep()
                await store.enter_verdict(found, identified(own))
                await store.housekeep()
            await until(lambda: courier.confirmed == 13, 90.0)
    finally:
        await store.close()
    assert sum(sent) == 10, "each entry once"
