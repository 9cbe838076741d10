"""The worker pool with real processes: hung, killed and failing jobs, and workers that cannot be set up."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import ImageError, ModelError, WorkerError
from edge.workers import NICENESS, WorkerPool, WorkerSetup
from tests.support.eventually import eventually
from tests.support.pools import with_tests

_problem: ModelError | None = None


def load(needed: Path) -> None:
    """What workers do first here: they need a file, as the unit's workers need their models."""
    global _problem
    _problem = None if needed.exists() else ModelError(f"{needed.name} is missing", "put it back")


def ready() -> None:
    if _problem is not None:
        raise _problem


def setup(needed: Path) -> WorkerSetup:
    return with_tests(WorkerSetup(load, (needed,), ready, reads=(needed.parent,)))


def pid() -> int:
    return os.getpid()


async def worker_pids(pool: WorkerPool) -> set[int]:
    """The process ids of both workers."""
    pids: set[int] = set()
    while len(pids) < pool.workers:
        pids.update(await asyncio.gather(*(pool.run(slow_pid) for _ in range(pool.workers))))
    return pids


def slow_pid() -> int:
    time.sleep(0.05)  # long enough for the other worker to take the other question
    return os.getpid()


def niceness() -> int:
    return os.nice(0)


def sleep_forever() -> None:
    time.sleep(3600)


def hang_holding_the_gil() -> None:
    ctypes.PyDLL(None).sleep(3600)  # PyDLL keeps the GIL during the call, so nothing in this process can run


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse() -> None:
    raise ImageError("the file is not a picture", "give a JPEG")


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[WorkerPool]:
    needed = tmp_path / "needed"
    needed.touch()
    pool = WorkerPool(setup(needed), workers=2, job_timeout_s=5.0)
    await pool.start()
    yield pool
    await pool.stop()


async def test_faults_of_one_job_leave_the_others_alone(pool: WorkerPool) -> None:
    for fault, sentence in (
        (sleep_forever, "ran longer than 5 s"),
        (hang_holding_the_gil, "ran longer than 5 s"),
        (die, "died"),
    ):
        faulty = asyncio.create_task(pool.run(fault))
        assert await pool.run(pid) != os.getpid()
        with pytest.raises(WorkerError, match=sentence):
            await faulty
        assert pool.problem() is None
    with pytest.raises(ImageError, match="not a picture: give a JPEG"):
        await pool.run(refuse)
    assert pool.queued == 0


async def test_workers_step_back_for_everybody_else(pool: WorkerPool) -> None:
    assert await pool.run(niceness) == min(19, os.nice(0) + NICENESS)


async def test_workers_that_are_what_the_machine_is_for_do_not_step_back(tmp_path: Path) -> None:
    (tmp_path / "model").touch()
    pool = WorkerPool(replace(setup(tmp_path / "model"), niceness=0), workers=1, job_timeout_s=20.0)
    await pool.start()
    try:
        assert await pool.run(niceness) == os.nice(0)
    finally:
        await pool.stop()


async def test_a_cancelled_caller_frees_its_worker(pool: WorkerPool) -> None:
    stuck = [asyncio.create_task(pool.run(sleep_forever)) for _ in range(2)]
    await asyncio.sleep(0.5)
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)
    assert await pool.run(pid) != os.getpid()


async def test_a_pool_that_ends_no_job_says_so(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.workers.pool.OVERDUE_S", -5.0)
    stuck = asyncio.create_task(pool.run(sleep_forever))
    await eventually(lambda: "ended none of its 1 jobs" in (pool.problem() or ""))
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)
    assert pool.problem() is None


async def test_workers_that_hang_before_they_take_a_job_are_replaced(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = await worker_pids(pool)
    for number in hung:
        os.kill(number, signal.SIGSTOP)
    job = asyncio.create_task(pool.run(pid))
    with monkeypatch.context() as impatient:
        impatient.setattr("edge.workers.pool.OVERDUE_S", -4.0)
        await eventually(lambda: pool.problem() is not None)
        pool.mend()
    with pytest.raises(WorkerError, match=r"ended under the job|broke and is rebuilt"):
        await job
    assert await pool.run(pid) not in hung
    await eventually(lambda: not any(Path(f"/proc/{number}").exists() for number in hung))
    assert pool.problem() is None


async def test_a_broken_pool_is_built_anew(pool: WorkerPool) -> None:
    """Pebble gives a pool up when an idle worker is killed; that costs no job that comes later."""
    for number in await worker_pids(pool):
        os.kill(number, signal.SIGKILL)
    await eventually(lambda: pool.problem() is not None)
    pool.mend()
    assert await pool.run(pid) != os.getpid()


async def test_a_stopped_pool_says_so(pool: WorkerPool) -> None:
    await pool.stop()
    assert (pool.problem() or "").startswith("the worker pool is down")
    with pytest.raises(WorkerError, match="stopped"):
        await pool.run(pid)


async def test_what_a_worker_lacks_is_named_at_the_start(tmp_path: Path) -> None:
    pool = WorkerPool(setup(tmp_path / "needed"), workers=1, job_timeout_s=2.0)
    try:
        with pytest.raises(ModelError, match="needed is missing: put it back"):
            await pool.start()
    finally:
        await pool.stop()


async def test_workers_that_cannot_be_set_up_again_are_noticed_without_a_job(tmp_path: Path) -> None:
    needed = tmp_path / "needed"
    needed.touch()
    pool = WorkerPool(setup(needed), workers=1, job_timeout_s=10.0)
    await pool.start()
    try:
        number = await pool.run(pid)
        needed.unlink()
        os.kill(number, signal.SIGKILL)
        await eventually(lambda: (pool.problem() or "").startswith("the worker pool is down"))
        pool.mend()
        pool.probe()
        await eventually(lambda: pool.problem() == "needed is missing: put it back")
        needed.touch()
        os.kill(await pool.run(pid), signal.SIGKILL)
        await eventually(lambda: (pool.problem() or "").startswith("the worker pool is down"))
        pool.mend()
        pool.probe()
        await eventually(lambda: pool.problem() is None)
    finally:
        await pool.stop()
