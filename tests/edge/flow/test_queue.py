"""The queue on a real store: what waits, waits on the disk; a backlog goes in its order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.cases.audit import audit
from edge.cases.store import CaseStore
from edge.errors import RegistryError, WorkerError
from edge.flow.queue import AT_ONCE, CaseQueue
from edge.model import Case
from tests.support.cases import SIGNER, UNIT, filled, packet, photo, trigger, unidentified
from tests.support.eventually import eventually


class SlowFlow:
    """Decides every case of a store as soon as ``recognise`` is set, and fails the cases in ``broken`` once."""

    def __init__(self, store: CaseStore) -> None:
        self.store = store
        self.recognise = asyncio.Event()
        self.broken: set[int] = set()
        self.inside = self.most_inside = 0

    async def decide_case(self, number: int) -> Case:
        if number in self.broken:
            self.broken.discard(number)
            raise WorkerError("a job ran longer than 5 s and was ended", "the job is tried again")
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        await self.recognise.wait()
        self.inside -= 1
        return await self.store.enter_verdict(number, unidentified())


class UnreadableRegistry:
    """Decides nothing while the registry does not answer."""

    def __init__(self, store: CaseStore) -> None:
        self.store = store
        self.answers = False
        self.attempts = 0

    async def decide_case(self, number: int) -> Case:
        self.attempts += 1
        if not self.answers:
            raise RegistryError("the registry cannot be read", "restore its last backup")
        return await self.store.enter_verdict(number, unidentified())


async def test_no_more_cases_are_decided_at_once_than_fit_in_memory(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    flow, decided = SlowFlow(store), []
    queue = CaseQueue(flow, lambda case: decided.append(case.number))
    count = AT_ONCE + 7
    for _ in range(count):
        number = await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 235")
        queue.begin(number)
    await eventually(lambda: flow.inside == AT_ONCE)
    assert decided == []
    flow.recognise.set()
    await eventually(lambda: len(decided) == count)
    assert sorted(decided) == list(range(1, count + 1))
    assert flow.most_inside == AT_ONCE
    await queue.drain(1.0)
    await store.close()
    assert f"{count} cases" in audit(tmp_path)


async def test_a_backlog_goes_in_its_order_and_one_failure_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edge.flow.queue.RETRY_S", (0.0,))
    await filled(tmp_path, 5, decide=False)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    flow, decided = SlowFlow(store), []
    flow.recognise.set()
    flow.broken = {2}
    queue = CaseQueue(flow, lambda case: decided.append(case.number))
    queue.catch_up(await store.waiting())
    await eventually(lambda: len(decided) == 5)
    assert [number for number in decided if number != 2] == [1, 3, 4, 5]
    assert "case 2 stays pending: a job ran longer" in caplog.text
    await queue.drain(1.0)
    await store.close()


async def test_a_case_is_tried_again_for_ever_and_at_once_when_woken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three failures were the end of it until the next start; and a woken queue does not wait out its pause."""
    monkeypatch.setattr("edge.flow.queue.RETRY_S", (0.0, 0.0, 3600.0))
    await filled(tmp_path, 2, decide=False)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    flow, decided = UnreadableRegistry(store), []
    queue = CaseQueue(flow, lambda case: decided.append(case.number))
    for number in await store.waiting():
        queue.begin(number)
    await eventually(lambda: flow.attempts == 6)
    assert (queue.pending, decided) == (2, [])
    for _ in range(4):
        before = flow.attempts
        queue.wake()
        await eventually(lambda before=before: flow.attempts == before + 2)
    assert queue.problem() is None
    with monkeypatch.context() as later:
        later.setattr("edge.flow.queue.LATE_S", 0.0)
        assert "2 cases have no verdict yet" in (queue.problem() or "")
    flow.answers = True
    queue.wake()
    await eventually(lambda: sorted(decided) == [1, 2])
    assert (queue.pending, queue.oldest_s) == (0, 0.0)
    await queue.drain(1.0)
    await store.close()


async def test_a_stop_leaves_what_is_not_decided_pending(tmp_path: Path) -> None:
    await filled(tmp_path, 3, decide=False)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    queue = CaseQueue(SlowFlow(store), lambda case: None)
    queue.catch_up(await store.waiting())
    await queue.drain(0.01)
    assert await store.waiting() == (1, 2, 3)
    await store.close()
